using Recur.Training;

namespace Recur.Text;

/// <summary>How <see cref="LanguageModel.Fit"/> trains.</summary>
public sealed record LanguageModelTraining
{
    // ---- Text ----

    /// <summary>The share at the end of the text that is kept for validation; 0 for none.</summary>
    public double ValidationShare { get; init; } = 0.1;

    /// <summary>How often a token must occur in the rest to be in the vocabulary.</summary>
    public long MinCount { get; init; } = 1;

    /// <summary>The most tokens in the vocabulary, or null.</summary>
    public int? MaxVocabulary { get; init; }

    // ---- Length ----

    /// <summary>Passes over the text.</summary>
    public int Epochs { get; init; } = 12;

    /// <summary>Stops after so many epochs without a lower validation loss; null to go on to the end. Either way the
    /// parameters of the best epoch are kept.</summary>
    public int? Patience { get; init; }

    // ---- Steps ----

    /// <summary>Streams of text that are read side by side.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Tokens of each stream in a step; gradients flow no further back, the state does.</summary>
    public int Steps { get; init; } = 128;

    /// <summary>What changes the parameters.</summary>
    public LanguageModelOptimizer Optimizer { get; init; } = LanguageModelOptimizer.AdamW;

    /// <summary>The highest learning rate.</summary>
    public float LearningRate { get; init; } = 2e-3f;

    /// <summary>The optimizer's weight decay.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>The largest norm of all gradients together; null to leave them as they are.</summary>
    public float? ClipGradNorm { get; init; } = 1f;

    /// <summary>How the learning rate goes on.</summary>
    public LanguageModelSchedule Schedule { get; init; } = LanguageModelSchedule.Cosine;

    // ---- Files ----

    /// <summary>A file that keeps the state of training; null for none.</summary>
    public string? CheckpointPath { get; init; }

    /// <summary>Steps between checkpoints.</summary>
    public int CheckpointEverySteps { get; init; } = 500;

    /// <summary>Whether to go on from the checkpoint, if there is one: the model is the same as without the interruption,
    /// bit for bit.</summary>
    public bool Resume { get; init; }

    /// <summary>Where the numbers of the run are written; null for nowhere.</summary>
    public ITrainingLog? Log { get; init; }

    internal void Check()
    {
        if (!(ValidationShare is >= 0 and < 1))
            throw Error(nameof(ValidationShare), "at least 0 and less than 1", ValidationShare);
        if (MinCount < 1) throw Error(nameof(MinCount), "at least 1", MinCount);
        if (Epochs < 1) throw Error(nameof(Epochs), "at least 1", Epochs);
        if (Patience < 1) throw Error(nameof(Patience), "at least 1", Patience);
        if (BatchSize < 1) throw Error(nameof(BatchSize), "at least 1", BatchSize);
        if (Steps < 1) throw Error(nameof(Steps), "at least 1", Steps);
        if (!(LearningRate > 0f && float.IsFinite(LearningRate)))
            throw Error(nameof(LearningRate), "finite and greater than 0", LearningRate);
        if (!Enum.IsDefined(Optimizer)) throw Error(nameof(Optimizer), "AdamW or Sgd", Optimizer);
        if (!Enum.IsDefined(Schedule)) throw Error(nameof(Schedule), "Constant, Cosine or Plateau", Schedule);
        if (ValidationShare == 0 && (Schedule == LanguageModelSchedule.Plateau || Patience is not null))
            throw Error(nameof(ValidationShare), "greater than 0 for a plateau schedule or patience", 0);
    }

    private static ArgumentException Error(string name, string expected, object? actual) =>
        new($"LanguageModelTraining: {name} must be {expected} but was {actual}.");
}

/// <summary>The optimizers of language models.</summary>
public enum LanguageModelOptimizer
{
    /// <summary>Adam with decoupled weight decay: <see cref="Optim.AdamW"/>.</summary>
    AdamW,

    /// <summary>Plain gradient descent: <see cref="Optim.Sgd"/>, with rates around 1 and clipping.</summary>
    Sgd,
}

/// <summary>How a learning rate goes on.</summary>
public enum LanguageModelSchedule
{
    /// <summary>It stays.</summary>
    Constant,

    /// <summary>Up over the first 2 % of the steps, then down to a 20th along a cosine (Loshchilov and Hutter
    /// 2017).</summary>
    Cosine,

    /// <summary>A quarter after each epoch that has not lowered the validation loss.</summary>
    Plateau,
}
