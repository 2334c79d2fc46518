using Recur.Ops;

namespace Recur.Nn;

/// <summary>Brings the last dimensions to mean 0 and variance 1, then scales and shifts them; options and values as
/// torch.nn.LayerNorm.</summary>
/// <remarks>
/// <code>y = (x - E[x]) / √(Var[x] + Eps) · weight + bias      mean and (biased) variance over NormalizedShape</code>
/// The weight starts as ones, the bias as zeros. Ba, Kiros and Hinton 2016.
/// </remarks>
public sealed class LayerNorm : UnaryModule
{
    /// <summary>Creates the module.</summary>
    /// <param name="normalizedShape">The dimensions over which to normalize: the last ones of the input.</param>
    /// <param name="eps">Added to the variance, 0 or greater.</param>
    /// <param name="elementwiseAffine">Whether to scale and shift.</param>
    /// <param name="bias">Whether to shift; only with <paramref name="elementwiseAffine"/>.</param>
    /// <exception cref="ArgumentException">No dimensions, an empty one, or a negative eps.</exception>
    public LayerNorm(Shape normalizedShape, float eps = 1e-5f, bool elementwiseAffine = true, bool bias = true)
    {
        if (normalizedShape.Rank == 0 || normalizedShape.ElementCount == 0)
            throw new ArgumentException(
                $"LayerNorm: normalizedShape must have dimensions of at least 1 but was {normalizedShape}.");
        if (!(eps >= 0f)) throw new ArgumentException($"LayerNorm: eps must not be negative but was {eps}.");
        NormalizedShape = normalizedShape;
        Eps = eps;
        if (!elementwiseAffine) return;
        Weight = Register("weight", Tensor.Ones(normalizedShape));
        if (bias) Bias = Register("bias", Tensor.Zeros(normalizedShape));
    }

    /// <summary>Creates the module for the last dimension alone.</summary>
    /// <param name="features">Its size.</param>
    /// <param name="eps">Added to the variance, 0 or greater.</param>
    /// <param name="elementwiseAffine">Whether to scale and shift.</param>
    /// <param name="bias">Whether to shift; only with <paramref name="elementwiseAffine"/>.</param>
    /// <exception cref="ArgumentException">No features, or a negative eps.</exception>
    public LayerNorm(int features, float eps = 1e-5f, bool elementwiseAffine = true, bool bias = true)
        : this(new Shape(features), eps, elementwiseAffine, bias)
    {
    }

    /// <summary>The dimensions over which is normalized.</summary>
    public Shape NormalizedShape { get; }

    /// <summary>Added to the variance.</summary>
    public float Eps { get; }

    /// <summary>NormalizedShape; null when nothing is scaled.</summary>
    public Tensor? Weight { get; }

    /// <summary>NormalizedShape; null when nothing is shifted.</summary>
    public Tensor? Bias { get; }

    /// <summary>Normalizes.</summary>
    /// <param name="input">[*, NormalizedShape].</param>
    /// <returns>Of the same shape.</returns>
    /// <exception cref="ShapeException">The last dimensions are not NormalizedShape.</exception>
    public override Tensor Forward(Tensor input)
    {
        Shape shape = input.Shape;
        int leading = shape.Rank - NormalizedShape.Rank;
        if (leading < 0 || !shape.AsSpan()[leading..].SequenceEqual(NormalizedShape.AsSpan()))
        {
            string expected = $"[*, {NormalizedShape.ToString()[1..]} (NormalizedShape = {NormalizedShape})";
            ShapeException.Throw("LayerNorm.Forward: input", expected, shape);
        }

        return LayerNormOp.Apply(input, Weight ?? default, Bias ?? default, NormalizedShape.ElementCount, Eps);
    }
}
