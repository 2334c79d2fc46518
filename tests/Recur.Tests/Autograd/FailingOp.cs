using Recur.Autograd;

namespace Recur.Tests.Autograd;

/// <summary>y = x, with a backward pass that throws.</summary>
internal sealed class FailingOp : Node
{
    public static Tensor Apply(Tensor x)
    {
        var op = Begin<FailingOp>(x);
        Tensor y = op.NewOutput(x.Shape);
        x.Span.CopyTo(y.MutableSpan);
        op.Save(8).Clear();
        return op.Record(y);
    }

    protected override void Backward() => throw new NotSupportedException("no gradient here");
}
