using Recur.Kernels;

namespace Recur.Text;

/// <summary>The rows of a <see cref="Word2Vec"/>, padded to whole cache lines, and what is drawn and walked while it
/// trains.</summary>
internal sealed unsafe class Word2VecWeights
{
    private const int FloatsPerLine = 16;

    private readonly AlignedBuffer input = new(), output = new(), tree = new();
    private readonly uint[]? keep;
    private readonly ulong[]? alias;
    private readonly HuffmanTree? huffman;

    /// <summary>All rows zero.</summary>
    public Word2VecWeights(Vocabulary vocabulary, Word2VecOptions options)
    {
        Words = vocabulary.Count;
        VectorSize = options.VectorSize;
        Stride = (VectorSize + FloatsPerLine - 1) / FloatsPerLine * FloatsPerLine;
        if ((long)Words * Stride > Array.MaxLength - FloatsPerLine)
            throw new ArgumentException(
                $"Word2Vec: {Words} words with vectors of {VectorSize} floats are more than a table can hold " +
                $"({Array.MaxLength} floats); raise MinCount or set MaxFinalVocab.");
        long[] counts = new long[Words];
        for (int i = 0; i < Words; i++) counts[i] = vocabulary.CountOf(i);
        keep = Word2VecSampling.KeepThresholds(counts, options.Sample);
        Input = Zeros(input, Words);
        if (options.Negative > 0)
        {
            Output = Zeros(output, Words);
            alias = Word2VecSampling.Negatives(counts, options.NsExponent);
        }

        if (!options.HierarchicalSoftmax) return;
        Nodes = Math.Max(1, Words - 1);
        Tree = Zeros(tree, Nodes);
        huffman = HuffmanTree.Build(counts);
    }

    public int Words { get; }

    /// <summary>Rows of the tree; one at least, so that there is a place.</summary>
    public int Nodes { get; }

    public int VectorSize { get; }

    public int Stride { get; }

    /// <summary>[Words, Stride]; null where the options have no such table.</summary>
    public float* Input { get; }

    public float* Output { get; }

    /// <summary>[Nodes, Stride]</summary>
    public float* Tree { get; }

    private float* Zeros(AlignedBuffer buffer, int rows)
    {
        float* start = buffer.Require(rows * Stride);
        new Span<float>(start, rows * Stride).Clear();
        return start;
    }

    /// <summary>Fills input rows with uniform numbers from -1/D to 1/D, as gensim 4.</summary>
    public void Initialize(int row, Rng random) =>
        random.FillUniform(Row(Input, row), -1f / VectorSize, 1f / VectorSize);

    /// <summary>A row without its padding.</summary>
    public Span<float> Row(float* table, int row) => new(table + (nint)row * Stride, VectorSize);

    /// <summary>A table without padding: [rows, VectorSize].</summary>
    public float[] Copy(float* table, int rows)
    {
        float[] values = GC.AllocateUninitializedArray<float>(rows * VectorSize);
        for (int i = 0; i < rows; i++) Row(table, i).CopyTo(values.AsSpan(i * VectorSize));
        return values;
    }

    /// <summary>The reverse of <see cref="Copy"/>.</summary>
    public void Fill(float* table, int rows, ReadOnlySpan<float> values)
    {
        for (int i = 0; i < rows; i++) values.Slice(i * VectorSize, VectorSize).CopyTo(Row(table, i));
    }

    /// <summary>The numbers and places for the kernel; valid while this object lives.</summary>
    public Word2VecPlan Plan(Word2VecOptions options) => new()
    {
        Input = Input,
        Output = Output,
        Tree = Tree,
        Stride = Stride,
        Words = Words,
        Alias = Address(alias),
        Keep = Address(keep),
        Paths = Address(huffman?.Paths),
        PathStarts = Address(huffman?.Starts),
        Negative = options.Negative,
        Window = options.Window,
        SkipGram = options.SkipGram,
        ShrinkWindows = options.ShrinkWindows,
        CbowMean = options.CbowMean,
    };

    // All of these arrays are pinned.
    private static T* Address<T>(T[]? array) where T : unmanaged =>
        array is null ? null : (T*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref array[0]);
}
