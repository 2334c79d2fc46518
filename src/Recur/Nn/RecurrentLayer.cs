using System.Globalization;
using Recur.Autograd;
using Recur.Ops;

namespace Recur.Nn;

/// <summary>What the multi-layer recurrent networks over whole sequences share: parameters, options and
/// checks.</summary>
/// <remarks>
/// The parameters have the names and the order of torch.nn: for every layer and direction weight_ih_l0, weight_hh_l0
/// and, with bias, bias_ih_l0, bias_hh_l0; those of the second direction end in _reverse. The gates of a matrix stand
/// one below the other. All start uniform in ±1/√HiddenSize.
/// </remarks>
public abstract class RecurrentLayer : Module
{
    private readonly CellType cell;
    private readonly RecurrentOptions options;
    private readonly Tensor[] weights;
    private readonly string caller; // in errors
    private object? snapshot;       // of the weights, for sessions

    /// <summary>Checks the options, then registers fresh parameters drawn from <see cref="Rng.Default"/>.</summary>
    private protected RecurrentLayer(
        CellType cell, int inputSize, int hiddenSize, int numLayers, bool bias, bool batchFirst, float dropout,
        bool bidirectional, int projSize = 0)
    {
        CheckPositive(this, inputSize, nameof(inputSize));
        CheckPositive(this, hiddenSize, nameof(hiddenSize));
        CheckPositive(this, numLayers, nameof(numLayers));
        if (!(dropout >= 0f && dropout <= 1f))
            throw new ArgumentOutOfRangeException(
                nameof(dropout),
                string.Create(
                    CultureInfo.InvariantCulture, $"{GetType().Name}: dropout must be in 0..1 but was {dropout}."));
        if (projSize < 0 || projSize >= hiddenSize)
            throw new ArgumentOutOfRangeException(
                nameof(projSize),
                $"{GetType().Name}: projSize must be in 0..{hiddenSize - 1} (less than HiddenSize = {hiddenSize}; 0 means no " +
                $"projection) but was {projSize}.");
        this.cell = cell;
        caller = $"{GetType().Name}.Forward";
        int directions = bidirectional ? 2 : 1;
        options = new RecurrentOptions(
            inputSize, hiddenSize, numLayers, directions, bias, batchFirst, dropout, projSize);

        int rows = checked(cell.Gates * hiddenSize);
        var all = new List<Tensor>();
        for (int layer = 0; layer < numLayers; layer++)
            for (int d = 0; d < directions; d++)
            {
                string suffix = string.Create(
                    CultureInfo.InvariantCulture, $"_l{layer}{(d == 1 ? "_reverse" : "")}");
                int width = layer == 0 ? inputSize : checked(options.StateSize * directions);
                Add("weight_ih", [rows, width]);
                Add("weight_hh", [rows, options.StateSize]);
                if (bias)
                {
                    Add("bias_ih", [rows]);
                    Add("bias_hh", [rows]);
                }

                if (projSize > 0) Add("weight_hr", [projSize, hiddenSize]);

                void Add(string name, Shape shape) =>
                    all.Add(Register(name + suffix, Init.UniformOverSqrt(shape, hiddenSize)));
            }

        weights = [.. all];
    }

    /// <summary>Features per step.</summary>
    public int InputSize => options.InputSize;

    /// <summary>Hidden units per layer and direction.</summary>
    public int HiddenSize => options.HiddenSize;

    /// <summary>Layers.</summary>
    public int NumLayers => options.NumLayers;

    /// <summary>Whether there are biases.</summary>
    public bool Bias => options.Bias;

    /// <summary>Whether input and output are [N, T, ·].</summary>
    public bool BatchFirst => options.BatchFirst;

    /// <summary>The probability of dropout between layers.</summary>
    public float Dropout => options.Dropout;

    /// <summary>Whether there are two directions.</summary>
    public bool Bidirectional => options.Directions == 2;

    /// <summary>A stream that goes through this layer step by step, for inference.</summary>
    /// <param name="batchSize">Streams that advance together, at least 1.</param>
    /// <returns>A session with zero states and the weights as they are now. Sessions of unchanged weights share one
    /// packed copy.</returns>
    /// <exception cref="InvalidOperationException">The layer is bidirectional: the second direction begins at the
    /// end.</exception>
    public RecurrentSession CreateSession(int batchSize = 1)
    {
        CheckPositive(this, batchSize, nameof(batchSize));
        if (Bidirectional)
            throw new InvalidOperationException(
                $"{GetType().Name}.CreateSession: a bidirectional layer needs the whole sequence and cannot go step by step.");
        return new RecurrentSession(
            GetType().Name, options, cell.HasCellState, batchSize,
            cell.CreateStepper(options, weights, batchSize, ref snapshot));
    }

    /// <summary>Who wants to know the gradients of the states from now on; null for nobody.</summary>
    internal IStateGradients? Listener { get; set; }

    /// <summary>The width of a state h, which is also that of the output in one direction.</summary>
    private protected int StateSize => options.StateSize;

    /// <summary>Checks the shapes and runs all layers.</summary>
    /// <param name="input">As the module's Forward documents it.</param>
    /// <param name="h">The states h before the first step, or null for zeros.</param>
    /// <param name="c">The same for c; null for cells without a cell state.</param>
    /// <param name="lengths">The steps of each sequence; empty when all have T.</param>
    /// <param name="hName">What h is called in an error.</param>
    /// <param name="cName">What c is called in an error.</param>
    private protected (Tensor Output, Tensor HN, Tensor CN) Run(
        Tensor input, Tensor? h, Tensor? c, ReadOnlySpan<int> lengths, string hName, string cName = "")
    {
        Shape shape = input.Shape;
        bool batched = shape.Rank == 3;
        if (shape.Rank is not (2 or 3) || shape[-1] != InputSize)
        {
            string expected = BatchFirst ? "[N, T, " : "[T, N, ";
            ShapeException.Throw(
                $"{caller}: input",
                $"{expected}{InputSize}] or [T, {InputSize}] (InputSize = {InputSize})", shape);
        }

        int t = batched && BatchFirst ? shape[1] : shape[0];
        int n = !batched ? 1 : BatchFirst ? shape[0] : shape[1];
        if (t == 0) ShapeException.Throw($"{caller}: input", "of at least one step", shape);
        if (!lengths.IsEmpty) RaggedRows.Check(caller, lengths, n, t);
        return Apply(
            input, h, c, lengths.ContainsAnyExcept(t) ? lengths : default, t, n, batched, isPacked: false, hName, cName);
    }

    /// <summary>Whole sequences of equal length, for callers that know the kind of cell by an option only.</summary>
    internal (Tensor Output, Tensor HN, Tensor CN) Run(Tensor input, Tensor? h, Tensor? c) =>
        Run(input, h, c, default, "h", "c");

    /// <summary>A layer of a kind that an option names.</summary>
    internal static RecurrentLayer Create(
        CellKind kind, int inputSize, int hiddenSize, int numLayers, float dropout) => kind switch
        {
            CellKind.Rnn => new Rnn(inputSize, hiddenSize, numLayers, dropout: dropout),
            CellKind.Gru => new Gru(inputSize, hiddenSize, numLayers, dropout: dropout),
            CellKind.Lstm => new Lstm(inputSize, hiddenSize, numLayers, dropout: dropout),
            _ => throw new ArgumentException($"CellKind must be Rnn, Gru or Lstm but was {kind}."),
        };

    /// <summary>Whether there is a state c beside h.</summary>
    internal bool HasCellState => cell.HasCellState;

    /// <summary>The same for packed sequences.</summary>
    private protected (PackedSequence Output, Tensor HN, Tensor CN) Run(
        PackedSequence input, Tensor? h, Tensor? c, string hName, string cName = "")
    {
        ArgumentNullException.ThrowIfNull(input);
        Shape shape = input.Data.Shape;
        if (shape.Rank != 2 || shape[-1] != InputSize)
            ShapeException.Throw(
                $"{caller}: input.Data", $"[rows, {InputSize}] (InputSize = {InputSize})", shape);
        (Tensor output, Tensor hn, Tensor cn) = Apply(
            input.Data, h, c, input.Lengths, Math.Max(1, input.BatchSizes.Length), input.Count, batched: true, isPacked: true, hName,
            cName);
        return (input.WithData(output), hn, cn);
    }

    private (Tensor Output, Tensor HN, Tensor CN) Apply(
        Tensor input, Tensor? h, Tensor? c, ReadOnlySpan<int> lengths, int t, int n, bool batched, bool isPacked, string hName,
        string cName)
    {
        int states = NumLayers * options.Directions;
        Shape stateShape = batched ? [states, n, StateSize] : [states, StateSize];
        Shape cellShape = stateShape.With(-1, HiddenSize);
        CheckState(h, stateShape, hName, batched, options.ProjSize > 0 ? "ProjSize" : "HiddenSize");
        CheckState(c, cellShape, cName, batched, "HiddenSize");
        return cell.Apply(new RecurrentInput
        {
            X = input, H0 = h ?? default, C0 = c ?? default, Weights = weights,
            Options = IsTraining ? options : options with { Dropout = 0f },
            T = t, N = n, Lengths = lengths, IsPacked = isPacked, Listener = Listener,
            OutputShape = input.Shape.With(-1, StateSize * options.Directions), StateShape = stateShape, CellShape = cellShape,
        });
    }

    private void CheckState(Tensor? state, in Shape expected, string name, bool batched, string width)
    {
        if (state is not { } given || given.Shape == expected) return;
        string directions = Bidirectional ? " * 2" : "", batch = batched ? $", N = {expected[1]}" : "";
        ShapeException.Throw(
            $"{caller}: {name}",
            $"{expected} (NumLayers{directions} = {expected[0]}{batch}, {width} = {expected[-1]})", given.Shape);
    }

    /// <summary>Throws when a size of a recurrent module is below 1.</summary>
    internal static void CheckPositive(Module owner, int value, string name)
    {
        if (value < 1)
            throw new ArgumentOutOfRangeException(
                name, $"{owner.GetType().Name}: {name} must be at least 1 but was {value}.");
    }
}
