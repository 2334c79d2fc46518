using Recur.Ops;

namespace Recur.Nn;

/// <summary>Loss functions; names, definitions and defaults as in torch.nn.functional. See docs/losses.md.</summary>
/// <remarks>Every loss is one recorded operation with its own gradient, for the input and, where it is one of numbers,
/// for
/// the target. Shapes must be equal where equal ones are documented: nothing is broadcast, that hides
/// mistakes.</remarks>
public static partial class Losses
{
    /// <summary>The index that <see cref="CrossEntropy(Tensor, Tensor, Tensor?, int, Reduction, float)"/> and Nll leave
    /// out unless told otherwise: PyTorch's.</summary>
    public const int DefaultIgnoreIndex = -100;

    // ---- Numbers ---------------------------------------------------------------------------------------------------

    /// <summary>The mean squared error, as torch.nn.functional.mse_loss.</summary>
    /// <remarks><code>loss = Σ (input - target)² / Length      dLoss/dInput = 2 (input - target) /
    /// Length</code></remarks>
    /// <param name="input">Predictions, of any shape.</param>
    /// <param name="target">What they should be, of the same shape.</param>
    /// <param name="reduction">Mean (the default), sum, or one value per element.</param>
    /// <returns>A scalar, or the input's shape for <see cref="Reduction.None"/>.</returns>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Tensor Mse(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
        ElementLosses.Mse(input, target, Divisor("Losses.Mse", input, target, reduction));

    /// <summary>The mean absolute error, as torch.nn.functional.l1_loss.</summary>
    /// <remarks><code>loss = Σ |input - target| / Length</code>The gradient where both are equal is 0.</remarks>
    /// <inheritdoc cref="Mse"/>
    public static Tensor L1(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
        ElementLosses.L1(input, target, Divisor("Losses.L1", input, target, reduction));

    /// <summary>The smooth L1 loss, as torch.nn.functional.smooth_l1_loss; Girshick 2015.</summary>
    /// <remarks>
    /// <code>d = input - target      loss = d² / 2 beta where |d| &lt; beta, else |d| - beta / 2</code>
    /// </remarks>
    /// <param name="input">Predictions, of any shape.</param>
    /// <param name="target">What they should be, of the same shape.</param>
    /// <param name="beta">Where the parabola ends, 0 or greater; 0 is <see cref="L1"/>.</param>
    /// <param name="reduction">Mean (the default), sum, or one value per element.</param>
    /// <returns>A scalar, or the input's shape for <see cref="Reduction.None"/>.</returns>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="ArgumentException"><paramref name="beta"/> is negative or not a number.</exception>
    public static Tensor SmoothL1(
        Tensor input, Tensor target, float beta = 1f, Reduction reduction = Reduction.Mean)
    {
        if (!(beta >= 0f)) throw new ArgumentException($"Losses.SmoothL1: beta must not be negative but was {beta}.");
        float? divisor = Divisor("Losses.SmoothL1", input, target, reduction);
        return beta == 0f
            ? ElementLosses.L1(input, target, divisor)
            : ElementLosses.SmoothL1(input, target, beta, divisor);
    }

    /// <summary>Huber's loss, as torch.nn.functional.huber_loss; Huber 1964.</summary>
    /// <remarks><code>d = input - target      loss = d² / 2 where |d| &lt; delta, else delta (|d| - delta / 2)</code>
    /// </remarks>
    /// <param name="input">Predictions, of any shape.</param>
    /// <param name="target">What they should be, of the same shape.</param>
    /// <param name="delta">Where the parabola ends, greater than 0.</param>
    /// <param name="reduction">Mean (the default), sum, or one value per element.</param>
    /// <returns>A scalar, or the input's shape for <see cref="Reduction.None"/>.</returns>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="ArgumentException"><paramref name="delta"/> is not greater than 0.</exception>
    public static Tensor Huber(Tensor input, Tensor target, float delta = 1f, Reduction reduction = Reduction.Mean)
    {
        if (!(delta > 0f)) throw new ArgumentException($"Losses.Huber: delta must be greater than 0 but was {delta}.");
        return ElementLosses.Huber(input, target, delta, Divisor("Losses.Huber", input, target, reduction));
    }

    /// <summary>The quantile (pinball) loss: its least value is at that quantile of the target; Koenker and Bassett
    /// 1978.</summary>
    /// <remarks>
    /// <code>e = target - input      loss = quantile e where e &gt; 0, else (quantile - 1) e</code>
    /// 0.5 is half of <see cref="L1"/>. The gradient where both are equal is 0. PyTorch has no such function.
    /// </remarks>
    /// <param name="input">Predictions, of any shape.</param>
    /// <param name="target">What they should be, of the same shape.</param>
    /// <param name="quantile">Greater than 0 and less than 1.</param>
    /// <param name="reduction">Mean (the default), sum, or one value per element.</param>
    /// <returns>A scalar, or the input's shape for <see cref="Reduction.None"/>.</returns>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="ArgumentException"><paramref name="quantile"/> is out of range.</exception>
    public static Tensor Quantile(
        Tensor input, Tensor target, float quantile, Reduction reduction = Reduction.Mean)
    {
        if (!(quantile is > 0f and < 1f))
            throw new ArgumentException($"Losses.Quantile: quantile must be between 0 and 1 but was {quantile}.");
        return ElementLosses.Quantile(input, target, quantile, Divisor("Losses.Quantile", input, target, reduction));
    }

    /// <summary>The negative logarithm of a normal density with predicted mean and variance, as
    /// torch.nn.functional.gaussian_nll_loss; Nix and Weigend 1994.</summary>
    /// <remarks>
    /// <code>v = max(variance, eps)      loss = (ln v + (input - target)² / v) / 2, and ln 2π / 2 when full</code>
    /// The variance's gradient is that of v, also where eps stands in for it.
    /// </remarks>
    /// <param name="input">Predicted means, of any shape.</param>
    /// <param name="target">Observations, of the same shape.</param>
    /// <param name="variance">Predicted variances, none negative: of the same shape, or one for all elements of the
    /// last
    /// dimension, which is then 1 or absent.</param>
    /// <param name="full">Whether to add the constant of the density.</param>
    /// <param name="eps">The least variance, greater than 0.</param>
    /// <param name="reduction">Mean (the default), sum, or one value per element.</param>
    /// <returns>A scalar, or the input's shape for <see cref="Reduction.None"/>.</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="ArgumentException">A variance is negative, or <paramref name="eps"/> is not greater than
    /// 0.</exception>
    public static Tensor GaussianNll(
        Tensor input, Tensor target, Tensor variance, bool full = false, float eps = 1e-6f,
        Reduction reduction = Reduction.Mean)
    {
        const string caller = "Losses.GaussianNll";
        float? divisor = Divisor(caller, input, target, reduction);
        if (!(eps > 0f)) throw new ArgumentException($"{caller}: eps must be greater than 0 but was {eps}.");
        Shape shape = input.Shape, given = variance.Shape, row = shape;
        if (given != shape)
        {
            if (shape.Rank == 0) ShapeException.Throw($"{caller}: variance", "[] (the shape of input)", given);
            row = shape.With(-1, 1);
            Shape without = shape.WithoutLast();
            if (given != row && given != without)
                ShapeException.Throw(
                    $"{caller}: variance", $"{shape} (the shape of input), {row} or {without}", given);
        }

        if (ElementLosses.Smallest(variance) is < 0f and var least)
            throw new ArgumentException($"{caller}: variance must not be negative but has an element {least}.");
        return ElementLosses.GaussianNll(input, target, variance, row, full, eps, divisor);
    }

    // ---- Probabilities of two outcomes -----------------------------------------------------------------------------

    /// <summary>The cross-entropy of probabilities of two outcomes, as
    /// torch.nn.functional.binary_cross_entropy.</summary>
    /// <remarks>
    /// <code>loss = -weight (target ln input + (1 - target) ln(1 - input))</code>
    /// Logarithms are bounded at -100. From logits, prefer <see cref="BinaryCrossEntropyWithLogits"/>.
    /// </remarks>
    /// <param name="input">Probabilities in [0, 1], of any shape.</param>
    /// <param name="target">Of the same shape, from 0 to 1.</param>
    /// <param name="weight">Factors of the elements' losses, of a shape that broadcasts to the input's; null for 1. The
    /// mean divides by the number of elements all the same.</param>
    /// <param name="reduction">Mean (the default), sum, or one value per element.</param>
    /// <returns>A scalar, or the input's shape for <see cref="Reduction.None"/>.</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="ArgumentException">A probability is outside [0, 1].</exception>
    public static Tensor BinaryCrossEntropy(
        Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean)
    {
        const string caller = "Losses.BinaryCrossEntropy";
        float? divisor = Divisor(caller, input, target, reduction);
        if (weight is { } w) CheckBroadcasts(caller, "weight", w, input);
        if (ElementLosses.Smallest(input) < 0f || ElementLosses.Largest(input) > 1f)
            throw new ArgumentException(
                $"{caller}: input must be probabilities in [0, 1] but has elements " +
                $"from {ElementLosses.Smallest(input)} to {ElementLosses.Largest(input)}; " +
                "for logits use BinaryCrossEntropyWithLogits.");
        return weight is { } factors
            ? Reduced(ElementLosses.BinaryCrossEntropy(input, target, divisor: null) * factors, reduction)
            : ElementLosses.BinaryCrossEntropy(input, target, divisor);
    }

    /// <summary>The cross-entropy of two outcomes from logits, exact for any of them, as
    /// torch.nn.functional.binary_cross_entropy_with_logits.</summary>
    /// <remarks><code>
    /// p = sigmoid(input)      loss = -weight (posWeight target ln p + (1 - target) ln(1 - p))
    /// </code></remarks>
    /// <param name="input">Logits, of any shape.</param>
    /// <param name="target">Of the same shape, from 0 to 1.</param>
    /// <param name="weight">Factors of the elements' losses, of a shape that broadcasts to the input's; null for 1. The
    /// mean divides by the number of elements all the same.</param>
    /// <param name="posWeight">Factors of the positive part, such as [C] for an input [N, C]; null for 1. They get no
    /// gradient.</param>
    /// <param name="reduction">Mean (the default), sum, or one value per element.</param>
    /// <returns>A scalar, or the input's shape for <see cref="Reduction.None"/>.</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public static Tensor BinaryCrossEntropyWithLogits(
        Tensor input, Tensor target, Tensor? weight = null, Tensor? posWeight = null,
        Reduction reduction = Reduction.Mean)
    {
        const string caller = "Losses.BinaryCrossEntropyWithLogits";
        float? divisor = Divisor(caller, input, target, reduction);
        if (weight is { } w) CheckBroadcasts(caller, "weight", w, input);
        if (posWeight is { } p) CheckBroadcasts(caller, "posWeight", p, input);
        return weight is { } factors
            ? Reduced(
                ElementLosses.BinaryCrossEntropyWithLogits(input, target, posWeight, divisor: null) * factors,
                reduction)
            : ElementLosses.BinaryCrossEntropyWithLogits(input, target, posWeight, divisor);
    }

    // ---- Distributions ---------------------------------------------------------------------------------------------

    /// <summary>The divergence of a predicted from a given distribution, as torch.nn.functional.kl_div; Kullback and
    /// Leibler 1951.</summary>
    /// <remarks><code>loss = target (ln target - input)      logTarget: e^target (target - input)</code>
    /// <see cref="Reduction.Mean"/> divides by all elements, as in PyTorch; the divergence itself is <see
    /// cref="Reduction.BatchMean"/>.</remarks>
    /// <param name="input">Logarithms of probabilities, of any shape.</param>
    /// <param name="target">Probabilities, of the same shape; their logarithms when <paramref
    /// name="logTarget"/>.</param>
    /// <param name="reduction">Mean (the default), batch mean, sum, or one value per element.</param>
    /// <param name="logTarget">Whether the target is logarithms.</param>
    /// <returns>A scalar, or the input's shape for <see cref="Reduction.None"/>.</returns>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Tensor KlDiv(
        Tensor input, Tensor target, Reduction reduction = Reduction.Mean, bool logTarget = false)
    {
        const string caller = "Losses.KlDiv";
        float? divisor;
        if (reduction != Reduction.BatchMean) divisor = Divisor(caller, input, target, reduction);
        else divisor = Divisor(caller, input, target, Reduction.Sum) * (input.Rank == 0 ? 1 : input.Shape[0]);
        return ElementLosses.KlDiv(input, target, logTarget, divisor);
    }

    // ---- Classes ---------------------------------------------------------------------------------------------------

    /// <summary>The cross-entropy of logits, as torch.nn.functional.cross_entropy: log-softmax and negative
    /// log-likelihood in one pass.</summary>
    /// <remarks>
    /// <code>
    /// p = softmax(input) over the classes      q' = (1 - labelSmoothing) q + labelSmoothing / C
    /// loss = -Σ_c weight_c q'_c ln p_c         q_c = 1 for the target's class, else 0; or the target's probability
    /// </code>
    /// The mean divides by the sum of the weights of the targets that are not ignored (their number without weights),
    /// so
    /// that it is NaN when all are; with probabilities by the number of positions. Saved for the gradient are three
    /// numbers
    /// per position. Label smoothing: Szegedy et al. 2016.
    /// </remarks>
    /// <param name="input">Logits [C], or [N, C] and any further dimensions.</param>
    /// <param name="target">Either the class of each position as a whole number: [], [N] and the further dimensions;
    /// or a
    /// probability for every class, of the input's shape.</param>
    /// <param name="weight">A factor for each class, [C]; null for 1. Gets no gradient.</param>
    /// <param name="ignoreIndex">Positions with this target count for nothing; it need not be a class.</param>
    /// <param name="reduction">Mean (the default), sum, or one value per position.</param>
    /// <param name="labelSmoothing">The share of the target that is spread evenly over all classes, from 0 to
    /// 1.</param>
    /// <returns>A scalar; for <see cref="Reduction.None"/> the input's shape without the classes.</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="ArgumentException">A target is no class, or labelSmoothing is out of range.</exception>
    public static Tensor CrossEntropy(
        Tensor input, Tensor target, Tensor? weight = null, int ignoreIndex = DefaultIgnoreIndex,
        Reduction reduction = Reduction.Mean, float labelSmoothing = 0f)
    {
        const string caller = "Losses.CrossEntropy";
        CheckClasses(caller, input, weight, reduction);
        Shape positions = ClassLayout.WithoutClasses(input.Shape);
        if (target.Shape != positions && target.Shape != input.Shape)
            ShapeException.Throw(
                $"{caller}: target", $"{positions} (classes) or {input.Shape} (probabilities)", target.Shape);
        return CrossEntropy(caller, input, default, target, weight, ignoreIndex, reduction, labelSmoothing);
    }

    /// <summary>The same with the classes as integers.</summary>
    /// <param name="input">Logits [C], or [N, C] and any further dimensions.</param>
    /// <param name="target">The class of each position, in row-major order.</param>
    /// <param name="weight">A factor for each class, [C]; null for 1. Gets no gradient.</param>
    /// <param name="ignoreIndex">Positions with this target count for nothing; it need not be a class.</param>
    /// <param name="reduction">Mean (the default), sum, or one value per position.</param>
    /// <param name="labelSmoothing">The share of the target that is spread evenly over all classes, from 0 to
    /// 1.</param>
    /// <inheritdoc cref="CrossEntropy(Tensor, Tensor, Tensor?, int, Reduction, float)"/>
    public static Tensor CrossEntropy(
        Tensor input, ReadOnlySpan<int> target, Tensor? weight = null, int ignoreIndex = DefaultIgnoreIndex,
        Reduction reduction = Reduction.Mean, float labelSmoothing = 0f)
    {
        const string caller = "Losses.CrossEntropy";
        CheckClasses(caller, input, weight, reduction);
        CheckCount(caller, input, target.Length);
        return CrossEntropy(caller, input, target, default, weight, ignoreIndex, reduction, labelSmoothing);
    }

    private static Tensor CrossEntropy(
        string caller, Tensor input, ReadOnlySpan<int> indices, Tensor target, Tensor? weight, int ignoreIndex,
        Reduction reduction, float labelSmoothing)
    {
        if (!(labelSmoothing is >= 0f and <= 1f))
            throw new ArgumentException($"{caller}: labelSmoothing must be in [0, 1] but was {labelSmoothing}.");
        return CrossEntropyOp.Apply(
            caller, input, indices, target, weight ?? default, ignoreIndex, labelSmoothing,
            sum: reduction != Reduction.None, mean: reduction == Reduction.Mean);
    }

    /// <summary>The negative log-likelihood, as torch.nn.functional.nll_loss.</summary>
    /// <remarks><code>loss = -weight_t input_t      t the target of the position</code>
    /// The mean divides by the sum of the weights of the targets that are not ignored. From logits, prefer <see
    /// cref="CrossEntropy(Tensor, Tensor, Tensor?, int, Reduction, float)"/>.</remarks>
    /// <param name="input">Logarithms of probabilities [C], or [N, C] and any further dimensions.</param>
    /// <param name="target">The class of each position as a whole number: [], [N] and the further dimensions.</param>
    /// <param name="weight">A factor for each class, [C]; null for 1. Gets no gradient.</param>
    /// <param name="ignoreIndex">Positions with this target count for nothing; it need not be a class.</param>
    /// <param name="reduction">Mean (the default), sum, or one value per position.</param>
    /// <returns>A scalar; for <see cref="Reduction.None"/> the input's shape without the classes.</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="ArgumentException">A target is no class.</exception>
    public static Tensor Nll(
        Tensor input, Tensor target, Tensor? weight = null, int ignoreIndex = DefaultIgnoreIndex,
        Reduction reduction = Reduction.Mean)
    {
        const string caller = "Losses.Nll";
        CheckClasses(caller, input, weight, reduction);
        Shape positions = ClassLayout.WithoutClasses(input.Shape);
        if (target.Shape != positions)
            ShapeException.Throw($"{caller}: target", $"{positions} (classes)", target.Shape);
        return NllOp.Apply(
            caller, input, default, target, weight ?? default, ignoreIndex,
            sum: reduction != Reduction.None, mean: reduction == Reduction.Mean);
    }

    /// <summary>The same with the classes as integers.</summary>
    /// <param name="input">Logarithms of probabilities [C], or [N, C] and any further dimensions.</param>
    /// <param name="target">The class of each position, in row-major order.</param>
    /// <param name="weight">A factor for each class, [C]; null for 1. Gets no gradient.</param>
    /// <param name="ignoreIndex">Positions with this target count for nothing; it need not be a class.</param>
    /// <param name="reduction">Mean (the default), sum, or one value per position.</param>
    /// <inheritdoc cref="Nll(Tensor, Tensor, Tensor?, int, Reduction)"/>
    public static Tensor Nll(
        Tensor input, ReadOnlySpan<int> target, Tensor? weight = null, int ignoreIndex = DefaultIgnoreIndex,
        Reduction reduction = Reduction.Mean)
    {
        const string caller = "Losses.Nll";
        CheckClasses(caller, input, weight, reduction);
        CheckCount(caller, input, target.Length);
        return NllOp.Apply(
            caller, input, target, default, weight ?? default, ignoreIndex,
            sum: reduction != Reduction.None, mean: reduction == Reduction.Mean);
    }

    // ---- Checks ----------------------------------------------------------------------------------------------------

    /// <summary>What the sum is divided by, null for no sum; and a check that the shapes are equal.</summary>
    private static float? Divisor(string caller, Tensor input, Tensor target, Reduction reduction)
    {
        if (target.Shape != input.Shape)
            ShapeException.Throw($"{caller}: target", $"{input.Shape} (the shape of input)", target.Shape);
        CheckReduction(caller, reduction);
        return reduction switch
        {
            Reduction.None => null,
            Reduction.Mean => input.Length,
            _ => 1f,
        };
    }

    private static Tensor Reduced(Tensor losses, Reduction reduction) => reduction switch
    {
        Reduction.None => losses,
        Reduction.Mean => losses.Mean(),
        _ => losses.Sum(),
    };

    private static void CheckReduction(string caller, Reduction reduction)
    {
        if (reduction is not (Reduction.None or Reduction.Mean or Reduction.Sum))
            throw new ArgumentOutOfRangeException(
                null, $"{caller}: reduction must be None, Mean or Sum but was {reduction}.");
    }

    private static void CheckBroadcasts(string caller, string name, Tensor factors, Tensor input)
    {
        Shape f = factors.Shape, x = input.Shape;
        bool fits = f.Rank <= x.Rank;
        for (int d = 1; fits && d <= f.Rank; d++) fits = f[-d] == 1 || f[-d] == x[-d];
        if (!fits) ShapeException.Throw($"{caller}: {name}", $"of a shape that broadcasts to {x} (input)", f);
    }

    private static void CheckClasses(string caller, Tensor input, Tensor? weight, Reduction reduction)
    {
        Shape shape = input.Shape;
        if (shape.Rank == 0) ShapeException.Throw($"{caller}: input", "[C] or [N, C, ...]", shape);
        CheckReduction(caller, reduction);
        int classes = shape[shape.Rank == 1 ? 0 : 1];
        if (weight is { } w && w.Shape != new Shape(classes))
            ShapeException.Throw($"{caller}: weight", $"[{classes}] (one for each class of input {shape})", w.Shape);
    }

    private static void CheckCount(string caller, Tensor input, int count)
    {
        int positions = ClassLayout.Of(input.Shape).Positions;
        if (count != positions)
            throw new ShapeException(
                $"{caller}: target must have {positions} classes, one for each position of input {input.Shape}, " +
                $"but has {count}.");
    }
}
