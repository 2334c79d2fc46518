namespace Recur.Nn;

/// <summary>Which side of a weight the variance is kept for.</summary>
public enum FanMode
{
    /// <summary>The inputs: the variance of the values going forward.</summary>
    FanIn,

    /// <summary>The outputs: the variance of the gradients going backward.</summary>
    FanOut,
}
