namespace Recur.Autograd;

/// <summary>Told the gradients of a recurrent module's states while a backward pass runs.</summary>
internal interface IStateGradients
{
    /// <summary>One call of one layer in one direction; later calls of a step are told first, as backward comes to
    /// them.</summary>
    /// <param name="layer">0 for the lowest.</param>
    /// <param name="direction">1 for the one that reads backwards.</param>
    /// <param name="norms">[T] the Euclidean norm of dLoss/dh_t over all sequences and units; valid during the
    /// call.</param>
    void Add(int layer, int direction, ReadOnlySpan<float> norms);
}
