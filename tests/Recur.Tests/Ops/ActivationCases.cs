using Recur.Nn;
using Recur.Ops;

namespace Recur.Tests.Ops;

/// <summary>The rows of <see cref="OpCases"/> for activations, normalization and look-ups.</summary>
internal static class ActivationCases
{
    private static readonly int[] Rows = [4, 0, 4, 2, 4];

    private static Tensor Look(Tensor table, Shape shape, EmbeddingOp.Options options) =>
        EmbeddingOp.Apply("Test", table, Rows, default, shape, options);

    public static readonly OpCase[] All =
    [
        new("leaky_relu", x => x[0].LeakyRelu()),
        new("leaky_relu_slope", x => x[0].LeakyRelu(0.2f)),
        new("elu", x => x[0].Elu()),
        new("elu_alpha", x => x[0].Elu(0.5f)),
        new("gelu", x => x[0].Gelu()),
        new("gelu_tanh", x => x[0].Gelu(tanhApproximation: true)),
        new("silu", x => x[0].Silu()),
        new("softplus", x => x[0].Softplus()),
        new("softplus_beta", x => x[0].Softplus(2f, 3f)),
        new("layer_norm", x => LayerNormOp.Apply(x[0], default, default, 11, 1e-5f)),
        new("layer_norm_affine", x => LayerNormOp.Apply(x[0], x[1], x[2], 11, 1e-5f)),
        new("layer_norm_weight", x => LayerNormOp.Apply(x[0], x[1], default, 12, 0.1f)),
        new("layer_norm_mean", x => LayerNormOp.Apply(x[0], default, default, 19, 1e-5f))
        {
            Tolerance = LargeMean,
            Smooth = false,
        },
        new("embedding", x => Look(x[0], [5, 1, 3], new() { PaddingIndex = -1 }))
        {
            Error = (() => new Embedding(5, 3).Forward([0, 5]),
                "Embedding.Forward: index 5 at position 1 is not one of the rows 0 to 4."),
        },

        // Not the derivative, but what PyTorch gives in its place.
        new("embedding_padding", x => Look(x[0], [5, 3], new() { PaddingIndex = 4, Sparse = true })) { Smooth = false },
        new("embedding_frequency", x => Look(x[0], [5, 3], new() { PaddingIndex = -1, ScaleGradByFreq = true }))
        {
            Smooth = false,
        },
    ];

    /// <summary>Inputs around 20: their own rounding to float32 is 20 times that of the result.</summary>
    private const double LargeMean = 5e-6;
}
