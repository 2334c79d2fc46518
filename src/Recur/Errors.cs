using System.Diagnostics.CodeAnalysis;

namespace Recur;

/// <summary>A tensor has another shape than an operation or a module needs.</summary>
public sealed class ShapeException : ArgumentException
{
    /// <summary>An error without details; prefer <see cref="ShapeException(string, string, Shape)"/>.</summary>
    public ShapeException() : this("A tensor has the wrong shape.") { }

    /// <summary>An error with a text of its own.</summary>
    public ShapeException(string message) : base(message) { }

    /// <summary>An error with a text of its own and its cause.</summary>
    public ShapeException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>Says who complains, what was expected and what came.</summary>
    /// <param name="subject">Who and what, such as <c>Rnn.Forward: input</c>.</param>
    /// <param name="expected">What it must be, such as <c>[T, N, 16] (InputSize = 16)</c>.</param>
    /// <param name="actual">The shape that came.</param>
    public ShapeException(string subject, string expected, Shape actual)
        : base($"{subject} must be {expected} but was {actual}.")
    {
        Expected = expected;
        Actual = actual;
    }

    /// <summary>What the shape had to be, in words.</summary>
    public string? Expected { get; }

    /// <summary>The shape that came.</summary>
    public Shape? Actual { get; }

    [DoesNotReturn]
    internal static void Throw(string subject, string expected, Shape actual) =>
        throw new ShapeException(subject, expected, actual);
}
