using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = ln x.</summary>
internal sealed class LogOp : Node
{
    public static Tensor Apply(Tensor x)
    {
        var op = Begin<LogOp>(x);
        Tensor y = op.NewOutput(x.Shape);
        Elementwise.Map<Log>(x.Span, y.MutableSpan);
        return op.Record(y);
    }

    // dx = dy / x
    protected override void Backward() => Elementwise.ZipAdd<Divide>(OutputGrad(), Input(0).Span, InputGrad(0));
}
