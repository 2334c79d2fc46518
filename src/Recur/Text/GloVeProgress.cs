namespace Recur.Text;

/// <summary>Where a training of GloVe stands, for a display.</summary>
/// <param name="Epoch">The running epoch, or the one that has just ended; 1 at first.</param>
/// <param name="Epochs">The number of epochs of the run.</param>
/// <param name="Pairs">Pairs passed in this epoch.</param>
/// <param name="TotalPairs">Pairs there are.</param>
/// <param name="PairsPerSecond">Pairs passed per second since the call began to train.</param>
/// <param name="Cost">The mean cost of the epoch so far, f(x)·d²/2 per pair, summed in double.</param>
/// <param name="IsEpochEnd">Whether an epoch has just ended.</param>
/// <param name="Elapsed">Time since the call began to train.</param>
/// <param name="TimeLeft">An estimate from the speed so far.</param>
public readonly record struct GloVeProgress(
    int Epoch, int Epochs, long Pairs, long TotalPairs, double PairsPerSecond, double Cost, bool IsEpochEnd,
    TimeSpan Elapsed, TimeSpan TimeLeft);
