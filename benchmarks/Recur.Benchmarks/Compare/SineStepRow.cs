using System.Text.Json.Nodes;
using Recur.Nn;
using Recur.Optim;
using Recur.Peers;

namespace Recur.Benchmarks.Compare;

/// <summary>The tutorial's whole training step: RNN(1, 10, 2 layers) over 59 points of a sine, Linear, MSE, zero-grad,
/// backward, Adam; the hidden state goes from step to step. Through the public API alone, as a user writes
/// it.</summary>
internal sealed class SineStepRow() : Row("sine-step")
{
    private const int Points = 59, Hidden = 10, Layers = 2, Windows = 3;
    private const float LearningRate = 5e-3f;

    /// <summary>Steps whose losses must agree before the time runs; Adam amplifies roundings, so there are
    /// few.</summary>
    private const int CheckSteps = 3;

    private readonly Tensor[] x = new Tensor[Windows], y = new Tensor[Windows];
    private Rnn rnn = null!;
    private Linear head = null!;
    private Adam adam = null!;
    private Tensor h0;
    private int steps;

    /// <summary>Three passes of the products (forward, gradients of states, gradients of weights).</summary>
    public override double Flops =>
        3.0 * 2 * Points * (Hidden * (1 + Hidden) + Hidden * (Hidden + Hidden) + Hidden);

    public override (string Op, JsonObject Options) PyTorchCase => ("sine_step", new JsonObject
    {
        ["hidden"] = Hidden,
        ["layers"] = Layers,
        ["windows"] = Windows,
        ["learning_rate"] = LearningRate,
        ["check_steps"] = CheckSteps,
    });

    public override IReadOnlyList<PeerTensor> Prepare()
    {
        Rng.Seed(0);
        rnn = new Rnn(1, Hidden, Layers, batchFirst: true);
        head = new Linear(Hidden, 1);
        adam = new Adam([.. rnn.Parameters(), .. head.Parameters()], LearningRate);
        h0 = Tensor.Zeros([Layers, 1, Hidden]);
        steps = 0;
        for (int w = 0; w < Windows; w++)
        {
            // 60 points of sin over [w, w + 10]: inputs are points 0..58, targets 1..59
            float[] points = [.. Enumerable.Range(0, Points + 1).Select(i => MathF.Sin(w + 10f * i / Points))];
            x[w] = Tensor.From(points.AsSpan(..^1), [1, Points, 1]);
            y[w] = Tensor.From(points.AsSpan(1..), [1, Points, 1]);
        }

        List<PeerTensor> tensors =
        [
            PeerTensor.Of("h0", h0),
            .. PeerTensor.OfParameters(rnn, "rnn."), .. PeerTensor.OfParameters(head, "head."),
        ];
        for (int w = 0; w < Windows; w++)
        {
            tensors.Add(PeerTensor.Of($"x{w}", x[w]));
            tensors.Add(PeerTensor.Of($"y{w}", y[w]));
        }

        return tensors;
    }

    public override IReadOnlyList<PeerTensor> Compute()
    {
        var losses = new float[CheckSteps];
        for (int i = 0; i < CheckSteps; i++) losses[i] = Step();
        return
        [
            new("losses", [CheckSteps], losses), PeerTensor.Of("hn", h0),
            .. PeerTensor.OfParameters(rnn, "rnn."), .. PeerTensor.OfParameters(head, "head."),
        ];
    }

    public override void Run(int runs)
    {
        for (int i = 0; i < runs; i++) Step();
    }

    private float Step()
    {
        int window = steps++ % Windows;
        (Tensor output, Tensor hN) = rnn.Forward(x[window], h0);
        Tensor loss = Losses.Mse(head.Forward(output), y[window]);
        adam.ZeroGrad();
        loss.Backward();
        adam.Step();
        h0.CopyFrom(hN);
        return loss.Item();
    }
}
