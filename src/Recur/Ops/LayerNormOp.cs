using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = (x - μ) / σ · w + b over the last dimensions; see <see cref="LayerNormKernel"/>.</summary>
internal sealed class LayerNormOp : Node
{
    private int n, rows;

    /// <summary>Records the op.</summary>
    /// <param name="x">[*, normalized dimensions].</param>
    /// <param name="weight">As many elements as a row, or default.</param>
    /// <param name="bias">The same; needs a weight.</param>
    /// <param name="n">The elements of a row.</param>
    /// <param name="eps">Added to the variance.</param>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor bias, int n, float eps)
    {
        var op = Begin<LayerNormOp>([x, weight, bias]);
        op.n = n;
        op.rows = n == 0 ? 0 : x.Length / n;
        Tensor y = op.NewOutput(x.Shape);
        LayerNormKernel.Forward(
            x.Span, Values(weight), Values(bias), n, eps, op.Save(2 * op.rows), y.MutableSpan);
        return op.Record(y);
    }

    protected override void Backward() => LayerNormKernel.Backward(
        Input(0).Span, Values(Input(1)), n, Saved(0, 2 * rows), OutputGrad(),
        NeedsGrad(0) ? InputGrad(0) : default, NeedsGrad(1) ? InputGrad(1) : default,
        NeedsGrad(2) ? InputGrad(2) : default, Scratch(n));

    private static ReadOnlySpan<float> Values(Tensor optional) => optional == default ? default : optional.Span;
}
