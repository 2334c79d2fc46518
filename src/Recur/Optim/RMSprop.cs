using System.Runtime.CompilerServices;
using Recur.Kernels;

namespace Recur.Optim;

/// <summary>Steps divided by the root of the mean squared gradient; arithmetic and defaults as <see
/// href="https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html">torch.optim.RMSprop</see>.</summary>
/// <remarks>
/// <code>
/// g' = g + WeightDecay · p                      (Maximize: -g + WeightDecay · p)
/// s  = α s + (1-α) g'²         q = s            (Centered: a = α a + (1-α) g', q = s - a²)
/// d  = g' / (√q + ε)
/// p  = p - LearningRate · d                     (Momentum: b = Momentum · b + d, p = p - LearningRate · b)
/// </code>
/// Tieleman and Hinton 2012 (lecture 6.5); Graves 2013 for Centered. State: <c>square_avg</c> (s), <c>grad_avg</c>
/// (a) of centered groups and <c>momentum_buffer</c> (b) of groups with momentum.
/// </remarks>
public sealed class RMSprop : Optimizer
{
    private readonly int meanKind, momentumKind; // places of their buffers

    /// <summary>Prepares steps on the parameters.</summary>
    /// <param name="parameters">Leaves, at least one, none twice.</param>
    /// <param name="learningRate">The size of a step, 0 or greater.</param>
    /// <param name="alpha">How much of the mean squared gradient is kept, 0 or greater and sensibly below 1.</param>
    /// <param name="eps">Added to the denominator, 0 or greater.</param>
    /// <param name="weightDecay">L2 penalty: this times the parameter is added to its gradient; 0 or greater.</param>
    /// <param name="momentum">How much of the former direction is kept, 0 or greater.</param>
    /// <param name="centered">Whether to divide by the deviation from the mean gradient instead of its size.</param>
    /// <param name="maximize">Whether to go up the gradient instead of down.</param>
    /// <exception cref="ArgumentException">An argument is out of its range, or the parameters are (see <see
    /// cref="Optimizer"/>).</exception>
    public RMSprop(
        IEnumerable<Tensor> parameters, float learningRate = 1e-2f, double alpha = 0.99, double eps = 1e-8,
        double weightDecay = 0, double momentum = 0, bool centered = false, bool maximize = false)
        : this([new ParameterGroup(parameters)], learningRate, alpha, eps, weightDecay, momentum, centered, maximize)
    {
    }

    /// <summary>Prepares steps on groups of parameters, each of which may set LearningRate, Alpha, Eps, WeightDecay,
    /// Momentum, Centered and Maximize; the arguments are for those that do not.</summary>
    /// <inheritdoc cref="RMSprop(IEnumerable{Tensor}, float, double, double, double, double, bool, bool)"/>
    [OverloadResolutionPriority(-1)] // an empty list is a list of parameters
    public RMSprop(
        IReadOnlyList<ParameterGroup> groups, float learningRate = 1e-2f, double alpha = 0.99, double eps = 1e-8,
        double weightDecay = 0, double momentum = 0, bool centered = false, bool maximize = false)
        : this(groups, new ParameterGroup(
            nameof(RMSprop),
            (OptimizerOption.LearningRate, learningRate), (OptimizerOption.Alpha, alpha), (OptimizerOption.Eps, eps),
            (OptimizerOption.WeightDecay, weightDecay), (OptimizerOption.Momentum, momentum),
            (OptimizerOption.Centered, centered ? 1 : 0), (OptimizerOption.Maximize, maximize ? 1 : 0)))
    {
    }

    private RMSprop(IReadOnlyList<ParameterGroup> groups, ParameterGroup defaults)
        : base(groups, defaults, Buffers(groups, defaults))
    {
        meanKind = Any(groups, defaults, OptimizerOption.Centered) ? 1 : -1;
        momentumKind = Math.Max(meanKind, 0) + 1; // the last one, also when it comes later
    }

    private static string[] Buffers(IReadOnlyList<ParameterGroup> groups, ParameterGroup defaults) =>
    [
        "square_avg",
        .. (ReadOnlySpan<string>)(Any(groups, defaults, OptimizerOption.Centered) ? ["grad_avg"] : []),
        .. (ReadOnlySpan<string>)(Any(groups, defaults, OptimizerOption.Momentum) ? [MomentumBuffer] : []),
    ];

    /// <inheritdoc/>
    protected override void Update(int index, Span<float> parameter, ReadOnlySpan<float> gradient, long step)
    {
        ParameterGroup group = GroupOf(index);
        bool hasMomentum = group[OptimizerOption.Momentum] != 0;
        Span<float> square = Buffer(0, index);
        Span<float> momentum = hasMomentum ? Buffer(momentumKind, index) : default;
        if (!group.Is(OptimizerOption.Centered))
        {
            if (hasMomentum) OptimizerKernels.Run(Rule<Off, On>(group), parameter, gradient, square, momentum);
            else OptimizerKernels.Run(Rule<Off, Off>(group), parameter, gradient, square);
            return;
        }

        Span<float> mean = Buffer(meanKind, index);
        if (hasMomentum) OptimizerKernels.Run(Rule<On, On>(group), parameter, gradient, square, mean, momentum);
        else OptimizerKernels.Run(Rule<On, Off>(group), parameter, gradient, square, mean);
    }

    private protected override bool Uses(int kind, ParameterGroup group) =>
        (kind != meanKind || group.Is(OptimizerOption.Centered))
        && (kind != momentumKind || group[OptimizerOption.Momentum] != 0);

    private static RmsPropRule<TCentered, TMomentum> Rule<TCentered, TMomentum>(ParameterGroup group)
        where TCentered : unmanaged, IFlag where TMomentum : unmanaged, IFlag
    {
        double alpha = group[OptimizerOption.Alpha];
        return new RmsPropRule<TCentered, TMomentum>
        {
            Decay = DecayOf(group),
            Alpha = (float)alpha,
            OneMinusAlpha = (float)(1.0 - alpha),
            Eps = (float)group[OptimizerOption.Eps],
            NegativeRate = (float)-group[OptimizerOption.LearningRate],
            Momentum = (float)group[OptimizerOption.Momentum],
        };
    }
}
