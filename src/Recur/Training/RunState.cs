namespace Recur.Training;

/// <summary>How far a run has come: everything a checkpoint holds besides tensors and generators.</summary>
internal sealed class RunState
{
    /// <summary>Complete epochs.</summary>
    public int Epoch => History.Count;

    /// <summary>Steps done in the running epoch; always fewer than the epoch has.</summary>
    public int Batch;

    /// <summary>The number of batches in the running epoch; 0 before the first.</summary>
    public int BatchCount;

    /// <summary>Steps done in all epochs.</summary>
    public long Step;

    /// <summary>Sum of the losses of the running epoch.</summary>
    public double LossSum;

    public float LastLoss = float.NaN;
    public float LastGradientNorm = float.NaN;

    public double BestLoss = double.PositiveInfinity;

    /// <summary>The epoch of <see cref="BestLoss"/>, counted from 1; 0 for none.</summary>
    public int BestEpoch;

    /// <summary>Epochs since the last improvement by more than MinDelta.</summary>
    public int EpochsWithoutBest;

    /// <summary>The losses of the complete epochs.</summary>
    public List<EpochLoss> History = [];

    public RunState Copy()
    {
        var copy = (RunState)MemberwiseClone();
        copy.History = [.. History];
        return copy;
    }
}
