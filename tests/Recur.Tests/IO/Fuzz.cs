using System.Text;
using Recur.IO;

namespace Recur.Tests.IO;

/// <summary>Mutated files of one format: each is read, or ends in one sentence, with memory in proportion to its
/// length.</summary>
internal static class Fuzz
{
    /// <summary>So many files per format; 5 to 10 seconds.</summary>
    public const int Inputs = 100_000;

    /// <param name="seeds">Files that are right.</param>
    /// <param name="tokens">Pieces of the format to put in.</param>
    /// <param name="read">Reads a file of the name "fuzz".</param>
    /// <param name="perByte">Bytes of memory per byte of the file.</param>
    /// <param name="fixedCost">Bytes of memory for any file.</param>
    public static void Run(byte[][] seeds, byte[][] tokens, Action<Stream> read, long perByte, long fixedCost)
    {
        var random = new Random(20261125);
        foreach (byte[] seed in seeds) read(new MemoryStream(seed));
        int refused = 0;
        for (int i = 0; i < Inputs; i++)
        {
            byte[] file = Mutate(seeds[random.Next(seeds.Length)], seeds, tokens, random);
            var stream = new MemoryStream(file);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(stream);
            }
            catch (ModelFormatException e)
            {
                refused++;
                bool isSentence = e.Message.StartsWith("fuzz: ", StringComparison.Ordinal) && e.Message.EndsWith('.')
                    && !e.Message.AsSpan().ContainsAny('\n', '\r') && e.Message.Length < 2000;
                Assert.True(isSentence, $"input {i}: {e.Message}");
            }
            catch (Exception e)
            {
                Assert.Fail($"input {i}: {e}\n{Convert.ToBase64String(file)}");
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (allocated > perByte * file.Length + fixedCost)
                Assert.Fail($"input {i}: {allocated} bytes for {file.Length}\n{Convert.ToBase64String(file)}");
        }

        // Else the mutations would be too tame, or too wild, to prove anything.
        Assert.InRange(refused, Inputs / 4, Inputs - Inputs / 200);
    }

    public static byte[][] Texts(params string[] tokens) => Array.ConvertAll(tokens, Encoding.Latin1.GetBytes);

    private static byte[] Mutate(byte[] seed, byte[][] seeds, byte[][] tokens, Random random)
    {
        var file = new List<byte>(seed.Length + 64);
        file.AddRange(seed);
        int changes = random.Next(1, 5);
        for (int c = 0; c < changes && file.Count > 0; c++)
        {
            int at = random.Next(file.Count);
            switch (random.Next(9))
            {
                case 0: file[at] = (byte)random.Next(256); break;
                case 1: file[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: if (random.Next(3) == 0) file.RemoveRange(at, file.Count - at); break;
                case 3: file.RemoveRange(at, Math.Min(file.Count - at, random.Next(1, 9))); break;
                case 4: file.InsertRange(at, tokens[random.Next(tokens.Length)]); break;
                case 5: // over what is there, so that the places of what follows stay
                    byte[] token = tokens[random.Next(tokens.Length)];
                    for (int i = 0; i < token.Length && at + i < file.Count; i++) file[at + i] = token[i];
                    break;
                case 6: // a number of 2, 4 or 8 bytes that is small, large or negative
                    int width = 1 << random.Next(1, 4);
                    ulong[] numbers = [0, 1, 255, 256, 65535, int.MaxValue, uint.MaxValue, long.MaxValue, ulong.MaxValue, (ulong)file.Count];
                    ulong number = numbers[random.Next(numbers.Length)];
                    for (int i = 0; i < width && at + i < file.Count; i++) file[at + i] = (byte)(number >> (8 * i));
                    break;
                case 7: // a piece again
                    int from = random.Next(file.Count), length = Math.Min(file.Count - from, random.Next(1, 64));
                    file.InsertRange(at, file.GetRange(from, length));
                    break;
                default: // a piece of another file
                    byte[] other = seeds[random.Next(seeds.Length)];
                    int start = random.Next(other.Length);
                    file.InsertRange(at, other.AsSpan(start, Math.Min(other.Length - start, random.Next(1, 64))).ToArray());
                    break;
            }
        }

        return [.. file];
    }
}
