using System.Diagnostics.CodeAnalysis;
using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>A range of one dimension: a view where the elements stand together (the leading dimension), a copy
/// otherwise.</summary>
internal sealed class SliceOp : Node
{
    private int offset, outer, inputStep, outputStep;

    public static Tensor Apply(string caller, Tensor x, int dim, int start, int length, bool dropDim)
    {
        Shape shape = x.Shape;
        int d = Axes.Normalize(caller, shape, dim);
        if (start < 0 || length < 0 || start > shape[d] - length) ThrowRange(caller, shape, dim, start, length, dropDim);
        Shape result = dropDim ? Axes.Reduced(shape, 1 << d, keepDim: false) : shape.With(d, length);

        int inner = Axes.Length(shape, d + 1, shape.Rank);
        var op = Begin<SliceOp>(x);
        op.outer = Axes.Length(shape, 0, d);
        op.offset = start * inner;
        op.inputStep = shape[d] * inner;
        op.outputStep = length * inner;
        if (op.outer == 1) return op.Record(op.NewView(0, result, op.offset));

        Tensor y = op.NewOutput(result);
        Blocks.Copy(x.Span[Math.Min(op.offset, x.Length)..], op.inputStep, y.MutableSpan, op.outputStep, op.outputStep, op.outer);
        return op.Record(y);
    }

    // dx[range] = dy
    protected override void Backward() =>
        Blocks.Add(OutputGrad(), outputStep, InputGrad(0)[offset..], inputStep, outputStep, outer);

    [DoesNotReturn]
    private static void ThrowRange(string caller, in Shape shape, int dim, int start, int length, bool dropDim) =>
        throw new ArgumentOutOfRangeException(null, dropDim
            ? $"{caller}: index {start} of dimension {dim} is outside {shape}."
            : $"{caller}: elements {start} to {start + (long)length - 1} of dimension {dim} are not all inside {shape}.");
}
