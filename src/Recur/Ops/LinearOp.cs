using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = x Wᵀ + b over all leading dimensions of x.</summary>
internal sealed class LinearOp : Node
{
    private int rows;

    /// <summary>Records the map.</summary>
    /// <param name="x">[*, I].</param>
    /// <param name="weight">[O, I].</param>
    /// <param name="bias">[O], or default when there is none.</param>
    /// <returns>[*, O].</returns>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor bias)
    {
        var op = Begin<LinearOp>([x, weight, bias]);
        Shape shape = x.Shape;
        int i = weight.Shape[1], o = weight.Shape[0];
        int m = op.rows = shape.WithoutLast().Length;
        bool biased = bias != default;

        Tensor y = op.NewOutput(shape.With(-1, o));
        Span<float> result = y.MutableSpan;
        // The bias goes first and the product on top: one pass less over y than adding it afterwards.
        if (biased) Rows.Fill(m, o, bias.Span, result);
        Gemm.Multiply(m, o, i, x.Span, false, weight.Span, true, result, accumulate: biased);
        return op.Record(y);
    }

    // dx += dy W     dW += dyᵀ x     db += Σ_rows dy
    protected override void Backward()
    {
        int o = Input(1).Shape[0], i = Input(1).Shape[1];
        Span<float> dy = OutputGrad();
        if (NeedsGrad(0)) Gemm.Multiply(rows, i, o, dy, false, Input(1).Span, false, InputGrad(0), accumulate: true);
        if (NeedsGrad(1)) Gemm.Multiply(o, i, rows, dy, true, Input(0).Span, false, InputGrad(1), accumulate: true);
        if (NeedsGrad(2)) Rows.AddSum(rows, o, dy, InputGrad(2));
    }
}
