using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <remarks>Single steps with the same weights, as of a cell in a loop, gather the rows from which the gradients of these weights
/// are made and multiply them together: a matrix of gradients is then read and written once for 64 steps. See decision 7.</remarks>
internal sealed unsafe partial class SingleRecurrentOp<TCell>
{
    private const int MostGathered = 64;

    // Backward of a single step: who gathers for these weights, perhaps this node itself.
    private SingleRecurrentOp<TCell>? gatherer;
    private int gathered, gatheredAt;
    private bool gatheredStates;

    // Saved memory number gatheredAt holds for every layer and direction the rows of grads [64, C·S], x [64, ·] and h_before
    // [64, S] of the steps that Backward has passed, the last one first.

    private int GatheredInput(int layer) => InputWidth(layer) <= PackedMatrix.CurrentPanelWidth ? UnitBlocks.Padded(InputWidth(layer)) : InputWidth(layer);

    private int GatheredFloats(int layer) => MostGathered * (ColumnsWidth + GatheredInput(layer) + s);

    // The bottom layer may have inputs of another width than the others.
    private int GatheredFrom(int layer, int direction) =>
        layer == 0 ? direction * GatheredFloats(0) : o.Directions * GatheredFloats(0) + ((layer - 1) * o.Directions + direction) * GatheredFloats(1);

    private SingleRecurrentOp<TCell> FindGatherer()
    {
        foreach (Node node in Unfinished)
            if (node is SingleRecurrentOp<TCell> other && other.HasSameWeights(this)) return other;
        gathered = 0;
        gatheredStates = false;
        gatheredAt = SavedCount;
        Scratch(GatheredFrom(o.NumLayers, 0));
        return this;
    }

    private bool HasSameWeights(SingleRecurrentOp<TCell> other)
    {
        if (other.InputCount != InputCount || other.s != s || other.o != o) return false;
        for (int i = FirstWeight; i < InputCount; i++)
            if (other.Input(i) != Input(i) || other.NeedsGrad(i) != NeedsGrad(i)) return false;
        return true;
    }

    private void Gather(int layer, int direction, float* grads, float* x, float* before)
    {
        int inputs = InputWidth(layer), xRow = GatheredInput(layer), first = WeightAt(layer, direction);
        Span<float> rows = Saved(gatheredAt, GatheredFrom(o.NumLayers, 0))[GatheredFrom(layer, direction)..];
        new ReadOnlySpan<float>(grads, ColumnsWidth).CopyTo(rows[(gathered * ColumnsWidth)..]);
        rows = rows[(MostGathered * ColumnsWidth)..];
        if (NeedsGrad(first)) new ReadOnlySpan<float>(x, inputs).CopyTo(rows[(gathered * xRow)..]);
        rows = rows[(MostGathered * xRow)..];
        if (NeedsGrad(first + 1)) new ReadOnlySpan<float>(before, s).CopyTo(rows[(gathered * s)..]);
    }

    // All layers and directions of one step are gathered.
    private void EndRow(bool hasStates)
    {
        gathered++;
        gatheredStates |= hasStates;
        // The gradient of a weight that is itself the result of an operation is needed before the end.
        if (gathered == MostGathered || (!IsUnfinished && !HasLeafWeights)) Finish();
        else if (!IsUnfinished) FinishLater();
    }

    private bool HasLeafWeights
    {
        get
        {
            for (int i = FirstWeight; i < InputCount; i++)
                if (Input(i).Core.Producer is not null) return false;
            return true;
        }
    }

    private protected override void Finish()
    {
        if (gathered == 0) return;
        fixed (float* memory = Saved(gatheredAt, GatheredFrom(o.NumLayers, 0)))
        {
            for (int i = 0; i < o.NumLayers * o.Directions; i++)
            {
                int layer = i / o.Directions, direction = i % o.Directions, xRow = GatheredInput(layer);
                float* grads = memory + GatheredFrom(layer, direction), x = grads + MostGathered * ColumnsWidth, before = x + MostGathered * xRow;
                AddWeightGradients(WeightAt(layer, direction), gathered, grads, x, InputWidth(layer), xRow, gatheredStates ? before : null);
            }
        }

        gathered = 0;
        gatheredStates = false;
    }
}
