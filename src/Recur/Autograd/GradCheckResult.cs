namespace Recur.Autograd;

/// <summary>What <see cref="GradCheck"/> found: the element whose gradient is farthest from its finite
/// difference.</summary>
/// <param name="Passed">Whether every element is within the tolerances.</param>
/// <param name="Input">The input that holds the worst element, counted from 0.</param>
/// <param name="Index">Its place in that input, in row-major order.</param>
/// <param name="Analytic">The gradient that Backward gave.</param>
/// <param name="Numeric">The finite difference.</param>
/// <param name="Excess">Their distance divided by the distance allowed: at most 1 when the check passed.</param>
public readonly record struct GradCheckResult(bool Passed, int Input, int Index, double Analytic, double Numeric, double Excess)
{
    /// <summary>Throws when the check failed, with the worst element.</summary>
    /// <exception cref="InvalidOperationException">The check failed.</exception>
    public void ThrowIfFailed()
    {
        if (Passed) return;
        throw new InvalidOperationException(
            $"GradCheck: the gradient of input {Input} at element {Index} must be {Numeric:G6} (finite differences) but was {Analytic:G6}, " +
            $"{Excess:G3} times the distance allowed.");
    }
}
