using System.Runtime.CompilerServices;
using Recur.Kernels;

namespace Recur.Optim;

/// <summary>A rate for every element that falls with its squared gradients; arithmetic and defaults as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html">torch.optim.Adagrad</see>.</summary>
/// <remarks>
/// <code>
/// g' = g + WeightDecay · p                      (Maximize: -g + WeightDecay · p)
/// s  = s + g'²                                  (s = InitialAccumulatorValue at first)
/// p  = p - LearningRate / (1 + (t-1) η) · g' / (√s + ε)         η = LearningRateDecay
/// </code>
/// Duchi, Hazan and Singer 2011. t counts the steps of each parameter. State: <c>sum</c> (s).
/// </remarks>
public sealed class Adagrad : Optimizer
{
    /// <summary>Prepares steps on the parameters.</summary>
    /// <param name="parameters">Leaves, at least one, none twice.</param>
    /// <param name="learningRate">The size of a step, 0 or greater.</param>
    /// <param name="learningRateDecay">η, by how much the rate falls with the steps; 0 or greater.</param>
    /// <param name="weightDecay">L2 penalty: this times the parameter is added to its gradient; 0 or greater.</param>
    /// <param name="initialAccumulatorValue">What the sums begin with, 0 or greater.</param>
    /// <param name="eps">Added to the denominator, 0 or greater.</param>
    /// <param name="maximize">Whether to go up the gradient instead of down.</param>
    /// <exception cref="ArgumentException">An argument is out of its range, or the parameters are (see <see
    /// cref="Optimizer"/>).</exception>
    public Adagrad(
        IEnumerable<Tensor> parameters, float learningRate = 1e-2f, double learningRateDecay = 0,
        double weightDecay = 0, double initialAccumulatorValue = 0, double eps = 1e-10, bool maximize = false)
        : this([new ParameterGroup(parameters)], learningRate, learningRateDecay, weightDecay, initialAccumulatorValue,
        eps, maximize)
    {
    }

    /// <summary>Prepares steps on groups of parameters, each of which may set LearningRate, LearningRateDecay,
    /// WeightDecay, InitialAccumulatorValue, Eps and Maximize; the arguments are for those that do not.</summary>
    /// <inheritdoc cref="Adagrad(IEnumerable{Tensor}, float, double, double, double, double, bool)"/>
    [OverloadResolutionPriority(-1)] // an empty list is a list of parameters
    public Adagrad(
        IReadOnlyList<ParameterGroup> groups, float learningRate = 1e-2f, double learningRateDecay = 0,
        double weightDecay = 0, double initialAccumulatorValue = 0, double eps = 1e-10, bool maximize = false)
        : this(groups, new ParameterGroup(
            nameof(Adagrad),
            (OptimizerOption.LearningRate, learningRate), (OptimizerOption.LearningRateDecay, learningRateDecay),
            (OptimizerOption.WeightDecay, weightDecay),
            (OptimizerOption.InitialAccumulatorValue, initialAccumulatorValue), (OptimizerOption.Eps, eps),
            (OptimizerOption.Maximize, maximize ? 1 : 0)))
    {
    }

    private Adagrad(IReadOnlyList<ParameterGroup> groups, ParameterGroup defaults)
        : base(groups, defaults, "sum")
    {
        for (int i = 0; i < Parameters.Count; i++) Reset(i);
    }

    /// <inheritdoc/>
    protected override void Update(int index, Span<float> parameter, ReadOnlySpan<float> gradient, long step)
    {
        ParameterGroup group = GroupOf(index);
        double rate = group[OptimizerOption.LearningRate];
        var rule = new AdagradRule
        {
            Decay = DecayOf(group),
            NegativeRate = (float)(-rate / (1.0 + (step - 1) * group[OptimizerOption.LearningRateDecay])),
            Eps = (float)group[OptimizerOption.Eps],
        };
        OptimizerKernels.Run(rule, parameter, gradient, Buffer(0, index));
    }

    private protected override void Reset(int index) =>
        Buffer(0, index).Fill((float)GroupOf(index)[OptimizerOption.InitialAccumulatorValue]);
}
