namespace Recur.Peers;

/// <summary>Whether two sides computed the same numbers.</summary>
internal static class Agreement
{
    /// <summary>Values: both sides sum in float32 in another order; 1e-5 of the array's magnitude is some tens of
    /// roundings.</summary>
    public const float ValueTolerance = 1e-5f;

    /// <summary>Gradients: sums over T·N terms, each with the rounding of a whole forward and backward pass behind
    /// it.</summary>
    public const float GradientTolerance = 1e-4f;

    /// <summary>Below this magnitude an array is compared absolutely: what is left of cancelled terms is
    /// rounding.</summary>
    private const float SmallestMagnitude = 1e-2f;

    /// <summary>The same for gradients. The one recurrent weight of a layer with one unit has for gradient a sum of T·N
    /// terms around 1, which can end close to 0 with the roundings of its partial sums, some 1e-6.</summary>
    private const float SmallestGradient = 1e-1f;

    /// <summary>The tolerance for the array of this name.</summary>
    public static float ToleranceFor(string name) => IsGradient(name) ? GradientTolerance : ValueTolerance;

    private static bool IsGradient(string name) => name.StartsWith("grad.", StringComparison.Ordinal);

    /// <summary>The largest difference relative to the expected array's magnitude; infinite when a value is not finite
    /// on one side only.</summary>
    private static float Difference(PeerTensor peer, PeerTensor recur)
    {
        float[] expected = peer.Values, actual = recur.Values;
        float magnitude = IsGradient(peer.Name) ? SmallestGradient : SmallestMagnitude, difference = 0f;
        foreach (float e in expected) magnitude = Math.Max(magnitude, float.IsFinite(e) ? Math.Abs(e) : 0f);
        for (int i = 0; i < expected.Length; i++)
        {
            if (expected[i].Equals(actual[i])) continue;
            float d = Math.Abs(expected[i] - actual[i]);
            difference = Math.Max(difference, float.IsFinite(d) ? d : float.PositiveInfinity);
        }

        return difference / magnitude;
    }

    /// <summary>Compares every expected array with the actual one of the same name.</summary>
    /// <param name="expected">The peer's results.</param>
    /// <param name="actual">Recur's results; it may have more.</param>
    /// <param name="tolerance">By name; <see cref="ToleranceFor"/> when null.</param>
    /// <returns>One sentence about the first array that differs; null when all agree.</returns>
    public static string? Check(
        IReadOnlyList<PeerTensor> expected, IReadOnlyList<PeerTensor> actual, Func<string, float>? tolerance = null)
    {
        if (expected.Count == 0) return "the peer answered no results";
        foreach (PeerTensor e in expected)
        {
            PeerTensor? a = actual.FirstOrDefault(t => t.Name == e.Name);
            if (a is null) return $"{e.Name}: Recur has no such result";
            if (!a.Shape.SequenceEqual(e.Shape))
                return $"{e.Name}: the peer's shape is [{string.Join(", ", e.Shape)}], " +
                    $"Recur's [{string.Join(", ", a.Shape)}]";
            float difference = Difference(e, a);
            float limit = (tolerance ?? ToleranceFor)(e.Name);
            if (!(difference <= limit))
                return $"{e.Name}: relative difference {difference:g3}, at most {limit:g3} is allowed";
        }

        return null;
    }
}
