namespace Recur.Cli.Output;

/// <summary>How far a long piece of work is.</summary>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all.</param>
/// <param name="Unit">What a unit is, in the plural: steps, windows.</param>
/// <param name="Loss">The training loss so far, where there is one.</param>
/// <param name="LearningRate">The learning rate, where it changes.</param>
internal readonly record struct WorkProgress(
    long Done, long Total, string Unit, double? Loss = null, double? LearningRate = null);
