using System.Diagnostics.CodeAnalysis;
using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>Tensors one after the other along a dimension, or along a new one.</summary>
internal sealed class ConcatOp : Node
{
    private int dimension;

    public static Tensor Concat(ReadOnlySpan<Tensor> tensors, int dim)
    {
        if (tensors.IsEmpty) ThrowNone("Tensor.Concat");
        Shape shape = tensors[0].Shape;
        int d = Axes.Normalize("Tensor.Concat", shape, dim);
        int total = 0;
        for (int i = 0; i < tensors.Length; i++)
        {
            Shape other = tensors[i].Shape;
            if (other.Rank != shape.Rank || other.With(d, shape[d]) != shape)
                ShapeException.Throw($"Tensor.Concat: tensor {i}", $"{shape} (tensor 0) but for dimension {d}", other);
            total = checked(total + other[d]);
        }

        return Apply(tensors, d, shape.With(d, total));
    }

    public static Tensor Stack(ReadOnlySpan<Tensor> tensors, int dim)
    {
        if (tensors.IsEmpty) ThrowNone("Tensor.Stack");
        Shape shape = tensors[0].Shape;
        for (int i = 1; i < tensors.Length; i++)
            if (tensors[i].Shape != shape) ShapeException.Throw($"Tensor.Stack: tensor {i}", $"{shape} (tensor 0)", tensors[i].Shape);
        Shape result = Axes.Inserted("Tensor.Stack", shape, dim, tensors.Length, out int d);
        return Apply(tensors, d, result);
    }

    private static Tensor Apply(ReadOnlySpan<Tensor> tensors, int d, in Shape result)
    {
        var op = Begin<ConcatOp>(tensors);
        op.dimension = d;
        Tensor y = op.NewOutput(result);
        Span<float> target = y.MutableSpan;
        int outer = Axes.Length(result, 0, d), step = Axes.Length(result, d, result.Rank), at = 0;
        foreach (Tensor x in tensors)
        {
            int length = Run(x.Shape, d);
            Blocks.Copy(x.Span, length, target[at..], step, length, outer);
            at += length;
        }

        return op.Record(y);
    }

    // dx = the range of dy that the input fills
    protected override void Backward()
    {
        Shape result = OutputShape();
        ReadOnlySpan<float> dy = OutputGrad();
        int outer = Axes.Length(result, 0, dimension), step = Axes.Length(result, dimension, result.Rank), at = 0;
        for (int i = 0; i < InputCount; i++)
        {
            int length = Run(Input(i).Shape, dimension);
            if (NeedsGrad(i)) Blocks.Add(dy[at..], step, InputGrad(i), length, length, outer);
            at += length;
        }
    }

    /// <summary>The elements of an input that stand together in the result (a stacked input begins at the new dimension
    /// too).</summary>
    private static int Run(in Shape shape, int d) => Axes.Length(shape, d, shape.Rank);

    [DoesNotReturn]
    private static void ThrowNone(string caller) => throw new ArgumentException($"{caller}: at least one tensor is needed but none came.");
}
