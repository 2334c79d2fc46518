using System.Runtime.InteropServices;
using Recur.Nn;

namespace Recur.Forecasting;

/// <summary>One member: predicts the next value from lagged values, a recurrent network and a linear short
/// cut.</summary>
/// <remarks>
/// <code>
/// u_t   = (mean of x over every lag)                   F inputs; x is known up to the context's end, then predicted
/// ŷ_t+1 = x_(t+1-anchor) + head(rnn(u_t)) + skip(u_t)
/// </code>
/// The anchor is the season (or 1 without one), and head bias and skip start at zero, so that learning starts near the
/// seasonal naive forecast. The linear short cut, as in LSTNet (Lai et al. 2018), continues trends that a bounded state
/// cannot.
/// </remarks>
internal sealed class ForecastNetwork : Module
{
    private readonly IRecurrentLayer layer;
    private readonly Linear head;
    private readonly Linear skip;
    private readonly Lag[] lags;
    private readonly int anchor;

    public ForecastNetwork(ModelOptions model, Lag[] lags, int anchor)
    {
        this.lags = lags;
        this.anchor = anchor;
        layer = RecurrentLayers.Create(model, lags.Length);
        Register("rnn", layer.Module);
        head = Register("head", new Linear(model.HiddenSize, 1));
        skip = Register("skip", new Linear(lags.Length, 1, bias: false));
        head.Bias!.Value.MutableSpan.Clear();
        skip.Weight.MutableSpan.Clear();
    }

    /// <summary>Teacher forcing: every input is true.</summary>
    /// <param name="inputs">[T, N, F].</param>
    /// <param name="anchors">[T, N, 1].</param>
    /// <returns>Predictions of the values after each step, [T, N, 1].</returns>
    public Tensor Forward(Tensor inputs, Tensor anchors)
    {
        (Tensor output, _) = layer.Forward(inputs, null);
        return head.Forward(output) + skip.Forward(inputs) + anchors;
    }

    /// <summary>Free running: reads the context, then feeds predictions back wherever a lag reaches into the
    /// horizon.</summary>
    /// <param name="inputs">[T, N, F] with T at least context; values of the horizon count as 0 in them.</param>
    /// <param name="anchors">[T, N, 1], likewise.</param>
    /// <param name="context">Steps with true inputs, at least 1.</param>
    /// <param name="horizon">Values to predict.</param>
    /// <returns>[horizon, N, 1].</returns>
    public Tensor FreeRun(Tensor inputs, Tensor anchors, int context, int horizon)
    {
        (Tensor output, RecurrentState state) = layer.Forward(inputs.Slice(0, 0, context), null);
        var predictions = new Tensor[horizon];
        Tensor x = inputs.Slice(0, context - 1, 1);
        predictions[0] =
            head.Forward(output.Slice(0, context - 1, 1)) + skip.Forward(x) + anchors.Slice(0, context - 1, 1);
        var sums = new Tensor[horizon]; // sums[i] = predictions[0] + ... + predictions[i]
        sums[0] = predictions[0];
        var parts = new List<Tensor>(lags.Length);
        for (int i = 1; i < horizon; i++)
        {
            x = Mix(inputs.Slice(0, context - 1 + i, 1), predictions, sums, i, parts);
            (output, state) = layer.Forward(x, state);
            Tensor from = anchor <= i ? predictions[i - anchor] : anchors.Slice(0, context - 1 + i, 1);
            predictions[i] = head.Forward(output) + skip.Forward(x) + from;
            sums[i] = sums[i - 1] + predictions[i];
        }

        return Tensor.Concat(predictions, 0);
    }

    /// <summary>The inputs [1, N, F] for prediction <paramref name="i"/>: what is known, and the predictions that the
    /// lags reach.</summary>
    private Tensor Mix(Tensor known, Tensor[] predictions, Tensor[] sums, int i, List<Tensor> parts)
    {
        parts.Clear();
        for (int f = 0; f < lags.Length;)
        {
            Lag lag = lags[f];
            if (lag.First <= i)
            {
                Tensor sum = lag.Length == 1 ? default : Sum(sums, i - lag.Last, i - lag.First);
                parts.Add(lag.Length == 1
                    ? predictions[i - lag.First]
                    : known.Slice(2, f, 1) + sum * (1f / lag.Length));
                f++;
                continue;
            }

            int first = f; // a run of inputs from the past is one slice
            while (f < lags.Length && lags[f].First > i) f++;
            parts.Add(first == 0 && f == lags.Length ? known : known.Slice(2, first, f - first));
        }

        return parts.Count == 1 ? parts[0] : Tensor.Concat(CollectionsMarshal.AsSpan(parts), 2);
    }

    /// <summary>The sum of the predictions from <paramref name="first"/> (what lies before the first one counts
    /// nothing) to <paramref name="last"/>.</summary>
    private static Tensor Sum(Tensor[] sums, int first, int last) =>
        first <= 0 ? sums[last] : sums[last] - sums[first - 1];
}

/// <summary>Several networks that learn from the same batches and differ in their initial weights.</summary>
internal sealed class ForecastEnsemble : Module
{
    private readonly ForecastNetwork[] members;

    public ForecastEnsemble(ModelOptions model, Lag[] lags, int anchor)
    {
        members = new ForecastNetwork[model.Members];
        for (int m = 0; m < members.Length; m++)
            members[m] = Register($"member{m}", new ForecastNetwork(model, lags, anchor));
    }

    /// <summary>The sum of the members' mean absolute errors; each member learns as if it were alone.</summary>
    public Tensor Loss(WindowBatch batch, int context, int horizon)
    {
        Tensor total = default;
        foreach (ForecastNetwork member in members)
        {
            Tensor prediction = batch.FreeRun
                ? member.FreeRun(batch.Inputs, batch.Anchors, context, horizon)
                : member.Forward(batch.Inputs, batch.Anchors);
            Tensor target = batch.FreeRun ? batch.Targets.Slice(0, context - 1, horizon) : batch.Targets;
            Tensor loss = (prediction - target).Abs().Mean();
            total = total == default ? loss : total + loss;
        }

        return total;
    }

    /// <summary>The members' mean, for one or more windows: [horizon, N, 1].</summary>
    public double[] Predict(Tensor inputs, Tensor anchors, int context, int horizon)
    {
        double[]? mean = null;
        foreach (ForecastNetwork member in members)
        {
            ReadOnlySpan<float> prediction = member.FreeRun(inputs, anchors, context, horizon).Span;
            mean ??= new double[prediction.Length];
            for (int i = 0; i < mean.Length; i++) mean[i] += (double)prediction[i] / members.Length;
        }

        return mean!;
    }
}
