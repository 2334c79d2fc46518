namespace Recur.Nn;

/// <summary>What a loss does with its values per element.</summary>
public enum Reduction
{
    /// <summary>Keeps them: one value per element of the target.</summary>
    None,

    /// <summary>Divides their sum by their number, or by the sum of their weights where the loss says so.</summary>
    Mean,

    /// <summary>Adds them up.</summary>
    Sum,

    /// <summary>Divides their sum by the size of the leading dimension; for <see cref="Losses.KlDiv"/> only.</summary>
    BatchMean,
}
