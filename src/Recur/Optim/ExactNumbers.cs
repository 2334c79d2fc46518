namespace Recur.Optim;

/// <summary>Numbers of double precision in a tensor of float32, exactly: each as its 64 bits, 16 per element, lowest
/// first.</summary>
internal static class ExactNumbers
{
    private const int Digits = 4, DigitBits = 16;

    /// <summary>The shape of so many numbers.</summary>
    public static Shape ShapeOf(int count) => [count, Digits];

    public static Tensor ToTensor(params ReadOnlySpan<double> values)
    {
        Tensor tensor = Tensor.Zeros(ShapeOf(values.Length));
        Span<float> digits = tensor.MutableSpan;
        for (int i = 0; i < digits.Length; i++)
        {
            ulong bits = BitConverter.DoubleToUInt64Bits(values[i / Digits]);
            digits[i] = (ushort)(bits >> (i % Digits * DigitBits));
        }

        return tensor;
    }

    /// <summary>The numbers of a tensor of the right shape; null when its elements cannot be such digits.</summary>
    public static double[]? Read(Tensor tensor)
    {
        ReadOnlySpan<float> digits = tensor.Span;
        var values = new double[digits.Length / Digits];
        for (int i = 0; i < values.Length; i++)
        {
            ulong bits = 0;
            for (int k = 0; k < Digits; k++)
            {
                float digit = digits[i * Digits + k];
                if (!(digit is >= 0 and < 1 << DigitBits) || digit != MathF.Floor(digit)) return null;
                bits |= (ulong)digit << (k * DigitBits);
            }

            values[i] = BitConverter.UInt64BitsToDouble(bits);
        }

        return values;
    }

    /// <summary>Asks for numbers of that name; what is wrong with them is noted, and null comes back.</summary>
    public static double[]? Ask(StateDictionary check, string prefix, string name, int count)
    {
        if (check.Ask(name, ShapeOf(count)) is not { } tensor) return null;
        double[]? values = Read(tensor);
        if (values is null) check.AddWrong($"{prefix}{name} must hold whole numbers below 2^16");
        return values;
    }
}
