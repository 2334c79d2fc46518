using Recur.Ops;

namespace Recur.Nn;

/// <summary>An affine map of the innermost dimension; weights and results as torch.nn.Linear.</summary>
/// <remarks>
/// <code>y = x Wᵀ + b</code>
/// Weight and bias start uniform in ±1/√InFeatures (PyTorch's kaiming_uniform with a = √5), weight first.
/// </remarks>
public sealed class Linear : UnaryModule
{
    /// <summary>Creates the map with fresh parameters from <see cref="Rng.Default"/>.</summary>
    /// <param name="inFeatures">The size of the input's innermost dimension, at least 1.</param>
    /// <param name="outFeatures">The size of the output's innermost dimension, at least 1.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <exception cref="ArgumentException">A size is not positive.</exception>
    public Linear(int inFeatures, int outFeatures, bool bias = true)
    {
        if (inFeatures <= 0)
            throw new ArgumentException($"Linear: inFeatures must be greater than 0 but was {inFeatures}.");
        if (outFeatures <= 0)
            throw new ArgumentException($"Linear: outFeatures must be greater than 0 but was {outFeatures}.");
        InFeatures = inFeatures;
        OutFeatures = outFeatures;
        Weight = Register("weight", Init.KaimingUniform(Tensor.Empty([outFeatures, inFeatures]), Math.Sqrt(5.0)));
        if (bias) Bias = Register("bias", Init.UniformOverSqrt([outFeatures], inFeatures));
    }

    /// <summary>The size of the input's innermost dimension.</summary>
    public int InFeatures { get; }

    /// <summary>The size of the output's innermost dimension.</summary>
    public int OutFeatures { get; }

    /// <summary>[OutFeatures, InFeatures].</summary>
    public Tensor Weight { get; }

    /// <summary>[OutFeatures]; null when the map has no bias.</summary>
    public Tensor? Bias { get; }

    /// <summary>Applies the map to every row.</summary>
    /// <param name="input">[*, InFeatures], with any number of leading dimensions.</param>
    /// <returns>[*, OutFeatures].</returns>
    /// <exception cref="ShapeException">The last dimension of input is not InFeatures.</exception>
    public override Tensor Forward(Tensor input)
    {
        Shape shape = input.Shape;
        if (shape.Rank == 0 || shape[^1] != InFeatures)
            ShapeException.Throw("Linear.Forward: input", $"[*, {InFeatures}] (InFeatures = {InFeatures})", shape);
        return LinearOp.Apply(input, Weight, Bias ?? default);
    }
}
