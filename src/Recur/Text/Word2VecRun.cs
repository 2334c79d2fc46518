namespace Recur.Text;

/// <summary>The passes a model is to make, and their learning rate.</summary>
/// <param name="Epochs">Their number.</param>
/// <param name="Alpha">The first learning rate.</param>
/// <param name="MinAlpha">The last one.</param>
/// <param name="Before">Passes of former runs; what is drawn depends on it, so that no run repeats another.</param>
internal sealed record Word2VecRun(int Epochs, double Alpha, double MinAlpha, int Before = 0)
{
    /// <summary>The learning rate after so many passes.</summary>
    public double AlphaAt(int done) => Alpha + (MinAlpha - Alpha) * done / Epochs;
}
