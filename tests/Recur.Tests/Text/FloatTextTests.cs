using System.Globalization;
using System.Text;
using Recur.Text;

namespace Recur.Tests.Text;

public sealed unsafe class FloatTextTests
{
    private static float? Parse(string text, out int used)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text + " \0\0\0\0\0\0\0\0");
        fixed (byte* p = bytes)
        {
            byte* end = FloatText.Parse(p, out float value);
            used = end == null ? 0 : (int)(end - p);
            return end == null ? null : value;
        }
    }

    private static string Write(float value)
    {
        Span<byte> buffer = stackalloc byte[FloatText.MaxLength];
        return Encoding.ASCII.GetString(buffer[..FloatText.Write(value, buffer)]);
    }

    [Theory]
    [InlineData("0", 0f)]
    [InlineData("-0.0", -0f)]
    [InlineData("1", 1f)]
    [InlineData("+1.5", 1.5f)]
    [InlineData(".5", 0.5f)]
    [InlineData("5.", 5f)]
    [InlineData("1e3", 1000f)]
    [InlineData("1E-3", 0.001f)]
    [InlineData("123456789012345678901234567890", 1.2345679e29f)]
    [InlineData("0.00000000000000000000000000000000000001401298464", 1.401298464e-38f)]
    [InlineData("1e-46", 0f)]
    [InlineData("7e-46", 0f)]
    [InlineData("7.1e-46", 1.401298464e-45f)]
    [InlineData("3.4028235e38", float.MaxValue)]
    [InlineData("1e39", float.PositiveInfinity)]
    [InlineData("-1e999999", float.NegativeInfinity)]
    [InlineData("16777217", 16777216f)]            // a tie, to even
    [InlineData("16777217.0000000000000000001", 16777218f)]
    [InlineData("16777219", 16777220f)]
    [InlineData("0.12345678901234567", 0.12345679f)]
    public void Parse_Number_IsTheNearestFloat(string text, float expected)
    {
        float? value = Parse(text, out int used);
        Assert.Equal(text.Length, used);
        Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(value!.Value));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".")]
    [InlineData("e5")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("nan")]
    [InlineData("inf")]
    [InlineData("--1")]
    public void Parse_NoNumber_IsNone(string text) => Assert.Null(Parse(text, out _));

    [Theory]
    [InlineData("12x", 2)]
    [InlineData("1.5.5", 3)]
    [InlineData("12345678:", 8)]
    [InlineData("0.12345678/", 10)]
    public void Parse_TextAfterIt_Ends(string text, int length)
    {
        Assert.NotNull(Parse(text, out int used));
        Assert.Equal(length, used);
    }

    [Fact]
    public void Parse_RandomDigits_AreThoseOfTheFramework()
    {
        var random = new Random(3);
        for (int i = 0; i < 100_000; i++)
        {
            int digits = random.Next(1, 22), point = random.Next(0, digits + 1);
            var text = new StringBuilder();
            for (int d = 0; d < digits; d++)
            {
                if (d == point) text.Append('.');
                text.Append((char)('0' + random.Next(10)));
            }

            if (random.Next(2) == 0) text.Append('e').Append(random.Next(-50, 42));
            float expected = float.Parse(text.ToString(), CultureInfo.InvariantCulture);
            Assert.Equal(expected, Parse(text.ToString(), out _));
        }
    }

    // Halfway between two floats, and a little to either side.
    [Fact]
    public void Parse_NearTies_IsTheNearestFloat()
    {
        var random = new Random(4);
        for (int i = 0; i < 20_000; i++)
        {
            float below = BitConverter.Int32BitsToSingle(random.Next(0x20000000, 0x60000000));
            double middle = ((double)below + BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(below) + 1)) / 2;
            string text = middle.ToString("E" + random.Next(9, 18), CultureInfo.InvariantCulture).Replace("E+", "e");
            Assert.Equal(float.Parse(text, CultureInfo.InvariantCulture), Parse(text, out _));
        }
    }

    // What numpy's repr prints; the fixture of word vectors has more of them.
    [Theory]
    [InlineData(0f, "0.0")]
    [InlineData(-0f, "-0.0")]
    [InlineData(1f, "1.0")]
    [InlineData(-123456.79f, "-123456.79")]
    [InlineData(16777216f, "16777216.0")]
    [InlineData(0.0001f, "0.0001")]
    [InlineData(9.999e-5f, "9.999e-05")]
    [InlineData(9.999999e15f, "9999999000000000.0")]
    [InlineData(1e16f, "1e+16")]
    [InlineData(3.4028235e38f, "3.4028235e+38")]
    [InlineData(1e-45f, "1e-45")]
    [InlineData(1.17549435e-38f, "1.1754944e-38")]
    public void Write_Number_IsNumPysText(float value, string expected) => Assert.Equal(expected, Write(value));

    [Fact]
    public void Write_AnyFloat_ComesBackBitForBit()
    {
        var random = new Random(5);
        for (int i = 0; i < 100_000; i++)
        {
            float value = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
            if (!float.IsFinite(value)) continue;
            string text = Write(value);
            Assert.Equal(
                BitConverter.SingleToInt32Bits(value), BitConverter.SingleToInt32Bits(Parse(text, out int used)!.Value));
            Assert.Equal(text.Length, used);
        }
    }
}
