using System.Diagnostics.CodeAnalysis;
using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>The same elements in the same order under another shape: a view, nothing is copied.</summary>
internal sealed class ReshapeOp : Node
{
    public static Tensor Apply(Tensor x, in Shape shape)
    {
        if (shape.ElementCount != x.Length) ThrowLength(x.Shape, shape);
        var op = Begin<ReshapeOp>(x);
        return op.Record(op.NewView(0, shape));
    }

    /// <summary>As <see cref="Apply(Tensor, in Shape)"/>; one size may be -1 and follows from the others.</summary>
    public static Tensor Apply(Tensor x, ReadOnlySpan<int> sizes)
    {
        int open = sizes.IndexOf(-1);
        if (open < 0) return Apply(x, new Shape(sizes));
        if (sizes.Length > Shape.MaxRank || sizes[(open + 1)..].Contains(-1)) ThrowSizes(x.Shape, sizes);
        Span<int> full = stackalloc int[sizes.Length];
        sizes.CopyTo(full);
        full[open] = 1;
        int rest = new Shape(full).ElementCount;
        if (rest == 0 || x.Length % rest != 0) ThrowSizes(x.Shape, sizes);
        full[open] = x.Length / rest;
        return Apply(x, new Shape(full));
    }

    // dx = dy
    protected override void Backward() => Elementwise.MapAdd<Copy>(OutputGrad(), InputGrad(0));

    [DoesNotReturn]
    private static void ThrowLength(in Shape from, in Shape to) => throw new ShapeException(
        $"Tensor.Reshape: {to} has {to.ElementCount} elements but the tensor {from} has {from.ElementCount}.");

    [DoesNotReturn]
    private static void ThrowSizes(in Shape from, ReadOnlySpan<int> sizes) => throw new ShapeException(
        $"Tensor.Reshape: [{string.Join(", ", sizes.ToArray())}] does not fit the {from.ElementCount} elements of {from}; " +
        $"at most one size may be -1, and the others must divide the number of elements.");
}
