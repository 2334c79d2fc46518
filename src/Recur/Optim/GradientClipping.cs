using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Optim;

/// <summary>Bounds on gradients, applied between Backward and the optimizer's step; as
/// torch.nn.utils.clip_grad_*.</summary>
public static class GradientClipping
{
    private const double Epsilon = 1e-6; // PyTorch's, against a quotient by zero

    /// <summary>Scales all gradients by one factor, so that their common norm is at most <paramref
    /// name="maxNorm"/>.</summary>
    /// <remarks>
    /// <code>total = (Σ |g|^p)^(1/p) over all elements of all gradients     g ← g · min(1, maxNorm / (total +
    /// 1e-6))</code>
    /// Pascanu, Mikolov and Bengio 2013. The sum runs in double, in one fixed order. Parameters without a gradient are
    /// passed over.
    /// </remarks>
    /// <param name="parameters">Whose gradients are bounded; nothing is allocated for a module's Parameters(), an
    /// array or a list.</param>
    /// <param name="maxNorm">The largest norm, 0 or greater; infinite to measure only.</param>
    /// <param name="normType">p, above 0; <see cref="float.PositiveInfinity"/> for the largest magnitude.</param>
    /// <param name="errorIfNonfinite">Whether a norm that is infinite or not a number is an error, instead of
    /// spreading to all gradients.</param>
    /// <returns>The norm before scaling; 0 when there are no gradients.</returns>
    /// <exception cref="ArgumentException"><paramref name="maxNorm"/> is negative or <paramref name="normType"/> is
    /// not above 0.</exception>
    /// <exception cref="InvalidOperationException">The norm is not finite and <paramref name="errorIfNonfinite"/> is
    /// set.</exception>
    public static float ClipNorm(
        ReadOnlySpan<Tensor> parameters, float maxNorm, float normType = 2f, bool errorIfNonfinite = false)
    {
        if (!(maxNorm >= 0f))
            throw new ArgumentException($"GradientClipping.ClipNorm: maxNorm must not be negative but was {maxNorm}.");
        if (!(normType > 0f))
            throw new ArgumentException(
                $"GradientClipping.ClipNorm: normType must be greater than 0 but was {normType}.");
        double total = TotalNorm(parameters, normType);
        if (errorIfNonfinite && !double.IsFinite(total)) ThrowNonfinite(total, normType);

        double factor = maxNorm / (total + Epsilon);
        if (float.IsPositiveInfinity(maxNorm) || factor >= 1.0) return (float)total;
        foreach (ref readonly Tensor p in parameters)
            if (p.Core.HasGrad) Scale(p.Core, (float)factor);
        return (float)total;
    }

    /// <inheritdoc cref="ClipNorm(ReadOnlySpan{Tensor}, float, float, bool)"/>
    public static float ClipNorm(
        IEnumerable<Tensor> parameters, float maxNorm, float normType = 2f, bool errorIfNonfinite = false) =>
        ClipNorm(AsSpan(parameters), maxNorm, normType, errorIfNonfinite);

    /// <summary>Bounds every element of every gradient to [-clipValue, clipValue].</summary>
    /// <param name="parameters">Whose gradients are bounded; nothing is allocated for a module's Parameters(), an
    /// array or a list.</param>
    /// <param name="clipValue">The largest magnitude, 0 or greater.</param>
    /// <exception cref="ArgumentException"><paramref name="clipValue"/> is negative.</exception>
    public static void ClipValue(ReadOnlySpan<Tensor> parameters, float clipValue)
    {
        if (!(clipValue >= 0f))
            throw new ArgumentException(
                $"GradientClipping.ClipValue: clipValue must not be negative but was {clipValue}.");
        foreach (ref readonly Tensor p in parameters)
            if (p.Core is { HasGrad: true, Grad: { } grad })
                Elementwise.Zip<ClampMagnitude>(grad.Span, clipValue, grad.Span);
    }

    /// <inheritdoc cref="ClipValue(ReadOnlySpan{Tensor}, float)"/>
    public static void ClipValue(IEnumerable<Tensor> parameters, float clipValue) =>
        ClipValue(AsSpan(parameters), clipValue);

    private static double TotalNorm(ReadOnlySpan<Tensor> parameters, float normType)
    {
        double total = 0;
        foreach (ref readonly Tensor p in parameters)
        {
            TensorCore core = p.Core;
            if (!core.HasGrad) continue;
            if (normType == 2f && IsSparse(core, out ReadOnlySpan<int> rows))
            {
                foreach (int row in rows) total += Norms.Sum<Norms.SquareTerm>(Row(core, row));
                continue;
            }

            ReadOnlySpan<float> grad = core.Grad!.Span;
            if (float.IsPositiveInfinity(normType)) total = Math.Max(total, Norms.MaxAbs(grad));
            else if (normType == 2f) total += Norms.Sum<Norms.SquareTerm>(grad);
            else if (normType == 1f) total += Norms.Sum<Norms.AbsoluteTerm>(grad);
            else total += Norms.SumOfPowers(grad, normType);
        }

        if (float.IsPositiveInfinity(normType) || normType == 1f) return total;
        return normType == 2f ? Math.Sqrt(total) : Math.Pow(total, 1.0 / normType);
    }

    private static void Scale(TensorCore core, float factor)
    {
        if (!IsSparse(core, out ReadOnlySpan<int> rows))
        {
            Elementwise.Zip<Multiply>(core.Grad!.Span, factor, core.Grad.Span);
            return;
        }

        foreach (int row in rows) Elementwise.Zip<Multiply>(Row(core, row), factor, Row(core, row));
    }

    /// <summary>Whether the gradient is zero outside some rows.</summary>
    private static bool IsSparse(TensorCore core, out ReadOnlySpan<int> rows)
    {
        bool isSparse = core.TouchedRows is { } touched && touched.Covers(core.Grad!);
        rows = isSparse ? core.TouchedRows!.Rows : [];
        return isSparse;
    }

    private static Span<float> Row(TensorCore core, int row)
    {
        int length = core.Grad!.Span.Length / core.Shape[0];
        return core.Grad.Span.Slice(row * length, length);
    }

    private static ReadOnlySpan<Tensor> AsSpan(IEnumerable<Tensor> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return parameters switch
        {
            Tensor[] array => array,
            List<Tensor> list => CollectionsMarshal.AsSpan(list),
            _ => parameters.ToArray(),
        };
    }

    [DoesNotReturn]
    private static void ThrowNonfinite(double total, float normType) => throw new InvalidOperationException(
        $"GradientClipping.ClipNorm: the {normType}-norm of the gradients is {total}; " +
        "with errorIfNonfinite: false it would spread to all of them.");
}
