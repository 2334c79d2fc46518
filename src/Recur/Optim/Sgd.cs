using System.Runtime.CompilerServices;
using Recur.Kernels;

namespace Recur.Optim;

/// <summary>Stochastic gradient descent with optional momentum; arithmetic and defaults as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.SGD.html">torch.optim.SGD</see>.</summary>
/// <remarks>
/// <code>
/// g' = g + WeightDecay · p                      (Maximize: -g + WeightDecay · p)
/// b  = Momentum · b + (1 - Dampening) g'        (b = g' on a parameter's first step)
/// p  = p - LearningRate · b                     (Nesterov: p - LearningRate (g' + Momentum · b))
/// </code>
/// Without momentum and decay a step visits only the rows of a sparse gradient that were touched.
/// Sutskever et al. 2013 for the momentum. State: <c>momentum_buffer</c>, for groups with momentum.
/// </remarks>
public sealed class Sgd : Optimizer
{
    /// <summary>Prepares steps on the parameters.</summary>
    /// <param name="parameters">Leaves, at least one, none twice.</param>
    /// <param name="learningRate">The size of a step, 0 or greater.</param>
    /// <param name="momentum">How much of the former direction is kept, 0 or greater.</param>
    /// <param name="dampening">How much of the gradient is left out of the direction.</param>
    /// <param name="weightDecay">L2 penalty: this times the parameter is added to its gradient; 0 or greater.</param>
    /// <param name="nesterov">Whether to look ahead along the new direction; needs momentum and no dampening.</param>
    /// <param name="maximize">Whether to go up the gradient instead of down.</param>
    /// <exception cref="ArgumentException">An argument is out of its range, or the parameters are (see <see
    /// cref="Optimizer"/>).</exception>
    public Sgd(
        IEnumerable<Tensor> parameters, float learningRate, double momentum = 0, double dampening = 0,
        double weightDecay = 0, bool nesterov = false, bool maximize = false)
        : this([new ParameterGroup(parameters)], learningRate, momentum, dampening, weightDecay, nesterov, maximize)
    {
    }

    /// <summary>Prepares steps on groups of parameters, each of which may set LearningRate, Momentum, Dampening,
    /// WeightDecay, Nesterov and Maximize; the arguments are for those that do not.</summary>
    /// <inheritdoc cref="Sgd(IEnumerable{Tensor}, float, double, double, double, bool, bool)"/>
    [OverloadResolutionPriority(-1)] // an empty list is a list of parameters
    public Sgd(
        IReadOnlyList<ParameterGroup> groups, float learningRate, double momentum = 0, double dampening = 0,
        double weightDecay = 0, bool nesterov = false, bool maximize = false)
        : this(groups, new ParameterGroup(
            nameof(Sgd), (OptimizerOption.LearningRate, learningRate), (OptimizerOption.Momentum, momentum),
            (OptimizerOption.Dampening, dampening), (OptimizerOption.WeightDecay, weightDecay),
            (OptimizerOption.Nesterov, nesterov ? 1 : 0), (OptimizerOption.Maximize, maximize ? 1 : 0)))
    {
    }

    private Sgd(IReadOnlyList<ParameterGroup> groups, ParameterGroup defaults)
        : base(groups, defaults, Any(groups, defaults, OptimizerOption.Momentum) ? [MomentumBuffer] : [])
    {
        foreach (ParameterGroup group in Groups)
            if (group.Is(OptimizerOption.Nesterov) && (group.Momentum == 0 || group.Dampening != 0))
                throw new ArgumentException(
                    $"Sgd: nesterov needs momentum above 0 and dampening 0 but they were {group.Momentum} and " +
                    $"{group.Dampening}.");
    }

    private protected override bool SkipsZeroGradients(ParameterGroup group) =>
        group.Momentum == 0 && group.WeightDecay == 0;

    /// <inheritdoc/>
    protected override void Update(int index, Span<float> parameter, ReadOnlySpan<float> gradient, long step)
    {
        ParameterGroup group = GroupOf(index);
        Decay decay = DecayOf(group);
        float negativeRate = (float)-group[OptimizerOption.LearningRate];
        if (!Uses(0, group))
            OptimizerKernels.Run(
                new SgdRule { Decay = decay, NegativeRate = negativeRate }, parameter, gradient);
        else if (group.Is(OptimizerOption.Nesterov))
            UpdateWithMomentum<On>(index, parameter, gradient, decay, negativeRate, isFirst: step == 1);
        else
            UpdateWithMomentum<Off>(index, parameter, gradient, decay, negativeRate, isFirst: step == 1);
    }

    private void UpdateWithMomentum<TNesterov>(
        int index, Span<float> parameter, ReadOnlySpan<float> gradient, Decay decay, float negativeRate, bool isFirst)
        where TNesterov : unmanaged, IFlag
    {
        ParameterGroup group = GroupOf(index);
        float momentum = (float)group[OptimizerOption.Momentum];
        var rule = new SgdMomentumRule<TNesterov>
        {
            Decay = decay,
            NegativeRate = negativeRate,
            Keep = isFirst ? 0f : momentum, // the buffer begins as the gradient, without dampening
            Take = isFirst ? 1f : (float)(1.0 - group[OptimizerOption.Dampening]),
            Ahead = momentum,
        };
        OptimizerKernels.Run(rule, parameter, gradient, Buffer(0, index));
    }

    private protected override bool Uses(int kind, ParameterGroup group) => group[OptimizerOption.Momentum] != 0;

    private protected override bool IsCountedByTorch => false;
}
