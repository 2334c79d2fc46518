using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = x ∘ m / (1-p) with a fresh random mask m of zeros (probability p) and ones.</summary>
internal sealed class DropoutOp : Node
{
    /// <summary>Records the op; with p = 0 the result is x itself, with p = 1 it is all zeros and nothing is drawn, as
    /// in PyTorch.</summary>
    /// <param name="x">Of any shape.</param>
    /// <param name="p">In [0, 1].</param>
    /// <param name="rng">Where the mask comes from: one <see cref="Rng.FillBernoulli"/> over all elements in row-major
    /// order.</param>
    public static Tensor Apply(Tensor x, float p, Rng rng)
    {
        if (p == 0f) return x;
        var op = Begin<DropoutOp>(x);
        Tensor y = op.NewOutput(x.Shape);
        int n = x.Length;
        Span<float> mask = op.Save(n);
        FillMask(mask, p, rng);
        Elementwise.Zip<Multiply>(x.Span, mask, y.MutableSpan);
        return op.Record(y);
    }

    /// <summary>Draws a mask of 0 (probability p) and 1/(1-p); with p = 1 nothing is drawn, as in PyTorch.</summary>
    public static void FillMask(Span<float> mask, float p, Rng rng)
    {
        if (p == 1f)
        {
            mask.Clear();
            return;
        }

        double keep = 1.0 - p;
        rng.FillBernoulli(mask, keep);
        Elementwise.Zip<Multiply>(mask, (float)(1.0 / keep), mask);
    }

    // dx += dy ∘ m / (1-p)
    protected override void Backward() =>
        Elementwise.ZipAdd<Multiply>(OutputGrad(), Saved(0, Input(0).Length), InputGrad(0));
}
