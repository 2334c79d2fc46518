namespace Recur.Nn;

/// <summary>First values for parameters; names, defaults and numbers as in torch.nn.init.</summary>
/// <remarks>
/// Every method overwrites a tensor and returns it, as <c>Init.XavierUniform(linear.Weight)</c>. Random ones draw from
/// <see cref="Rng.Default"/> unless given a generator, in PyTorch's order: after the same seed uniform numbers are
/// PyTorch's bit for bit, normal ones to two units in the last place, and what is computed from them as exactly as
/// float32
/// allows. The fans of a tensor [out, in, ...] are in and out times the product of the further dimensions.
/// </remarks>
public static class Init
{
    // ---- Fixed values ----------------------------------------------------------------------------------------------

    /// <summary>Every element <paramref name="value"/>.</summary>
    /// <param name="tensor">Any tensor.</param>
    /// <param name="value">The number.</param>
    /// <returns><paramref name="tensor"/>.</returns>
    public static Tensor Constant(Tensor tensor, float value)
    {
        tensor.MutableSpan.Fill(value);
        return tensor;
    }

    /// <summary>Every element 0.</summary>
    /// <inheritdoc cref="Constant"/>
    public static Tensor Zeros(Tensor tensor) => Constant(tensor, 0f);

    /// <summary>Every element 1.</summary>
    /// <inheritdoc cref="Constant"/>
    public static Tensor Ones(Tensor tensor) => Constant(tensor, 1f);

    /// <summary>The identity: 1 on the diagonal, 0 elsewhere.</summary>
    /// <param name="tensor">A matrix; it need not be square.</param>
    /// <returns><paramref name="tensor"/>.</returns>
    /// <exception cref="ShapeException">Not a matrix.</exception>
    public static Tensor Eye(Tensor tensor)
    {
        CheckMatrix("Init.Eye", tensor);
        Span<float> values = tensor.MutableSpan;
        values.Clear();
        int columns = tensor.Shape[1];
        for (int i = 0; i < Math.Min(tensor.Shape[0], columns); i++) values[i * columns + i] = 1f;
        return tensor;
    }

    /// <summary>The weights of a convolution that returns its input: 1 at the middle of each channel's own
    /// kernel.</summary>
    /// <param name="tensor">[out, in, k1], [out, in, k1, k2] or [out, in, k1, k2, k3].</param>
    /// <param name="groups">The number of groups; a divisor of the number of outputs.</param>
    /// <returns><paramref name="tensor"/>.</returns>
    /// <exception cref="ShapeException">Another number of dimensions.</exception>
    /// <exception cref="ArgumentException">The outputs do not divide into the groups.</exception>
    public static Tensor Dirac(Tensor tensor, int groups = 1)
    {
        Shape shape = tensor.Shape;
        if (shape.Rank is < 3 or > 5) ShapeException.Throw("Init.Dirac: tensor", "of 3, 4 or 5 dimensions", shape);
        if (groups <= 0 || shape[0] % groups != 0)
            throw new ArgumentException($"Init.Dirac: groups must divide {shape[0]} (outputs) but was {groups}.");
        int kernel = 1, middle = 0;
        for (int d = 2; d < shape.Rank; d++)
        {
            middle = middle * shape[d] + shape[d] / 2;
            kernel *= shape[d];
        }

        Span<float> values = tensor.MutableSpan;
        values.Clear();
        if (kernel == 0) return tensor;
        int outputs = shape[0] / groups;
        for (int o = 0; o < shape[0]; o++)
            if (o % outputs < shape[1]) values[(o * shape[1] + o % outputs) * kernel + middle] = 1f;
        return tensor;
    }

    // ---- Distributions ---------------------------------------------------------------------------------------------

    /// <summary>Uniform numbers from [a, b).</summary>
    /// <param name="tensor">Any tensor.</param>
    /// <param name="a">The smallest number.</param>
    /// <param name="b">The bound above it.</param>
    /// <param name="rng">Where the numbers come from; null for <see cref="Rng.Default"/>.</param>
    /// <returns><paramref name="tensor"/>.</returns>
    /// <exception cref="ArgumentException">The bounds are not finite, or not in order.</exception>
    public static Tensor Uniform(Tensor tensor, double a = 0, double b = 1, Rng? rng = null)
    {
        if (!(a <= b) || !double.IsFinite(b - a))
            throw new ArgumentException($"Init.Uniform: a and b must be finite and in order but were {a} and {b}.");
        (rng ?? Rng.Default).FillUniform(tensor.MutableSpan, (float)a, (float)b);
        return tensor;
    }

    /// <summary>Normal numbers.</summary>
    /// <param name="tensor">Any tensor.</param>
    /// <param name="mean">Their mean.</param>
    /// <param name="std">Their standard deviation, 0 or greater.</param>
    /// <param name="rng">Where the numbers come from; null for <see cref="Rng.Default"/>.</param>
    /// <returns><paramref name="tensor"/>.</returns>
    /// <exception cref="ArgumentException">A number is out of its range.</exception>
    public static Tensor Normal(Tensor tensor, double mean = 0, double std = 1, Rng? rng = null)
    {
        CheckNormal("Init.Normal", mean, std);
        (rng ?? Rng.Default).FillNormal(tensor.MutableSpan, (float)mean, (float)std);
        return tensor;
    }

    /// <summary>Normal numbers without those outside [a, b].</summary>
    /// <remarks>Drawn as erf⁻¹ of uniform numbers, as in PyTorch; with a mean far outside [a, b] they crowd at the
    /// bound.</remarks>
    /// <param name="tensor">Any tensor.</param>
    /// <param name="mean">The mean before the cut.</param>
    /// <param name="std">The standard deviation before the cut, greater than 0.</param>
    /// <param name="a">The smallest number.</param>
    /// <param name="b">The largest.</param>
    /// <param name="rng">Where the numbers come from; null for <see cref="Rng.Default"/>.</param>
    /// <returns><paramref name="tensor"/>.</returns>
    /// <exception cref="ArgumentException">A number is out of its range, or the bounds are not in order.</exception>
    public static Tensor TruncatedNormal(
        Tensor tensor, double mean = 0, double std = 1, double a = -2, double b = 2, Rng? rng = null)
    {
        CheckNormal("Init.TruncatedNormal", mean, std);
        if (std == 0) throw new ArgumentException("Init.TruncatedNormal: std must be greater than 0 but was 0.");
        if (!(a <= b))
            throw new ArgumentException($"Init.TruncatedNormal: a must not be above b but they were {a} and {b}.");
        RandomMatrices.TruncatedNormal(rng ?? Rng.Default, tensor.MutableSpan, mean, std, a, b);
        return tensor;
    }

    /// <summary>A matrix with orthonormal rows, or columns when it has more rows, times the gain; Saxe et al.
    /// 2014.</summary>
    /// <remarks>The Q of the QR factorization of a normal matrix, signs chosen so that every direction is equally
    /// likely
    /// (Mezzadri 2007). Recurrent weights that start so keep the length of what passes through them.</remarks>
    /// <param name="tensor">Of at least two dimensions; those after the first count as one.</param>
    /// <param name="gain">A factor.</param>
    /// <param name="rng">Where the numbers come from; null for <see cref="Rng.Default"/>.</param>
    /// <returns><paramref name="tensor"/>.</returns>
    /// <exception cref="ShapeException">Fewer than two dimensions.</exception>
    public static Tensor Orthogonal(Tensor tensor, double gain = 1, Rng? rng = null)
    {
        Shape shape = tensor.Shape;
        if (shape.Rank < 2) ShapeException.Throw("Init.Orthogonal: tensor", "of at least two dimensions", shape);
        if (shape.ElementCount == 0) return tensor;
        int rows = shape[0], columns = shape.ElementCount / rows;
        RandomMatrices.Orthogonal(rng ?? Rng.Default, tensor.MutableSpan, rows, columns, (float)gain);
        return tensor;
    }

    /// <summary>Normal numbers of which a fraction in each column is zero; Martens 2010.</summary>
    /// <param name="tensor">A matrix.</param>
    /// <param name="sparsity">The fraction of zeros in a column, from 0 to 1; their number is rounded up.</param>
    /// <param name="std">The standard deviation of the others.</param>
    /// <param name="rng">Where the numbers come from; null for <see cref="Rng.Default"/>.</param>
    /// <returns><paramref name="tensor"/>.</returns>
    /// <exception cref="ShapeException">Not a matrix.</exception>
    /// <exception cref="ArgumentException">A number is out of its range.</exception>
    public static Tensor Sparse(Tensor tensor, double sparsity, double std = 0.01, Rng? rng = null)
    {
        CheckMatrix("Init.Sparse", tensor);
        CheckNormal("Init.Sparse", 0, std);
        if (!(sparsity is >= 0 and <= 1))
            throw new ArgumentException($"Init.Sparse: sparsity must be in [0, 1] but was {sparsity}.");
        int rows = tensor.Shape[0], zeros = (int)Math.Ceiling(sparsity * rows);
        RandomMatrices.Sparse(
            rng ?? Rng.Default, tensor.MutableSpan, rows, tensor.Shape[1], zeros, (float)std);
        return tensor;
    }

    // ---- By fans ---------------------------------------------------------------------------------------------------

    /// <summary>Uniform in ± gain √(6 / (fanIn + fanOut)); Glorot and Bengio 2010.</summary>
    /// <param name="tensor">Of at least two dimensions.</param>
    /// <param name="gain">A factor; see <see cref="CalculateGain"/>.</param>
    /// <param name="rng">Where the numbers come from; null for <see cref="Rng.Default"/>.</param>
    /// <returns><paramref name="tensor"/>.</returns>
    /// <exception cref="ShapeException">Fewer than two dimensions.</exception>
    public static Tensor XavierUniform(Tensor tensor, double gain = 1, Rng? rng = null)
    {
        double bound = Math.Sqrt(3.0) * XavierStd("Init.XavierUniform", tensor, gain);
        return Uniform(tensor, -bound, bound, rng);
    }

    /// <summary>Normal with standard deviation gain √(2 / (fanIn + fanOut)); Glorot and Bengio 2010.</summary>
    /// <inheritdoc cref="XavierUniform"/>
    public static Tensor XavierNormal(Tensor tensor, double gain = 1, Rng? rng = null) =>
        Normal(tensor, 0, XavierStd("Init.XavierNormal", tensor, gain), rng);

    /// <summary>Uniform in ± gain √(3 / fan); He et al. 2015.</summary>
    /// <param name="tensor">Of at least two dimensions; nothing happens when it is empty.</param>
    /// <param name="a">The slope below 0 of a leaky rectifier; only for <see cref="Activation.LeakyRelu"/>.</param>
    /// <param name="mode">Which fan counts.</param>
    /// <param name="nonlinearity">What follows the layer, for the gain.</param>
    /// <param name="rng">Where the numbers come from; null for <see cref="Rng.Default"/>.</param>
    /// <returns><paramref name="tensor"/>.</returns>
    /// <exception cref="ShapeException">Fewer than two dimensions.</exception>
    public static Tensor KaimingUniform(
        Tensor tensor, double a = 0, FanMode mode = FanMode.FanIn, Activation nonlinearity = Activation.LeakyRelu,
        Rng? rng = null)
    {
        if (tensor.Length == 0) return tensor;
        double bound = Math.Sqrt(3.0) * KaimingStd("Init.KaimingUniform", tensor, a, mode, nonlinearity);
        return Uniform(tensor, -bound, bound, rng);
    }

    /// <summary>Normal with standard deviation gain / √fan; He et al. 2015.</summary>
    /// <inheritdoc cref="KaimingUniform"/>
    public static Tensor KaimingNormal(
        Tensor tensor, double a = 0, FanMode mode = FanMode.FanIn, Activation nonlinearity = Activation.LeakyRelu,
        Rng? rng = null) => tensor.Length == 0
        ? tensor
        : Normal(tensor, 0, KaimingStd("Init.KaimingNormal", tensor, a, mode, nonlinearity), rng);

    /// <summary>The factor by which the values before an activation are larger, so that those behind it keep their
    /// variance.</summary>
    /// <param name="nonlinearity">The activation.</param>
    /// <param name="param">The slope below 0 of a leaky rectifier, 0.01 when null.</param>
    /// <returns>1, 5/3, √2, √(2 / (1 + slope²)) or 3/4.</returns>
    public static double CalculateGain(Activation nonlinearity, double? param = null) => nonlinearity switch
    {
        Activation.Linear or Activation.Sigmoid => 1.0,
        Activation.Tanh => 5.0 / 3.0,
        Activation.Relu => Math.Sqrt(2.0),
        Activation.LeakyRelu => Math.Sqrt(2.0 / (1.0 + (param ?? 0.01) * (param ?? 0.01))),
        Activation.Selu => 3.0 / 4.0,
        _ => throw new ArgumentOutOfRangeException(
            null, $"Init.CalculateGain: {nonlinearity} is not an Activation."),
    };

    /// <summary>A new tensor uniform in ±1/√<paramref name="fan"/>: PyTorch's start for recurrent layers and for
    /// biases.</summary>
    internal static Tensor UniformOverSqrt(in Shape shape, int fan)
    {
        double bound = 1.0 / Math.Sqrt(fan);
        return Uniform(Tensor.Empty(shape), -bound, bound);
    }

    private static double XavierStd(string caller, Tensor tensor, double gain)
    {
        (int fanIn, int fanOut) = Fans(caller, tensor);
        return gain * Math.Sqrt(2.0 / ((double)fanIn + fanOut));
    }

    private static double KaimingStd(
        string caller, Tensor tensor, double a, FanMode mode, Activation nonlinearity)
    {
        (int fanIn, int fanOut) = Fans(caller, tensor);
        return CalculateGain(nonlinearity, a) / Math.Sqrt(mode == FanMode.FanIn ? fanIn : fanOut);
    }

    private static (int FanIn, int FanOut) Fans(string caller, Tensor tensor)
    {
        Shape shape = tensor.Shape;
        if (shape.Rank < 2) ShapeException.Throw($"{caller}: tensor", "of at least two dimensions", shape);
        int field = 1;
        for (int d = 2; d < shape.Rank; d++) field *= shape[d];
        return (shape[1] * field, shape[0] * field);
    }

    private static void CheckMatrix(string caller, Tensor tensor)
    {
        if (tensor.Rank != 2) ShapeException.Throw($"{caller}: tensor", "a matrix", tensor.Shape);
    }

    private static void CheckNormal(string caller, double mean, double std)
    {
        if (!double.IsFinite(mean) || !double.IsFinite(std) || std < 0)
            throw new ArgumentException(
                $"{caller}: mean and std must be finite and std 0 or greater but were {mean} and {std}.");
    }
}
