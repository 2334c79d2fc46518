using Recur.Autograd;

namespace Recur.Tests.Ops;

/// <summary>y = x / (1 + |x|).</summary>
public sealed class SoftsignOp : Node
{
    public static Tensor Apply(Tensor x)
    {
        var op = Begin<SoftsignOp>(x);
        Tensor y = op.NewOutput(x.Shape);
        ReadOnlySpan<float> source = x.Span;
        Span<float> target = y.MutableSpan;
        for (int i = 0; i < source.Length; i++) target[i] = source[i] / (1f + MathF.Abs(source[i]));
        return op.Record(y);
    }

    // dx = dy / (1 + |x|)² = dy (1 - |y|)²
    protected override void Backward()
    {
        ReadOnlySpan<float> y = Output(), dy = OutputGrad();
        Span<float> dx = InputGrad(0);
        for (int i = 0; i < dx.Length; i++)
        {
            float slope = 1f - MathF.Abs(y[i]);
            dx[i] += dy[i] * slope * slope;
        }
    }
}
