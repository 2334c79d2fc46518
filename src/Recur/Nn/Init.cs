namespace Recur.Nn;

/// <summary>The first values of parameters, drawn from <see cref="Rng.Default"/> in PyTorch's order.</summary>
internal static class Init
{
    /// <summary>A tensor uniform in ±<paramref name="bound"/>.</summary>
    public static Tensor Uniform(in Shape shape, double bound)
    {
        Tensor t = Tensor.Empty(shape);
        Rng.Default.FillUniform(t.MutableSpan, (float)-bound, (float)bound);
        return t;
    }

    /// <summary>A tensor uniform in ±1/√<paramref name="fan"/>: PyTorch's start for recurrent layers and for
    /// biases.</summary>
    public static Tensor UniformOverSqrt(in Shape shape, int fan) => Uniform(shape, 1.0 / Math.Sqrt(fan));

    /// <summary>A normal tensor: PyTorch's start for embeddings.</summary>
    public static Tensor Normal(in Shape shape, float mean = 0f, float std = 1f)
    {
        Tensor t = Tensor.Empty(shape);
        Rng.Default.FillNormal(t.MutableSpan, mean, std);
        return t;
    }

    /// <summary>PyTorch's kaiming_uniform_(a = √5), He et al. 2015: in exact arithmetic ±1/√fanIn, here rounded step
    /// by step as there.</summary>
    public static Tensor KaimingUniform(in Shape shape, int fanIn)
    {
        double a = Math.Sqrt(5.0);
        double gain = Math.Sqrt(2.0 / (1.0 + a * a));
        return Uniform(shape, Math.Sqrt(3.0) * (gain / Math.Sqrt(fanIn)));
    }
}
