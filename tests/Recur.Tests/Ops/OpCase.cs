namespace Recur.Tests.Ops;

/// <summary>One row of <see cref="OpCases"/>: from it follow all tests in <see cref="OpCaseTests"/>.</summary>
/// <param name="Name">The row's name in ops.json, which holds inputs, results and gradients.</param>
/// <param name="Function">The operation.</param>
public sealed record OpCase(string Name, Func<Tensor[], Tensor> Function)
{
    /// <summary>Relative to the largest magnitude of the tensor: eight units in the last place of float32.</summary>
    public const double EightUlp = 1e-6;

    /// <summary>How far result and gradients may be from PyTorch's in float64.</summary>
    public double Tolerance { get; init; } = EightUlp;

    /// <summary>False where float32 leaves nothing for finite differences to see: a result of exactly 0 or 1, logits of 1000.</summary>
    public bool Smooth { get; init; } = true;

    /// <summary>A wrong call, and what must be said about it.</summary>
    public (Action Call, string Text)? Error { get; init; }

    public override string ToString() => Name;
}
