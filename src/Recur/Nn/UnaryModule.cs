namespace Recur.Nn;

/// <summary>A module that turns one tensor into one tensor, so that it can stand in a <see
/// cref="Sequential"/>.</summary>
public abstract class UnaryModule : Module
{
    /// <summary>Computes the module's result.</summary>
    /// <param name="input">Of the shape the derived module documents.</param>
    public abstract Tensor Forward(Tensor input);
}
