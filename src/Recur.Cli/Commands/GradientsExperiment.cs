using Recur.Autograd;
using Recur.Data;
using Recur.Nn;
using Recur.Optim;
using Recur.Training;

namespace Recur.Cli.Commands;

/// <summary>A network whose gradients <c>recur gradients</c> looks at.</summary>
/// <param name="Name">What it is called in the picture and the table.</param>
/// <param name="Word">What it is called in JSON.</param>
/// <param name="Cell">Its cell.</param>
/// <param name="Stretch">The factor on its first recurrent weights.</param>
internal sealed record GradientsNetwork(string Name, string Word, CellKind Cell, float Stretch = 1f)
{
    /// <summary>The four of the picture: an Elman network whose gradients fade, one whose gradients grow, and the two
    /// with gates.</summary>
    public static IReadOnlyList<GradientsNetwork> All { get; } =
    [
        new("RNN", "rnn", CellKind.Rnn),
        new($"RNN, W_hh × {GradientsExperiment.Stretch}", "rnn_stretched", CellKind.Rnn, GradientsExperiment.Stretch),
        new("GRU", "gru", CellKind.Gru),
        new("LSTM", "lstm", CellKind.Lstm),
    ];
}

/// <summary>What one training showed.</summary>
/// <param name="Network">The network.</param>
/// <param name="Length">Time steps of its sequences.</param>
/// <param name="Clipped">Whether gradients were clipped.</param>
/// <param name="Norms">[T] the mean norm of dLoss/dh_t over the last tenth of the training.</param>
/// <param name="FactorPerStep">The factor by which those change from a time step to the one before it.</param>
/// <param name="Remaining">The norm at the first time step divided by the largest one.</param>
/// <param name="Steps">[training steps done] the norm of all gradients as the optimizer got them.</param>
/// <param name="ClippedFraction">The fraction of training steps that were clipped.</param>
/// <param name="Error">The mean squared error on unseen sequences.</param>
internal sealed record GradientsRun(
    GradientsNetwork Network, int Length, bool Clipped, double[] Norms, double FactorPerStep, double Remaining,
    float[] Steps, double ClippedFraction, double Error);

/// <summary>Trains small networks on the adding problem and records how their gradients flow back through
/// time.</summary>
internal sealed class GradientsExperiment(int hidden, int iterations, float maxNorm, ulong seed)
{
    /// <summary>So much larger than PyTorch's are the recurrent weights whose gradients shall grow: their largest
    /// eigenvalue is near 0.58 times this, and tanh takes some of it back.</summary>
    public const float Stretch = 5f;

    /// <summary>The bias of an LSTM's forget gate at the beginning: σ(3) = 0.95.</summary>
    private const float ForgetBias = 3f;
    private const float LearningRate = 1e-2f;
    private const int BatchSize = 32, Unseen = 500;

    /// <summary>Trains one network.</summary>
    /// <param name="network">Which.</param>
    /// <param name="length">Time steps.</param>
    /// <param name="clipped">Whether gradients are clipped.</param>
    /// <param name="report">Is told every step.</param>
    /// <param name="cancel">Stops before the next step.</param>
    public GradientsRun Run(
        GradientsNetwork network, int length, bool clipped, Action<double> report, CancellationToken cancel)
    {
        Rng.Seed(seed); // all networks of a kind begin with the same weights and see the same sequences
        RecurrentLayer layer = Create(network);
        var head = new Linear(hidden, 1);
        Tensor[] parameters = [.. layer.Parameters(), .. head.Parameters()];
        var adam = new Adam(parameters, LearningRate);
        var batches = new AddingProblem(length, BatchSize, iterations);
        batches.BeginEpoch(0, new Rng(seed));
        using var flow = new GradientFlow(layer);
        var steps = new List<float>(iterations);
        int clippedSteps = 0;
        for (int i = 0; i < iterations; i++)
        {
            cancel.ThrowIfCancellationRequested();
            Batch batch = batches.GetBatch(i);
            adam.ZeroGrad();
            Tensor loss = Losses.Mse(Answer(layer, head, batch.Input), batch.Target);
            loss.Backward();
            if (i == iterations - Math.Max(1, iterations / 10)) flow.Reset();
            flow.Record();
            float norm = GradientClipping.ClipNorm(parameters.AsSpan(), clipped ? maxNorm : float.PositiveInfinity);
            if (!float.IsFinite(norm)) break; // what is left of a network whose gradients are beyond float32
            if (clipped && norm > maxNorm) clippedSteps++;
            steps.Add(clipped ? Math.Min(norm, maxNorm) : norm);
            adam.Step();
            report(loss.Item());
        }

        double[] norms = flow.Layers[0].MeanNorms();
        Batch unseen = AddingProblem.Draw(length, Unseen, new Rng(seed + 1));
        double error;
        using (GradMode.NoGrad()) error = Losses.Mse(Answer(layer, head, unseen.Input), unseen.Target).Item();
        return new GradientsRun(
            network, length, clipped, norms, FactorPerStep(norms), norms[0] / norms.Max(), [.. steps],
            steps.Count == 0 ? 0 : (double)clippedSteps / steps.Count, error);
    }

    // The straight line through the logarithms: norms of a mean, so not those of the last step alone.
    private static double FactorPerStep(double[] norms)
    {
        (int T, double Log)[] points =
            [.. norms.Select((v, t) => (t, Math.Log(v))).Where(p => double.IsFinite(p.Item2))];
        if (points.Length < 2) return double.NaN;
        double t = points.Average(p => p.T), log = points.Average(p => p.Log);
        return Math.Exp(-points.Sum(p => (p.T - t) * (p.Log - log)) / points.Sum(p => (p.T - t) * (p.T - t)));
    }

    private RecurrentLayer Create(GradientsNetwork network)
    {
        RecurrentLayer layer = network.Cell switch
        {
            CellKind.Gru => new Gru(2, hidden),
            CellKind.Lstm => new Lstm(2, hidden),
            _ => new Rnn(2, hidden),
        };
        foreach ((string name, Tensor value) in layer.NamedParameters())
        {
            Span<float> values = value.MutableSpan;
            if (name == "weight_hh_l0")
                for (int i = 0; i < values.Length; i++) values[i] *= network.Stretch;
            if (layer is Lstm && name == "bias_ih_l0") values.Slice(hidden, hidden).Fill(ForgetBias); // gates i f g o
        }

        return layer;
    }

    private static Tensor Answer(RecurrentLayer layer, Linear head, Tensor x) => head.Forward((layer switch
    {
        Rnn rnn => rnn.Forward(x).HN,
        Gru gru => gru.Forward(x).HN,
        _ => ((Lstm)layer).Forward(x).State.H,
    }).Select(0, 0));
}
