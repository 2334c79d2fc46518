using Recur.Kernels;

namespace Recur.Text;

/// <summary>The tables of a <see cref="GloVe"/>: for each word a row [vector, bias, zeros] and beside it AdaGrad's
/// sums, each padded to whole cache lines.</summary>
internal sealed unsafe class GloVeWeights
{
    private const int FloatsPerLine = 16;

    private readonly AlignedBuffer words = new(), contexts = new();

    /// <summary>Rows are zero, sums one.</summary>
    public GloVeWeights(int count, GloVeOptions options)
    {
        Count = count;
        VectorSize = options.VectorSize;
        Stride = (VectorSize + FloatsPerLine) / FloatsPerLine * FloatsPerLine; // with the bias
        if (2L * count * Stride > Array.MaxLength - FloatsPerLine)
            throw new ArgumentException(
                $"GloVe: {count} words with vectors of {VectorSize} floats are more than a table can hold " +
                $"({Array.MaxLength} floats); raise MinCount or set MaxVocabulary.");
        Blocks = new GloVeBlocks(count, Stride, options.Seed);
        Words = Empty(words);
        Contexts = Empty(contexts);
    }

    public int Count { get; }

    public int VectorSize { get; }

    /// <summary>Floats of a row; its sums are as many.</summary>
    public int Stride { get; }

    public GloVeBlocks Blocks { get; }

    /// <summary>[Count, 2, Stride], rows in the order of <see cref="Blocks"/>.</summary>
    public float* Words { get; }

    public float* Contexts { get; }

    /// <summary>Vector and bias of a word.</summary>
    public Span<float> Row(float* table, int word) =>
        new(table + Blocks.Rows[word] * (2 * (nint)Stride), VectorSize + 1);

    /// <summary>AdaGrad's sums of vector and bias of a word.</summary>
    public Span<float> Sums(float* table, int word) =>
        new(table + Blocks.Rows[word] * (2 * (nint)Stride) + Stride, VectorSize + 1);

    /// <summary>Uniform numbers from -1/2D to 1/2D, biases too, as the authors' program.</summary>
    public void Initialize(Rng random)
    {
        float bound = 0.5f / VectorSize;
        for (int i = 0; i < Count; i++) random.FillUniform(Row(Words, i), -bound, bound);
        for (int i = 0; i < Count; i++) random.FillUniform(Row(Contexts, i), -bound, bound);
    }

    /// <summary>[Count, VectorSize] in the order of the vocabulary.</summary>
    public float[] Vectors(GloVeVectors kind)
    {
        float[] values = new float[(long)Count * VectorSize];
        for (int i = 0; i < Count; i++)
        {
            Span<float> to = values.AsSpan(i * VectorSize, VectorSize);
            if (kind != GloVeVectors.Context) Row(Words, i)[..VectorSize].CopyTo(to);
            if (kind == GloVeVectors.Word) continue;
            ReadOnlySpan<float> context = Row(Contexts, i);
            for (int c = 0; c < to.Length; c++) to[c] += context[c];
        }

        return values;
    }

    private float* Empty(AlignedBuffer buffer)
    {
        int length = 2 * Count * Stride;
        float* start = buffer.Require(length);
        var all = new Span<float>(start, length);
        for (int at = 0; at < length; at += 2 * Stride)
        {
            all.Slice(at, Stride).Clear();
            all.Slice(at + Stride, Stride).Fill(1f);
        }

        return start;
    }
}
