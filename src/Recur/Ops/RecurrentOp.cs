using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>Sizes and options of a stack of recurrent layers. Dropout is 0 outside training.</summary>
internal readonly record struct RecurrentOptions(
    int InputSize, int HiddenSize, int NumLayers, int Directions, bool Bias, bool BatchFirst, float Dropout = 0f);

/// <summary>A stack of gated layers over whole sequences: one node of the tape for all layers, directions and steps.</summary>
/// <typeparam name="TCell">The arithmetic of one step.</typeparam>
/// <remarks>
/// T steps, N sequences, I inputs, H hidden units, L layers, D directions, G gates.
/// Inside, rows are always in the order (t, n): with the batch first and N > 1 the input and the output are turned once.
/// Layer l writes its states [T, N, D·H] where layer l+1 reads them; the last layer's are the output itself.
/// </remarks>
internal sealed class RecurrentOp<TCell> : Node where TCell : struct, ICellKernel
{
    private const int FirstWeight = 3; // inputs: x, h0, c0, then for every layer and direction W_ih, W_hh and, with bias, b_ih, b_hh

    private readonly PackedMatrix recurrent = new();
    private RecurrentOptions o;
    private int t, n;
    private bool turned, dropped;

    private static int G => TCell.Gates;

    private int WeightsPerLayer => o.Bias ? 4 : 2;

    private int Width => o.Directions * o.HiddenSize;

    private int Rows => t * n;

    private int InputWidth(int layer) => layer == 0 ? o.InputSize : Width;

    private int WeightAt(int layer, int direction) => FirstWeight + (layer * o.Directions + direction) * WeightsPerLayer;

    // What Save keeps, in this order: the states h of every layer (none for the last one when they are the output); for every
    // layer and direction its gates and what it keeps beside them (c of an LSTM, q of a GRU); for every layer but the last its
    // masked states and its mask (with dropout); the input in (t, n) order (when it is turned).
    private int GatesAt(int layer, int direction) => o.NumLayers + 2 * (layer * o.Directions + direction);

    private int MaskedAt(int layer) => GatesAt(o.NumLayers, 0) + layer * 2;

    private int TurnedInputAt => GatesAt(o.NumLayers, 0) + (dropped ? (o.NumLayers - 1) * 2 : 0);

    private bool IsOutput(int layer) => layer == o.NumLayers - 1 && !turned;

    /// <summary>Records the stack.</summary>
    /// <param name="x">[T, N, I], or [N, T, I] with the batch first; the module has checked the shapes.</param>
    /// <param name="h0">[L·D, N, H], or default for zeros.</param>
    /// <param name="c0">[L·D, N, H], or default for zeros; always default for cells without a cell state.</param>
    /// <param name="weights">For every layer and direction W_ih, W_hh and, with bias, b_ih and b_hh.</param>
    /// <param name="o">Sizes and options.</param>
    /// <param name="t">Steps.</param>
    /// <param name="n">Sequences.</param>
    /// <param name="outputShape">The shape to give the output, of T·N·D·H elements.</param>
    /// <param name="stateShape">The shape to give h_n and c_n, of L·D·N·H elements.</param>
    /// <returns>The output, h_n, and c_n (default for cells without a cell state).</returns>
    public static (Tensor Output, Tensor HN, Tensor CN) Apply(
        Tensor x, Tensor h0, Tensor c0, ReadOnlySpan<Tensor> weights, in RecurrentOptions o, int t, int n,
        in Shape outputShape, in Shape stateShape)
    {
        var op = Begin<RecurrentOp<TCell>>(x, h0, c0, weights);
        op.o = o;
        op.t = t;
        op.n = n;
        op.turned = o.BatchFirst && n > 1 && t > 1;
        op.dropped = o.Dropout > 0f && o.NumLayers > 1;
        Tensor output = op.NewOutput(outputShape);
        Tensor hn = op.NewOutput(stateShape);
        Tensor cn = TCell.HasCellState ? op.NewOutput(stateShape) : default;
        op.Forward(x.Span, output.MutableSpan, hn.MutableSpan, TCell.HasCellState ? cn.MutableSpan : default);
        op.Record();
        return (output, hn, cn);
    }

    private void Forward(ReadOnlySpan<float> x, Span<float> output, Span<float> hn, Span<float> cn)
    {
        for (int layer = 0; layer < o.NumLayers; layer++) Save(IsOutput(layer) ? 0 : Rows * Width);
        for (int i = 0; i < o.NumLayers * o.Directions; i++)
        {
            Save(Rows * G * o.HiddenSize);
            Save(Rows * o.HiddenSize);
        }

        for (int i = 0; dropped && i < 2 * (o.NumLayers - 1); i++) Save(Rows * Width);

        ReadOnlySpan<float> input = x;
        if (turned)
        {
            Span<float> turnedInput = Save(Rows * o.InputSize);
            Layout.SwapLeading(x, n, t, o.InputSize, turnedInput);
            input = turnedInput;
        }

        for (int layer = 0; layer < o.NumLayers; layer++)
        {
            Span<float> states = IsOutput(layer) ? output : Saved(layer, Rows * Width);
            for (int d = 0; d < o.Directions; d++) ForwardDirection(layer, d, input, states, hn, cn);
            input = dropped && layer < o.NumLayers - 1 ? Drop(layer, states) : states;
        }

        if (turned) Layout.SwapLeading(Saved(o.NumLayers - 1, Rows * Width), t, n, Width, output);
    }

    private Span<float> Drop(int layer, ReadOnlySpan<float> states)
    {
        Span<float> masked = Saved(MaskedAt(layer), states.Length), mask = Saved(MaskedAt(layer) + 1, states.Length);
        DropoutOp.FillMask(mask, o.Dropout, Rng.Default);
        Elementwise.Zip<Multiply>(states, mask, masked);
        return masked;
    }

    private unsafe void ForwardDirection(
        int layer, int direction, ReadOnlySpan<float> input, Span<float> states, Span<float> hn, Span<float> cn)
    {
        int h = o.HiddenSize, i = InputWidth(layer), first = WeightAt(layer, direction), width = G * h;
        fixed (float* px = input, ph0 = StateOf(1, layer, direction), pc0 = StateOf(2, layer, direction), pStates = states,
            pGates = Saved(GatesAt(layer, direction), Rows * width), pBeside = Saved(GatesAt(layer, direction) + 1, Rows * h),
            pIh = Input(first).Span, pHh = Input(first + 1).Span, pBiasHh = o.Bias ? Input(first + 3).Span : default)
        {
            float* bias = null;
            if (o.Bias)
            {
                bias = Workspace.Require(WorkspaceSlot.Bias, width);
                Layout.Add(Input(first + 2).Span, Input(first + 3).Span, new Span<float>(bias, width));
                // The last gate's recurrent bias belongs to the sum that is kept apart.
                if (TCell.SplitsSums) Input(first + 2).Span[(width - h)..].CopyTo(new Span<float>(bias + width - h, h));
            }

            Gemm.Multiply(new GemmArgs
            {
                M = Rows, N = width, K = i,
                A = px, ARow = i, AStep = 1,
                C = pGates, CRow = width,
                Add = bias, AddRow = 0,
            }, pIh, i, transposeB: true);

            recurrent.Pack(h, width, pHh, h, transposed: true);
            var args = LayerAt(direction, pStates, pGates, pBeside, ph0, pc0);
            if (TCell.SplitsSums && o.Bias) args.BiasHn = pBiasHh + width - h;
            GatedKernel.Forward<TCell>(args, recurrent);

            nint last = (nint)args.Step(t - 1) * n;
            Layout.CopyRows(args.Out + last * Width, Width, n, h, StateAt(hn, layer, direction));
            if (TCell.HasCellState) Layout.CopyRows(args.C + last * h, h, n, h, StateAt(cn, layer, direction));
        }
    }

    private unsafe GatedKernel.Layer LayerAt(int direction, float* states, float* gates, float* beside, float* h0, float* c0) => new()
    {
        T = t, N = n, H = o.HiddenSize, G = G, Reverse = direction == 1,
        H0 = h0, C0 = c0, Out = states + direction * o.HiddenSize, OutRow = Width,
        C = TCell.HasCellState ? beside : null, Extra = TCell.HasCellState ? null : beside, Gates = gates,
    };

    // The gradients of one step stand with the element-wise kernels; beside them, with da the gradients of the gates,
    //   dx_t = W_ihᵀ da_t    dW_ih = Σ da_t x_tᵀ    dW_hh = Σ da_t h_(t-1)ᵀ    db_ih = db_hh = Σ da_t    dh_(t-1) += W_hhᵀ da_t
    protected override void Backward()
    {
        Span<float> dOut = OutputGrad(0);
        if (turned)
        {
            Span<float> swapped = Scratch(Rows * Width);
            Layout.SwapLeading(dOut, n, t, Width, swapped);
            dOut = swapped;
        }

        Span<float> carry = Scratch(n * o.HiddenSize);
        for (int layer = o.NumLayers - 1; layer >= 0; layer--)
        {
            bool bottom = layer == 0;
            Span<float> dInput = default;
            if (bottom && !turned && NeedsGrad(0))
            {
                dInput = InputGrad(0);
            }
            else if (!bottom || NeedsGrad(0))
            {
                dInput = Scratch(Rows * InputWidth(layer));
                dInput.Clear();
            }

            for (int d = 0; d < o.Directions; d++) BackwardDirection(layer, d, dOut, carry, dInput);

            if (!bottom && dropped) Elementwise.Zip<Multiply>(dInput, Saved(MaskedAt(layer - 1) + 1, dInput.Length), dInput);
            if (bottom && turned && NeedsGrad(0)) Layout.AddSwapLeading(dInput, t, n, o.InputSize, InputGrad(0));
            dOut = dInput;
        }
    }

    private unsafe void BackwardDirection(int layer, int direction, Span<float> dOut, Span<float> carry, Span<float> dInput)
    {
        int h = o.HiddenSize, i = InputWidth(layer), first = WeightAt(layer, direction), width = G * h;
        Span<float> gates = Saved(GatesAt(layer, direction), Rows * width), beside = Saved(GatesAt(layer, direction) + 1, Rows * h);
        carry.Clear();
        if (TCell.HasCellState && HasOutputGrad(2)) StateAt(OutputGrad(2), layer, direction).CopyTo(carry);
        fixed (float* pStates = StatesOf(layer), pGrad = dOut, pGates = gates, pBeside = beside, pCarry = carry, px = InputOf(layer),
            ph0 = StateOf(1, layer, direction), pc0 = StateOf(2, layer, direction),
            pIh = Input(first).Span, pHh = Input(first + 1).Span, pdx = dInput)
        {
            var args = LayerAt(direction, pStates, pGates, pBeside, ph0, pc0);
            args.OutGrad = pGrad + direction * h;
            args.Carry = pCarry;
            if (HasOutputGrad(1))
                Layout.AddRows(StateAt(OutputGrad(1), layer, direction), n, h, args.OutGrad + (nint)args.Step(t - 1) * n * Width, Width);
            recurrent.Pack(width, h, pHh, h, transposed: false);
            GatedKernel.Backward<TCell>(args, recurrent);

            float* gatesFirst = pGates + (nint)args.Step(0) * n * width;
            if (NeedsGrad(1)) AddFirstStateGradient(StateAt(InputGrad(1), layer, direction), gatesFirst, carry);
            if (TCell.HasCellState && NeedsGrad(2))
            {
                Span<float> dC0 = StateAt(InputGrad(2), layer, direction);
                Layout.Add(dC0, carry, dC0);
            }

            if (NeedsGrad(first + 1))
            {
                // The state before a step lies one step earlier in the output; only the first step's is the initial state.
                Span<float> dWhh = InputGrad(first + 1);
                float* gatesRest = args.Reverse ? pGates : pGates + (nint)n * width;
                float* before = args.Reverse ? args.Out + (nint)n * Width : args.Out;
                if (t > 1) AddProduct(dWhh, width, h, (t - 1) * n, gatesRest, width, before, Width);
                if (ph0 != null) AddProduct(dWhh, width, h, n, gatesFirst, width, ph0, h);
            }

            // Where the sums were kept apart, the last gate meets x with another gradient than h.
            int shared = TCell.SplitsSums ? width - h : width;
            if (NeedsGrad(first))
            {
                Span<float> dWih = InputGrad(first);
                AddProduct(dWih[..(shared * i)], shared, i, Rows, pGates, width, px, i);
                if (TCell.SplitsSums) AddProduct(dWih[(shared * i)..], h, i, Rows, pBeside, h, px, i);
            }

            if (pdx != null)
            {
                AddInputGradient(pdx, i, shared, pGates, width, pIh);
                if (TCell.SplitsSums) AddInputGradient(pdx, i, h, pBeside, h, pIh + (nint)shared * i);
            }

            if (o.Bias && (NeedsGrad(first + 2) || NeedsGrad(first + 3))) AddBiasGradients(first, gates, beside, shared);
        }
    }

    private void AddBiasGradients(int first, ReadOnlySpan<float> gates, ReadOnlySpan<float> beside, int shared)
    {
        int width = G * o.HiddenSize;
        Span<float> sums = Scratch(width);
        sums.Clear();
        Kernels.Rows.AddSum(Rows, width, gates, sums);
        if (NeedsGrad(first + 3)) Layout.Add(InputGrad(first + 3), sums, InputGrad(first + 3));
        if (!NeedsGrad(first + 2)) return;
        Span<float> dBih = InputGrad(first + 2);
        Layout.Add(dBih[..shared], sums[..shared], dBih[..shared]);
        if (shared < width) Kernels.Rows.AddSum(Rows, o.HiddenSize, beside, dBih[shared..]);
    }

    private unsafe void AddFirstStateGradient(Span<float> dH0, float* gatesFirst, ReadOnlySpan<float> carry)
    {
        int h = o.HiddenSize, width = G * h;
        fixed (float* p = dH0)
            Gemm.Multiply(new GemmArgs { M = n, N = h, K = width, A = gatesFirst, ARow = width, AStep = 1, C = p, CRow = h, Add = p, AddRow = h }, recurrent);
        if (!TCell.HasCellState) Layout.Add(dH0, carry, dH0);
    }

    // dx[rows, i] += da[rows, k] · w[k, i]
    private unsafe void AddInputGradient(float* dx, int i, int k, float* da, int daRow, float* w) =>
        Gemm.Multiply(new GemmArgs { M = Rows, N = i, K = k, A = da, ARow = daRow, AStep = 1, C = dx, CRow = i, Add = dx, AddRow = i }, w, i, transposeB: false);

    // dW[m, columns] += daᵀ[m, rows] · b[rows, columns]
    private static unsafe void AddProduct(Span<float> dW, int m, int columns, int rows, float* da, int daRow, float* b, int bRow)
    {
        fixed (float* c = dW)
            Gemm.Multiply(new GemmArgs { M = m, N = columns, K = rows, A = da, ARow = 1, AStep = daRow, C = c, CRow = columns, Add = c, AddRow = columns }, b, bRow, transposeB: false);
    }

    private ReadOnlySpan<float> StateOf(int input, int layer, int direction)
    {
        Tensor state = Input(input);
        if (state == default) return default;
        int length = n * o.HiddenSize;
        return state.Span.Slice((layer * o.Directions + direction) * length, length);
    }

    private Span<float> StateAt(Span<float> states, int layer, int direction)
    {
        int length = n * o.HiddenSize;
        return states.Slice((layer * o.Directions + direction) * length, length);
    }

    private ReadOnlySpan<float> StatesOf(int layer) => IsOutput(layer) ? Output(0) : Saved(layer, Rows * Width);

    private ReadOnlySpan<float> InputOf(int layer)
    {
        if (layer == 0) return turned ? Saved(TurnedInputAt, Rows * o.InputSize) : Input(0).Span;
        return Saved(dropped ? MaskedAt(layer - 1) : layer - 1, Rows * Width);
    }
}
