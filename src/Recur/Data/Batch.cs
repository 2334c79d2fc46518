namespace Recur.Data;

/// <summary>What a model sees and what it shall answer.</summary>
/// <param name="Input">The model's input.</param>
/// <param name="Target">What the loss compares the output with.</param>
public readonly record struct Batch(Tensor Input, Tensor Target);
