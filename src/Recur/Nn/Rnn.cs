using System.Globalization;
using Recur.Ops;

namespace Recur.Nn;

/// <summary>Multi-layer Elman network over whole sequences; weights, options and results as torch.nn.RNN.</summary>
/// <remarks>
/// <code>
/// h_t = f(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh)        f = tanh or relu
/// </code>
/// Elman 1990; https://pytorch.org/docs/stable/generated/torch.nn.RNN.html. Layer l reads the states of layer l-1, masked by dropout in training;
/// with two directions the second reads the sequence backwards and both outputs stand side by side.
/// Parameters start uniform in ±1/√HiddenSize. Peak extra memory in training: T·N·D·H floats per layer, three times that with dropout.
/// <para>T steps, N sequences, D directions (1 or 2), L layers.</para>
/// </remarks>
public sealed class Rnn : Module
{
    private readonly RnnOptions options;
    private readonly Tensor[] weights;

    /// <summary>Makes the network with fresh parameters drawn from <see cref="Rng.Default"/>.</summary>
    /// <param name="inputSize">Features per step, at least 1.</param>
    /// <param name="hiddenSize">Hidden units per layer and direction, at least 1.</param>
    /// <param name="numLayers">Layers, at least 1.</param>
    /// <param name="nonlinearity">The activation f.</param>
    /// <param name="bias">Whether b_ih and b_hh exist.</param>
    /// <param name="batchFirst">Whether input and output are [N, T, ·] instead of [T, N, ·]; never applies to the states.</param>
    /// <param name="dropout">Probability 0..1 with which a state is zeroed between layers in training; no effect with one layer.</param>
    /// <param name="bidirectional">Whether a second direction reads the sequence backwards.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size below 1, or a dropout outside 0..1.</exception>
    public Rnn(
        int inputSize, int hiddenSize, int numLayers = 1, Nonlinearity nonlinearity = Nonlinearity.Tanh,
        bool bias = true, bool batchFirst = false, float dropout = 0f, bool bidirectional = false)
    {
        CheckPositive(inputSize, "inputSize");
        CheckPositive(hiddenSize, "hiddenSize");
        CheckPositive(numLayers, "numLayers");
        if (!Enum.IsDefined(nonlinearity))
            throw new ArgumentOutOfRangeException(nameof(nonlinearity), $"Rnn: nonlinearity must be Tanh or Relu but was {nonlinearity}.");
        if (!(dropout >= 0f && dropout <= 1f))
            throw new ArgumentOutOfRangeException(nameof(dropout), string.Create(CultureInfo.InvariantCulture, $"Rnn: dropout must be in 0..1 but was {dropout}."));
        Nonlinearity = nonlinearity;
        int directions = bidirectional ? 2 : 1;
        options = new RnnOptions(inputSize, hiddenSize, numLayers, directions, nonlinearity == Nonlinearity.Relu, bias, batchFirst, dropout);

        var all = new List<Tensor>();
        for (int layer = 0; layer < numLayers; layer++)
            for (int d = 0; d < directions; d++)
            {
                string suffix = string.Create(CultureInfo.InvariantCulture, $"_l{layer}{(d == 1 ? "_reverse" : "")}");
                int width = layer == 0 ? inputSize : hiddenSize * directions;
                all.Add(Register("weight_ih" + suffix, Init.UniformOverSqrt([hiddenSize, width], hiddenSize)));
                all.Add(Register("weight_hh" + suffix, Init.UniformOverSqrt([hiddenSize, hiddenSize], hiddenSize)));
                if (!bias) continue;
                all.Add(Register("bias_ih" + suffix, Init.UniformOverSqrt([hiddenSize], hiddenSize)));
                all.Add(Register("bias_hh" + suffix, Init.UniformOverSqrt([hiddenSize], hiddenSize)));
            }

        weights = [.. all];
    }

    /// <summary>Features per step.</summary>
    public int InputSize => options.InputSize;

    /// <summary>Hidden units per layer and direction.</summary>
    public int HiddenSize => options.HiddenSize;

    /// <summary>Layers.</summary>
    public int NumLayers => options.NumLayers;

    /// <summary>The activation.</summary>
    public Nonlinearity Nonlinearity { get; }

    /// <summary>Whether there are biases.</summary>
    public bool Bias => options.Bias;

    /// <summary>Whether input and output are [N, T, ·].</summary>
    public bool BatchFirst => options.BatchFirst;

    /// <summary>The probability of dropout between layers.</summary>
    public float Dropout => options.Dropout;

    /// <summary>Whether there are two directions.</summary>
    public bool Bidirectional => options.Directions == 2;

    /// <summary>Runs the network over whole sequences.</summary>
    /// <param name="input">[T, N, InputSize]; [N, T, InputSize] when <see cref="BatchFirst"/>; [T, InputSize] for one sequence without a batch.</param>
    /// <param name="h0">[NumLayers·D, N, HiddenSize], without N for a single sequence; zeros when null.</param>
    /// <returns>The last layer's states [T, N, D·HiddenSize] (batch first and unbatched as the input), and every layer's state after its
    /// last step, shaped as <paramref name="h0"/>.</returns>
    /// <exception cref="ShapeException">The input or the state has another shape, or there is no step.</exception>
    public (Tensor Output, Tensor HN) Forward(Tensor input, Tensor? h0 = null)
    {
        Shape shape = input.Shape;
        bool batched = shape.Rank == 3;
        if (shape.Rank is not (2 or 3) || shape[-1] != InputSize)
        {
            string expected = BatchFirst ? "[N, T, " : "[T, N, ";
            ShapeException.Throw("Rnn.Forward: input", $"{expected}{InputSize}] or [T, {InputSize}] (InputSize = {InputSize})", shape);
        }

        int t = batched && BatchFirst ? shape[1] : shape[0];
        int n = !batched ? 1 : BatchFirst ? shape[0] : shape[1];
        if (t == 0) ShapeException.Throw("Rnn.Forward: input", "of at least one step", shape);
        int states = NumLayers * options.Directions;
        Shape stateShape = batched ? [states, n, HiddenSize] : [states, HiddenSize];
        if (h0 is { } given && given.Shape != stateShape)
        {
            string directions = Bidirectional ? " * 2" : "", batch = batched ? $", N = {n}" : "";
            ShapeException.Throw("Rnn.Forward: h0", $"{stateShape} (NumLayers{directions} = {states}{batch}, HiddenSize = {HiddenSize})", given.Shape);
        }

        RnnOptions o = IsTraining ? options : options with { Dropout = 0f };
        return RnnOp.Apply(input, h0 ?? default, weights, o, t, n, shape.With(-1, HiddenSize * options.Directions), stateShape);
    }

    private static void CheckPositive(int value, string name)
    {
        if (value < 1) throw new ArgumentOutOfRangeException(name, $"Rnn: {name} must be at least 1 but was {value}.");
    }
}
