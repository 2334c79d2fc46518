using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = scale · Σ x over some dimensions; a mean is a sum with scale 1 / count.</summary>
internal sealed class SumOp : Node
{
    private int axes;
    private float scale;

    // axes: one bit for each dimension that is summed
    public static Tensor Apply(Tensor x, int axes, bool keepDim, bool mean)
    {
        Shape shape = x.Shape;
        Shape reduced = Axes.Reduced(shape, axes, keepDim);
        var op = Begin<SumOp>(x);
        op.axes = axes;
        op.scale = mean ? 1f / Count(shape, axes) : 1f;
        Tensor y = op.NewOutput(reduced);
        Reduce.SumAxes(x.Span, shape, axes, y.MutableSpan, op.scale, accumulate: false);
        return op.Record(y);
    }

    // dx = scale · dy, repeated along the summed dimensions
    protected override void Backward()
    {
        Shape shape = Input(0).Shape;
        Span<float> dx = InputGrad(0, out bool fresh), dy = OutputGrad();
        if (scale != 1f) Elementwise.Zip<Multiply>(dy, scale, dy);
        if (fresh && dy.Length == 1)
        {
            Elementwise.Fill(dy[0], dx);
            return;
        }

        if (fresh) dx.Clear();
        Broadcast.Zip<Add>(dx, shape, dy, Axes.Reduced(shape, axes, keepDim: true), dx, shape, accumulate: false);
    }

    private static int Count(in Shape shape, int axes)
    {
        int count = 1;
        for (int d = 0; d < shape.Rank; d++)
            if ((axes >> d & 1) != 0) count *= shape[d];
        return count;
    }
}
