using System.Runtime.CompilerServices;
using Recur.Ops;

namespace Recur;

// What can be computed with tensors: one line per operation, the work is in Ops.
public readonly partial struct Tensor
{
    // ---- Arithmetic, broadcast by NumPy's rule: shapes aligned at the last dimension, size 1 repeats ---------------

    /// <summary>This tensor plus <paramref name="other"/>, element by element, broadcast.</summary>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    public Tensor Add(Tensor other) => AddOp.Apply(this, other);

    /// <summary>This tensor minus <paramref name="other"/>, element by element, broadcast.</summary>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    public Tensor Sub(Tensor other) => SubOp.Apply(this, other);

    /// <summary>This tensor times <paramref name="other"/>, element by element, broadcast.</summary>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    public Tensor Mul(Tensor other) => MulOp.Apply(this, other);

    /// <summary>This tensor divided by <paramref name="other"/>, element by element, broadcast.</summary>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    public Tensor Div(Tensor other) => DivOp.Apply(this, other);

    /// <summary>The sum, element by element, broadcast.</summary>
    public static Tensor operator +(Tensor left, Tensor right) => AddOp.Apply(left, right);

    /// <summary>The difference, element by element, broadcast.</summary>
    public static Tensor operator -(Tensor left, Tensor right) => SubOp.Apply(left, right);

    /// <summary>The product, element by element, broadcast (the matrix product is <c>MatMul</c>).</summary>
    public static Tensor operator *(Tensor left, Tensor right) => MulOp.Apply(left, right);

    /// <summary>The quotient, element by element, broadcast.</summary>
    public static Tensor operator /(Tensor left, Tensor right) => DivOp.Apply(left, right);

    /// <summary>A number added to every element.</summary>
    public static Tensor operator +(Tensor left, float right) => AddScalarOp.Apply(left, right);

    /// <summary>A number added to every element.</summary>
    public static Tensor operator +(float left, Tensor right) => AddScalarOp.Apply(right, left);

    /// <summary>A number subtracted from every element.</summary>
    public static Tensor operator -(Tensor left, float right) => AddScalarOp.Apply(left, -right);

    /// <summary>Every element subtracted from a number.</summary>
    public static Tensor operator -(float left, Tensor right) => AddScalarOp.Apply(-right, left);

    /// <summary>Every element times a number.</summary>
    public static Tensor operator *(Tensor left, float right) => MulScalarOp.Apply(left, right);

    /// <summary>Every element times a number.</summary>
    public static Tensor operator *(float left, Tensor right) => MulScalarOp.Apply(right, left);

    /// <summary>Every element divided by a number.</summary>
    public static Tensor operator /(Tensor left, float right) => DivScalarOp.Apply(left, right);

    /// <summary>A number divided by every element.</summary>
    public static Tensor operator /(float left, Tensor right) => ScalarDivOp.Apply(left, right);

    /// <summary>Every element with the other sign.</summary>
    public static Tensor operator -(Tensor tensor) => MulScalarOp.Apply(tensor, -1f);

    // ---- Reductions -----------------------------------------------------------------------------------------------

    /// <summary>The sum of all elements, a scalar.</summary>
    public Tensor Sum() => SumOp.Apply(this, (1 << Rank) - 1, keepDim: false, mean: false);

    /// <summary>The sum over one dimension.</summary>
    /// <param name="dim">The dimension; negative counts from the last.</param>
    /// <param name="keepDim">Whether the dimension stays, with size 1.</param>
    public Tensor Sum(int dim, bool keepDim = false) => Sum([dim], keepDim);

    /// <summary>The sum over some dimensions, as <c>x.Sum([0, 2])</c>.</summary>
    /// <param name="dims">The dimensions; negative ones count from the last; none means none is summed.</param>
    /// <param name="keepDim">Whether the dimensions stay, with size 1.</param>
    /// <exception cref="ShapeException">A dimension does not exist or was given twice.</exception>
    public Tensor Sum(ReadOnlySpan<int> dims, bool keepDim = false) =>
        SumOp.Apply(this, Axes.Mask("Tensor.Sum", Shape, dims), keepDim, mean: false);

    /// <summary>The mean of all elements, a scalar; NaN when there are none.</summary>
    public Tensor Mean() => SumOp.Apply(this, (1 << Rank) - 1, keepDim: false, mean: true);

    /// <summary>The mean over one dimension.</summary>
    /// <param name="dim">The dimension; negative counts from the last.</param>
    /// <param name="keepDim">Whether the dimension stays, with size 1.</param>
    public Tensor Mean(int dim, bool keepDim = false) => Mean([dim], keepDim);

    /// <summary>The mean over some dimensions, as <c>x.Mean([0, 2])</c>.</summary>
    /// <param name="dims">The dimensions; negative ones count from the last.</param>
    /// <param name="keepDim">Whether the dimensions stay, with size 1.</param>
    /// <exception cref="ShapeException">A dimension does not exist or was given twice.</exception>
    public Tensor Mean(ReadOnlySpan<int> dims, bool keepDim = false) =>
        SumOp.Apply(this, Axes.Mask("Tensor.Mean", Shape, dims), keepDim, mean: true);

    // ---- Shape ----------------------------------------------------------------------------------------------------

    /// <summary>The same elements in the same order under another shape. A view: both share memory.</summary>
    /// <param name="sizes">The new sizes; one may be -1 and follows from the others.</param>
    /// <exception cref="ShapeException">The number of elements would change.</exception>
    [OverloadResolutionPriority(1)]
    public Tensor Reshape(params ReadOnlySpan<int> sizes) => ReshapeOp.Apply(this, sizes);

    /// <summary>The same elements in the same order under another shape. A view: both share memory.</summary>
    /// <exception cref="ShapeException">The number of elements would change.</exception>
    public Tensor Reshape(Shape shape) => ReshapeOp.Apply(this, shape);

    /// <summary>A range of one dimension, as torch.narrow.</summary>
    /// <remarks>Along the leading dimension a view that shares memory, along the others a copy.</remarks>
    /// <param name="dim">The dimension; negative counts from the last.</param>
    /// <param name="start">The first index.</param>
    /// <param name="length">The number of indices.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the dimension.</exception>
    public Tensor Slice(int dim, int start, int length) => SliceOp.Apply("Tensor.Slice", this, dim, start, length, dropDim: false);

    /// <summary>One index of one dimension, which disappears.</summary>
    /// <remarks>Along the leading dimension a view that shares memory, along the others a copy.</remarks>
    /// <param name="dim">The dimension; negative counts from the last.</param>
    /// <param name="index">The index, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index leaves the dimension.</exception>
    public Tensor Select(int dim, int index) => SliceOp.Apply("Tensor.Select", this, dim, index, 1, dropDim: true);
}
