using System.Diagnostics;
using Recur.Autograd;
using Recur.Nn;
using Recur.Optim;

namespace Recur.Cli.Commands;

/// <summary>The classic tutorial: a small recurrent network learns to continue a sine from its former points.</summary>
/// <remarks>
/// A window has 60 points of sin over [start, start + 10], start in {0, 1, 2}; inputs are the points 0..58, targets
/// 1..59. After training the model runs freely: it gets the first point alone and then its own predictions.
/// <para><see cref="SineState.Carry"/> is the tutorial to the letter. Its free run fails for two reasons: the state of
/// one random window begins the next, unrelated one, so the model never learns to begin; and it never sees its own
/// errors in training, so they grow when it does. <see cref="SineState.Zero"/> trains for the task: all three windows
/// at each step (one at a time is too noisy to learn the difference between sin 1 = 0.84, rising, and sin 2 = 0.91,
/// falling), states that begin at zero, and inputs that are replaced by the model's own predictions, at first in none
/// and after three quarters of the iterations in all steps, with gradients through them (scheduled sampling as a
/// curriculum; Bengio et al. 2015, Williams and Zipser 1989 for the teacher it replaces). The gradient is clipped and
/// the learning rate falls along a half cosine, without which the long free runs do not settle.</para>
/// </remarks>
internal sealed class SineExperiment
{
    /// <summary>Points per window; one fewer are inputs.</summary>
    public const int Points = 60;

    /// <summary>Inputs, and targets, per window.</summary>
    public const int Steps = Points - 1;

    /// <summary>Windows, which start at 0, 1 and 2.</summary>
    public const int Starts = 3;

    private const float LearningRate = 0.005f;
    private const float MaxGradientNorm = 0.5f;
    private const double FreePhase = 0.75; // the part of the iterations after which every input is the model's own

    private readonly SineNetwork network;
    private readonly Adam adam;
    private readonly int iterations;
    private readonly SineState state;

    private readonly LstmState carried = new(NoState(), NoState());
    private readonly Tensor[] inputs = new Tensor[Starts], targets = new Tensor[Starts]; // [1, 59, 1], one window each
    private readonly Tensor allTargets, firstPoints;          // [3, 59, 1], [3, 1, 1]
    private readonly Tensor[] truthFrom = new Tensor[Steps];  // [3, 59 - k, 1]: the inputs k..58
    private readonly Tensor[] predictions = new Tensor[Steps];

    public SineExperiment(CellKind cell, int iterations, SineState state)
    {
        this.iterations = iterations;
        this.state = state;
        network = new SineNetwork(cell);
        adam = new Adam(network.Parameters, LearningRate);
        for (int s = 0; s < Starts; s++)
        {
            float[] window = Window(s);
            inputs[s] = Tensor.From(window.AsSpan(0, Steps), [1, Steps, 1]);
            targets[s] = Tensor.From(window.AsSpan(1), [1, Steps, 1]);
        }

        allTargets = Tensor.Concat(targets);
        Tensor all = Tensor.Concat(inputs);
        firstPoints = all.Slice(1, 0, 1);
        for (int k = 1; k < Steps; k++) truthFrom[k] = all.Slice(1, k, Steps - k);
    }

    /// <summary>The time of one iteration in seconds, over all of them.</summary>
    public double SecondsPerIteration { get; private set; }

    /// <summary>Managed bytes that the last tenth of the iterations (at least one) allocated, per iteration.</summary>
    public double BytesPerIteration { get; private set; }

    /// <summary>The points of a window.</summary>
    public static float[] Window(int start)
    {
        var points = new float[Points];
        for (int i = 0; i < Points; i++) points[i] = (float)Math.Sin(TimeOf(start, i));
        return points;
    }

    /// <summary>The argument of the sine at a point.</summary>
    public static double TimeOf(int start, int point) => start + 10.0 * point / (Points - 1);

    /// <summary>Trains.</summary>
    /// <param name="report">Gets the iteration and its loss, every 100 iterations.</param>
    /// <param name="cancel">Stops before the next iteration.</param>
    /// <returns>The mean of the losses of the last 100 iterations.</returns>
    public double Train(Action<int, float> report, CancellationToken cancel)
    {
        const int every = 100;
        double last = 0;
        long allocated = 0;
        int measured = iterations - Math.Max(1, iterations / 10);
        long started = Stopwatch.GetTimestamp();
        TimeSpan reporting = TimeSpan.Zero;
        for (int i = 0; i < iterations; i++)
        {
            cancel.ThrowIfCancellationRequested();
            if (i == measured) allocated = GC.GetAllocatedBytesForCurrentThread();
            float loss = state == SineState.Carry ? CarryStep() : FreeStep(i);
            if (!float.IsFinite(loss))
                throw new InvalidOperationException($"The loss became {loss} at iteration {i}; try another --seed.");
            if (i >= iterations - every) last += loss;
            if (i % every != 0) continue;
            long before = Stopwatch.GetTimestamp(), bytes = GC.GetAllocatedBytesForCurrentThread();
            report(i, loss);
            reporting += Stopwatch.GetElapsedTime(before);
            allocated += GC.GetAllocatedBytesForCurrentThread() - bytes;
        }

        SecondsPerIteration = (Stopwatch.GetElapsedTime(started) - reporting).TotalSeconds / iterations;
        BytesPerIteration = (GC.GetAllocatedBytesForCurrentThread() - allocated) / (double)(iterations - measured);
        return last / Math.Min(every, iterations);
    }

    /// <summary>Runs freely from the first point of a window.</summary>
    /// <returns>The predictions of the points 1..59.</returns>
    public float[] RunFreely(int start)
    {
        using GradMode.Scope noGrad = GradMode.NoGrad();
        var predicted = new float[Steps];
        Tensor x = Tensor.From([inputs[start].Span[0]], [1, 1, 1]);
        LstmState? h = state == SineState.Carry ? carried : null;
        for (int t = 0; t < Steps; t++)
        {
            (x, h) = network.Forward(x, h);
            predicted[t] = x.Item();
        }

        return predicted;
    }

    /// <summary>The mean squared error of a free run.</summary>
    public static double Error(int start, ReadOnlySpan<float> predicted)
    {
        double sum = 0;
        for (int t = 0; t < predicted.Length; t++) sum += Math.Pow(predicted[t] - Math.Sin(TimeOf(start, t + 1)), 2);
        return sum / predicted.Length;
    }

    /// <summary>The tutorial's step: a random window, begun with the state the window before has left.</summary>
    private float CarryStep()
    {
        int start = Rng.Default.NextInt(0, Starts);
        (Tensor points, LstmState next) = network.Forward(inputs[start], carried);
        Tensor loss = Losses.Mse(points, targets[start]);
        adam.ZeroGrad();
        loss.Backward();
        adam.Step();
        carried.H.CopyFrom(next.H);
        if (next.C != default) carried.C.CopyFrom(next.C);
        return loss.Item();
    }

    /// <summary>One step on all windows, the first inputs being the model's own predictions.</summary>
    private float FreeStep(int iteration)
    {
        double progress = (double)iteration / iterations;
        adam.LearningRate = LearningRate * 0.5f * (1f + (float)Math.Cos(Math.PI * progress));
        int own = Math.Min(Steps, 1 + (int)(Steps * progress / FreePhase));

        Tensor x = firstPoints;
        LstmState? h = null;
        for (int t = 0; t < own; t++)
        {
            (x, h) = network.Forward(x, h);
            predictions[t] = x;
        }

        int parts = own;
        if (own < Steps) predictions[parts++] = network.Forward(truthFrom[own], h).Points;
        Tensor loss = Losses.Mse(Tensor.Concat(predictions.AsSpan(0, parts), dim: 1), allTargets);
        adam.ZeroGrad();
        loss.Backward();
        GradientClipping.ClipNorm(network.Parameters.AsSpan(), MaxGradientNorm);
        adam.Step();
        return loss.Item();
    }

    private static Tensor NoState() => Tensor.Zeros([SineNetwork.Layers, 1, SineNetwork.HiddenSize]);
}
