using System.Runtime.CompilerServices;
using Recur.Kernels;

namespace Recur.Text;

/// <summary>The memory of one training thread.</summary>
internal sealed unsafe class Word2VecScratchMemory
{
    private readonly AlignedBuffer products = new(), hidden = new(), labels = new();
    private readonly nint[] neighbours, outputs;
    private int[] kept = [];

    public Word2VecScratchMemory(Word2VecOptions options, int stride)
    {
        neighbours = GC.AllocateArray<nint>(2 * options.Window, pinned: true);
        outputs = GC.AllocateArray<nint>(2 * Word2VecKernel.OutputsAtMost(options.Negative), pinned: true);
        Row = LogisticStep.Row;
        products.Require((2 * options.Window + 2) * Row);
        hidden.Require(2 * stride);
        var l = new Span<float>(labels.Require(6 * Row), 6 * Row);
        l.Clear();
        l[0] = l[Row] = 1f; // the word itself; its negatives are 0
    }

    private int Row { get; }

    /// <summary>The places, with room for a piece of so many ids.</summary>
    public Word2VecScratch For(int length)
    {
        if (kept.Length < length + 2) kept = GC.AllocateUninitializedArray<int>(length + 2, pinned: true);
        return new Word2VecScratch
        {
            Kept = (int*)Unsafe.AsPointer(ref kept[0]), // all are pinned
            Neighbours = (float**)Unsafe.AsPointer(ref neighbours[0]),
            Outputs = (float**)Unsafe.AsPointer(ref outputs[0]),
            Products = products.Require(0),
            Hidden = hidden.Require(0),
            Labels = labels.Require(0),
        };
    }
}
