using Recur.Ops;

namespace Recur.Nn;

public static partial class Losses
{
    /// <summary>An output layer and its cross-entropy in one: the same numbers as a <see cref="Linear"/> followed by
    /// <see cref="CrossEntropy(Tensor, ReadOnlySpan{int}, Tensor?, int, Reduction, float)"/>, in less memory.</summary>
    /// <remarks>
    /// <code>
    /// l = input Wᵀ + b        loss = -ln softmax(l)_target
    /// dl = softmax(l) - onehot(target), written over l      dInput = dl W      dW = dlᵀ input      db = Σ dl
    /// </code>
    /// The logits of a language model, [T·N, V], are the largest thing it computes. Here they exist once, are never handed
    /// out, and become their own gradient.
    /// </remarks>
    /// <param name="input">[*, I].</param>
    /// <param name="weight">[V, I].</param>
    /// <param name="bias">[V], or null for none.</param>
    /// <param name="target">The class of each row of input, 0 to V - 1, in row-major order.</param>
    /// <param name="ignoreIndex">A target whose rows count for nothing, not even in the mean.</param>
    /// <param name="reduction">Mean (the default), sum, or one value per row.</param>
    /// <param name="labelSmoothing">The share of a target that is spread over all classes, 0 to 1.</param>
    /// <returns>A scalar, or [*] for <see cref="Reduction.None"/>.</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="ArgumentException">There is not one target for each row, or an option is out of
    /// range.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A target is no class.</exception>
    public static Tensor LinearCrossEntropy(
        Tensor input, Tensor weight, Tensor? bias, ReadOnlySpan<int> target, int ignoreIndex = DefaultIgnoreIndex,
        Reduction reduction = Reduction.Mean, float labelSmoothing = 0f)
    {
        const string caller = "Losses.LinearCrossEntropy";
        if (weight.Rank != 2) ShapeException.Throw($"{caller}: weight", "[V, I]", weight.Shape);
        int v = weight.Shape[0], i = weight.Shape[1];
        if (input.Rank == 0 || input.Shape[-1] != i)
            ShapeException.Throw($"{caller}: input", $"[*, {i}] (weight is {weight.Shape})", input.Shape);
        if (bias is { } b && b.Shape != new Shape(v))
            ShapeException.Throw($"{caller}: bias", $"[{v}] (weight is {weight.Shape})", b.Shape);
        int rows = input.Shape.WithoutLast().ElementCount;
        if (target.Length != rows)
            throw new ArgumentException(
                $"{caller}: target must have {rows} classes, one for each row of input {input.Shape}, but has "
                + $"{target.Length}.");
        if (!(labelSmoothing is >= 0f and <= 1f))
            throw new ArgumentException($"{caller}: labelSmoothing must be in [0, 1] but was {labelSmoothing}.");
        if (reduction is not (Reduction.Mean or Reduction.Sum or Reduction.None))
            throw new ArgumentException($"{caller}: reduction must be Mean, Sum or None but was {reduction}.");
        return LinearCrossEntropyOp.Apply(
            caller, input, weight, bias ?? default, target, ignoreIndex, labelSmoothing, reduction != Reduction.None,
            reduction == Reduction.Mean);
    }
}
