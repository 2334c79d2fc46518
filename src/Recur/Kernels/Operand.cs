using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>What an element-wise function reads: one number for each element, or the same number for all.</summary>
internal readonly ref struct Operand
{
    private Operand(ReadOnlySpan<float> values, float value, bool isSame)
    {
        Values = values;
        Value = value;
        IsSame = isSame;
    }

    /// <summary>The numbers; empty when it is one for all.</summary>
    public ReadOnlySpan<float> Values { get; }

    /// <summary>The number for all.</summary>
    public float Value { get; }

    public bool IsSame { get; }

    public static implicit operator Operand(ReadOnlySpan<float> values) => new(values, 0f, isSame: false);

    public static implicit operator Operand(Span<float> values) => new(values, 0f, isSame: false);

    public static implicit operator Operand(float value) => new(default, value, isSame: true);

    public bool Fits(int length) => IsSame || Values.Length == length;
}

/// <summary>The form of an operand as a type, so that every combination is compiled without a branch.</summary>
internal interface IOperand
{
    static abstract bool IsSame { get; }
}

internal readonly struct Each : IOperand
{
    public static bool IsSame => false;
}

internal readonly struct Same : IOperand
{
    public static bool IsSame => true;
}

/// <summary>A function of two numbers where one of three is asked for.</summary>
internal readonly struct PairOf<TOp> : ITernary where TOp : struct, IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T a, T b, T c) where T : unmanaged, ISimd<T> => TOp.Invoke(a, b);
}
