using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>A loss that is a function of one prediction and one target, for tensors of equal shapes: y = f(x, t; c) for
/// every element, or Σ f / divisor in the same pass.</summary>
internal sealed class ElementLossOp<TLoss> : Node where TLoss : struct, IElementLoss
{
    private float setting;
    private bool settingPerElement;
    private float? divisor;

    /// <summary>A loss that one number sets.</summary>
    /// <param name="x">Of any shape.</param>
    /// <param name="target">Of the same shape.</param>
    /// <param name="setting">c.</param>
    /// <param name="divisor">Of the sum; null for one result per element.</param>
    public static Tensor Apply(Tensor x, Tensor target, float setting, float? divisor)
    {
        var op = Begin<ElementLossOp<TLoss>>(x, target);
        op.setting = setting;
        op.settingPerElement = false;
        return op.Compute(divisor);
    }

    /// <summary>A loss with a number c for each element.</summary>
    /// <param name="x">Of any shape.</param>
    /// <param name="target">Of the same shape.</param>
    /// <param name="settings">c, of a shape that broadcasts to that of x; gets no gradient.</param>
    /// <param name="divisor">Of the sum; null for one result per element.</param>
    public static Tensor Apply(Tensor x, Tensor target, Tensor settings, float? divisor)
    {
        var op = Begin<ElementLossOp<TLoss>>(x, target);
        op.settingPerElement = true;
        Broadcast.Zip<FirstOf>(
            settings.Span, settings.Shape, x.Span, x.Shape, op.Save(x.Length), x.Shape, accumulate: false);
        return op.Compute(divisor);
    }

    private Tensor Compute(float? sumDivisor)
    {
        divisor = sumDivisor;
        Tensor x = Input(0), target = Input(1);
        if (sumDivisor is { } d)
        {
            Tensor sum = NewOutput([]);
            sum.MutableSpan[0] = (float)(Reduce.Sum<ValueOf<TLoss>>(x.Span, target.Span, Settings()) / d);
            return Record(sum);
        }

        Tensor y = NewOutput(x.Shape);
        Elementwise.Zip3<ValueOf<TLoss>>(x.Span, target.Span, Settings(), y.MutableSpan);
        return Record(y);
    }

    // dx = ∂f/∂x · dy / divisor      dt = ∂f/∂t · dy / divisor
    protected override void Backward()
    {
        Operand dy = divisor is { } d ? OutputGrad()[0] / d : OutputGrad();
        ReadOnlySpan<float> x = Input(0).Span, t = Input(1).Span;
        if (NeedsGrad(0)) Slopes.Add<SlopeByInput<TLoss>>(x, t, Settings(), dy, InputGrad(0));
        if (NeedsGrad(1)) Slopes.Add<SlopeByTarget<TLoss>>(x, t, Settings(), dy, InputGrad(1));
    }

    private Operand Settings() => settingPerElement ? Saved(0, Input(0).Length) : setting;
}
