using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = (ln v + (x - t)² / v) / 2 with v = max(variance, eps), element by element, or the sum over a
/// divisor.</summary>
/// <typeparam name="TLoss">With or without the constant ½ ln 2π.</typeparam>
internal sealed class GaussianNllOp<TLoss> : Node where TLoss : struct, IElementLoss
{
    private Shape varianceShape;
    private float? divisor;

    /// <summary>Records the op.</summary>
    /// <param name="x">Of any shape.</param>
    /// <param name="target">Of the same shape.</param>
    /// <param name="variance">Without negative elements.</param>
    /// <param name="varianceShape">The variance's shape with a dimension for each of x, the last one 1 or that of
    /// x.</param>
    /// <param name="eps">The least variance.</param>
    /// <param name="divisor">Of the sum; null for one result per element.</param>
    public static Tensor Apply(
        Tensor x, Tensor target, Tensor variance, in Shape varianceShape, float eps, float? divisor)
    {
        var op = Begin<GaussianNllOp<TLoss>>([x, target, variance]);
        op.varianceShape = varianceShape;
        op.divisor = divisor;
        Shape shape = x.Shape;
        Span<float> v = op.Save(x.Length);
        Broadcast.Zip<FirstOf>(variance.Span, varianceShape, x.Span, shape, v, shape, accumulate: false);
        Elementwise.Zip<Maximum>(eps, v, v);
        if (divisor is { } d)
        {
            Tensor sum = op.NewOutput([]);
            sum.MutableSpan[0] = (float)(Reduce.Sum<ValueOf<TLoss>>(x.Span, target.Span, v) / d);
            return op.Record(sum);
        }

        Tensor y = op.NewOutput(shape);
        Elementwise.Zip3<ValueOf<TLoss>>(x.Span, target.Span, v, y.MutableSpan);
        return op.Record(y);
    }

    // dx = (x - t) / v dy      dt = -dx      dvariance = (1 - (x - t)² / v) / 2v dy, also where eps stands in
    protected override void Backward()
    {
        Operand dy = divisor is { } d ? OutputGrad()[0] / d : OutputGrad();
        ReadOnlySpan<float> x = Input(0).Span, t = Input(1).Span, v = Saved(0, x.Length);
        if (NeedsGrad(0)) Slopes.Add<SlopeByInput<TLoss>>(x, t, v, dy, InputGrad(0));
        if (NeedsGrad(1)) Slopes.Add<SlopeByTarget<TLoss>>(x, t, v, dy, InputGrad(1));
        if (!NeedsGrad(2)) return;
        Span<float> dv = Scratch(x.Length);
        dv.Clear();
        Slopes.Add<GaussianSlopeByVariance>(x, t, v, dy, dv);
        Broadcasting.SumInto(dv, Input(0).Shape, InputGrad(2), varianceShape);
    }
}
