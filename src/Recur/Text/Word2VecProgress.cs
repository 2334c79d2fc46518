namespace Recur.Text;

/// <summary>Where a training of word vectors stands, for a display.</summary>
/// <param name="Epoch">The running epoch, or the one that has just ended; 1 at first.</param>
/// <param name="Epochs">The number of epochs of the run.</param>
/// <param name="Words">Words of the corpus passed in this epoch, those that sub-sampling drops included.</param>
/// <param name="TotalWords">Words of the corpus.</param>
/// <param name="WordsPerSecond">Words passed per second since the call began.</param>
/// <param name="Alpha">The learning rate.</param>
/// <param name="Loss">The mean loss of the epoch so far, of all its predictions, summed in double: nats per pair of word
/// and neighbour (skip-gram) or per word (CBOW).</param>
/// <param name="IsEpochEnd">Whether an epoch has just ended.</param>
/// <param name="Elapsed">Time since the call began.</param>
/// <param name="TimeLeft">An estimate from the speed so far.</param>
public readonly record struct Word2VecProgress(
    int Epoch, int Epochs, long Words, long TotalWords, double WordsPerSecond, double Alpha, double Loss,
    bool IsEpochEnd, TimeSpan Elapsed, TimeSpan TimeLeft);
