using Recur.Kernels;

namespace Recur.Ops;

/// <summary>A stack of layers that goes one step at a time, without a tape: states of its own, weights
/// shared.</summary>
internal abstract class RecurrentStepper
{
    /// <summary>[N, I] in, [N, P] out.</summary>
    public abstract void Step(ReadOnlySpan<float> x, Span<float> y);

    /// <summary>The states h [L, N, P] and c [L, N, H]; empty spans are passed over.</summary>
    public abstract void Read(Span<float> h, Span<float> c);

    /// <summary>Sets the states; empty spans set zeros.</summary>
    public abstract void Write(ReadOnlySpan<float> h, ReadOnlySpan<float> c);
}

/// <summary>The steps of one kind of cell.</summary>
/// <remarks>Few streams go one after the other through the kernel of a single sequence, many through that of a batch.
/// Either way the
/// states before and after a step lie in two slots that change places.</remarks>
internal sealed unsafe class RecurrentStepper<TCell> : RecurrentStepper where TCell : struct, ICellKernel
{
    /// <summary>From here on streams share the reading of the weights.</summary>
    private const int Many = 4;

    private readonly RecurrentOptions o;
    private readonly StepWeights<TCell>.Layer[] weights;
    private readonly int n, stride, cellStride;
    private readonly bool inBlocks;
    private readonly AlignedBuffer memory = new();
    private readonly SingleKernel.Layer[] streams = []; // pinned: of every stream its layers
    private readonly float* states, cells, columns, unprojected;
    private bool odd; // the states are in the second slots

    public RecurrentStepper(in RecurrentOptions options, ReadOnlySpan<Tensor> parameters, int batchSize, ref object? snapshot)
    {
        o = options;
        n = batchSize;
        inBlocks = n < Many && o.ProjSize == 0;
        weights = StepWeights<TCell>.Of(o, parameters, inBlocks, ref snapshot);
        cellStride = inBlocks ? UnitBlocks.Padded(o.HiddenSize) : o.HiddenSize;
        stride = inBlocks ? cellStride : o.StateSize;
        int rows = o.NumLayers * n;
        int ofStates = checked(2 * rows * stride), ofCells = TCell.HasCellState ? checked(2 * rows * cellStride) : 0;
        int ofColumns = inBlocks ? rows * TCell.Columns * cellStride : n * TCell.Columns * o.HiddenSize;
        int length = checked(ofStates + ofCells + ofColumns + n * o.HiddenSize);
        states = memory.Require(length);
        cells = states + ofStates;
        columns = cells + ofCells;
        unprojected = columns + ofColumns;
        new Span<float>(states, length).Clear();
        if (inBlocks) streams = LayOut();
    }

    private SingleKernel.Layer[] LayOut()
    {
        var all = GC.AllocateArray<SingleKernel.Layer>(n * o.NumLayers, pinned: true);
        for (int i = 0; i < all.Length; i++)
        {
            StepWeights<TCell>.Layer w = weights[i % o.NumLayers];
            all[i] = new SingleKernel.Layer
            {
                States = states + (nint)2 * i * stride, Cells = cells + (nint)2 * i * stride,
                Columns = columns + (nint)i * TCell.Columns * stride,
                Input = w.Input, Recurrent = w.Recurrent, Bias = w.Bias,
            };
        }

        return all;
    }

    public override void Step(ReadOnlySpan<float> x, Span<float> y)
    {
        fixed (float* px = x, py = y)
        {
            if (inBlocks) StepStreams(px, py);
            else StepBatch(px, py);
        }

        odd = !odd;
    }

    // Read backwards, a sequence of one step has its first state in slot 1 and its last in slot 0.
    private void StepStreams(float* x, float* y)
    {
        fixed (SingleKernel.Layer* layers = streams)
        {
            var stack = new SingleKernel.Stack { T = 1, H = o.HiddenSize, L = o.NumLayers, I = o.InputSize, Reverse = odd };
            for (int i = 0; i < n; i++)
            {
                stack.X = x + (nint)i * o.InputSize;
                stack.Layers = layers + i * o.NumLayers;
                SingleKernel.Step<TCell>(stack, isSecond: (i + (odd ? n : 0)) % 2 == 1); // by turns, whichever stream's step it is
                float* last = stack.Layers[o.NumLayers - 1].States + stack.After(0) * stride;
                new ReadOnlySpan<float>(last, o.HiddenSize).CopyTo(new Span<float>(y + (nint)i * o.HiddenSize, o.HiddenSize));
            }
        }
    }

    private float* StateSlot(int layer, bool second) => states + (nint)(2 * layer + (second ? 1 : 0)) * n * stride;

    private float* CellSlot(int layer, bool second) =>
        TCell.HasCellState ? cells + (nint)(2 * layer + (second ? 1 : 0)) * n * cellStride : null;

    private void StepBatch(float* x, float* y)
    {
        int h = o.HiddenSize, width = TCell.Columns * h;
        int* starts = stackalloc int[2];
        starts[0] = 0;
        starts[1] = n;
        Run* runs = stackalloc Run[Run.Most];
        int inputRuns = Run.OfInput<TCell>(h, h, new Span<Run>(runs, Run.Most));
        float* input = x;
        for (int l = 0; l < o.NumLayers; l++)
        {
            StepWeights<TCell>.Layer w = weights[l];
            float* after = StateSlot(l, !odd);
            var layer = new SequenceKernel.Layer
            {
                T = 1, N = n, H = h, P = o.StateSize, Starts = starts,
                H0 = StateSlot(l, odd), C0 = CellSlot(l, odd), Out = after, OutRow = stride, C = CellSlot(l, !odd),
                Columns = TCell.Columns == 1 ? after : columns, ColumnsRow = width,
                Unprojected = o.ProjSize > 0 ? unprojected : null, Projection = w.Projection,
                Recurrent = w.Recurrent, ByGate = PackedMatrix.IsWorthPadding(h),
                X = input, I = w.Inputs, Input = w.Input, FirstRun = runs, InputRuns = inputRuns, Bias = w.Bias, MostRows = n,
            };
            SequenceKernel.Forward<TCell>(layer);
            input = after;
        }

        new ReadOnlySpan<float>(input, n * stride).CopyTo(new Span<float>(y, n * stride));
    }

    public override void Read(Span<float> h, Span<float> c)
    {
        for (int l = 0; l < o.NumLayers; l++)
            for (int i = 0; i < n; i++)
            {
                if (!h.IsEmpty) StateOf(l, i).CopyTo(h.Slice((l * n + i) * o.StateSize, o.StateSize));
                if (!c.IsEmpty) CellOf(l, i).CopyTo(c.Slice((l * n + i) * o.HiddenSize, o.HiddenSize));
            }
    }

    public override void Write(ReadOnlySpan<float> h, ReadOnlySpan<float> c)
    {
        for (int l = 0; l < o.NumLayers; l++)
            for (int i = 0; i < n; i++)
            {
                if (h.IsEmpty) StateOf(l, i).Clear();
                else h.Slice((l * n + i) * o.StateSize, o.StateSize).CopyTo(StateOf(l, i));
                if (!TCell.HasCellState) continue;
                if (c.IsEmpty) CellOf(l, i).Clear();
                else c.Slice((l * n + i) * o.HiddenSize, o.HiddenSize).CopyTo(CellOf(l, i));
            }
    }

    // The current state of one stream in one layer.
    private Span<float> StateOf(int layer, int stream) => new(
        inBlocks ? streams[stream * o.NumLayers + layer].States + (odd ? stride : 0) : StateSlot(layer, odd) + (nint)stream * stride,
        o.StateSize);

    private Span<float> CellOf(int layer, int stream) => new(
        inBlocks ? streams[stream * o.NumLayers + layer].Cells + (odd ? stride : 0) : CellSlot(layer, odd) + (nint)stream * cellStride,
        o.HiddenSize);
}
