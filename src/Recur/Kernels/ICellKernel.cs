namespace Recur.Kernels;

/// <summary>The arithmetic of one kind of recurrent cell, for some units of one sequence; the products around it are
/// the same for all.</summary>
/// <remarks>
/// A cell keeps up to four values for every unit and step, its columns a, b, c, d: before the step the sums that the
/// products
/// have left there, after it what the backward pass needs, and in the backward pass the gradients of the sums. The
/// product
/// with x goes to the columns <see cref="InputColumns"/>, that with h to those from <see cref="RecurrentColumn"/> on.
/// </remarks>
internal interface ICellKernel
{
    /// <summary>Gates: rows of W_ih and W_hh divided by H.</summary>
    static abstract int GateCount { get; }

    /// <summary>Values kept for every unit and step; 1 means that the state itself is all there is to keep.</summary>
    static abstract int Columns { get; }

    /// <summary>The column that gate g of the product with x goes to.</summary>
    static abstract ReadOnlySpan<int> InputColumns { get; }

    /// <summary>The column that the first gate of the product with h goes to; the others follow.</summary>
    static abstract int RecurrentColumn { get; }

    /// <summary>Whether there is a second state c beside h.</summary>
    static abstract bool HasCellState { get; }

    /// <summary>The first half of a step: what does not wait for anything but the sums. The activations of many units
    /// run side by side
    /// here, which in one chain with the state they could not.</summary>
    /// <param name="math">The activations; loaded before the loop over the units.</param>
    /// <param name="a">In the sums, out what is kept; so are the others.</param>
    /// <param name="b">As <paramref name="a"/>.</param>
    /// <param name="c">As <paramref name="a"/>.</param>
    /// <param name="d">As <paramref name="a"/>.</param>
    static abstract void Gates<T>(in ExpMath<T> math, ref T a, ref T b, ref T c, ref T d) where T : unmanaged, ISimd<T>;

    /// <summary>The second half: the state.</summary>
    /// <param name="math">As before.</param>
    /// <param name="a">As the first half has left it; only the first column may still change.</param>
    /// <param name="b">As the first half has left it.</param>
    /// <param name="c">As the first half has left it.</param>
    /// <param name="d">As the first half has left it.</param>
    /// <param name="carry">In what the units held before the step: c of a cell that has it, else h. Out c after the
    /// step.</param>
    /// <returns>h after the step.</returns>
    static abstract T State<T>(in ExpMath<T> math, ref T a, T b, T c, T d, ref T carry) where T : unmanaged, ISimd<T>;

    /// <summary>The gradients of one step.</summary>
    /// <param name="math">As before.</param>
    /// <param name="a">In what Forward has kept, out the gradient of the sum; so are the others.</param>
    /// <param name="b">As <paramref name="a"/>.</param>
    /// <param name="c">As <paramref name="a"/>.</param>
    /// <param name="d">As <paramref name="a"/>.</param>
    /// <param name="before">What the units held before the step: c of a cell that has it, else h.</param>
    /// <param name="after">The same after the step.</param>
    /// <param name="dh">The gradient of h after the step.</param>
    /// <param name="carry">In/out the gradient that flows from step to step beside the product: of c, or a share of
    /// that of h.</param>
    static abstract void Backward<T>(in ExpMath<T> math, ref T a, ref T b, ref T c, ref T d, T before, T after, T dh, ref T carry)
        where T : unmanaged, ISimd<T>;
}
