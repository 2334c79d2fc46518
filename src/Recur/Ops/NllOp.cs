using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = -w_t x_t for every position, x_t the logarithm of the probability of its class t, or their sum or
/// weighted mean.</summary>
internal sealed class NllOp : Node
{
    private int[] indices = [];
    private ClassLayout layout;
    private int ignored;
    private bool reduced;
    private float divisor;

    /// <summary>Records the op; see <see cref="CrossEntropyOp"/>.</summary>
    public static Tensor Apply(
        string caller, Tensor x, ReadOnlySpan<int> indices, Tensor target, Tensor weight, int ignored, bool sum,
        bool mean)
    {
        var op = Begin<NllOp>(x, weight);
        op.layout = ClassLayout.Of(x.Shape);
        op.ignored = ignored;
        op.reduced = sum;
        op.layout.CopyIndices(caller, indices, target == default ? default : target.Span, ignored, ref op.indices);

        Tensor y = op.NewOutput(sum ? [] : ClassLayout.WithoutClasses(x.Shape));
        Span<float> losses = sum ? op.Save(op.layout.Positions) : y.MutableSpan;
        ClassIndices.PickForward(
            x.Span, op.Indices(), op.Weight(), op.layout.Classes, op.layout.Inner, ignored, losses);
        if (sum)
        {
            double d = mean ? ClassIndices.TotalWeight(op.Indices(), ignored, op.Weight()) : 1;
            op.divisor = (float)d;
            y.MutableSpan[0] = (float)(Reduce.Sum(losses) / d);
        }

        return op.Record(y);
    }

    // dx_t = -w_t dy
    protected override void Backward()
    {
        if (!NeedsGrad(0)) return; // only the weight wants one, and gets none
        Operand dy = reduced ? OutputGrad()[0] / divisor : OutputGrad();
        ClassIndices.PickBackward(Indices(), Weight(), layout.Classes, layout.Inner, ignored, dy, InputGrad(0));
    }

    private ReadOnlySpan<int> Indices() => indices.AsSpan(0, layout.Positions);

    private ReadOnlySpan<float> Weight() => Input(1) == default ? default : Input(1).Span;
}
