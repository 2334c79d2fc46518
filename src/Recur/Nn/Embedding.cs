using Recur.Ops;

namespace Recur.Nn;

/// <summary>A table of vectors that are looked up by number; options and values as torch.nn.Embedding.</summary>
/// <remarks>
/// <code>y[*, :] = weight[indices[*], :]</code>
/// The table starts normal with mean 0 and standard deviation 1; the padding row is zero and stays as it is, for it
/// gets
/// no gradient. With <see cref="Sparse"/> a step costs in proportion to the rows that it looks up, not to the table:
/// see
/// docs/losses.md, "Embedding".
/// </remarks>
public sealed class Embedding : UnaryModule
{
    private readonly EmbeddingOp.Options options;

    /// <summary>Creates the table with fresh values from <see cref="Rng.Default"/>.</summary>
    /// <param name="numEmbeddings">The number of vectors, at least 1.</param>
    /// <param name="embeddingDim">Their size, at least 1.</param>
    /// <param name="paddingIdx">The row that is zero and gets no gradient; negative counts from the end; null for
    /// none.</param>
    /// <param name="maxNorm">Before they are looked up, rows of a larger norm are scaled to this one, in the table
    /// itself;
    /// null for none.</param>
    /// <param name="normType">The p of that norm, above 0.</param>
    /// <param name="scaleGradByFreq">Whether gradients are divided by how often their row stands in the batch; not with
    /// <paramref name="sparse"/>.</param>
    /// <param name="sparse">Whether only the rows that were looked up are cleared and updated.</param>
    /// <exception cref="ArgumentException">An argument is out of its range.</exception>
    public Embedding(
        int numEmbeddings, int embeddingDim, int? paddingIdx = null, float? maxNorm = null, float normType = 2f,
        bool scaleGradByFreq = false, bool sparse = false)
        : this(
            Fresh(numEmbeddings, embeddingDim, paddingIdx), paddingIdx, maxNorm, normType, scaleGradByFreq, sparse)
    {
    }

    private Embedding(
        Tensor weight, int? paddingIdx, float? maxNorm, float normType, bool scaleGradByFreq, bool sparse)
    {
        if (!(maxNorm is null or > 0f))
            throw new ArgumentException($"Embedding: maxNorm must be greater than 0 but was {maxNorm}.");
        if (!(normType > 0f))
            throw new ArgumentException($"Embedding: normType must be greater than 0 but was {normType}.");
        if (sparse && scaleGradByFreq)
            throw new ArgumentException("Embedding: scaleGradByFreq cannot be used together with sparse.");
        NumEmbeddings = weight.Shape[0];
        EmbeddingDim = weight.Shape[1];
        PaddingIdx = paddingIdx is { } index ? Row(NumEmbeddings, index) : null;
        MaxNorm = maxNorm;
        NormType = normType;
        ScaleGradByFreq = scaleGradByFreq;
        Sparse = sparse;
        Weight = Register("weight", weight);
        options = new()
        {
            PaddingIndex = PaddingIdx ?? -1,
            MaxNorm = maxNorm,
            NormType = normType,
            ScaleGradByFreq = scaleGradByFreq,
            Sparse = sparse,
        };
    }

    /// <summary>A table with given vectors.</summary>
    /// <param name="embeddings">[NumEmbeddings, EmbeddingDim]; copied.</param>
    /// <param name="freeze">Whether they stay as they are in training.</param>
    /// <param name="paddingIdx">The row that gets no gradient; its values stay as given.</param>
    /// <param name="maxNorm">As in the constructor.</param>
    /// <param name="normType">As in the constructor.</param>
    /// <param name="scaleGradByFreq">As in the constructor.</param>
    /// <param name="sparse">As in the constructor.</param>
    /// <returns>The module.</returns>
    /// <exception cref="ShapeException">The vectors are no matrix.</exception>
    /// <exception cref="ArgumentException">An argument is out of its range.</exception>
    public static Embedding FromPretrained(
        Tensor embeddings, bool freeze = true, int? paddingIdx = null, float? maxNorm = null, float normType = 2f,
        bool scaleGradByFreq = false, bool sparse = false)
    {
        if (embeddings.Rank != 2 || embeddings.Length == 0)
            ShapeException.Throw(
                "Embedding.FromPretrained: embeddings", "[NumEmbeddings, EmbeddingDim]", embeddings.Shape);
        var module = new Embedding(embeddings.Detach(), paddingIdx, maxNorm, normType, scaleGradByFreq, sparse);
        module.Weight.RequireGrad(!freeze);
        return module;
    }

    /// <summary>The number of vectors.</summary>
    public int NumEmbeddings { get; }

    /// <summary>The size of a vector.</summary>
    public int EmbeddingDim { get; }

    /// <summary>The row that gets no gradient, counted from the first; null for none.</summary>
    public int? PaddingIdx { get; }

    /// <summary>The largest norm of a row that is looked up; null for any.</summary>
    public float? MaxNorm { get; }

    /// <summary>The p of that norm.</summary>
    public float NormType { get; }

    /// <summary>Whether gradients are divided by how often their row stands in the batch.</summary>
    public bool ScaleGradByFreq { get; }

    /// <summary>Whether only the rows that were looked up are cleared and updated.</summary>
    public bool Sparse { get; }

    /// <summary>[NumEmbeddings, EmbeddingDim].</summary>
    public Tensor Weight { get; }

    /// <summary>Looks up the vectors of a tensor of row numbers.</summary>
    /// <param name="input">[*]: whole numbers from 0 to NumEmbeddings - 1, of any shape.</param>
    /// <returns>[*, EmbeddingDim].</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is no row.</exception>
    public override Tensor Forward(Tensor input) =>
        EmbeddingOp.Apply("Embedding.Forward", Weight, default, input, Result(input.Shape), options);

    /// <summary>Looks up the vectors of a list of row numbers.</summary>
    /// <param name="indices">Numbers from 0 to NumEmbeddings - 1.</param>
    /// <returns>[indices.Length, EmbeddingDim].</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is no row.</exception>
    public Tensor Forward(ReadOnlySpan<int> indices) => Forward(indices, [indices.Length]);

    /// <summary>Looks up the vectors of row numbers that stand in an array of some shape.</summary>
    /// <param name="indices">Numbers from 0 to NumEmbeddings - 1, in row-major order.</param>
    /// <param name="shape">[*], such as [T, N].</param>
    /// <returns>[*, EmbeddingDim].</returns>
    /// <exception cref="ShapeException">The shape has another number of elements.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is no row.</exception>
    public Tensor Forward(ReadOnlySpan<int> indices, Shape shape)
    {
        if (shape.ElementCount != indices.Length)
            throw new ShapeException(
                $"Embedding.Forward: {shape} needs {shape.ElementCount} indices but {indices.Length} came.");
        return EmbeddingOp.Apply("Embedding.Forward", Weight, indices, default, Result(shape), options);
    }

    private Shape Result(in Shape shape)
    {
        if (shape.Rank == Shape.MaxRank)
            ShapeException.Throw("Embedding.Forward: input", $"of at most {Shape.MaxRank - 1} dimensions", shape);
        return Axes.Inserted("Embedding.Forward", shape, -1, EmbeddingDim, out _);
    }

    private static Tensor Fresh(int numEmbeddings, int embeddingDim, int? paddingIdx)
    {
        if (numEmbeddings <= 0)
            throw new ArgumentException($"Embedding: numEmbeddings must be greater than 0 but was {numEmbeddings}.");
        if (embeddingDim <= 0)
            throw new ArgumentException($"Embedding: embeddingDim must be greater than 0 but was {embeddingDim}.");
        Tensor weight = Init.Normal(Tensor.Empty([numEmbeddings, embeddingDim]));
        if (paddingIdx is { } index)
            weight.MutableSpan.Slice(Row(numEmbeddings, index) * embeddingDim, embeddingDim).Clear();
        return weight;
    }

    private static int Row(int rows, int index) => index >= -rows && index < rows
        ? index < 0 ? index + rows : index
        : throw new ArgumentException(
            $"Embedding: paddingIdx must be from {-rows} to {rows - 1} (numEmbeddings = {rows}) but was {index}.");
}
