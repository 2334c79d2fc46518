using Recur.Kernels;

namespace Recur.Ops;

/// <summary>The functions of <see cref="ActivationOp{TFunction}"/> by name.</summary>
internal static class Activations
{
    public static Tensor LeakyRelu(Tensor x, float negativeSlope) => ActivationOp<LeakyRelu>.Apply(x, negativeSlope);

    public static Tensor Elu(Tensor x, float alpha) => ActivationOp<Elu>.Apply(x, alpha);

    public static Tensor Gelu(Tensor x, bool tanhApproximation) =>
        tanhApproximation ? ActivationOp<GeluTanh>.Apply(x) : ActivationOp<Gelu>.Apply(x);

    public static Tensor Silu(Tensor x) => ActivationOp<Silu>.Apply(x);

    public static Tensor Softplus(Tensor x, float beta, float threshold) =>
        ActivationOp<Softplus>.Apply(x, beta, threshold);
}
