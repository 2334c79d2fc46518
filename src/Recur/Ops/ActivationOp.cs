using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = f(x; a, b) element by element.</summary>
internal sealed class ActivationOp<TFunction> : Node where TFunction : struct, IActivation
{
    private float a, b;

    public static Tensor Apply(Tensor x, float a = 0f, float b = 0f)
    {
        var op = Begin<ActivationOp<TFunction>>(x);
        op.a = a;
        op.b = b;
        Tensor y = op.NewOutput(x.Shape);
        Elementwise.Zip3<ActivationOf<TFunction>>(x.Span, a, b, y.MutableSpan);
        return op.Record(y);
    }

    // dx = f'(x; a, b) dy
    protected override void Backward() =>
        Slopes.Add<ActivationSlopeOf<TFunction>>(Input(0).Span, a, b, OutputGrad(), InputGrad(0));
}
