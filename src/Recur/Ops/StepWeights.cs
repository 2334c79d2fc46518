using Recur.Kernels;

namespace Recur.Ops;

/// <summary>Packed copies of the weights of a stack, shared by all sessions that step through it; what is packed never
/// changes.</summary>
internal sealed unsafe class StepWeights<TCell> where TCell : struct, ICellKernel
{
    /// <summary>One layer: blocks serve few streams, runs of rows many.</summary>
    public sealed class Layer
    {
        private readonly AlignedBuffer bias = new(), input = new(), recurrent = new(), projection = new();

        public Layer(in RecurrentOptions o, ReadOnlySpan<Tensor> weights, bool inBlocks)
        {
            int h = o.HiddenSize, stride = inBlocks ? UnitBlocks.Padded(h) : h, width = TCell.Columns * stride;
            Inputs = weights[0].Shape[1];
            Bias = bias.Require(width);
            var row = new Span<float>(Bias, width);
            row.Clear();
            if (o.Bias) BiasRow.Fill<TCell>(weights[2].Span, weights[3].Span, stride, row);
            Span<Run> runs = stackalloc Run[Run.Most];
            PackForm form = inBlocks ? PackForm.Blocks : PackForm.Product;
            int count = inBlocks ? Run.InColumnOrder<TCell>(h, 0, runs) : Run.OfInput<TCell>(h, h, runs);
            Input = WeightPacks.Pack(input, form, weights[0].Span, Inputs, runs[..count]);
            count = inBlocks ? Run.InColumnOrder<TCell>(h, TCell.RecurrentColumn, runs)
                : Run.OfRecurrent<TCell>(h, h, runs, joined: !PackedMatrix.IsWorthPadding(h));
            Recurrent = WeightPacks.Pack(recurrent, form, weights[1].Span, o.StateSize, runs[..count]);
            if (o.ProjSize > 0)
                Projection = WeightPacks.Pack(projection, form, weights[^1].Span, h, [new Run(0, o.ProjSize, 0)]);
        }

        /// <summary>The width of its input.</summary>
        public int Inputs { get; }

        /// <summary>[C·S] in blocks, [C·H] in runs.</summary>
        public float* Bias { get; }

        public float* Input { get; }

        public float* Recurrent { get; }

        public float* Projection { get; }
    }

    private readonly int[] versions;
    private readonly IsaLevel isa = Isa.Current;
    private Layer[]? inBlocks, inRuns;

    private StepWeights(ReadOnlySpan<Tensor> weights) => versions = VersionsOf(weights);

    /// <summary>The layers, packed now unless an earlier session of the same weights has packed them.</summary>
    /// <param name="o">Sizes and options.</param>
    /// <param name="weights">In the order of <see cref="RecurrentInput.Weights"/>.</param>
    /// <param name="blocks">Whether as blocks or as runs.</param>
    /// <param name="snapshot">What earlier sessions have left; replaced when the weights have changed since.</param>
    public static Layer[] Of(in RecurrentOptions o, ReadOnlySpan<Tensor> weights, bool blocks, ref object? snapshot)
    {
        if (Volatile.Read(ref snapshot) is not StepWeights<TCell> kept || !kept.IsOf(weights))
            Volatile.Write(ref snapshot, kept = new StepWeights<TCell>(weights));
        ref Layer[]? layers = ref blocks ? ref kept.inBlocks : ref kept.inRuns;
        if (Volatile.Read(ref layers) is { } packed) return packed;
        packed = new Layer[o.NumLayers];
        int count = weights.Length / o.NumLayers;
        for (int l = 0; l < packed.Length; l++) packed[l] = new Layer(o, weights.Slice(l * count, count), blocks);
        Volatile.Write(ref layers, packed);
        return packed;
    }

    private bool IsOf(ReadOnlySpan<Tensor> weights)
    {
        for (int i = 0; i < versions.Length; i++)
            if (versions[i] != weights[i].Core.Version) return false;
        return isa == Isa.Current;
    }

    private static int[] VersionsOf(ReadOnlySpan<Tensor> weights)
    {
        var all = new int[weights.Length];
        for (int i = 0; i < all.Length; i++) all[i] = weights[i].Core.Version;
        return all;
    }
}
