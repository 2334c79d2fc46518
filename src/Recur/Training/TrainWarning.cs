namespace Recur.Training;

/// <summary>What is wrong with the gradients of a run.</summary>
public enum GradientProblem
{
    /// <summary>They grow beyond all measure.</summary>
    Exploding,

    /// <summary>They do not reach the first time steps.</summary>
    Vanishing,
}

/// <summary>Something about a run that its owner should know; training goes on.</summary>
/// <param name="Problem">What it is; each is reported once in a run.</param>
/// <param name="Step">The step at which it was noticed, 1 for the first.</param>
/// <param name="Text">Two sentences: the problem with its numbers, and the cure.</param>
public readonly record struct TrainWarning(GradientProblem Problem, long Step, string Text);
