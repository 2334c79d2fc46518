using Recur.Autograd;
using Recur.Nn;
using Recur.Optim;

namespace Recur.Tests.Nn;

/// <summary>What a program that trains or infers for days relies on: nothing grows.</summary>
[Collection(AloneCollection.Name)]
public sealed class LongRunTests
{
    private const int Steps = 100_000, WarmUp = 1_000;

    // The collector's own tables and the runtime's recompilation move by tens of KiB; a float kept per step would be 400.
    private const long HeapSlack = 128 * 1024;

    public static TheoryData<LayerKind> Kinds => [.. Enum.GetValues<LayerKind>()];

    [Theory, MemberData(nameof(Kinds))]
    public void Train_HundredThousandSteps_NothingGrows(LayerKind kind)
    {
        // Two sequences of unequal length go through the kernel of a batch, with the state carried on.
        var layer = new LayerCase(kind, T: 3, N: 2, I: 2, H: 6) { Layers = 2 }.Create();
        Tensor x = Tensor.From([0.1f, -0.2f, 0.3f, 0.4f, -0.5f, 0.6f, 0.7f, -0.8f, 0.9f, 1f, -1.1f, 1.2f], [3, 2, 2]);
        var adam = new Adam(layer.Parameters(), learningRate: 1e-3f);
        int[] lengths = [2, 3];
        void Step()
        {
            adam.ZeroGrad();
            Output(layer, x, lengths).Pow(2f).Mean().Backward();
            GradientClipping.ClipNorm(layer.Parameters(), 1f);
            adam.Step();
        }

        AssertNothingGrows(Step);
        Assert.All(layer.Parameters(), p => Assert.DoesNotContain(p.ToArray(), v => !float.IsFinite(v)));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Infer_HundredThousandCalls_NothingGrows(LayerKind kind)
    {
        var layer = new LayerCase(kind, T: 4, N: 1, I: 2, H: 6) { Layers = 2 }.Create();
        Tensor x = Tensor.From([0.1f, -0.2f, 0.3f, 0.4f, -0.5f, 0.6f, 0.7f, -0.8f], [4, 1, 2]);
        AssertNothingGrows(() =>
        {
            using (GradMode.Inference()) _ = Output(layer, x, []);
        });
    }

    [Fact]
    public void Train_RaggedBatchesInTurn_AllocatesNothing()
    {
        // Alone: while another test holds the team of threads, this one would need the scratch memory of all of them.
        var lstm = new Lstm(6, 70, 2, batchFirst: true, dropout: 0.2f, bidirectional: true, projSize: 20);
        Tensor batch = Tensor.Ones([5, 9, 6]), dy = Tensor.Ones([5, 9, 40]);
        int[][] lengths = [[9, 1, 0, 4, 4], [1, 2, 3, 4, 5]];
        var meter = new AllocationMeter();
        for (int i = 0; i < 12; i++)
        {
            if (i >= 8) meter.Mark();
            lstm.ZeroGrad();
            lstm.Forward(batch, null, lengths[i % 2]).Output.Backward(dy);
        }

        meter.Mark();
        Assert.Equal(0, meter.Bytes);
    }

    private static void AssertNothingGrows(Action step)
    {
        for (int i = 0; i < WarmUp; i++) step();
        long heap = GC.GetTotalMemory(forceFullCollection: true);
        Assert.Equal(0, AllocationMeter.Of(Steps, step));
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - heap, long.MinValue, HeapSlack);
    }

    private static Tensor Output(RecurrentLayer layer, Tensor x, int[] lengths) => layer switch
    {
        Rnn rnn => rnn.Forward(x, null, lengths).Output,
        Gru gru => gru.Forward(x, null, lengths).Output,
        _ => ((Lstm)layer).Forward(x, null, lengths).Output,
    };
}
