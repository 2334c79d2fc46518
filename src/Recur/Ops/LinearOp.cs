using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = x Wᵀ + b over all leading dimensions of x.</summary>
internal sealed class LinearOp : Node
{
    // The head of a forecaster has one output: forward and backward of [59, 10] x [1, 10] take 0.5 us so (with a
    // gradient for x)
    // and 1.4 us through Gemm's panels, measured on an AVX-512 EPYC. Above this many rows, Gemm's blocked sums keep
    // more digits
    // in the gradient of the weight, and its threads divide the work.
    private const int FewRows = 4096;

    private int rows, outputs;

    private bool IsVector => outputs == 1 && rows <= FewRows;

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
        int m = op.rows = shape.WithoutLast().ElementCount;
        op.outputs = o;
        bool biased = bias != default;

        Tensor y = op.NewOutput(shape.With(-1, o));
        Span<float> result = y.MutableSpan;
        if (op.IsVector)
        {
            MatrixVector.Multiply(m, i, x.Span, weight.Span, biased ? bias.Span[0] : 0f, result);
            return op.Record(y);
        }

        if (biased) Gemm.MultiplyPlusRow(m, o, i, x.Span, weight.Span, bias.Span, result);
        else Gemm.Multiply(m, o, i, x.Span, false, weight.Span, true, result, accumulate: false);
        return op.Record(y);
    }

    // dx += dy W     dW += dyᵀ x     db += Σ_rows dy
    protected override void Backward()
    {
        Shape shape = Input(1).Shape;
        int o = shape[0], i = shape[1];
        Span<float> dy = OutputGrad();
        if (IsVector)
        {
            if (NeedsGrad(0)) MatrixVector.AddOuter(rows, i, dy, Input(1).Span, InputGrad(0));
            if (NeedsGrad(1)) MatrixVector.AddTransposed(rows, i, dy, Input(0).Span, InputGrad(1));
        }
        else
        {
            if (NeedsGrad(0))
                Gemm.Multiply(rows, i, o, dy, false, Input(1).Span, false, InputGrad(0), accumulate: true);
            if (NeedsGrad(1)) Gemm.Multiply(o, i, rows, dy, true, Input(0).Span, false, InputGrad(1), accumulate: true);
        }

        if (NeedsGrad(2)) Rows.AddSum(rows, o, dy, InputGrad(2));
    }
}
