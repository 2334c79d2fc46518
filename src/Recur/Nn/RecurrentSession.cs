using System.Diagnostics.CodeAnalysis;
using Recur.Ops;

namespace Recur.Nn;

/// <summary>A stream of steps through a recurrent layer, for inference: the states stay inside, a step allocates
/// nothing.</summary>
/// <remarks>
/// Made by <see cref="RecurrentLayer.CreateSession"/>. The weights are those of that moment, packed once and shared by
/// all sessions of
/// the same weights; later changes of the layer are not seen. A step computes what Forward computes for one time step,
/// without dropout. A session belongs to one thread at a time; any number of sessions run side by side.
/// <para>N streams that advance together, L layers, H hidden units, P width of a state h (H without a
/// projection).</para>
/// <code>
/// RecurrentSession session = lstm.CreateSession();
/// session.Step(features, output);      // [InputSize] in, [OutputSize] out; h and c move on
/// </code>
/// </remarks>
public sealed class RecurrentSession
{
    private readonly string layer;
    private readonly RecurrentStepper stepper;

    internal RecurrentSession(string layer, in RecurrentOptions o, bool hasCellState, int batchSize, RecurrentStepper stepper)
    {
        this.layer = layer;
        this.stepper = stepper;
        HasCellState = hasCellState;
        BatchSize = batchSize;
        InputSize = o.InputSize;
        OutputSize = o.StateSize;
        StateShape = [o.NumLayers, batchSize, o.StateSize];
        CellShape = [o.NumLayers, batchSize, o.HiddenSize];
    }

    /// <summary>Streams that advance together: N.</summary>
    public int BatchSize { get; }

    /// <summary>Features per step and stream.</summary>
    public int InputSize { get; }

    /// <summary>Outputs per step and stream: P.</summary>
    public int OutputSize { get; }

    /// <summary>Whether there is a state c beside h.</summary>
    public bool HasCellState { get; }

    /// <summary>[L, N, P], the shape of the states h.</summary>
    public Shape StateShape { get; }

    /// <summary>[L, N, H], the shape of the states c where there are any.</summary>
    public Shape CellShape { get; }

    /// <summary>Steps made since the session began or was reset; <see cref="SetState"/> does not change it.</summary>
    public long Steps { get; private set; }

    /// <summary>Makes one step.</summary>
    /// <param name="input">[N, InputSize].</param>
    /// <param name="output">Receives the last layer's states h, [N, OutputSize].</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public void Step(ReadOnlySpan<float> input, Span<float> output)
    {
        if (input.Length != BatchSize * InputSize) ThrowLength("Step: input", "InputSize", InputSize, input.Length);
        if (output.Length != BatchSize * OutputSize) ThrowLength("Step: output", "OutputSize", OutputSize, output.Length);
        stepper.Step(input, output);
        Steps++;
    }

    /// <summary>Sets all states to zero.</summary>
    public void Reset()
    {
        stepper.Write(default, default);
        Steps = 0;
    }

    /// <summary>Copies the states out.</summary>
    /// <param name="h">Receives h, [L, N, P] row-major.</param>
    /// <param name="c">Receives c, [L, N, H]; empty for layers without it.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public void GetState(Span<float> h, Span<float> c = default)
    {
        CheckState("GetState", h.Length, c.Length);
        stepper.Read(h, c);
    }

    /// <summary>Copies the states in.</summary>
    /// <param name="h">h, [L, N, P] row-major.</param>
    /// <param name="c">c, [L, N, H]; empty for layers without it.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public void SetState(ReadOnlySpan<float> h, ReadOnlySpan<float> c = default)
    {
        CheckState("SetState", h.Length, c.Length);
        stepper.Write(h, c);
    }

    /// <summary>Copies of the states by name: <c>h</c> and, where there is one, <c>c</c>.</summary>
    public IReadOnlyDictionary<string, Tensor> StateDict()
    {
        Tensor h = Tensor.Zeros(StateShape), c = HasCellState ? Tensor.Zeros(CellShape) : default;
        stepper.Read(h.MutableSpan, HasCellState ? c.MutableSpan : default);
        var state = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal) { ["h"] = h };
        if (HasCellState) state.Add("c", c);
        return state;
    }

    /// <summary>Sets the states from tensors by name; when anything is wrong, they stay as they are and one error names
    /// everything that
    /// is.</summary>
    /// <param name="state">As <see cref="StateDict"/> gives it.</param>
    /// <param name="source">Where it comes from, for the error: the name of a file. Null for memory.</param>
    /// <exception cref="ArgumentException">A name is missing or unknown, or a shape differs.</exception>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state, string? source = null)
    {
        var check = new StateDictionary(state, source, "RecurrentSession.LoadStateDict", "");
        Tensor? h = check.Ask("h", StateShape), c = HasCellState ? check.Ask("c", CellShape) : null;
        check.ThrowIfWrong(strict: true, "state");
        stepper.Write(h!.Value.Span, c is { } cells ? cells.Span : default);
    }

    private void CheckState(string method, int h, int c)
    {
        if (h != StateShape.ElementCount) ThrowState(method, "h", StateShape, h);
        if (c != (HasCellState ? CellShape.ElementCount : 0)) ThrowState(method, "c", HasCellState ? CellShape : [0], c);
    }

    [DoesNotReturn]
    private void ThrowLength(string what, string size, int each, int actual) => throw new ArgumentException(
        $"RecurrentSession.{what} must have {BatchSize * each} values (BatchSize = {BatchSize}, {size} = {each}) but had {actual}.");

    [DoesNotReturn]
    private void ThrowState(string method, string name, in Shape shape, int actual) => throw new ArgumentException(
        $"RecurrentSession.{method}: {name} of {layer} must have {shape.ElementCount} values ({shape}) but had {actual}.");
}
