using System.Buffers.Text;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Recur.Text;

/// <summary>Floats as text: read exactly rounded, written as NumPy prints them.</summary>
internal static unsafe class FloatText
{
    /// <summary>No number written by <see cref="Write"/> is longer: -1.2345678e-38, or 17 digits and a point.</summary>
    public const int MaxLength = 24;

    private const int MostDigits = 19, MostExponent = 60;

    /// <summary>How near to the middle between two floats, in last places of a double, a product may lie and still be
    /// on the right side of it: three roundings of half a place each, doubled and then some.</summary>
    private const int Doubt = 8;

    private static readonly double[] powers = Powers();

    // 10^-60 .. 10^60, each rounded once
    private static double[] Powers()
    {
        var all = new double[2 * MostExponent + 1];
        for (int i = 0; i < all.Length; i++)
            all[i] = double.Parse($"1e{i - MostExponent}", NumberStyles.Float, CultureInfo.InvariantCulture);
        return all;
    }

    /// <summary>Reads the number at <paramref name="p"/>, up to the first byte that does not belong to it.</summary>
    /// <param name="p">The text; it must end with a byte that belongs to no number, and 7 more bytes must be
    /// readable behind that one.</param>
    /// <param name="value">The float nearest to the number, ties to even; infinite when it is too large.</param>
    /// <returns>The byte after the number, or null when there is none.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static byte* Parse(byte* p, out float value)
    {
        byte* begin = p;
        bool negative = *p == (byte)'-';
        if (negative || *p == (byte)'+') p++;
        byte* first = p;
        ulong digits = 0;
        while (*p - (uint)'0' <= 9) digits = digits * 10 + (*p++ - (uint)'0');
        int count = (int)(p - first), exponent = 0;
        if (*p == (byte)'.')
        {
            byte* point = ++p;
            if (TryEight(p, out uint eight))
            {
                digits = digits * 100_000_000 + eight;
                p += 8;
            }

            while (*p - (uint)'0' <= 9) digits = digits * 10 + (*p++ - (uint)'0');
            int places = (int)(p - point);
            count += places;
            exponent = -places;
        }

        value = 0f;
        if (count == 0) return null;
        if ((*p | 0x20) == 'e')
        {
            byte* e = p + 1;
            bool small = *e == (byte)'-';
            if (small || *e == (byte)'+') e++;
            if (*e - (uint)'0' > 9) return null;
            int power = 0;
            while (*e - (uint)'0' <= 9) power = Math.Min(power * 10 + (*e++ - '0'), 100_000);
            exponent += small ? -power : power;
            p = e;
        }

        if (digits == 0 && count <= MostDigits)
        {
            value = negative ? -0f : 0f;
            return p;
        }

        if (count <= MostDigits && (uint)(exponent + MostExponent) <= 2 * MostExponent)
        {
            double product = digits * powers[exponent + MostExponent];
            // The 29 bits that a double has more than a float: half of their range is the middle between two floats.
            const long half = 1L << 28;
            long beyond = BitConverter.DoubleToInt64Bits(product) & (2 * half - 1);
            if (product is >= 1.2e-38 and < 3.4e38 && Math.Abs(beyond - half) > Doubt)
            {
                value = negative ? -(float)product : (float)product;
                return p;
            }
        }

        return float.TryParse(
            new ReadOnlySpan<byte>(begin, (int)(p - begin)), NumberStyles.Float, CultureInfo.InvariantCulture, out value)
            ? p : null;
    }

    /// <summary>Eight digits at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryEight(byte* p, out uint value)
    {
        ulong eight = *(ulong*)p; // little-endian: the first digit is the lowest byte
        value = 0;
        if (!BitConverter.IsLittleEndian) return false;
        if ((((eight + 0x4646464646464646) | (eight - 0x3030303030303030)) & 0x8080808080808080) != 0) return false;
        eight -= 0x3030303030303030;
        eight = eight * 10 + (eight >> 8);                         // pairs
        const ulong mask = 0x000000FF000000FF;
        const ulong weights1 = 0x000F424000000064, weights2 = 0x0000271000000001; // 100 + 10^6·2^32, 1 + 10^4·2^32
        value = (uint)((((eight & mask) * weights1) + (((eight >> 16) & mask) * weights2)) >> 32);
        return true;
    }

    /// <summary>Writes the shortest digits that are read back as the same float, in the form of NumPy's repr: a point
    /// always, an exponent below 1e-4 and from 1e16 on.</summary>
    /// <returns>The number of bytes.</returns>
    public static int Write(float value, Span<byte> destination)
    {
        // d.ddddE+xx with the shortest digits; without a precision .NET chooses between two forms.
        Span<byte> shortest = stackalloc byte[32];
        if (!Utf8Formatter.TryFormat(value, shortest, out int length) || !float.IsFinite(value))
            throw new ArgumentException($"FloatText: the number must be finite but was {value}.");
        Span<byte> digits = stackalloc byte[16];
        int at = 0;
        int n = 0;
        if (shortest[0] == (byte)'-') destination[at++] = (byte)'-';
        (n, int exponent) = Digits(shortest[at..length], digits);
        if (n == 0)
        {
            "0.0"u8.CopyTo(destination[at..]);
            return at + 3;
        }

        if (exponent is < -4 or >= 16) return at + Scientific(digits[..n], exponent, destination[at..]);
        for (int place = Math.Max(exponent, 0); place >= 0 || place > exponent - n; place--)
        {
            if (place == -1) destination[at++] = (byte)'.';
            int i = exponent - place;
            destination[at++] = i >= 0 && i < n ? digits[i] : (byte)'0';
        }

        if (exponent - n >= -1)
        {
            ".0"u8.CopyTo(destination[at..]);
            at += 2;
        }

        return at;
    }

    private static int Scientific(ReadOnlySpan<byte> digits, int exponent, Span<byte> destination)
    {
        int at = 0;
        destination[at++] = digits[0];
        if (digits.Length > 1)
        {
            destination[at++] = (byte)'.';
            digits[1..].CopyTo(destination[at..]);
            at += digits.Length - 1;
        }

        destination[at++] = (byte)'e';
        destination[at++] = exponent < 0 ? (byte)'-' : (byte)'+';
        int size = Math.Abs(exponent);
        destination[at++] = (byte)('0' + size / 10);
        destination[at++] = (byte)('0' + size % 10);
        return at;
    }

    /// <summary>The digits of a number without zeros at either end, and the power of ten of the first.</summary>
    private static (int Count, int Exponent) Digits(ReadOnlySpan<byte> text, Span<byte> digits)
    {
        int count = 0, exponent = 0, i = 0, whole = 0, zeros = 0;
        bool point = false;
        for (; i < text.Length && (text[i] | 0x20) != 'e'; i++)
        {
            if (text[i] == (byte)'.')
            {
                point = true;
                continue;
            }

            if (count == 0 && text[i] == (byte)'0')
            {
                if (point) zeros++;
                continue;
            }

            if (count == 0) exponent = point ? -1 - zeros : 0;
            if (count > 0 && !point) whole++;
            if (count < digits.Length) digits[count++] = text[i];
        }

        if (exponent == 0) exponent = whole;
        if (i < text.Length) exponent += int.Parse(text[(i + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        while (count > 0 && digits[count - 1] == (byte)'0') count--;
        return (count, exponent);
    }
}
