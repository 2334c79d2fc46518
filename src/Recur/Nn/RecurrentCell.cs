using Recur.Autograd;
using Recur.Ops;

namespace Recur.Nn;

/// <summary>What the recurrent cells, which make one step each, share: parameters, options and checks.</summary>
/// <remarks>
/// The parameters have the names and the order of torch.nn: weight_ih, weight_hh and, with bias, bias_ih, bias_hh. The
/// gates of a matrix stand one below the other. All start uniform in ±1/√HiddenSize.
/// </remarks>
public abstract class RecurrentCell : Module
{
    private readonly CellType cell;
    private readonly RecurrentOptions options;
    private readonly Tensor[] weights;

    /// <summary>Checks the sizes, then registers fresh parameters drawn from <see cref="Rng.Default"/>.</summary>
    private protected RecurrentCell(CellType cell, int inputSize, int hiddenSize, bool bias)
    {
        RecurrentLayer.CheckPositive(this, inputSize, nameof(inputSize));
        RecurrentLayer.CheckPositive(this, hiddenSize, nameof(hiddenSize));
        this.cell = cell;
        options = new RecurrentOptions(
            inputSize, hiddenSize, NumLayers: 1, Directions: 1, bias, BatchFirst: false, IsCell: true);
        int rows = checked(cell.Gates * hiddenSize);
        Tensor wIh = Add("weight_ih", [rows, inputSize]), wHh = Add("weight_hh", [rows, hiddenSize]);
        weights = bias ? [wIh, wHh, Add("bias_ih", [rows]), Add("bias_hh", [rows])] : [wIh, wHh];

        Tensor Add(string name, Shape shape) => Register(name, Init.UniformOverSqrt(shape, hiddenSize));
    }

    /// <summary>Features.</summary>
    public int InputSize => options.InputSize;

    /// <summary>Hidden units.</summary>
    public int HiddenSize => options.HiddenSize;

    /// <summary>Whether there are biases.</summary>
    public bool Bias => options.Bias;

    /// <summary>Who wants to know the gradients of the states from now on; null for nobody.</summary>
    internal IStateGradients? Listener { get; set; }

    /// <summary>Checks the shapes and makes one step.</summary>
    /// <param name="input">[N, InputSize], or [InputSize] without a batch.</param>
    /// <param name="h">The state h, or null for zeros.</param>
    /// <param name="c">The same for c; null for cells without a cell state.</param>
    /// <param name="hName">What h is called in an error.</param>
    /// <param name="cName">What c is called in an error.</param>
    /// <returns>The next h, and the next c (default for cells without a cell state).</returns>
    private protected (Tensor H, Tensor C) Step(
        Tensor input, Tensor? h, Tensor? c, string hName, string cName = "")
    {
        Shape shape = input.Shape;
        if (shape.Rank is not (1 or 2) || shape[-1] != InputSize)
            ShapeException.Throw(
                $"{GetType().Name}.Forward: input", $"[N, {InputSize}] or [{InputSize}] (InputSize = {InputSize})",
                shape);
        Shape stateShape = shape.With(-1, HiddenSize);
        CheckState(h, stateShape, hName);
        CheckState(c, stateShape, cName);
        (Tensor output, _, Tensor cn) = cell.Apply(new RecurrentInput
        {
            X = input, H0 = h ?? default, C0 = c ?? default, Weights = weights, Options = options, T = 1,
            N = shape.Rank == 2 ? shape[0] : 1, Listener = Listener, OutputShape = stateShape, StateShape = stateShape, CellShape = stateShape,
        });
        return (output, cn);
    }

    private void CheckState(Tensor? state, in Shape expected, string name)
    {
        if (state is { } given && given.Shape != expected)
            ShapeException.Throw(
                $"{GetType().Name}.Forward: {name}", $"{expected} (HiddenSize = {HiddenSize})", given.Shape);
    }
}
