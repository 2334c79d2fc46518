using System.Globalization;

namespace Recur.Optim;

/// <summary>The numbers a group of parameters can have; the numbers' order is that of a saved state.</summary>
internal enum OptimizerOption
{
    LearningRate,
    WeightDecay,
    Momentum,
    Dampening,
    Beta1,
    Beta2,
    Eps,
    Alpha,
    Rho,
    LearningRateDecay,
    MomentumDecay,
    InitialAccumulatorValue,
    Nesterov,
    Amsgrad,
    Centered,
    Maximize,
    DecoupledWeightDecay,
}

/// <summary>What is known of each option besides its value.</summary>
/// <param name="Name">As constructors, and so errors, call it.</param>
/// <param name="Key">In a saved state.</param>
/// <param name="TorchKey">In PyTorch's param_groups.</param>
/// <param name="TorchIndex">Its place when PyTorch's value is a tuple (betas).</param>
/// <param name="Expected">The range in words.</param>
/// <param name="IsInRange">Whether a value is in it.</param>
/// <param name="IsFixed">Whether it belongs to how the optimizer was made: it cannot change and is not saved.</param>
internal sealed record OptionInfo(
    string Name, string Key, string TorchKey, int TorchIndex, string Expected, Func<double, bool> IsInRange,
    bool IsFixed)
{
    public static int Count => All.Length;

    private static readonly OptionInfo[] All =
    [
        NotNegative("learningRate", "learning_rate", "lr"),
        NotNegative("weightDecay", "weight_decay"),
        NotNegative("momentum", "momentum"),
        new("dampening", "dampening", "dampening", 0, "finite", double.IsFinite, false),
        Share("beta1", 0),
        Share("beta2", 1),
        NotNegative("eps", "eps"),
        NotNegative("alpha", "alpha"),
        new("rho", "rho", "rho", 0, "from 0 to 1", v => v is >= 0 and <= 1, false),
        NotNegative("learningRateDecay", "learning_rate_decay", "lr_decay"),
        NotNegative("momentumDecay", "momentum_decay"),
        NotNegative("initialAccumulatorValue", "initial_accumulator_value") with { IsFixed = true },
        Flag("nesterov", "nesterov"),
        Flag("amsgrad", "amsgrad"),
        Flag("centered", "centered"),
        Flag("maximize", "maximize"),
        Flag("decoupledWeightDecay", "decoupled_weight_decay"),
    ];

    public static OptionInfo Of(OptimizerOption option) => All[(int)option];

    // As the user wrote it: 0.1f, widened, would print as 0.10000000149011612.
    public static string Show(double value) => (float)value == value
        ? ((float)value).ToString(CultureInfo.InvariantCulture)
        : value.ToString(CultureInfo.InvariantCulture);

    private static OptionInfo NotNegative(string name, string key, string? torchKey = null) => new(
        name, key, torchKey ?? key, 0, "finite and not negative", v => v >= 0 && double.IsFinite(v), false);

    private static OptionInfo Share(string name, int index) =>
        new(name, name, "betas", index, "at least 0 and below 1", v => v is >= 0 and < 1, false);

    private static OptionInfo Flag(string name, string key) =>
        new(name, key, key, 0, "0 or 1", v => v is 0 or 1, true);
}
