using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Recur.Text;

/// <summary>A text as ids, encoded once instead of read and looked up in every pass over it.</summary>
/// <remarks>
/// <para>The ids lie in chunks of whole sentences (lines), each sentence closed by <see cref="EndOfSentence"/>. What does
/// not fit into the memory budget lies in a temporary file, which vanishes with the object or the process.</para>
/// <para>Tokens that are not in the vocabulary become its unknown token or, when there is none, are left out, and so
/// are sentences without tokens. It never changes; several threads may read it.</para>
/// </remarks>
public sealed class EncodedCorpus
{
    /// <summary>Stands after the last token of each sentence.</summary>
    public const int EndOfSentence = -1;

    /// <summary>The most ids in a chunk, ends of sentences included.</summary>
    public const int ChunkLength = 1 << 20;

    private readonly List<Piece> pieces = [];
    private SafeFileHandle? spill;
    private long held;    // bytes in memory
    private long spilled; // bytes in the temporary file

    private EncodedCorpus(Vocabulary vocabulary) => Vocabulary = vocabulary;

    /// <summary>What the ids mean.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>The number of tokens that have been encoded.</summary>
    public long TokenCount { get; private set; }

    /// <summary>The number of tokens that are not in the vocabulary.</summary>
    public long UnknownCount { get; private set; }

    /// <summary>The number of sentences with at least one token.</summary>
    public long SentenceCount { get; private set; }

    /// <summary>The number of chunks.</summary>
    public int ChunkCount => pieces.Count;

    /// <summary>Encodes a text.</summary>
    /// <param name="source">The text.</param>
    /// <param name="tokenizer">How it is cut into tokens; as for the vocabulary.</param>
    /// <param name="vocabulary">The ids.</param>
    /// <param name="options">How it is held.</param>
    /// <param name="bytesRead">Gets the bytes read so far, about once per MiB.</param>
    /// <param name="cancel">Stops the reading.</param>
    /// <exception cref="TextFormatException">The text is not UTF-8, or a token is too long.</exception>
    public static EncodedCorpus Encode(
        TextSource source, ITokenizer tokenizer, Vocabulary vocabulary, EncodedCorpusOptions? options = null,
        IProgress<long>? bytesRead = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(vocabulary);
        options ??= new EncodedCorpusOptions();
        options.Check();
        var corpus = new EncodedCorpus(vocabulary);
        int[] chunk = new int[ChunkLength];
        int closed = 0; // the end of the last whole sentence in the chunk
        int filled = 0;
        int? unknown = vocabulary.UnknownId;

        void Close()
        {
            if (filled == closed) return;
            chunk[filled++] = EndOfSentence;
            closed = filled;
            corpus.SentenceCount++;
        }

        source.ReadTokens(tokenizer, token =>
        {
            if (!vocabulary.TryGetId(token, out int id))
            {
                corpus.UnknownCount++;
                if (unknown is null) return;
                id = unknown.Value;
            }

            if (filled - closed == options.MaxSentenceLength) Close();
            if (filled > ChunkLength - 2)
            {
                corpus.Add(chunk.AsSpan(0, closed), options.MemoryBudget);
                chunk.AsSpan(closed, filled - closed).CopyTo(chunk);
                (closed, filled) = (0, filled - closed);
            }

            chunk[filled++] = id;
            corpus.TokenCount++;
        }, Close, bytesRead, cancel);
        if (closed > 0) corpus.Add(chunk.AsSpan(0, closed), options.MemoryBudget);
        return corpus;
    }

    /// <summary>The ids of a chunk: whole sentences, each closed by <see cref="EndOfSentence"/>.</summary>
    /// <remarks>A chunk in the temporary file is read anew by every call.</remarks>
    public ReadOnlySpan<int> Chunk(int index)
    {
        if ((uint)index >= (uint)pieces.Count)
            throw new ArgumentOutOfRangeException(
                nameof(index), $"EncodedCorpus.Chunk: index must be from 0 to {ChunkCount - 1} but was {index}.");
        Piece piece = pieces[index];
        if (piece.Ids is not null) return piece.Ids;
        int[] ids = GC.AllocateUninitializedArray<int>(piece.Length);
        Span<byte> bytes = MemoryMarshal.AsBytes(ids.AsSpan());
        for (int done = 0; done < bytes.Length;)
        {
            int read = RandomAccess.Read(spill!, bytes[done..], piece.Position + done);
            if (read == 0) throw new IOException("EncodedCorpus: the temporary file has been cut short.");
            done += read;
        }

        return ids;
    }

    /// <summary>The length of a chunk, without reading it.</summary>
    internal int ChunkSize(int index) => pieces[index].Length;

    private void Add(ReadOnlySpan<int> ids, long budget)
    {
        long size = (long)ids.Length * sizeof(int);
        if (held + size <= budget)
        {
            held += size;
            pieces.Add(new Piece(ids.ToArray(), ids.Length, 0));
            return;
        }

        spill ??= TemporaryFile.Create(null, "ids");
        RandomAccess.Write(spill, MemoryMarshal.AsBytes(ids), spilled);
        pieces.Add(new Piece(null, ids.Length, spilled));
        spilled += size;
    }

    private readonly record struct Piece(int[]? Ids, int Length, long Position);
}
