using Recur.Data;
using Recur.Nn;
using Recur.Optim;
using Recur.Training;

namespace Recur.Tests.Training;

/// <summary>A small training run in which everything that can break a resumed run takes part.</summary>
internal sealed class Run
{
    public const int BatchesPerEpoch = 6, Epochs = 4, Steps = BatchesPerEpoch * Epochs;

    public readonly Sequential Model;
    public readonly Optimizer Optimizer;
    public readonly TensorBatches Batches;
    public readonly Trainer<Batch> Trainer;
    public readonly List<float> Losses = [];
    private readonly Tensor inputs, targets;
    private readonly Tensor carried = Tensor.Zeros([1]);

    /// <summary>Called in every step, with the number of steps before it in this process.</summary>
    public Action<int>? InStep;

    /// <summary>Makes the run.</summary>
    /// <param name="seed">Of the weights, the order of examples and dropout.</param>
    /// <param name="options">How long and how.</param>
    /// <param name="ownRng">Whether the trainer has a generator of its own.</param>
    /// <param name="optimizer">Makes the optimizer from the parameters; Adam when null.</param>
    /// <param name="scheduler">Makes the schedule of learning rates; none when null.</param>
    public Run(
        ulong seed, TrainOptions options, bool ownRng = false, Func<Tensor[], Optimizer>? optimizer = null,
        Func<Optimizer, LRScheduler>? scheduler = null)
    {
        // The data come from a generator of their own: they are the same whatever the seed of the run.
        const int examples = 22, features = 3;
        var data = new Rng(42);
        inputs = Tensor.Zeros([examples, features]);
        data.FillNormal(inputs.MutableSpan, 0f, 1f);
        targets = Tensor.Zeros([examples, 1]);
        for (int i = 0; i < examples; i++) targets.MutableSpan[i] = inputs.Span[i * features] - 0.5f * inputs.Span[i * features + 1];

        Rng.Seed(seed);
        Model = new Sequential(new Linear(features, 8), new Dropout(0.3f), new Linear(8, 1));
        Optimizer = optimizer?.Invoke([.. Model.Parameters()])
            ?? new Adam(Model.Parameters(), learningRate: 0.02f, weightDecay: 1e-3);
        if (scheduler is not null) options = options with { Scheduler = scheduler(Optimizer) };
        Batches = new TensorBatches(inputs, targets, batchSize: 4);
        Trainer = new Trainer<Batch>(Model, Optimizer, Loss, options, ownRng ? new Rng(seed + 1) : null);
        Trainer.Keep("carried", carried);
    }

    private Tensor Loss(Batch batch)
    {
        InStep?.Invoke(Losses.Count);
        // A loss that depends on state carried from step to step, as a recurrent net's hidden state is.
        Tensor loss = Recur.Nn.Losses.Mse(Model.Forward(batch.Input), batch.Target) + carried.Item();
        carried.MutableSpan[0] = 0.5f * carried.Item() + 0.01f * loss.Item();
        Losses.Add(loss.Item());
        return loss;
    }

    public double Validate() => Recur.Nn.Losses.Mse(Model.Forward(inputs), targets).Item();

    public TrainResult Fit(CancellationToken cancellationToken = default) =>
        Trainer.Fit(Batches, Validate, cancellationToken: cancellationToken);

    /// <summary>Fits and cancels in the given step, so that it is the last one.</summary>
    public TrainResult FitAndCancelIn(int step)
    {
        using var source = new CancellationTokenSource();
        if (step == 0) source.Cancel();
        InStep = i =>
        {
            if (i == step - 1) source.Cancel();
        };
        return Fit(source.Token);
    }

    public static int[] Bits(Module model) =>
        [.. model.StateDict().Values.SelectMany(t => t.ToArray()).Select(BitConverter.SingleToInt32Bits)];

    public static int[] Bits(IEnumerable<float> values) => [.. values.Select(BitConverter.SingleToInt32Bits)];
}
