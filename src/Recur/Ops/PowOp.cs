using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = x^p with a number p.</summary>
internal sealed class PowOp : Node
{
    private float exponent;

    public static Tensor Apply(Tensor x, float p)
    {
        var op = Begin<PowOp>(x);
        op.exponent = p;
        Tensor y = op.NewOutput(x.Shape);
        if (p == 2f) Elementwise.Map<Square>(x.Span, y.MutableSpan);
        else PowKernel.Forward(x.Span, p, y.MutableSpan);
        return op.Record(y);
    }

    // dx = p x^(p-1) dy
    protected override void Backward()
    {
        ReadOnlySpan<float> x = Input(0).Span;
        if (exponent == 2f) Elementwise.Zip3Add<Multiply3>(x, OutputGrad(), 2f, InputGrad(0));
        else PowKernel.Backward(x, exponent, OutputGrad(), InputGrad(0));
    }
}
