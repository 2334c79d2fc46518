namespace Recur.Training;

/// <summary>The norms of dLoss/dh_t of one recurrent layer in one direction, by time step.</summary>
/// <remarks>
/// The norm is the Euclidean one over all sequences of the batch and all units: what PyTorch gives as
/// <c>h_t.grad.norm()</c> after <c>retain_grad</c> on every state. It holds all of the gradient, what comes back from
/// later steps included. Where a module is called several times in one step of training (a cell in a loop, a layer
/// piece by piece), the calls follow each other in time.
/// </remarks>
public sealed class StateGradientFlow
{
    private float[] newest = new float[16]; // of the step that is running, the last time step first
    private float[] norms = new float[16];
    private double[] sums = new double[16];
    private long[] counts = new long[16];
    private int newestLength, length, meanLength;

    internal StateGradientFlow(string name, bool isReverse)
    {
        Name = name;
        IsReverse = isReverse;
    }

    /// <summary>The module's name and the layer: <c>lstm.l0</c>, <c>lstm.l0_reverse</c>; of a cell its name.</summary>
    public string Name { get; }

    /// <summary>Whether the layer reads backwards, so that its gradients flow from the first time step to the
    /// last.</summary>
    public bool IsReverse { get; }

    /// <summary>[T] the norms of the last recorded step, the first time step first; empty before one.</summary>
    public ReadOnlySpan<float> Norms => norms.AsSpan(0, length);

    /// <summary>[longest T] the mean of the norms over the steps recorded since <see
    /// cref="GradientFlow.Reset"/>.</summary>
    public double[] MeanNorms()
    {
        var means = new double[meanLength];
        for (int t = 0; t < meanLength; t++) means[t] = counts[t] == 0 ? 0 : sums[t] / counts[t];
        return means;
    }

    /// <summary>The norm at the time step that gradients reach last, divided by the largest one: near 0 when gradients
    /// vanish; NaN before a recorded step and where there is no gradient.</summary>
    public double Remaining
    {
        get
        {
            double largest = Largest;
            return largest > 0 ? FarEnd / largest : double.NaN; // NaN norms make it NaN too
        }
    }

    /// <summary>The factor by which a norm changes from one time step to the one before it, in the direction in which
    /// gradients flow: the slope of a straight line through their logarithms, by least squares; below 1 they fade,
    /// above 1 they grow. NaN where fewer than two norms are above 0.</summary>
    public double FactorPerStep
    {
        get
        {
            double n = 0, x = 0, y = 0, xx = 0, xy = 0;
            for (int t = 0; t < length; t++)
            {
                if (!(norms[t] > 0f) || !float.IsFinite(norms[t])) continue;
                double distance = IsReverse ? t : -t, log = Math.Log(norms[t]);
                n++;
                x += distance;
                y += log;
                xx += distance * distance;
                xy += distance * log;
            }

            return n < 2 ? double.NaN : Math.Exp((n * xy - x * y) / (n * xx - x * x));
        }
    }

    /// <summary>The norm at the time step that gradients reach last; NaN before a recorded step.</summary>
    internal double FarEnd => length == 0 ? double.NaN : norms[IsReverse ? length - 1 : 0];

    internal double Largest
    {
        get
        {
            double largest = 0;
            foreach (float norm in Norms) largest = Math.Max(largest, norm);
            return largest;
        }
    }

    /// <summary>Whether the cell has gates that can carry a state unchanged.</summary>
    internal bool IsGated { get; init; }

    // Backward comes to the last call first, and to the last time step of a call.
    internal void Add(ReadOnlySpan<float> call)
    {
        if (newest.Length < newestLength + call.Length)
            Array.Resize(ref newest, Math.Max(newestLength + call.Length, 2 * newest.Length));
        for (int t = call.Length - 1; t >= 0; t--) newest[newestLength++] = call[t];
    }

    internal void EndStep()
    {
        if (norms.Length < newestLength)
        {
            norms = new float[newest.Length];
            Array.Resize(ref sums, newest.Length);
            Array.Resize(ref counts, newest.Length);
        }

        length = newestLength;
        newestLength = 0;
        meanLength = Math.Max(meanLength, length);
        for (int t = 0; t < length; t++)
        {
            norms[t] = newest[length - 1 - t];
            sums[t] += norms[t];
            counts[t]++;
        }
    }

    internal void Drop() => newestLength = 0;

    internal void Reset()
    {
        Array.Clear(sums);
        Array.Clear(counts);
        meanLength = 0;
    }
}
