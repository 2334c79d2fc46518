namespace Recur.Nn;

/// <summary>The two orders of a batch of sequences: time first [T, N, ...], as the recurrent layers take it, and batch
/// first [N, T, ...], as they take it with <c>batchFirst: true</c>.</summary>
/// <remarks>Both directions are <see cref="Tensor.Transpose"/> of the first two dimensions: a copy, differentiable. The
/// states of a layer have no time, so their order is [NumLayers, N, HiddenSize] either way.</remarks>
public static class BatchLayout
{
    /// <summary>[T, N, ...] as [N, T, ...].</summary>
    /// <exception cref="ShapeException">Fewer than two dimensions.</exception>
    public static Tensor ToBatchFirst(Tensor timeFirst)
    {
        if (timeFirst.Rank < 2)
            ShapeException.Throw("BatchLayout.ToBatchFirst: timeFirst", "[T, N, ...]", timeFirst.Shape);
        return timeFirst.Transpose(0, 1);
    }

    /// <summary>[N, T, ...] as [T, N, ...].</summary>
    /// <exception cref="ShapeException">Fewer than two dimensions.</exception>
    public static Tensor ToTimeFirst(Tensor batchFirst)
    {
        if (batchFirst.Rank < 2)
            ShapeException.Throw("BatchLayout.ToTimeFirst: batchFirst", "[N, T, ...]", batchFirst.Shape);
        return batchFirst.Transpose(0, 1);
    }
}
