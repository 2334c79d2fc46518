using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>The cross-entropy of x Wᵀ + b: an output layer and its loss in one operation, so that the logits, the largest
/// thing a language model computes, exist once and become their own gradient.</summary>
internal sealed class LinearCrossEntropyOp : Node
{
    private int[] indices = []; // kept with the pooled node, so that a step of fixed shape allocates nothing
    private CrossEntropyKernel.Setting setting;
    private int rows;
    private bool reduced;
    private float divisor;

    /// <summary>Records the op; shapes are the caller's matter.</summary>
    /// <param name="caller">Who complains about a wrong index.</param>
    /// <param name="x">[*, I].</param>
    /// <param name="weight">[V, I].</param>
    /// <param name="bias">[V], or default when there is none.</param>
    /// <param name="target">The class of each row.</param>
    /// <param name="ignored">An index whose rows count for nothing.</param>
    /// <param name="smoothing">The share of a target that is spread over all classes.</param>
    /// <param name="sum">Whether the losses of the rows are summed.</param>
    /// <param name="mean">Whether that sum is divided by the number of rows that are not ignored.</param>
    public static Tensor Apply(
        string caller, Tensor x, Tensor weight, Tensor bias, ReadOnlySpan<int> target, int ignored, float smoothing,
        bool sum, bool mean)
    {
        var op = Begin<LinearCrossEntropyOp>([x, weight, bias]);
        Shape leading = x.Shape.WithoutLast();
        int v = weight.Shape[0], i = weight.Shape[1], m = leading.ElementCount;
        op.rows = m;
        op.reduced = sum;
        op.setting = new() { Classes = v, Inner = 1, Ignored = ignored, Smoothing = smoothing };
        new ClassLayout(v, 1, m).CopyIndices(caller, target, default, ignored, ref op.indices);

        Span<float> logits = op.Save(m * v), stats = op.Save(CrossEntropyKernel.Stats * m);
        Tensor y = op.NewOutput(sum ? [] : leading);
        Span<float> losses = sum ? op.Save(m) : y.MutableSpan;
        if (bias != default) Gemm.MultiplyPlusRow(m, v, i, x.Span, weight.Span, bias.Span, logits);
        else Gemm.Multiply(m, v, i, x.Span, false, weight.Span, true, logits, accumulate: false);
        CrossEntropyKernel.Forward(logits, op.Indices(), default, default, op.setting, stats, losses);
        if (sum)
        {
            double d = mean ? ClassIndices.TotalWeight(op.Indices(), ignored, default) : 1;
            op.divisor = (float)d;
            y.MutableSpan[0] = (float)(Reduce.Sum(losses) / d);
        }

        return op.Record(y);
    }

    // dl = (softmax(l) - onehot) dy, over l      dx += dl W      dW += dlᵀ x      db += Σ_rows dl
    protected override void Backward()
    {
        int v = setting.Classes, i = Input(1).Shape[1];
        Span<float> l = Saved(0, rows * v);
        Operand dy = reduced ? OutputGrad()[0] / divisor : OutputGrad();
        CrossEntropyKernel.Backward(
            l, Indices(), default, default, setting, Saved(1, CrossEntropyKernel.Stats * rows), dy, l, fresh: true,
            default);
        if (NeedsGrad(0))
        {
            Span<float> dx = InputGrad(0, out bool fresh);
            Gemm.Multiply(rows, i, v, l, false, Input(1).Span, false, dx, accumulate: !fresh);
        }

        if (NeedsGrad(1))
        {
            Span<float> dw = InputGrad(1, out bool fresh);
            Gemm.Multiply(v, i, rows, l, true, Input(0).Span, false, dw, accumulate: !fresh);
        }

        if (NeedsGrad(2)) Rows.AddSum(rows, v, l, InputGrad(2));
    }

    private ReadOnlySpan<int> Indices() => indices.AsSpan(0, rows);
}
