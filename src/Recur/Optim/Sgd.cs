using Recur.Kernels;

namespace Recur.Optim;

/// <summary>Stochastic gradient descent with optional momentum; arithmetic and defaults as torch.optim.SGD.</summary>
/// <remarks>
/// <code>
/// g' = g + WeightDecay · p
/// b  = Momentum · b + (1 - Dampening) g'        (b = g' on a parameter's first step)
/// p  = p - LearningRate · b                     (Nesterov: p - LearningRate (g' + Momentum · b))
/// </code>
/// Without momentum and decay a step visits only the rows of a sparse gradient that were touched.
/// Sutskever et al. 2013 for the momentum. State: <c>momentum_buffer</c>, when there is momentum.
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
    /// <exception cref="ArgumentException">An argument is out of its range, or the parameters are (see <see
    /// cref="Optimizer"/>).</exception>
    public Sgd(
        IEnumerable<Tensor> parameters, float learningRate,
        double momentum = 0, double dampening = 0, double weightDecay = 0, bool nesterov = false)
        : base(parameters, learningRate, momentum == 0 ? [] : ["momentum_buffer"])
    {
        Momentum = CheckNotNegative(nameof(momentum), momentum);
        if (!double.IsFinite(dampening))
            throw new ArgumentException($"Sgd: dampening must be finite but was {dampening}.");
        Dampening = dampening;
        WeightDecay = CheckNotNegative(nameof(weightDecay), weightDecay);
        if (nesterov && (momentum == 0 || dampening != 0))
            throw new ArgumentException(
                $"Sgd: nesterov needs momentum above 0 and dampening 0 but they were {momentum} and {dampening}.");
        Nesterov = nesterov;
    }

    /// <summary>How much of the former direction is kept.</summary>
    public double Momentum { get; }

    /// <summary>How much of the gradient is left out of the direction.</summary>
    public double Dampening { get; }

    /// <summary>The L2 penalty.</summary>
    public double WeightDecay { get; }

    /// <summary>Whether a step looks ahead along the new direction.</summary>
    public bool Nesterov { get; }

    private protected override bool SkipsZeroGradients => Momentum == 0 && WeightDecay == 0;

    /// <inheritdoc/>
    protected override void Update(int index, Span<float> parameter, ReadOnlySpan<float> gradient, long step)
    {
        if (Momentum == 0)
        {
            OptimizerKernels.Sgd(parameter, gradient, (float)WeightDecay, -LearningRate);
            return;
        }

        bool first = step == 1; // the buffer begins as the gradient, without dampening
        var constants = new OptimizerKernels.MomentumStep
        {
            WeightDecay = (float)WeightDecay,
            NegativeLearningRate = -LearningRate,
            Keep = first ? 0f : (float)Momentum,
            Take = first ? 1f : (float)(1.0 - Dampening),
            Ahead = (float)Momentum,
            Nesterov = Nesterov,
        };
        OptimizerKernels.SgdMomentum(parameter, gradient, Buffer(0, index), constants);
    }
}
