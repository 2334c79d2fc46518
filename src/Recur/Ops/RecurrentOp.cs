using Recur.Kernels;

namespace Recur.Ops;

/// <summary>A stack of recurrent layers over the sequences of a batch: one node of the tape for all layers, directions
/// and steps.</summary>
/// <typeparam name="TCell">The arithmetic of one step.</typeparam>
/// <remarks>
/// T steps, N sequences, I inputs, H hidden units, P width of a state, L layers, D directions, G gates, C columns.
/// Inside, rows are always in the order (step, sequence); sequences of different lengths are sorted longest first and
/// have
/// rows for their own steps only. Where that is not the order of the input, its rows and those of the output are moved
/// once.
/// Layer l writes its states [rows, D·P] where layer l+1 reads them; the last layer's are the output itself.
/// </remarks>
internal sealed unsafe class RecurrentOp<TCell> : RecurrentNode<TCell> where TCell : struct, ICellKernel
{
    private const int ChunkFloats = 1 << 18; // of columns between their projection and the steps: 1 MiB
    private const int FewSteps = 4;          // the zeros before the first step count as much as a step of products

    // Grow only, so that a step of a shape seen before allocates nothing.
    private int[] sorted = [], batchSizes = [], starts = [], map = [];
    private int steps, rows;
    private bool moved, ragged, dropped;

    private int Width => o.Directions * o.StateSize;

    private int ColumnsRow => TCell.Columns == 1 ? o.HiddenSize : Layout.SpreadRow(TCell.Columns * o.HiddenSize);

    private ReadOnlySpan<int> Map => map.AsSpan(0, rows);

    private ReadOnlySpan<int> Sorted => sorted.AsSpan(0, n);

    // What Save keeps, in this order: the states h of every layer (none for the last one when they are the output); for
    // every
    // layer and direction the columns, the states c, what is projected, and h_0 and c_0 in sorted order; for every
    // layer but the
    // last its masked states and its mask (with dropout); the moved input.
    private const int PerDirection = 5;

    private int SavedAt(int layer, int direction) => o.NumLayers + PerDirection * (layer * o.Directions + direction);

    private int MaskedAt(int layer) => SavedAt(o.NumLayers, 0) + layer * 2;

    private int MovedInputAt => SavedAt(o.NumLayers, 0) + (dropped ? (o.NumLayers - 1) * 2 : 0);

    private bool IsOutput(int layer) => layer == o.NumLayers - 1 && !moved;

    private bool HasProjection => o.ProjSize > 0;

    /// <summary>Records the stack; the module has checked the shapes.</summary>
    /// <param name="input">Inputs, sizes and shapes.</param>
    /// <returns>The output, h_n (default for a cell), and c_n (default for kinds of cells without one).</returns>
    public static (Tensor Output, Tensor HN, Tensor CN) Apply(in RecurrentInput input)
    {
        var op = Begin<RecurrentOp<TCell>>(input.X, input.H0, input.C0, input.Weights);
        op.o = input.Options;
        op.t = input.T;
        op.n = input.N;
        op.listener = input.Listener;
        op.Plan(input.Lengths, input.IsPacked);
        op.dropped = op.o.Dropout > 0f && op.o.NumLayers > 1;
        Tensor output = op.NewOutput(input.OutputShape);
        Tensor hn = op.o.IsCell ? default : op.NewOutput(input.StateShape);
        Tensor cn = TCell.HasCellState ? op.NewOutput(input.CellShape) : default;
        op.Forward(
            input.X.Span, output.MutableSpan, op.o.IsCell ? default : hn.MutableSpan,
            TCell.HasCellState ? cn.MutableSpan : default);
        op.Record();
        return (output, hn, cn);
    }

    private void Plan(ReadOnlySpan<int> lengths, bool isPacked)
    {
        if (sorted.Length < n) sorted = new int[n];
        if (starts.Length <= t)
        {
            starts = new int[t + 1];
            batchSizes = new int[t];
        }

        ragged = isPacked || lengths.ContainsAnyExcept(t);
        if (ragged)
        {
            steps = RaggedRows.Plan(lengths, sorted.AsSpan(0, n), batchSizes.AsSpan(0, t), starts.AsSpan(0, t + 1));
        }
        else
        {
            steps = t;
            for (int i = 0; i < n; i++) sorted[i] = i;
            for (int i = 0; i <= t; i++) starts[i] = i * n;
        }

        rows = starts[t];
        moved = !isPacked && (ragged || (o.BatchFirst && n > 1 && t > 1));
        if (!moved) return;
        if (map.Length < rows) map = new int[rows];
        for (int step = 0; step < steps; step++)
            for (int row = starts[step]; row < starts[step + 1]; row++)
            {
                int sequence = sorted[row - starts[step]];
                map[row] = o.BatchFirst ? sequence * t + step : step * n + sequence;
            }
    }

    // ---- Forward -------------------------------------------------------------------------------------------------

    private void Forward(ReadOnlySpan<float> x, Span<float> output, Span<float> hn, Span<float> cn)
    {
        int h = o.HiddenSize;
        for (int layer = 0; layer < o.NumLayers; layer++) Save(IsOutput(layer) ? 0 : rows * Width);
        for (int i = 0; i < o.NumLayers * o.Directions; i++)
        {
            // Without a backward pass the columns live in a small scratch from projection to step.
            Save(KeptColumns);
            Save(TCell.HasCellState ? rows * h : 0);
            Save(HasProjection ? rows * h : 0);
            Save(ragged ? n * o.StateSize : 0);
            Save(ragged && TCell.HasCellState ? n * h : 0);
        }

        for (int i = 0; dropped && i < 2 * (o.NumLayers - 1); i++) Save(rows * Width);

        ReadOnlySpan<float> input = x;
        if (moved)
        {
            Span<float> movedInput = Save(rows * o.InputSize);
            Layout.Gather(x, Map, o.InputSize, movedInput);
            input = movedInput;
        }

        for (int layer = 0; layer < o.NumLayers; layer++)
        {
            Span<float> states = IsOutput(layer) ? output : Saved(layer, rows * Width);
            for (int d = 0; d < o.Directions; d++) ForwardDirection(layer, d, input, states, hn, cn);
            input = dropped && layer < o.NumLayers - 1 ? Drop(layer, states) : states;
        }

        if (!moved) return;
        if (ragged) output.Clear();
        Layout.Scatter(Saved(o.NumLayers - 1, rows * Width), Map, Width, output);
    }

    // PyTorch draws its masks over [T, N, D·H] whatever the layout; over packed rows for packed sequences.
    private Span<float> Drop(int layer, ReadOnlySpan<float> states)
    {
        Span<float> masked = Saved(MaskedAt(layer), states.Length), mask = Saved(MaskedAt(layer) + 1, states.Length);
        DropoutOp.FillMask(mask, o.Dropout, Rng.Default);
        Elementwise.Zip<Multiply>(states, mask, masked);
        return masked;
    }

    private void ForwardDirection(
        int layer, int direction, ReadOnlySpan<float> input, Span<float> states, Span<float> hn, Span<float> cn)
    {
        int h = o.HiddenSize, i = InputWidth(layer), first = WeightAt(layer, direction), width = TCell.Columns * h;
        int at = SavedAt(layer, direction);
        ReadOnlySpan<float> h0 = InitialState(1, layer, direction, o.StateSize, at + 3);
        ReadOnlySpan<float> c0 = InitialState(2, layer, direction, h, at + 4);
        Span<Run> inputRuns = stackalloc Run[Run.Most], gateRuns = stackalloc Run[Run.Most];
        inputRuns = inputRuns[..Run.OfInput<TCell>(h, h, inputRuns)];
        bool byGate = PackedMatrix.IsWorthPadding(h);
        gateRuns = gateRuns[..Run.OfRecurrent<TCell>(h, h, gateRuns, joined: !byGate)];
        fixed (float* px = input, ph0 = h0, pc0 = c0, pStates = states, pC = Saved(at + 1, TCell.HasCellState ? rows * h : 0),
            pUnprojected = Saved(at + 2, HasProjection ? rows * h : 0), pColumns = Saved(at, KeptColumns))
        fixed (int* pStarts = starts)
        fixed (Run* pRuns = inputRuns)
        {
            SequenceKernel.Layer args = LayerAt(direction, pStates, pC, pUnprojected, ph0, pc0, pStarts);
            args.Recurrent = Packed(first + 1, PackForm.Product, gateRuns);
            args.ByGate = byGate;
            if (HasProjection) args.Projection = PackedProjection(first, PackForm.Product);
            args.Bias = Workspace.Require(WorkspaceSlot.Bias, width);
            FillBias(first, h, new Span<float>(args.Bias, width));
            args.X = px;
            args.I = i;
            args.Input = Packed(first, PackForm.Product, inputRuns);
            args.InputRuns = inputRuns.Length;
            args.FirstRun = pRuns;
            args.MostRows = Math.Max(ChunkFloats / width, i); // columns as large as W_ih, which each projection reads anew
            args.Columns = TCell.Columns == 1 ? args.Out : IsTracked ? pColumns : null;
            args.Padding = IsTracked && TCell.Columns > 1 ? ColumnsRow - width : 0; // summed with the biases' gradients
            if (rows > 0) SequenceKernel.Forward<TCell>(args);

            if (!o.IsCell) CopyLast(args.Out, Width, o.StateSize, direction, h0, StateAt(hn, layer, direction, o.StateSize));
            if (TCell.HasCellState) CopyLast(pC, h, h, direction, c0, StateAt(cn, layer, direction, h));
        }
    }

    private int KeptColumns => TCell.Columns > 1 && IsTracked ? rows * ColumnsRow : 0;

    private float* PackedProjection(int first, PackForm form)
    {
        ReadOnlySpan<Run> all = [new Run(0, o.ProjSize, 0)];
        return Packed(first + (o.Bias ? 4 : 2), form, all);
    }

    private SequenceKernel.Layer LayerAt(
        int direction, float* states, float* c, float* unprojected, float* h0, float* c0, int* firstRows) => new()
        {
            T = steps, N = n, H = o.HiddenSize, P = o.StateSize, Reverse = direction == 1, Starts = firstRows,
            H0 = h0, C0 = c0, Out = states + direction * o.StateSize, OutRow = Width,
            ColumnsRow = TCell.Columns == 1 ? Width : ColumnsRow,
            C = c, Unprojected = HasProjection ? unprojected : null,
        };

    // The states before the first step in sorted order; empty for zeros.
    private ReadOnlySpan<float> InitialState(int input, int layer, int direction, int width, int saved)
    {
        if (Input(input) == default) return default;
        ReadOnlySpan<float> state = StateAt(Input(input).Span, layer, direction, width);
        if (!ragged) return state;
        Span<float> inOrder = Saved(saved, n * width);
        Layout.Gather(state, Sorted, width, inOrder);
        return inOrder;
    }

    private int LastRow(int j, int length, int direction) => direction == 1 ? j : starts[length - 1] + j;

    // The state after each sequence's last step; of an empty sequence the initial one.
    private void CopyLast(float* states, nint row, int width, int direction, ReadOnlySpan<float> initial, Span<float> last)
    {
        int length = steps;
        for (int j = 0; j < n; j++)
        {
            while (length > 0 && starts[length] - starts[length - 1] <= j) length--;
            Span<float> to = last.Slice(sorted[j] * width, width);
            if (length > 0) new ReadOnlySpan<float>(states + LastRow(j, length, direction) * row, width).CopyTo(to);
            else if (initial.IsEmpty) to.Clear();
            else initial.Slice(j * width, width).CopyTo(to);
        }
    }

    // ---- Backward: the equations stand in docs/gates.md ----------------------------------------------------------

    protected override void Backward()
    {
        Span<float> dOut = OutputGrad(0);
        if (moved)
        {
            Span<float> inOrder = Scratch(rows * Width);
            Layout.Gather(dOut, Map, Width, inOrder);
            dOut = inOrder;
        }

        Span<float> carry = Scratch(n * o.HiddenSize), grads = TCell.Columns == 1 ? Scratch(rows * o.HiddenSize) : default;
        for (int layer = o.NumLayers - 1; layer >= 0; layer--)
        {
            bool bottom = layer == 0, fresh = true;
            Span<float> dInput = default;
            if (bottom && !moved && NeedsGrad(0)) dInput = InputGrad(0, out fresh);
            else if (!bottom || NeedsGrad(0)) dInput = Scratch(rows * InputWidth(layer));

            for (int d = 0; d < o.Directions; d++, fresh = false) BackwardDirection(layer, d, dOut, carry, grads, dInput, fresh);

            if (!bottom && dropped) Elementwise.Zip<Multiply>(dInput, Saved(MaskedAt(layer - 1) + 1, dInput.Length), dInput);
            if (bottom && moved && NeedsGrad(0)) Layout.AddScatter(dInput, Map, o.InputSize, InputGrad(0));
            dOut = dInput;
        }
    }

    private void BackwardDirection(
        int layer, int direction, Span<float> dOut, Span<float> carry, Span<float> ownGrads, Span<float> dInput, bool fresh)
    {
        int h = o.HiddenSize, p = o.StateSize, i = InputWidth(layer), first = WeightAt(layer, direction), at = SavedAt(layer, direction);
        Span<float> kept = Saved(at, KeptColumns), grads = TCell.Columns == 1 ? ownGrads : kept;
        ReadOnlySpan<float> h0 = Input(1) == default ? default : ragged ? Saved(at + 3, n * p) : StateAt(Input(1).Span, layer, direction, p);
        ReadOnlySpan<float> c0 = Input(2) == default ? default : ragged ? Saved(at + 4, n * h) : StateAt(Input(2).Span, layer, direction, h);
        bool hasHn = !o.IsCell && HasOutputGrad(StateOutput), hasCn = TCell.HasCellState && HasOutputGrad(CellOutput);
        ReadOnlySpan<float> dHn = hasHn ? StateAt(OutputGrad(StateOutput), layer, direction, p) : default;
        ReadOnlySpan<float> dCn = hasCn ? StateAt(OutputGrad(CellOutput), layer, direction, h) : default;
        if (dCn.IsEmpty) carry.Clear();
        else Layout.Gather(dCn, Sorted, h, carry);

        Span<Run> inputRuns = stackalloc Run[Run.Most], recurrentRuns = stackalloc Run[Run.Most];
        inputRuns = inputRuns[..Run.OfInput<TCell>(h, h, inputRuns)];
        recurrentRuns = recurrentRuns[..Run.OfRecurrent<TCell>(h, h, recurrentRuns)];
        fixed (float* pStates = StatesOf(layer), pGrad = dOut, pColumns = kept, pGrads = grads, pCarry = carry, px = InputOf(layer),
            ph0 = h0, pc0 = c0, pC = Saved(at + 1, TCell.HasCellState ? rows * h : 0),
            pUnprojected = Saved(at + 2, HasProjection ? rows * h : 0), pdx = dInput)
        fixed (int* pStarts = starts)
        {
            SequenceKernel.Layer args = LayerAt(direction, pStates, pC, pUnprojected, ph0, pc0, pStarts);
            args.Columns = pColumns;
            args.OutGrad = pGrad + direction * p;
            args.Grads = pGrads;
            args.GradsRow = ColumnsRow;
            args.Carry = pCarry;
            args.Recurrent = Packed(first + 1, PackForm.Gradient, recurrentRuns);
            if (HasProjection) args.Projection = PackedProjection(first, PackForm.Gradient);
            if (!dHn.IsEmpty) AddLast(dHn, args.OutGrad, p, direction);
            Span<float> update = CopiesUpdate ? Scratch(rows * h) : default;
            if (CopiesUpdate) Layout.CopyRows(pColumns + StateGradients.UpdateColumn * h, args.ColumnsRow, rows, h, update);
            if (rows > 0) SequenceKernel.Backward<TCell>(args);
            if (listener is not null) Tell(args, layer, update);

            if (NeedsGrad(1)) AddFirstStateGradient(args, StateAt(InputGrad(1), layer, direction, p), dHn, carry);
            if (TCell.HasCellState && NeedsGrad(2)) Layout.AddScatter(carry, Sorted, h, StateAt(InputGrad(2), layer, direction, h));
            Span<float> sums = NewColumnSums(first, ColumnsRow);
            bool summed = false;
            if (NeedsGrad(first) && NeedsGrad(first + 1) && (ragged || h0.Length > 0 || t >= FewSteps))
                summed = AddBothGradients(args, first, i, px, sums);
            else
            {
                if (NeedsGrad(first + 1)) AddRecurrentGradient(args, InputGrad(first + 1, out bool freshHh), freshHh, recurrentRuns);
                if (NeedsGrad(first))
                    AddWeightGradient(InputGrad(first, out bool freshIh), freshIh, inputRuns, i, rows, pGrads, args.GradsRow, px, i);
            }
            int projection = first + (o.Bias ? 4 : 2);
            if (HasProjection && NeedsGrad(projection))
            {
                ReadOnlySpan<Run> all = [new Run(0, p, 0)];
                AddWeightGradient(
                    InputGrad(projection, out bool freshHr), freshHr, all, h, rows, args.OutGrad, Width, pUnprojected, h);
            }

            if (pdx != null) AddInputGradient(pdx, fresh, first, inputRuns, i, rows, pGrads, args.GradsRow);
            AddBiasGradients(first, rows, h, grads, sums, summed);
        }
    }

    private void Tell(in SequenceKernel.Layer l, int layer, ReadOnlySpan<float> update)
    {
        var states = new StateGradients
        {
            T = steps, Width = o.StateSize, Reverse = l.Reverse, Starts = l.Starts, States = l.OutGrad, Row = l.OutRow,
        };
        if (CopiesUpdate) states.AddCarried(update);
        states.Tell(listener!, layer, Scratch(steps)[..steps]);
    }

    // The gradient of the final state joins that of the output where each sequence ends.
    private void AddLast(ReadOnlySpan<float> dHn, float* dOut, int width, int direction)
    {
        int length = steps;
        for (int j = 0; j < n; j++)
        {
            while (length > 0 && starts[length] - starts[length - 1] <= j) length--;
            if (length == 0) return; // only empty sequences follow
            Layout.AddRows(dHn.Slice(sorted[j] * width, width), 1, width, dOut + (nint)LastRow(j, length, direction) * Width, Width);
        }
    }

    // dh_0 += W_hhᵀ da of each sequence's first step, and what a GRU hands on beside the product.
    private void AddFirstStateGradient(in SequenceKernel.Layer l, Span<float> dH0, ReadOnlySpan<float> dHn, Span<float> carry)
    {
        int p = o.StateSize;
        Span<float> inOrder = Scratch(n * p);
        inOrder.Clear();
        fixed (float* to = inOrder)
        {
            for (int order = 0; order < steps; order++)
            {
                int begin = l.Continuing(order), end = l.Count(l.Step(order));
                if (begin == end) continue;
                float* c = to + (nint)begin * p;
                Gemm.Multiply(new GemmArgs
                {
                    M = end - begin, N = p, K = TCell.GateCount * o.HiddenSize,
                    A = l.Grads + (nint)(l.Starts[l.Step(order)] + begin) * l.GradsRow + TCell.RecurrentColumn * o.HiddenSize,
                    ARow = l.GradsRow, AStep = 1, B = l.Recurrent, C = c, CRow = p,
                });
            }
        }

        if (TCell.Columns > 1 && !TCell.HasCellState) Layout.Add(inOrder, carry, inOrder);
        for (int j = starts[1]; j < n && !dHn.IsEmpty; j++) // an empty sequence hands its final state's gradient through
            dHn.Slice(sorted[j] * p, p).CopyTo(inOrder[(j * p)..]);
        Layout.AddScatter(inOrder, Sorted, p, dH0);
    }

    // dW_ih += Σ da_t x_tᵀ and dW_hh += Σ da_t h_(t-1)ᵀ in one go; returns whether sums += Σ da_t too.
    private bool AddBothGradients(in SequenceKernel.Layer l, int first, int inputs, float* x, Span<float> sums)
    {
        int p = o.StateSize;
        Span<float> dWih = InputGrad(first, out bool freshIh), dWhh = InputGrad(first + 1, out bool freshHh);
        Span<float> raggedStates = ragged ? StatesBefore(l) : default;
        fixed (float* ih = dWih, hh = dWhh, states = raggedStates, pSums = sums)
        {
            var input = new RunProducts.Factor { X = x, XRow = inputs, K = inputs, DW = ih, Fresh = freshIh };
            var before = new RunProducts.Factor { X = states, XRow = p, K = p, DW = hh, Fresh = freshHh };
            if (!ragged)
            {
                // The state before a step lies one step earlier in the output; only the first step's is the initial one.
                before.X = l.Reverse ? l.Out + (nint)n * Width : l.Out;
                before.XRow = Width;
                before.Initial = l.H0;
                before.InitialRows = n;
                before.InitialIsLast = l.Reverse;
            }

            return RunProducts.WeightGradients<TCell>(o.HiddenSize, o.HiddenSize, rows, l.Grads, l.GradsRow, input, before, pSums);
        }
    }

    // [rows, P] the states before each step of sequences of different lengths.
    private Span<float> StatesBefore(in SequenceKernel.Layer l)
    {
        int p = o.StateSize;
        Span<float> before = Scratch(rows * p);
        for (int order = 0; order < steps; order++)
        {
            int step = l.Step(order), row = l.Starts[step], continuing = l.Continuing(order), count = l.Count(step);
            if (continuing > 0)
                Layout.CopyRows(l.Out + (nint)l.Starts[l.Step(order - 1)] * Width, Width, continuing, p, before[(row * p)..]);
            Span<float> beginning = before.Slice((row + continuing) * p, (count - continuing) * p);
            if (l.H0 == null) beginning.Clear();
            else new ReadOnlySpan<float>(l.H0 + (nint)continuing * p, beginning.Length).CopyTo(beginning);
        }

        return before;
    }

    // dW_hh alone.
    private void AddRecurrentGradient(in SequenceKernel.Layer l, Span<float> dW, bool fresh, ReadOnlySpan<Run> runs)
    {
        int p = o.StateSize;
        if (ragged)
        {
            fixed (float* b = StatesBefore(l)) AddWeightGradient(dW, fresh, runs, p, rows, l.Grads, l.GradsRow, b, p);
            return;
        }

        if (t > 1)
        {
            float* rest = l.Reverse ? l.Grads : l.Grads + n * l.GradsRow, before = l.Reverse ? l.Out + (nint)n * Width : l.Out;
            AddWeightGradient(dW, fresh, runs, p, rows - n, rest, l.GradsRow, before, Width);
            fresh = false;
        }

        if (l.H0 != null) AddWeightGradient(dW, fresh, runs, p, n, l.Grads + l.Step(0) * n * l.GradsRow, l.GradsRow, l.H0, p);
        else if (fresh) dW.Clear();
    }

    private Span<float> StateAt(Span<float> states, int layer, int direction, int width) =>
        states.Slice((layer * o.Directions + direction) * n * width, n * width);

    private ReadOnlySpan<float> StateAt(ReadOnlySpan<float> states, int layer, int direction, int width) =>
        states.Slice((layer * o.Directions + direction) * n * width, n * width);

    private ReadOnlySpan<float> StatesOf(int layer) => IsOutput(layer) ? Output(0) : Saved(layer, rows * Width);

    private ReadOnlySpan<float> InputOf(int layer)
    {
        if (layer == 0) return moved ? Saved(MovedInputAt, rows * o.InputSize) : Input(0).Span;
        return Saved(dropped ? MaskedAt(layer - 1) : layer - 1, rows * Width);
    }
}
