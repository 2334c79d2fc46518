namespace Recur.Autograd;

/// <summary>Compares the gradients of a function with finite differences, for operations of one's own.</summary>
/// <remarks>
/// <code>
/// L(x) = Σ w f(x) with fixed weights w between 0.5 and 1.5, so that every element of a result counts, with its own
/// weight
/// D(h) = (L(x + h) - L(x - h)) / 2h          dL/dx ≈ (4 D(h/2) - D(h)) / 3
/// </code>
/// The second formula is Richardson's extrapolation: its error falls with h⁴, so that h can be large enough for
/// float32, whose
/// rounding noise is about 1e-7 · |L terms| / h. Sums run in double. Choose inputs away from kinks, such as 0 for Relu.
/// <code>GradCheck.Run(x => SquareOp.Apply(x[0]), [Tensor.From([1f, -2f]).RequireGrad()]).ThrowIfFailed();</code>
/// </remarks>
public static class GradCheck
{
    /// <summary>The default step: a power of two, so that x ± h is exact for x of ordinary size.</summary>
    public const float DefaultEpsilon = 1f / 64f;

    /// <summary>The default relative tolerance.</summary>
    public const float DefaultRelativeTolerance = 2e-3f;

    /// <summary>The default absolute tolerance.</summary>
    public const float DefaultAbsoluteTolerance = 5e-4f;

    /// <summary>Checks a function of one tensor.</summary>
    /// <inheritdoc cref="Run(Func{Tensor[], Tensor}, Tensor[], float, float, float)"/>
    /// <param name="function">A differentiable function that gives the same result for the same input.</param>
    /// <param name="input">A leaf that requires a gradient.</param>
    /// <param name="epsilon">The step h.</param>
    /// <param name="relativeTolerance">Allowed distance, as a share of the larger of both values.</param>
    /// <param name="absoluteTolerance">Allowed distance on top of that.</param>
    public static GradCheckResult Run(
        Func<Tensor, Tensor> function, Tensor input, float epsilon = DefaultEpsilon,
        float relativeTolerance = DefaultRelativeTolerance, float absoluteTolerance = DefaultAbsoluteTolerance)
    {
        ArgumentNullException.ThrowIfNull(function);
        return Run(inputs => function(inputs[0]), [input], epsilon, relativeTolerance, absoluteTolerance);
    }

    /// <summary>Checks the gradients of all inputs that require one, element by element (four calls of the function
    /// each).</summary>
    /// <param name="function">A differentiable function that gives the same result for the same inputs.</param>
    /// <param name="inputs">Leaves; their values are restored afterwards, their gradients are cleared.</param>
    /// <param name="epsilon">The step h.</param>
    /// <param name="relativeTolerance">Allowed distance, as a share of the larger of both values.</param>
    /// <param name="absoluteTolerance">Allowed distance on top of that.</param>
    /// <returns>The worst element, and whether it is within the tolerances.</returns>
    /// <exception cref="ArgumentException">No input requires a gradient, or epsilon is not positive.</exception>
    public static GradCheckResult Run(
        Func<Tensor[], Tensor> function, Tensor[] inputs, float epsilon = DefaultEpsilon,
        float relativeTolerance = DefaultRelativeTolerance, float absoluteTolerance = DefaultAbsoluteTolerance)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(inputs);
        if (!Array.Exists(inputs, x => x.RequiresGrad))
            throw new ArgumentException("GradCheck.Run: at least one input must require a gradient; call RequireGrad() on it.");
        if (!(epsilon > 0f)) throw new ArgumentException($"GradCheck.Run: epsilon must be greater than 0 but was {epsilon}.");

        foreach (Tensor input in inputs) input.ZeroGrad();
        using (GradMode.EnableGrad())
        {
            Tensor y = function(inputs);
            y.Backward(Weights(y.Shape));
        }

        var worst = new GradCheckResult(true, 0, 0, 0, 0, 0);
        using (GradMode.NoGrad())
        {
            for (int i = 0; i < inputs.Length; i++)
            {
                if (!inputs[i].RequiresGrad) continue;
                for (int j = 0; j < inputs[i].Length; j++)
                {
                    double analytic = inputs[i].Grad is { } gradient ? gradient.Span[j] : 0;
                    double wide = Difference(function, inputs, i, j, epsilon);
                    double narrow = Difference(function, inputs, i, j, epsilon / 2);
                    double numeric = (4 * narrow - wide) / 3;
                    double allowed = absoluteTolerance + relativeTolerance * Math.Max(Math.Abs(analytic), Math.Abs(numeric));
                    double excess = Math.Abs(analytic - numeric) / allowed;
                    if (double.IsNaN(excess)) excess = double.PositiveInfinity;
                    if (excess > worst.Excess) worst = new GradCheckResult(excess <= 1, i, j, analytic, numeric, excess);
                }
            }
        }

        foreach (Tensor input in inputs) input.ZeroGrad();
        return worst;
    }

    private static double Difference(Func<Tensor[], Tensor> function, Tensor[] inputs, int input, int index, float h)
    {
        Tensor x = inputs[input];
        float former = x.Span[index], above = former + h, below = former - h;
        try
        {
            x.MutableSpan[index] = above;
            double high = Loss(function(inputs));
            x.MutableSpan[index] = below;
            double low = Loss(function(inputs));
            return (high - low) / ((double)above - below); // the step that was really made
        }
        finally
        {
            x.MutableSpan[index] = former;
        }
    }

    private static double Loss(Tensor y)
    {
        ReadOnlySpan<float> values = y.Span;
        double sum = 0;
        for (int i = 0; i < values.Length; i++) sum += (double)values[i] * Weight(i);
        return sum;
    }

    private static Tensor Weights(Shape shape)
    {
        Tensor weights = Tensor.Zeros(shape);
        Span<float> w = weights.MutableSpan;
        for (int i = 0; i < w.Length; i++) w[i] = Weight(i);
        return weights;
    }

    /// <summary>Numbers without pattern in 0.5..1.5: the multiples of the golden ratio, modulo 1 (exact in float32 by
    /// rounding).</summary>
    private static float Weight(int index)
    {
        double multiple = (index + 1) * 0.6180339887498949;
        return (float)(0.5 + multiple - Math.Floor(multiple));
    }
}
