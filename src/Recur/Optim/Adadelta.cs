using System.Runtime.CompilerServices;
using Recur.Kernels;

namespace Recur.Optim;

/// <summary>Steps in the parameter's own units; arithmetic and defaults as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.Adadelta.html">torch.optim.Adadelta</see>.</summary>
/// <remarks>
/// <code>
/// g' = g + WeightDecay · p                      (Maximize: -g + WeightDecay · p)
/// s  = ρ s + (1-ρ) g'²         d = √(u + ε) / √(s + ε) · g'         u = ρ u + (1-ρ) d²
/// p  = p - LearningRate · d
/// </code>
/// Zeiler 2012. State: <c>square_avg</c> (s) and <c>acc_delta</c> (u).
/// </remarks>
public sealed class Adadelta : Optimizer
{
    /// <summary>Prepares steps on the parameters.</summary>
    /// <param name="parameters">Leaves, at least one, none twice.</param>
    /// <param name="learningRate">The size of a step, 0 or greater.</param>
    /// <param name="rho">How much of both means is kept, in [0, 1].</param>
    /// <param name="eps">Added to the denominator, 0 or greater.</param>
    /// <param name="weightDecay">L2 penalty: this times the parameter is added to its gradient; 0 or greater.</param>
    /// <param name="maximize">Whether to go up the gradient instead of down.</param>
    /// <exception cref="ArgumentException">An argument is out of its range, or the parameters are (see <see
    /// cref="Optimizer"/>).</exception>
    public Adadelta(
        IEnumerable<Tensor> parameters, float learningRate = 1f, double rho = 0.9, double eps = 1e-6,
        double weightDecay = 0, bool maximize = false)
        : this([new ParameterGroup(parameters)], learningRate, rho, eps, weightDecay, maximize)
    {
    }

    /// <summary>Prepares steps on groups of parameters, each of which may set LearningRate, Rho, Eps, WeightDecay and
    /// Maximize; the arguments are for those that do not.</summary>
    /// <inheritdoc cref="Adadelta(IEnumerable{Tensor}, float, double, double, double, bool)"/>
    [OverloadResolutionPriority(-1)] // an empty list is a list of parameters
    public Adadelta(
        IReadOnlyList<ParameterGroup> groups, float learningRate = 1f, double rho = 0.9, double eps = 1e-6,
        double weightDecay = 0, bool maximize = false)
        : this(groups, new ParameterGroup(
            nameof(Adadelta),
            (OptimizerOption.LearningRate, learningRate), (OptimizerOption.Rho, rho), (OptimizerOption.Eps, eps),
            (OptimizerOption.WeightDecay, weightDecay), (OptimizerOption.Maximize, maximize ? 1 : 0)))
    {
    }

    private Adadelta(IReadOnlyList<ParameterGroup> groups, ParameterGroup defaults)
        : base(groups, defaults, "square_avg", "acc_delta")
    {
    }

    /// <inheritdoc/>
    protected override void Update(int index, Span<float> parameter, ReadOnlySpan<float> gradient, long step)
    {
        ParameterGroup group = GroupOf(index);
        double rho = group[OptimizerOption.Rho];
        var rule = new AdadeltaRule
        {
            Decay = DecayOf(group),
            Rho = (float)rho,
            OneMinusRho = (float)(1.0 - rho),
            Eps = (float)group[OptimizerOption.Eps],
            NegativeRate = (float)-group[OptimizerOption.LearningRate],
        };
        OptimizerKernels.Run(rule, parameter, gradient, Buffer(0, index), Buffer(1, index));
    }
}
