using System.Collections;
using System.Text;

namespace Recur.Text;

/// <summary>The words of word vectors by row: UTF-8 in one array, found through a hash table of rows.</summary>
/// <remarks>No object for each word: three million words are there in a fraction of a second. Strings are made when they
/// are asked for, and kept.</remarks>
internal sealed class WordTable : IReadOnlyList<string>
{
    private const int StackBytes = 512;

    private readonly byte[] text;
    private readonly int[] ends;      // of each word in the text
    private readonly int[] slots;     // row + 1, or 0; a power of two of them, at most half full
    private string?[]? strings;

    private WordTable(byte[] text, int[] ends, int count, int[] slots)
    {
        this.text = text;
        this.ends = ends;
        this.slots = slots;
        Count = count;
    }

    public int Count { get; }

    public string this[int row]
    {
        get
        {
            if ((uint)row >= (uint)Count)
                throw new ArgumentOutOfRangeException(
                    nameof(row), $"WordVectors: the row must be from 0 to {Count - 1} but was {row}.");
            string?[] all = strings ??= new string?[Count];
            return all[row] ??= Encoding.UTF8.GetString(Utf8(row)); // another thread would write the same text
        }
    }

    /// <summary>The words' bytes, one after the other.</summary>
    public ReadOnlySpan<byte> Text => text.AsSpan(0, Count == 0 ? 0 : ends[Count - 1]);

    /// <summary>The bytes of a word.</summary>
    public ReadOnlySpan<byte> Utf8(int row)
    {
        int begin = row == 0 ? 0 : ends[row - 1];
        return text.AsSpan(begin, ends[row] - begin);
    }

    /// <summary>The end of a word in <see cref="Text"/>.</summary>
    public int End(int row) => ends[row];

    /// <summary>The row of a word, or -1.</summary>
    public int Find(ReadOnlySpan<char> word)
    {
        int most = Encoding.UTF8.GetMaxByteCount(word.Length);
        Span<byte> bytes = most <= StackBytes ? stackalloc byte[StackBytes] : new byte[most];
        // A lone surrogate is in no file; replaced by U+FFFD it would find another word.
        return Utf8Of(word, bytes, out int length) ? Find(bytes[..length]) : -1;
    }

    /// <summary>The row of a word, or -1.</summary>
    public int Find(ReadOnlySpan<byte> word) => slots[Slot(slots, word, text, ends)] - 1;

    public IEnumerator<string> GetEnumerator()
    {
        for (int i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>A table of strings.</summary>
    /// <exception cref="ArgumentException">A word is null, not valid Unicode, or comes twice.</exception>
    public static WordTable Of(IReadOnlyList<string> words)
    {
        var bytes = new List<byte>();
        var wordEnds = new int[words.Count];
        byte[] buffer = new byte[StackBytes];
        for (int i = 0; i < wordEnds.Length; i++)
        {
            if (words[i] is not { } word) throw new ArgumentException($"WordVectors: word {i} is null.");
            int most = Encoding.UTF8.GetMaxByteCount(word.Length);
            if (most > buffer.Length) buffer = new byte[most];
            if (!Utf8Of(word, buffer, out int length))
                throw new ArgumentException($"WordVectors: word {i} is not valid Unicode.");
            bytes.AddRange(buffer.AsSpan(0, length));
            wordEnds[i] = bytes.Count;
        }

        WordTable table = Build([.. bytes], wordEnds, wordEnds.Length, out List<int> twice);
        if (twice.Count > 0)
            throw new ArgumentException(
                $"WordVectors: words must be different but \"{words[twice[0]]}\" comes twice.");
        return table;
    }

    /// <summary>A table of words that lie one after the other; of a word that comes again, the first stays.</summary>
    /// <param name="text">Valid UTF-8; kept, and changed when words come twice.</param>
    /// <param name="ends">Where each word ends; kept and changed likewise.</param>
    /// <param name="count">The number of words.</param>
    /// <param name="twice">The rows, ascending, of words that came before: they are left out.</param>
    public static WordTable Build(byte[] text, int[] ends, int count, out List<int> twice)
    {
        twice = [];
        int size = 16;
        while (size < 2L * count) size *= 2;
        var rowsOf = new int[size];
        int kept = 0, begin = 0, keptEnd = 0;
        for (int i = 0; i < count; i++)
        {
            int length = ends[i] - begin;
            ReadOnlySpan<byte> word = text.AsSpan(begin, length);
            ref int slot = ref rowsOf[Slot(rowsOf, word, text, ends)];
            begin += length;
            if (slot != 0)
            {
                twice.Add(i);
                continue;
            }

            if (twice.Count > 0) word.CopyTo(text.AsSpan(keptEnd));
            keptEnd += length;
            ends[kept] = keptEnd;
            slot = ++kept;
        }

        return new WordTable(text, ends, kept, rowsOf);
    }

    /// <summary>Where a word stands, or would stand. The hash differs from process to process, so nobody can make a file
    /// whose words all collide.</summary>
    private static int Slot(int[] rowsOf, ReadOnlySpan<byte> word, byte[] text, int[] ends)
    {
        var hash = new HashCode();
        hash.AddBytes(word);
        int mask = rowsOf.Length - 1;
        for (int at = hash.ToHashCode() & mask; ; at = (at + 1) & mask)
        {
            int row = rowsOf[at] - 1;
            if (row < 0) return at;
            int begin = row == 0 ? 0 : ends[row - 1];
            if (text.AsSpan(begin, ends[row] - begin).SequenceEqual(word)) return at;
        }
    }

    private static bool Utf8Of(ReadOnlySpan<char> word, Span<byte> bytes, out int length) =>
        System.Text.Unicode.Utf8.FromUtf16(word, bytes, out _, out length, replaceInvalidSequences: false)
            == System.Buffers.OperationStatus.Done;
}
