using Recur.Kernels;

namespace Recur.Ops;

/// <summary>The losses of <see cref="ElementLossOp{TLoss}"/> by name, and what is asked of their inputs'
/// values.</summary>
internal static class ElementLosses
{
    public static Tensor Mse(Tensor x, Tensor target, float? divisor) =>
        ElementLossOp<MseLoss>.Apply(x, target, 0f, divisor);

    public static Tensor L1(Tensor x, Tensor target, float? divisor) =>
        ElementLossOp<L1Loss>.Apply(x, target, 0f, divisor);

    public static Tensor SmoothL1(Tensor x, Tensor target, float beta, float? divisor) =>
        ElementLossOp<SmoothL1Loss>.Apply(x, target, beta, divisor);

    public static Tensor Huber(Tensor x, Tensor target, float delta, float? divisor) =>
        ElementLossOp<HuberLoss>.Apply(x, target, delta, divisor);

    public static Tensor Quantile(Tensor x, Tensor target, float quantile, float? divisor) =>
        ElementLossOp<QuantileLoss>.Apply(x, target, quantile, divisor);

    public static Tensor BinaryCrossEntropy(Tensor x, Tensor target, float? divisor) =>
        ElementLossOp<BceLoss>.Apply(x, target, 0f, divisor);

    public static Tensor BinaryCrossEntropyWithLogits(Tensor x, Tensor target, Tensor? posWeight, float? divisor) =>
        posWeight is { } factors
            ? ElementLossOp<BceWithLogitsLoss>.Apply(x, target, factors, divisor)
            : ElementLossOp<BceWithLogitsLoss>.Apply(x, target, 1f, divisor);

    public static Tensor KlDiv(Tensor x, Tensor target, bool logTarget, float? divisor) => logTarget
        ? ElementLossOp<KlDivLogLoss>.Apply(x, target, 0f, divisor)
        : ElementLossOp<KlDivLoss>.Apply(x, target, 0f, divisor);

    /// <summary>See <see cref="GaussianNllOp{TLoss}.Apply"/>.</summary>
    public static Tensor GaussianNll(
        Tensor x, Tensor target, Tensor variance, in Shape varianceShape, bool full, float eps, float? divisor) => full
        ? GaussianNllOp<GaussianNllFullLoss>.Apply(x, target, variance, varianceShape, eps, divisor)
        : GaussianNllOp<GaussianNllLoss>.Apply(x, target, variance, varianceShape, eps, divisor);

    /// <summary>The largest element, -∞ for none; a NaN may be passed over.</summary>
    public static float Largest(Tensor x) => Reduce.Max(x.Span);

    /// <summary>The smallest element, ∞ for none; a NaN may be passed over.</summary>
    public static float Smallest(Tensor x) => Reduce.Min(x.Span);
}
