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

    // ---- Functions of each element --------------------------------------------------------------------------------

    /// <summary>e^x.</summary>
    public Tensor Exp() => ExpOp.Apply(this);

    /// <summary>The natural logarithm; -∞ at 0, NaN below.</summary>
    public Tensor Log() => LogOp.Apply(this);

    /// <summary>The square root; NaN below 0.</summary>
    public Tensor Sqrt() => SqrtOp.Apply(this);

    /// <summary>The absolute value; its gradient at 0 is 0.</summary>
    public Tensor Abs() => AbsOp.Apply(this);

    /// <summary>x to the power of <paramref name="exponent"/>.</summary>
    public Tensor Pow(float exponent) => PowOp.Apply(this, exponent);

    /// <summary>The hyperbolic tangent.</summary>
    public Tensor Tanh() => TanhOp.Apply(this);

    /// <summary>The logistic function 1 / (1 + e^-x).</summary>
    public Tensor Sigmoid() => SigmoidOp.Apply(this);

    /// <summary>max(x, 0); its gradient at 0 is 0.</summary>
    public Tensor Relu() => ReluOp.Apply(this);

    /// <summary>x above 0, <paramref name="negativeSlope"/> · x below.</summary>
    public Tensor LeakyRelu(float negativeSlope = 0.01f) => Activations.LeakyRelu(this, negativeSlope);

    /// <summary>x above 0, <paramref name="alpha"/> (e^x - 1) below.</summary>
    public Tensor Elu(float alpha = 1f) => Activations.Elu(this, alpha);

    /// <summary>x Φ(x), with Φ the normal distribution function.</summary>
    /// <param name="tanhApproximation">Whether Φ is (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2 instead.</param>
    public Tensor Gelu(bool tanhApproximation = false) => Activations.Gelu(this, tanhApproximation);

    /// <summary>x / (1 + e^-x).</summary>
    public Tensor Silu() => Activations.Silu(this);

    /// <summary>ln(1 + e^(beta x)) / beta; x itself where beta x is above <paramref name="threshold"/>.</summary>
    /// <param name="beta">How sharp the bend is; not 0.</param>
    /// <param name="threshold">From where on the difference to x does not matter.</param>
    public Tensor Softplus(float beta = 1f, float threshold = 20f) => Activations.Softplus(this, beta, threshold);

    // ---- Along a dimension ----------------------------------------------------------------------------------------

    /// <summary>e^x / Σ e^x along a dimension; large elements do not overflow.</summary>
    /// <param name="dim">The dimension; negative counts from the last.</param>
    public Tensor Softmax(int dim) => SoftmaxOp.Apply(this, dim);

    /// <summary>The logarithm of the softmax along a dimension, exact also where the softmax rounds to 0.</summary>
    /// <param name="dim">The dimension; negative counts from the last.</param>
    public Tensor LogSoftmax(int dim) => LogSoftmaxOp.Apply(this, dim);

    /// <summary>The matrix product over the last two dimensions, as torch.matmul.</summary>
    /// <remarks>Leading dimensions are batches and broadcast. A vector on the left is one row, on the right one column,
    /// and that
    /// dimension is absent from the result; two vectors give their scalar product.</remarks>
    /// <param name="other">[..., K, N] for a tensor of shape [..., M, K].</param>
    /// <returns>[..., M, N].</returns>
    /// <exception cref="ShapeException">The inner dimensions differ, or the leading ones do not broadcast.</exception>
    public Tensor MatMul(Tensor other) => MatMulOp.Apply(this, other);

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

    /// <summary>The tensor with two dimensions exchanged; a copy.</summary>
    /// <param name="dim0">A dimension; negative counts from the last.</param>
    /// <param name="dim1">The other.</param>
    public Tensor Transpose(int dim0, int dim1) => TransposeOp.Apply(this, dim0, dim1);

    /// <summary>Without one dimension of size 1; a view, and no change when the size is another.</summary>
    /// <param name="dim">The dimension; negative counts from the last.</param>
    public Tensor Squeeze(int dim)
    {
        int d = Axes.Normalize("Tensor.Squeeze", Shape, dim);
        return Shape[d] != 1 ? this : ReshapeOp.Apply(this, Axes.Reduced(Shape, 1 << d, keepDim: false));
    }

    /// <summary>With a new dimension of size 1 before <paramref name="dim"/>; a view.</summary>
    /// <param name="dim">Its position in the result; -1 stands for the end.</param>
    public Tensor Unsqueeze(int dim) => ReshapeOp.Apply(this, Axes.Inserted("Tensor.Unsqueeze", Shape, dim, 1, out _));

    /// <summary>Tensors one after the other along an existing dimension, as torch.cat.</summary>
    /// <param name="tensors">At least one; all of one shape but for that dimension.</param>
    /// <param name="dim">The dimension; negative counts from the last.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public static Tensor Concat(ReadOnlySpan<Tensor> tensors, int dim = 0) => ConcatOp.Concat(tensors, dim);

    /// <summary>Tensors one after the other along a new dimension, as torch.stack.</summary>
    /// <param name="tensors">At least one; all of one shape.</param>
    /// <param name="dim">The position of the new dimension in the result; -1 stands for the end.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Tensor Stack(ReadOnlySpan<Tensor> tensors, int dim = 0) => ConcatOp.Stack(tensors, dim);

    /// <summary>The rows with the given numbers along the leading dimension, as torch.index_select(x, 0,
    /// indices).</summary>
    /// <remarks>A row that is asked for twice receives the sum of both gradients.</remarks>
    /// <param name="indices">Row numbers, in any order, with repeats.</param>
    /// <returns>[indices.Length, ...].</returns>
    /// <exception cref="ArgumentOutOfRangeException">An index is no row.</exception>
    public Tensor GatherRows(ReadOnlySpan<int> indices) => GatherRowsOp.Apply(this, indices);
}
