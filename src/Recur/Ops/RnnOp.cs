using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>A stack of Elman layers over whole sequences: one node of the tape for all layers, directions and steps.</summary>
/// <remarks>
/// T steps, N sequences, I inputs, H hidden units, L layers, D directions.
/// Inside, rows are always in the order (t, n): with the batch first and N > 1 the input and the output are turned once.
/// Layer l writes its states [T, N, D·H] where layer l+1 reads them; the last layer's are the output itself.
/// </remarks>
internal sealed class RnnOp : Node
{
    private const int FirstWeight = 2; // inputs: x, h0, then for every layer and direction W_ih, W_hh and, with bias, b_ih, b_hh

    private readonly PackedMatrix recurrent = new();
    private RecurrentOptions o;
    private bool relu;
    private int t, n;
    private bool turned, dropped;
    private int padded; // row width of the small kernel, 0 when the stack is not for it

    private int WeightsPerLayer => o.Bias ? 4 : 2;

    private int Width => o.Directions * o.HiddenSize;

    private int InputWidth(int layer) => layer == 0 ? o.InputSize : Width;

    private int WeightAt(int layer, int direction) => FirstWeight + (layer * o.Directions + direction) * WeightsPerLayer;

    // What Save keeps, in this order: the states of every layer (none for the last one when they are the output), for every
    // layer but the last its masked states and its mask (with dropout), the input in (t, n) order (when it is turned).
    private int MaskedAt(int layer) => o.NumLayers + layer * 2;

    private int MaskAt(int layer) => o.NumLayers + layer * 2 + 1;

    private int TurnedInputAt => o.NumLayers + (dropped ? (o.NumLayers - 1) * 2 : 0);

    private bool IsOutput(int layer) => layer == o.NumLayers - 1 && !turned;

    /// <summary>Records the stack.</summary>
    /// <param name="x">[T, N, I], or [N, T, I] with the batch first; the module has checked the shapes.</param>
    /// <param name="h0">[L·D, N, H], or default for zeros.</param>
    /// <param name="weights">For every layer and direction W_ih, W_hh and, with bias, b_ih and b_hh.</param>
    /// <param name="o">Sizes and options.</param>
    /// <param name="relu">relu instead of tanh.</param>
    /// <param name="t">Steps.</param>
    /// <param name="n">Sequences.</param>
    /// <param name="outputShape">The shape to give the output, of T·N·D·H elements.</param>
    /// <param name="stateShape">The shape to give h_n, of L·D·N·H elements.</param>
    public static (Tensor Output, Tensor HN) Apply(
        Tensor x, Tensor h0, ReadOnlySpan<Tensor> weights, in RecurrentOptions o, bool relu, int t, int n, in Shape outputShape, in Shape stateShape)
    {
        var op = Begin<RnnOp>(x, h0, weights);
        op.o = o;
        op.relu = relu;
        op.t = t;
        op.n = n;
        op.turned = o.BatchFirst && n > 1 && t > 1;
        op.dropped = o.Dropout > 0f && o.NumLayers > 1;
        op.padded = n == 1 && o.Directions == 1 && !op.dropped ? RnnSmallKernel.PaddedWidth(o.HiddenSize, o.InputSize, o.NumLayers) : 0;
        Tensor output = op.NewOutput(outputShape);
        Tensor hn = op.NewOutput(stateShape);
        if (op.padded > 0) op.ForwardSmall(x.Span, h0 == default ? default : h0.Span, output.MutableSpan, hn.MutableSpan);
        else op.Forward(x.Span, h0 == default ? default : h0.Span, output.MutableSpan, hn.MutableSpan);
        op.Record();
        return (output, hn);
    }

    private void Forward(ReadOnlySpan<float> x, ReadOnlySpan<float> h0, Span<float> output, Span<float> hn)
    {
        int rows = t * n, stateLength = n * o.HiddenSize;
        for (int layer = 0; layer < o.NumLayers; layer++) Save(IsOutput(layer) ? 0 : rows * Width);
        for (int i = 0; dropped && i < 2 * (o.NumLayers - 1); i++) Save(rows * Width);

        ReadOnlySpan<float> input = x;
        if (turned)
        {
            Span<float> turnedInput = Save(rows * o.InputSize);
            Layout.SwapLeading(x, n, t, o.InputSize, turnedInput);
            input = turnedInput;
        }

        for (int layer = 0; layer < o.NumLayers; layer++)
        {
            Span<float> states = IsOutput(layer) ? output : Saved(layer, rows * Width);
            for (int d = 0; d < o.Directions; d++)
            {
                int at = (layer * o.Directions + d) * stateLength;
                ForwardDirection(layer, d, input, h0.IsEmpty ? default : h0.Slice(at, stateLength), states, hn.Slice(at, stateLength));
            }

            input = dropped && layer < o.NumLayers - 1 ? Drop(layer, states) : states;
        }

        if (turned) Layout.SwapLeading(Saved(o.NumLayers - 1, rows * Width), t, n, Width, output);
    }

    private Span<float> Drop(int layer, ReadOnlySpan<float> states)
    {
        Span<float> mask = Saved(MaskAt(layer), states.Length), masked = Saved(MaskedAt(layer), states.Length);
        DropoutOp.FillMask(mask, o.Dropout, Rng.Default);
        Elementwise.Zip<Multiply>(states, mask, masked);
        return masked;
    }

    private unsafe void ForwardDirection(
        int layer, int direction, ReadOnlySpan<float> input, ReadOnlySpan<float> initial, Span<float> states, Span<float> last)
    {
        int h = o.HiddenSize, i = InputWidth(layer), first = WeightAt(layer, direction);
        float* bias = null;
        if (o.Bias)
        {
            bias = Workspace.Require(WorkspaceSlot.Bias, h);
            Layout.Add(Input(first + 2).Span, Input(first + 3).Span, new Span<float>(bias, h));
        }

        fixed (float* px = input, ph0 = initial, pStates = states, pIh = Input(first).Span, pHh = Input(first + 1).Span)
        {
            float* pOut = pStates + direction * h;
            Gemm.Multiply(new GemmArgs
            {
                M = t * n, N = h, K = i,
                A = px, ARow = i, AStep = 1,
                C = pOut, CRow = Width,
                Add = bias, AddRow = 0,
            }, pIh, i, transposeB: true);

            recurrent.Pack(h, h, pHh, h, transposed: true);
            var args = new RnnKernel.Layer
            {
                T = t, N = n, H = h, Reverse = direction == 1, Relu = relu,
                H0 = ph0, Out = pOut, OutRow = Width,
            };
            RnnKernel.Forward(args, recurrent);
            Layout.CopyRows(pOut + (nint)args.Step(t - 1) * n * Width, Width, n, h, last);
        }
    }

    // With a_t = W_ih x_t + b_ih + W_hh h_(t-1) + b_hh and h_t = f(a_t):
    //   da_t = (dh_t + W_hhᵀ da_(t+1)) ∘ f'(a_t)
    //   dx_t = W_ihᵀ da_t    dW_ih = Σ da_t x_tᵀ    dW_hh = Σ da_t h_(t-1)ᵀ    db_ih = db_hh = Σ da_t    dh_0 = W_hhᵀ da_1
    protected override void Backward()
    {
        if (padded > 0)
        {
            BackwardSmall();
            return;
        }

        int rows = t * n;
        Span<float> dOut = OutputGrad(0);
        if (turned)
        {
            Span<float> swapped = Scratch(rows * Width);
            Layout.SwapLeading(dOut, n, t, Width, swapped);
            dOut = swapped;
        }

        Span<float> dHn = HasOutputGrad(1) ? OutputGrad(1) : default;
        Span<float> dH0 = NeedsGrad(1) ? InputGrad(1) : default;
        Span<float> pre = Scratch(rows * o.HiddenSize);
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
                dInput = Scratch(rows * InputWidth(layer));
                dInput.Clear();
            }

            for (int d = 0; d < o.Directions; d++) BackwardDirection(layer, d, dOut, dHn, dH0, pre, dInput);

            if (!bottom && dropped) Elementwise.Zip<Multiply>(dInput, Saved(MaskAt(layer - 1), dInput.Length), dInput);
            if (bottom && turned && NeedsGrad(0)) Layout.AddSwapLeading(dInput, t, n, o.InputSize, InputGrad(0));
            dOut = dInput;
        }
    }

    private unsafe void BackwardDirection(
        int layer, int direction, Span<float> dOut, ReadOnlySpan<float> dHn, Span<float> dH0, Span<float> pre, Span<float> dInput)
    {
        int h = o.HiddenSize, i = InputWidth(layer), rows = t * n, first = WeightAt(layer, direction);
        int stateLength = n * h, stateOffset = (layer * o.Directions + direction) * stateLength;
        ReadOnlySpan<float> initial = Input(1) == default ? default : Input(1).Span.Slice(stateOffset, stateLength);
        fixed (float* pStates = StatesOf(layer), pGrad = dOut, pPre = pre, px = InputOf(layer), ph0 = initial,
            pIh = Input(first).Span, pHh = Input(first + 1).Span, pdx = dInput)
        {
            var args = new RnnKernel.Layer
            {
                T = t, N = n, H = h, Reverse = direction == 1, Relu = relu,
                Out = pStates + direction * h, OutRow = Width,
                OutGrad = pGrad + direction * h, PreGrad = pPre,
            };
            if (!dHn.IsEmpty)
                Layout.AddRows(dHn.Slice(stateOffset, stateLength), n, h, args.OutGrad + (nint)args.Step(t - 1) * n * Width, Width);
            recurrent.Pack(h, h, pHh, h, transposed: false);
            RnnKernel.Backward(args, recurrent);

            float* preFirst = pPre + (nint)args.Step(0) * stateLength;
            if (!dH0.IsEmpty)
            {
                fixed (float* pdh0 = dH0.Slice(stateOffset, stateLength))
                    Gemm.Multiply(new GemmArgs { M = n, N = h, K = h, A = preFirst, ARow = h, AStep = 1, C = pdh0, CRow = h, Add = pdh0, AddRow = h }, recurrent);
            }

            if (NeedsGrad(first)) AddProduct(InputGrad(first), h, i, rows, pPre, px, i);
            if (NeedsGrad(first + 1))
            {
                // The state before a step lies one step earlier in the output; only the first step's is the initial state.
                Span<float> dWhh = InputGrad(first + 1);
                float* preRest = args.Reverse ? pPre : pPre + stateLength;
                float* before = args.Reverse ? args.Out + (nint)n * Width : args.Out;
                if (t > 1) AddProduct(dWhh, h, h, (t - 1) * n, preRest, before, Width);
                if (ph0 != null) AddProduct(dWhh, h, h, n, preFirst, ph0, h);
            }

            if (o.Bias && NeedsGrad(first + 2)) Rows.AddSum(rows, h, pre, InputGrad(first + 2));
            if (o.Bias && NeedsGrad(first + 3)) Rows.AddSum(rows, h, pre, InputGrad(first + 3));
            if (pdx != null)
                Gemm.Multiply(new GemmArgs { M = rows, N = i, K = h, A = pPre, ARow = h, AStep = 1, C = pdx, CRow = i, Add = pdx, AddRow = i }, pIh, i, transposeB: false);
        }
    }

    private ReadOnlySpan<float> StatesOf(int layer) => IsOutput(layer) ? Output(0) : Saved(layer, t * n * Width);

    private ReadOnlySpan<float> InputOf(int layer)
    {
        if (layer == 0) return turned ? Saved(TurnedInputAt, t * n * o.InputSize) : Input(0).Span;
        return Saved(dropped ? MaskedAt(layer - 1) : layer - 1, t * n * Width);
    }

    // ---- One sequence, narrow layers -----------------------------------------------------------------------------

    private unsafe void ForwardSmall(ReadOnlySpan<float> x, ReadOnlySpan<float> h0, Span<float> output, Span<float> hn)
    {
        int h = o.HiddenSize, layerLength = (t + 1) * padded;
        RnnSmallKernel.Layer* layers = stackalloc RnnSmallKernel.Layer[o.NumLayers];
        fixed (float* px = x, pOut = output, pStates = Save(o.NumLayers * layerLength))
        {
            LayOut(layers, pStates);
            for (int l = 0; l < o.NumLayers; l++)
            {
                int first = WeightAt(l, 0);
                RnnSmallKernel.Pack(Input(first).Span, h, InputWidth(l), forward: true, layers[l].PackedIh);
                RnnSmallKernel.Pack(Input(first + 1).Span, h, h, forward: true, layers[l].PackedHh);
                var bias = new Span<float>(layers[l].BiasSum, padded);
                var initial = new Span<float>(layers[l].States, padded);
                bias.Clear();
                initial.Clear();
                if (o.Bias) Layout.Add(Input(first + 2).Span, Input(first + 3).Span, bias[..h]);
                if (!h0.IsEmpty) h0.Slice(l * h, h).CopyTo(initial);
            }

            RnnSmallKernel.Forward(new RnnSmallKernel.Stack
            {
                T = t, I = o.InputSize, H = h, L = o.NumLayers, Relu = relu, X = px, Out = pOut, Layers = layers,
            });
            for (int l = 0; l < o.NumLayers; l++)
                new ReadOnlySpan<float>(layers[l].States + t * padded, h).CopyTo(hn.Slice(l * h, h));
        }
    }

    private unsafe void BackwardSmall()
    {
        int h = o.HiddenSize, layerLength = (t + 1) * padded;
        RnnSmallKernel.Layer* layers = stackalloc RnnSmallKernel.Layer[o.NumLayers];
        Span<float> states = Saved(0, o.NumLayers * layerLength), pre = Scratch(o.NumLayers * layerLength), biasGrad = Scratch(padded);
        fixed (float* px = Input(0).Span, pStates = states, pPre = pre, pOut = OutputGrad(0), pHn = HasOutputGrad(1) ? OutputGrad(1) : default)
        {
            LayOut(layers, pStates);
            for (int l = 0; l < o.NumLayers; l++)
            {
                layers[l].Pre = pPre + l * layerLength;
                int first = WeightAt(l, 0);
                if (l > 0) RnnSmallKernel.Pack(Input(first).Span, h, h, forward: false, layers[l].PackedIh);
                RnnSmallKernel.Pack(Input(first + 1).Span, h, h, forward: false, layers[l].PackedHh);
            }

            RnnSmallKernel.Backward(new RnnSmallKernel.Stack
            {
                T = t, I = o.InputSize, H = h, L = o.NumLayers, Relu = relu, StateGrad = pHn, Out = pOut, Layers = layers,
            });
            for (int l = 0; l < o.NumLayers; l++)
                AddLayerGradients(l, layers[l], l == 0 ? px : layers[l - 1].States + padded, pre.Slice(l * layerLength, t * padded), biasGrad);

            if (NeedsGrad(0))
            {
                fixed (float* dx = InputGrad(0), pIh = Input(WeightAt(0, 0)).Span)
                    Gemm.Multiply(new GemmArgs { M = t, N = o.InputSize, K = h, A = layers[0].Pre, ARow = padded, AStep = 1, C = dx, CRow = o.InputSize, Add = dx, AddRow = o.InputSize }, pIh, o.InputSize, transposeB: false);
            }
        }
    }

    // Where each layer's states and packed weights lie.
    private unsafe void LayOut(RnnSmallKernel.Layer* layers, float* states)
    {
        int perLayer = (o.HiddenSize + 1) * padded, inputs = (o.InputSize + (o.NumLayers - 1) * o.HiddenSize) * padded;
        float* free = Workspace.Require(WorkspaceSlot.SmallStack, inputs + o.NumLayers * perLayer);
        for (int l = 0; l < o.NumLayers; l++)
        {
            ref RnnSmallKernel.Layer layer = ref layers[l];
            layer.States = states + l * (t + 1) * padded;
            layer.PackedIh = free;
            layer.PackedHh = layer.PackedIh + InputWidth(l) * padded;
            layer.BiasSum = layer.PackedHh + o.HiddenSize * padded;
            free = layer.BiasSum + padded;
        }
    }

    private unsafe void AddLayerGradients(int l, in RnnSmallKernel.Layer layer, float* input, ReadOnlySpan<float> pre, Span<float> biasGrad)
    {
        int h = o.HiddenSize, first = WeightAt(l, 0);
        if (NeedsGrad(first)) AddInputProduct(InputGrad(first), l, layer.Pre, input);
        if (NeedsGrad(first + 1))
        {
            fixed (float* dWhh = InputGrad(first + 1))
                RnnSmallKernel.AddProduct(h, h, t, layer.Pre, 1, padded, layer.States, dWhh);
        }

        if (o.Bias && (NeedsGrad(first + 2) || NeedsGrad(first + 3)))
        {
            biasGrad.Clear();
            Rows.AddSum(t, padded, pre, biasGrad);
            if (NeedsGrad(first + 2)) Layout.Add(InputGrad(first + 2), biasGrad, InputGrad(first + 2));
            if (NeedsGrad(first + 3)) Layout.Add(InputGrad(first + 3), biasGrad, InputGrad(first + 3));
        }

        if (NeedsGrad(1))
        {
            fixed (float* dH0 = InputGrad(1).Slice(l * h, h))
                RnnSmallKernel.AddProduct(1, h, h, layer.Pre, padded, 1, layer.PackedHh, dH0);
        }
    }

    // dW_ih of one layer; the input of a layer above the first lies in padded rows.
    private unsafe void AddInputProduct(Span<float> gradient, int layer, float* pre, float* input)
    {
        int h = o.HiddenSize;
        fixed (float* dW = gradient)
        {
            if (layer > 0) RnnSmallKernel.AddProduct(h, h, t, pre, 1, padded, input, dW);
            else if (o.InputSize == 1) RnnSmallKernel.AddProduct(1, h, t, input, t, 1, pre, dW); // the same column, as a row
            else
                Gemm.Multiply(new GemmArgs { M = h, N = o.InputSize, K = t, A = pre, ARow = 1, AStep = padded, C = dW, CRow = o.InputSize, Add = dW, AddRow = o.InputSize }, input, o.InputSize, transposeB: false);
        }
    }

    // dW[h, i] += preᵀ[h, rows] · b[rows, i]
    private static unsafe void AddProduct(Span<float> dW, int h, int i, int rows, float* pre, float* b, int bRow)
    {
        fixed (float* c = dW)
            Gemm.Multiply(new GemmArgs { M = h, N = i, K = rows, A = pre, ARow = 1, AStep = h, C = c, CRow = i, Add = c, AddRow = i }, b, bRow, transposeB: false);
    }
}
