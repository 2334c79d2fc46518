using Recur.Ops;

namespace Recur.Nn;

/// <summary>In training sets elements to zero with probability P and scales the others by 1/(1-P), as
/// torch.nn.Dropout.</summary>
/// <remarks>
/// <code>y = x ∘ m / (1 - P)     m ~ Bernoulli(1 - P)</code>
/// In evaluation (<see cref="Module.Eval"/>) the result is the input. Masks are drawn from <see cref="Rng.Default"/>.
/// Srivastava et al. 2014.
/// </remarks>
public sealed class Dropout : UnaryModule
{
    /// <summary>Creates the module.</summary>
    /// <param name="p">The probability of an element to become zero, in [0, 1].</param>
    /// <exception cref="ArgumentException"><paramref name="p"/> is not in [0, 1].</exception>
    public Dropout(float p = 0.5f)
    {
        if (!(p is >= 0f and <= 1f)) throw new ArgumentException($"Dropout: p must be in [0, 1] but was {p}.");
        P = p;
    }

    /// <summary>The probability of an element to become zero.</summary>
    public float P { get; }

    /// <summary>Drops elements when training; otherwise returns the input itself.</summary>
    /// <param name="input">Of any shape.</param>
    /// <returns>Of the same shape.</returns>
    public override Tensor Forward(Tensor input) => IsTraining ? DropoutOp.Apply(input, P, Rng.Default) : input;
}
