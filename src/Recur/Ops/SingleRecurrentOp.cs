using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>A stack of recurrent layers over one sequence: one node of the tape for all layers, directions and
/// steps.</summary>
/// <typeparam name="TCell">The arithmetic of one step.</typeparam>
/// <remarks>
/// T steps, I inputs, H hidden units, S floats that H units take padded to whole vectors, L layers, D directions, C
/// columns.
/// Narrow stacks run all layers of a step before the next step; others layer by layer, each with one product for the
/// inputs
/// of all steps. A single step with weights that are used for the first time reads them where they lie.
/// </remarks>
internal sealed unsafe partial class SingleRecurrentOp<TCell> : RecurrentNode<TCell> where TCell : struct, ICellKernel
{
    private const int LockStepUnits = 32; // up to here the weights of a stack stay in the first-level cache

    private int s;
    private bool dropped, inLockStep, unpacked;

    private int ColumnsWidth => TCell.Columns * s;

    private int Width => o.Directions * o.HiddenSize;

    /// <summary>Whether a layer's outputs are put together for the next layer: both directions, or masked
    /// ones.</summary>
    private bool Joins => o.Directions == 2 || dropped;

    // Save keeps one block with the states [T+1, S], the states c [T+1, S] and the columns [T, C·S] of every layer and
    // direction,
    // where it has them; then for every layer but the last its outputs [T, D·H] and their mask, where they are put
    // together.
    private int PerDirection => (t + 1) * s * (TCell.HasCellState ? 2 : 1) + (TCell.Columns > 1 ? t * ColumnsWidth : 0);

    private int BlockLength => o.NumLayers * o.Directions * PerDirection;

    private int JoinedAt(int layer) => 1 + 2 * layer;

    /// <summary>Whether the operation is for this input.</summary>
    public static bool Serves(in RecurrentInput input) =>
        input.N == 1 && input.Lengths.IsEmpty && input.Options.ProjSize == 0;

    /// <summary>Records the stack.</summary>
    /// <param name="input">Inputs, sizes and shapes.</param>
    /// <returns>The output, h_n (default for a cell), and c_n (default for kinds of cells without one).</returns>
    public static (Tensor Output, Tensor HN, Tensor CN) Apply(in RecurrentInput input)
    {
        var op = Begin<SingleRecurrentOp<TCell>>(input.X, input.H0, input.C0, input.Weights);
        op.o = input.Options;
        op.t = input.T;
        op.n = 1;
        op.listener = input.Listener;
        op.s = UnitBlocks.Padded(op.o.HiddenSize);
        op.dropped = op.o.Dropout > 0f && op.o.NumLayers > 1;
        op.unpacked = op.t == 1 && !op.SeesWeightsAgain();
        op.inLockStep = !op.unpacked && !op.Joins && op.o.HiddenSize <= LockStepUnits
            && op.o.NumLayers is > 1 and <= SingleKernel.MaxLayers;
        Tensor output = op.NewOutput(input.OutputShape);
        Tensor hn = op.o.IsCell ? default : op.NewOutput(input.StateShape);
        Tensor cn = TCell.HasCellState ? op.NewOutput(input.CellShape) : default;
        op.Forward(
            input.X.Span, output.MutableSpan, op.o.IsCell ? default : hn.MutableSpan,
            TCell.HasCellState ? cn.MutableSpan : default);
        op.Record();
        return (output, hn, cn);
    }

    // One matrix tells for all: an optimizer changes them together.
    private bool SeesWeightsAgain()
    {
        TensorCore core = Input(FirstWeight).Core;
        return PacksOf(core).IsSeenAgain(core.Version);
    }

    // ---- Forward -------------------------------------------------------------------------------------------------

    private void Forward(ReadOnlySpan<float> x, Span<float> output, Span<float> hn, Span<float> cn)
    {
        int h = o.HiddenSize, perStack = inLockStep ? o.NumLayers : 1;
        Span<float> block = Save(BlockLength);
        for (int i = 0; Joins && i < 2 * (o.NumLayers - 1); i++) Save(t * Width);

        SingleKernel.Layer* layers = stackalloc SingleKernel.Layer[perStack];
        fixed (float* memory = block, px = x)
        {
            for (int bottom = 0; bottom < o.NumLayers; bottom += perStack)
            {
                for (int d = 0; d < o.Directions; d++) ForwardStack(layers, perStack, bottom, d, memory, px);
                if (Joins && bottom < o.NumLayers - 1) Join(bottom, memory);
            }

            CopyStates(o.NumLayers - 1, memory, output);
            for (int i = 0; i < o.NumLayers * o.Directions; i++)
            {
                SingleKernel.Layer layer = LayerAt(i / o.Directions, i % o.Directions, memory);
                int last = i % o.Directions == 1 ? 0 : t * s;
                if (!o.IsCell) new ReadOnlySpan<float>(layer.States + last, h).CopyTo(hn[(i * h)..]);
                if (TCell.HasCellState) new ReadOnlySpan<float>(layer.Cells + last, h).CopyTo(cn[(i * h)..]);
            }
        }
    }

    private SingleKernel.Layer LayerAt(int layer, int direction, float* memory)
    {
        float* states = memory + (nint)(layer * o.Directions + direction) * PerDirection, cells = states + (t + 1) * s;
        return new SingleKernel.Layer
        {
            States = states,
            Cells = TCell.HasCellState ? cells : null,
            Columns = TCell.Columns == 1 ? null : TCell.HasCellState ? cells + (t + 1) * s : cells,
        };
    }

    private bool StartsAtZero => Input(1) == default;

    private SingleKernel.Stack StackOf(SingleKernel.Layer* layers, int count, int direction) => new()
    {
        T = t, H = o.HiddenSize, L = count, Reverse = direction == 1, StartsAtZero = StartsAtZero, Layers = layers,
    };

    // The outputs of both directions side by side, and masked.
    private void Join(int layer, float* memory)
    {
        Span<float> joined = Saved(JoinedAt(layer), t * Width);
        CopyStates(layer, memory, joined);
        if (!dropped) return;
        Span<float> mask = Saved(JoinedAt(layer) + 1, t * Width);
        DropoutOp.FillMask(mask, o.Dropout, Rng.Default);
        Elementwise.Zip<Multiply>(joined, mask, joined);
    }

    private void CopyStates(int layer, float* memory, Span<float> joined)
    {
        int h = o.HiddenSize;
        for (int d = 0; d < o.Directions; d++)
        {
            float* states = LayerAt(layer, d, memory).States + (d == 1 ? 0 : s);
            Blocks.Copy(new ReadOnlySpan<float>(states, t * s), s, joined[(d * h)..], Width, h, t);
        }
    }

    private void ForwardStack(SingleKernel.Layer* layers, int count, int bottom, int direction, float* memory, float* x)
    {
        int h = o.HiddenSize;
        float* bias = Workspace.Require(WorkspaceSlot.Bias, count * ColumnsWidth);
        for (int i = 0; i < count; i++)
        {
            int first = WeightAt(bottom + i, direction), slot = direction == 1 ? t * s : 0;
            SingleKernel.Layer layer = LayerAt(bottom + i, direction, memory);
            layer.Bias = bias + i * ColumnsWidth;
            FillBias(first, s, new Span<float>(layer.Bias, ColumnsWidth));
            SetInitial(1, bottom + i, direction, layer.States + slot);
            if (TCell.HasCellState) SetInitial(2, bottom + i, direction, layer.Cells + slot);
            if (!unpacked && !(t == 1 && StartsAtZero)) layer.Recurrent = PackedBlocks(first + 1, PackForm.Blocks, TCell.RecurrentColumn);
            if (i > 0 && !unpacked) layer.Input = PackedBlocks(first, PackForm.Blocks, 0);
            layers[i] = layer;
        }

        SingleKernel.Stack stack = StackOf(layers, count, direction);
        if (bottom == 0) Run(stack, direction, WeightAt(0, direction), x, o.InputSize, o.InputSize);
        else if (!Joins) Run(stack, direction, WeightAt(bottom, direction), LayerAt(bottom - 1, 0, memory).States + s, h, s);
        else
            fixed (float* joined = Saved(JoinedAt(bottom - 1), t * Width))
                Run(stack, direction, WeightAt(bottom, direction), joined, Width, Width);
    }

    // The steps of a stack over the input x [T, inputs] of its first layer.
    private void Run(SingleKernel.Stack stack, int direction, int first, float* x, int inputs, int xRow)
    {
        int h = o.HiddenSize;
        ref SingleKernel.Layer layer = ref stack.Layers[0];
        float* columns = TCell.Columns > 1 ? layer.Columns : layer.States + stack.After(0) * s;
        if (unpacked)
        {
            StepUnpacked(layer, stack, direction, first, x, inputs);
            return;
        }

        if (t == 1)
        {
            stack.X = x;
            stack.I = inputs;
            layer.Input = PackedBlocks(first, PackForm.Blocks, 0);
        }
        else
        {
            Span<Run> runs = stackalloc Run[Kernels.Run.Most];
            runs = runs[..Kernels.Run.OfInput<TCell>(h, s, runs)];
            // The padding must hold zeros, and the column that x does not feed its bias.
            bool direct = s == h && TCell.Columns == TCell.GateCount;
            if (!direct) Layout.FillRows(columns, ColumnsWidth, t, ColumnsWidth, layer.Bias);
            Project(first, runs, t, x, xRow, columns, ColumnsWidth, direct ? layer.Bias : columns, direct ? 0 : ColumnsWidth);
        }

        SingleKernel.Forward<TCell>(stack);
    }

    // One step of one layer with the weights as they lie in memory.
    private void StepUnpacked(
        in SingleKernel.Layer layer, in SingleKernel.Stack stack, int direction, int first, float* x, int inputs)
    {
        int h = o.HiddenSize;
        float* columns = TCell.Columns > 1 ? layer.Columns : layer.States + stack.After(0) * s;
        float* before = layer.States + stack.Before(0) * s;
        Layout.FillRows(columns, 0, 1, ColumnsWidth, layer.Bias);
        Span<Run> runs = stackalloc Run[Kernels.Run.Most];
        fixed (float* wIh = Input(first).Span, wHh = Input(first + 1).Span)
        {
            foreach (Run run in runs[..Kernels.Run.OfInput<TCell>(h, s, runs)])
                FewRows.Product(run.Rows, inputs, x, wIh + (nint)run.Row * inputs, columns + run.Column, columns + run.Column);
            if (!StartsAtZero)
                foreach (Run run in runs[..Kernels.Run.OfRecurrent<TCell>(h, s, runs)])
                    FewRows.Product(run.Rows, h, before, wHh + (nint)run.Row * h, columns + run.Column, columns + run.Column);
        }

        CellRows.Forward<TCell>(StepRows(layer, stack));
    }

    private CellRows StepRows(in SingleKernel.Layer layer, in SingleKernel.Stack stack)
    {
        float* before = layer.States + stack.Before(0) * s, after = layer.States + stack.After(0) * s;
        return new CellRows
        {
            Rows = 1, Units = s, ColumnStep = s,
            Columns = TCell.Columns > 1 ? layer.Columns : after,
            Before = TCell.HasCellState ? layer.Cells + stack.Before(0) * s : before,
            After = TCell.HasCellState ? layer.Cells + stack.After(0) * s : after,
            Hidden = after,
        };
    }

    private void SetInitial(int input, int layer, int direction, float* slot)
    {
        var state = new Span<float>(slot, s);
        state.Clear();
        if (Input(input) != default) AtLayer(Input(input).Span, layer, direction).CopyTo(state);
    }

    private ReadOnlySpan<float> AtLayer(ReadOnlySpan<float> states, int layer, int direction) =>
        states.Slice((layer * o.Directions + direction) * o.HiddenSize, o.HiddenSize);

    private Span<float> AtLayer(Span<float> states, int layer, int direction) =>
        states.Slice((layer * o.Directions + direction) * o.HiddenSize, o.HiddenSize);

    // ---- Backward: the equations stand in docs/gates.md ----------------------------------------------------------

    protected override void Backward()
    {
        int perStack = inLockStep ? o.NumLayers : 1;
        SingleKernel.Layer* layers = stackalloc SingleKernel.Layer[perStack];
        if (t == 1) gatherer = FindGatherer();
        Span<float> dOut = OutputGrad(0);
        // Behind each other: for every layer of a stack what is carried, dh and dh_0, [S] each, and the gradients of
        // cells with one
        // column.
        int perLayer = 3 * s + (TCell.Columns == 1 ? t * s : 0);
        if (listener is not null) perLayer += t * s;
        fixed (float* memory = Saved(0, BlockLength), scratch = Scratch(perStack * perLayer), px = Input(0).Span,
            hn = o.IsCell || !HasOutputGrad(StateOutput) ? default : OutputGrad(StateOutput),
            cn = !TCell.HasCellState || !HasOutputGrad(CellOutput) ? default : OutputGrad(CellOutput))
        {
            for (int bottom = o.NumLayers - perStack; bottom >= 0; bottom -= perStack)
            {
                bool fresh = true;
                Span<float> dInput = bottom > 0 ? Scratch(t * InputWidth(bottom)) : NeedsGrad(0) ? InputGrad(0, out fresh) : default;
                for (int d = 0; d < o.Directions; d++, fresh = false)
                {
                    for (int i = 0; i < perStack; i++)
                    {
                        layers[i] = LayerAt(bottom + i, d, memory);
                        SetGradients(ref layers[i], bottom + i, d, scratch + i * perLayer, hn, cn);
                    }

                    fixed (float* pOut = dOut, pIn = dInput)
                        BackwardStack(StackOf(layers, perStack, d), bottom, d, memory, px, pOut, pIn, fresh);
                }

                if (bottom > 0 && dropped) Elementwise.Zip<Multiply>(dInput, Saved(JoinedAt(bottom - 1) + 1, t * Width), dInput);
                dOut = dInput;
            }
        }

        if (t > 1) return;
        gatherer!.EndRow(!StartsAtZero);
        gatherer = null;
    }

    private void SetGradients(ref SingleKernel.Layer layer, int index, int direction, float* scratch, float* hn, float* cn)
    {
        int at = (index * o.Directions + direction) * o.HiddenSize, first = WeightAt(index, direction);
        layer.Carry = scratch;
        var carry = new Span<float>(scratch, s);
        carry.Clear();
        if (cn != null) new ReadOnlySpan<float>(cn + at, o.HiddenSize).CopyTo(carry);
        layer.StateGrad = scratch + s;
        layer.FirstGrad = NeedsGrad(1) && t > 1 ? scratch + 2 * s : null;
        layer.LastGrad = hn == null ? null : hn + at;
        layer.Grads = TCell.Columns == 1 ? scratch + 3 * s : layer.Columns;
        if (listener is not null)
        {
            layer.StateGrad = scratch + 3 * s + (TCell.Columns == 1 ? t * s : 0); // kept for every step
            layer.StateGradRow = s;
        }

        if (t > 1) layer.Recurrent = PackedBlocks(first + 1, PackForm.BlockGradient, TCell.RecurrentColumn);
        if (inLockStep && index > 0) layer.Input = PackedBlocks(first, PackForm.BlockGradient, 0);
    }

    private void BackwardStack(
        SingleKernel.Stack stack, int bottom, int direction, float* memory, float* x, float* dOut, float* dIn, bool fresh)
    {
        int h = o.HiddenSize;
        stack.OutGrad = dOut + direction * h;
        stack.OutGradRow = Width;
        Span<float> update = CopiesUpdate ? Scratch(stack.L * t * h) : default;
        for (int i = 0; CopiesUpdate && i < stack.L; i++)
            Layout.CopyRows(
                stack.Layers[i].Columns + StateGradients.UpdateColumn * s, ColumnsWidth, t, h, update.Slice(i * t * h, t * h));
        if (t == 1 && stack.L == 1) BackwardStep(stack);
        else SingleKernel.Backward<TCell>(stack);
        for (int i = stack.L - 1; listener is not null && i >= 0; i--)
            Tell(stack, i, bottom, CopiesUpdate ? update.Slice(i * t * h, t * h) : default);

        for (int i = stack.L - 1; i >= 0; i--)
        {
            int layer = bottom + i, inputs = InputWidth(layer);
            if (layer == 0) AddGradients(stack, i, layer, direction, x, inputs, inputs);
            else if (!Joins) AddGradients(stack, i, layer, direction, LayerAt(layer - 1, 0, memory).States + s, inputs, s);
            else
                fixed (float* joined = Saved(JoinedAt(layer - 1), t * Width))
                    AddGradients(stack, i, layer, direction, joined, inputs, Width);
        }

        if (dIn == null) return;
        Span<Run> runs = stackalloc Run[Kernels.Run.Most];
        runs = runs[..Kernels.Run.OfInput<TCell>(h, s, runs)];
        int first = WeightAt(bottom, direction), width = InputWidth(bottom);
        SingleKernel.Layer lowest = stack.Layers[0];
        if (t > 1 && width == 1) AddInputColumn(dIn, fresh, first, runs, lowest.Grads);
        else if (t > 1) AddInputGradient(dIn, fresh, first, runs, width, t, lowest.Grads, ColumnsWidth);
        else AddStepGradient(dIn, fresh, first, runs, width, lowest.Grads);
    }

    private void Tell(in SingleKernel.Stack stack, int index, int bottom, ReadOnlySpan<float> update)
    {
        var states = new StateGradients
        {
            T = t, Width = o.HiddenSize, Reverse = stack.Reverse, States = stack.Layers[index].StateGrad, Row = s,
        };
        if (CopiesUpdate) states.AddCarried(update);
        states.Tell(listener!, bottom + index, Scratch(t)[..t]);
    }

    // dx (+)= W_ihᵀ da for an input of one feature: a column, which Gemm turns into a row.
    private void AddInputColumn(float* dx, bool fresh, int weight, ReadOnlySpan<Run> runs, float* grads)
    {
        fixed (float* w = Input(weight).Span)
            foreach (Run run in runs)
            {
                Gemm.Multiply(new GemmArgs
                {
                    M = t, N = 1, K = run.Rows, A = grads + run.Column, ARow = ColumnsWidth, AStep = 1,
                    C = dx, CRow = 1, Add = fresh ? null : dx, AddRow = 1,
                }, w + run.Row, 1, transposeB: false);
                fresh = false;
            }
    }

    // dx (+)= Wᵀ da of a single step, the weights as they lie in memory.
    private void AddStepGradient(float* dx, bool fresh, int weight, ReadOnlySpan<Run> runs, int k, float* grads)
    {
        if (fresh) new Span<float>(dx, k).Clear();
        fixed (float* w = Input(weight).Span)
            foreach (Run run in runs) FewRows.AddGradient(run.Rows, k, grads + run.Column, w + (nint)run.Row * k, dx);
    }

    private void BackwardStep(in SingleKernel.Stack stack)
    {
        SingleKernel.Layer layer = stack.Layers[0];
        CellRows rows = StepRows(layer, stack);
        var gradient = new Span<float>(layer.StateGrad, s);
        gradient.Clear();
        new ReadOnlySpan<float>(stack.OutGrad, o.HiddenSize).CopyTo(gradient);
        if (layer.LastGrad != null) Layout.Add(gradient, new ReadOnlySpan<float>(layer.LastGrad, o.HiddenSize), gradient[..o.HiddenSize]);
        rows.HiddenGrad = layer.StateGrad;
        rows.Carry = layer.Carry;
        rows.Grads = layer.Grads;
        CellRows.Backward<TCell>(rows);
    }

    // The gradients of one layer's weights, biases and initial states; x is the input of its steps.
    private void AddGradients(in SingleKernel.Stack stack, int index, int layer, int direction, float* x, int inputs, int xRow)
    {
        int h = o.HiddenSize, first = WeightAt(layer, direction);
        SingleKernel.Layer l = stack.Layers[index];
        float* before = l.States + (stack.Reverse ? s : 0);
        if (t > 1) AddWeightGradients(first, t, l.Grads, x, inputs, xRow, before);
        else gatherer!.Gather(layer, direction, l.Grads, x, before);

        if (NeedsGrad(1))
        {
            Span<float> dH0 = AtLayer(InputGrad(1), layer, direction);
            if (t > 1)
            {
                Layout.Add(dH0, new ReadOnlySpan<float>(l.FirstGrad, h), dH0);
            }
            else
            {
                Span<Run> runs = stackalloc Run[Kernels.Run.Most];
                runs = runs[..Kernels.Run.OfRecurrent<TCell>(h, s, runs)];
                fixed (float* p = dH0) AddStepGradient(p, false, first + 1, runs, h, l.Grads);
                if (TCell.Columns > 1 && !TCell.HasCellState) Layout.Add(dH0, new ReadOnlySpan<float>(l.Carry, h), dH0);
            }
        }

        if (!TCell.HasCellState || !NeedsGrad(2)) return;
        Span<float> dC0 = AtLayer(InputGrad(2), layer, direction);
        Layout.Add(dC0, new ReadOnlySpan<float>(l.Carry, h), dC0);
    }

    // dW_ih += Σ da xᵀ, dW_hh += Σ da h_beforeᵀ and the biases' Σ da over rows of grads [rows, C·S], x [rows, inputs] of stride
    // xRow, and before [rows, S], null for zeros.
    private void AddWeightGradients(int first, int rows, float* grads, float* x, int inputs, int xRow, float* before)
    {
        int h = o.HiddenSize;
        Span<float> sums = NewColumnSums(first, ColumnsWidth);
        bool summed = false;
        if (rows > 1 && before != null && NeedsGrad(first) && NeedsGrad(first + 1))
        {
            fixed (float* ih = InputGrad(first, out bool freshIh), hh = InputGrad(first + 1, out bool freshHh), pSums = sums)
            {
                summed = RunProducts.WeightGradients<TCell>(
                    h, s, rows, grads, ColumnsWidth,
                    new RunProducts.Factor { X = x, XRow = xRow, K = inputs, DW = ih, Fresh = freshIh },
                    new RunProducts.Factor { X = before, XRow = s, K = h, DW = hh, Fresh = freshHh }, pSums);
            }
        }
        else
        {
            Span<Run> runs = stackalloc Run[Kernels.Run.Most];
            if (NeedsGrad(first)) AddWeight(first, runs[..Kernels.Run.OfInput<TCell>(h, s, runs)], inputs, rows, grads, x, xRow);
            if (NeedsGrad(first + 1))
            {
                if (before != null) AddWeight(first + 1, runs[..Kernels.Run.OfRecurrent<TCell>(h, s, runs)], h, rows, grads, before, s);
                else if (InputGrad(first + 1, out bool fresh) is var dW && fresh) dW.Clear();
            }
        }

        AddBiasGradients(first, rows, s, new ReadOnlySpan<float>(grads, rows * ColumnsWidth), sums, summed);
    }

    private void AddWeight(int weight, ReadOnlySpan<Run> runs, int k, int rows, float* grads, float* x, int xRow)
    {
        Span<float> dW = InputGrad(weight, out bool fresh);
        if (rows > 1)
        {
            AddWeightGradient(dW, fresh, runs, k, rows, grads, ColumnsWidth, x, xRow);
            return;
        }

        fixed (float* w = dW)
            foreach (Run run in runs) FewRows.Outer(run.Rows, k, grads + run.Column, x, w + (nint)run.Row * k, !fresh);
    }
}
