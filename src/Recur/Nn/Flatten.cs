namespace Recur.Nn;

/// <summary>Makes one dimension of several, as torch.nn.Flatten.</summary>
public sealed class Flatten : UnaryModule
{
    /// <summary>Creates the module.</summary>
    /// <param name="startDim">The first of the dimensions; negative counts from the last.</param>
    /// <param name="endDim">The last of them; negative counts from the last.</param>
    public Flatten(int startDim = 1, int endDim = -1)
    {
        StartDim = startDim;
        EndDim = endDim;
    }

    /// <summary>The first of the dimensions.</summary>
    public int StartDim { get; }

    /// <summary>The last of them.</summary>
    public int EndDim { get; }

    /// <summary>Flattens; a view.</summary>
    /// <param name="input">Of any shape that has the dimensions.</param>
    /// <returns>The same elements with the dimensions StartDim to EndDim as one.</returns>
    /// <exception cref="ShapeException">A dimension does not exist, or they are not in order.</exception>
    public override Tensor Forward(Tensor input)
    {
        Shape shape = input.Shape;
        int start = StartDim < 0 ? StartDim + shape.Rank : StartDim, end = EndDim < 0 ? EndDim + shape.Rank : EndDim;
        if (start < 0 || end >= shape.Rank || start > end)
            throw new ShapeException(
                $"Flatten.Forward: dimensions {StartDim} to {EndDim} were asked of {shape}, which has {shape.Rank}.");
        Span<int> sizes = stackalloc int[shape.Rank - (end - start)];
        sizes.Fill(1);
        for (int d = 0; d < shape.Rank; d++) sizes[d <= start ? d : d <= end ? start : d - (end - start)] *= shape[d];
        return input.Reshape(new Shape(sizes));
    }
}
