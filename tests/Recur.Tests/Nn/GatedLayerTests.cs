using Recur.Autograd;
using Recur.Nn;

namespace Recur.Tests.Nn;

/// <summary>GRU and LSTM: what holds in every vector width and for any number of threads. The values themselves are compared with
/// PyTorch and ONNX Runtime on random configurations by the parity tests, in the widest vectors.</summary>
[Collection(AloneCollection.Name)]
public sealed class GatedLayerTests
{
    // Sums of up to 200 products, rounded differently without fused multiply-add, relative to the largest value.
    private const double WidthTolerance = 1e-5;

    /// <summary>The sizes T, N, I, H, layers and directions of one run; tails of every width, blocked sums, batches to split.</summary>
    private static readonly (int T, int N, int I, int H, int L, bool Bidirectional)[] Sizes =
        [(5, 1, 1, 10, 2, false), (4, 3, 7, 20, 1, true), (6, 7, 40, 67, 2, false), (1, 4, 3, 5, 1, false), (12, 9, 20, 96, 1, true)];

    public static TheoryData<bool> IsLstm => [true, false];

    // Output, states and all gradients, one behind another; the upper half of the states' width belongs to c.
    private static float[] Everything(bool lstm, (int T, int N, int I, int H, int L, bool Bidirectional) s)
    {
        Rng.Seed(5);
        int d = s.Bidirectional ? 2 : 1;
        Tensor x = RnnCase.Normal([s.T, s.N, s.I]).RequireGrad();
        Tensor h0 = RnnCase.Normal([s.L * d, s.N, s.H]).RequireGrad(), c0 = RnnCase.Normal([s.L * d, s.N, s.H]).RequireGrad();
        Module module;
        Tensor y, hn, cn = default;
        if (lstm)
        {
            var layer = new Lstm(s.I, s.H, s.L, batchFirst: false, bidirectional: s.Bidirectional);
            module = layer;
            (y, (hn, cn)) = layer.Forward(x, (h0, c0));
        }
        else
        {
            var layer = new Gru(s.I, s.H, s.L, bidirectional: s.Bidirectional);
            module = layer;
            (y, hn) = layer.Forward(x, h0);
        }

        List<float> all = [.. y.ToArray(), .. hn.ToArray()];
        Tensor loss = (y * RnnCase.Normal(y.Shape)).Sum() + (hn * RnnCase.Normal(hn.Shape)).Sum();
        if (lstm)
        {
            all.AddRange(cn.ToArray());
            loss += (cn * RnnCase.Normal(cn.Shape)).Sum();
        }

        loss.Backward();
        all.AddRange(x.Grad!.Value.ToArray());
        all.AddRange(h0.Grad!.Value.ToArray());
        if (lstm) all.AddRange(c0.Grad!.Value.ToArray());
        foreach (Tensor p in module.Parameters()) all.AddRange(p.Grad!.Value.ToArray());
        return [.. all];
    }

    [Theory, MemberData(nameof(IsLstm))]
    public void ForwardBackward_EveryWidth_AgreesWithTheWidest(bool lstm)
    {
        foreach (var size in Sizes)
        {
            float[] widest = Everything(lstm, size);
            IsaSweep.ForEach(level =>
                FixtureExtensions.AssertClose(widest, Everything(lstm, size), WidthTolerance, $"{level}, {size}"));
        }
    }

    [Theory, MemberData(nameof(IsLstm))]
    public void ForwardBackward_AnyNumberOfThreads_SameBits(bool lstm) => IsaSweep.ForEach(level =>
    {
        // Few sequences for weights that do not stay in a core's cache are split over the units; of many every thread makes its
        // own from the input on, here in two chunks of steps and with shares of unequal size.
        foreach (var size in ((int, int, int, int, int, bool)[])[.. Sizes, (3, 17, 9, 300, 1, false), (40, 67, 6, 40, 1, true), (7, 101, 70, 33, 2, false)])
        {
            float[] single = [];
            IsaSweep.ForEachThreads(threads =>
            {
                float[] result = Everything(lstm, size);
                if (threads == 1) single = result;
                Assert.True(single.AsSpan().SequenceEqual(result), $"{level}, {threads} threads, {size}");
            });
        }
    });

    // Without a tape the columns of a chunk of steps take the place of those before.
    [Theory]
    [InlineData(CellKind.Rnn)]
    [InlineData(CellKind.Gru)]
    [InlineData(CellKind.Lstm)]
    public void Forward_WithoutATape_SameBitsForAnyNumberOfThreads(CellKind kind) => IsaSweep.ForEach(level =>
    {
        Rng.Seed(6);
        Tensor x = RnnCase.Normal([40, 67, 6]).RequireGrad();
        Func<Tensor> forward;
        if (kind == CellKind.Lstm)
        {
            var lstm = new Lstm(6, 40, 2, bidirectional: true);
            forward = () => lstm.Forward(x).Output;
        }
        else if (kind == CellKind.Gru)
        {
            var gru = new Gru(6, 40, 2, bidirectional: true);
            forward = () => gru.Forward(x).Output;
        }
        else
        {
            var rnn = new Rnn(6, 40, 2, bidirectional: true);
            forward = () => rnn.Forward(x).Output;
        }

        float[] recorded = forward().ToArray();
        IsaSweep.ForEachThreads(threads =>
        {
            using (GradMode.NoGrad()) Assert.True(recorded.AsSpan().SequenceEqual(forward().Span), $"{level}, {threads} threads");
        });
    });

    [Theory, MemberData(nameof(IsLstm))]
    public void Backward_MatchesFiniteDifferences(bool lstm) => IsaSweep.ForEach(_ =>
    {
        Rng.Seed(3);
        Tensor x = RnnCase.Normal([4, 2, 3]).RequireGrad();
        Tensor h0 = RnnCase.Normal([4, 2, 3]).RequireGrad(), c0 = RnnCase.Normal([4, 2, 3]).RequireGrad();
        if (lstm)
        {
            var layer = new Lstm(3, 3, 2, bidirectional: true);
            GradCheck.Run(
                _ =>
                {
                    (Tensor y, (Tensor h, Tensor c)) = layer.Forward(x, (h0, c0));
                    return Tensor.Concat([y.Reshape(-1), h.Reshape(-1) * 2f, c.Reshape(-1) * 3f]);
                },
                [x, h0, c0, .. layer.Parameters()]).ThrowIfFailed();
        }
        else
        {
            var layer = new Gru(3, 3, 2, bidirectional: true);
            GradCheck.Run(
                _ =>
                {
                    (Tensor y, Tensor h) = layer.Forward(x, h0);
                    return Tensor.Concat([y.Reshape(-1), h.Reshape(-1) * 2f]);
                },
                [x, h0, .. layer.Parameters()]).ThrowIfFailed();
        }
    });

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Forward_StepByStep_SameBitsAsTheLayer(int n) => IsaSweep.ForEach(_ =>
    {
        Rng.Seed(4);
        var lstm = new Lstm(3, 20);
        var lstmCell = new LstmCell(3, 20);
        var gru = new Gru(3, 20);
        var gruCell = new GruCell(3, 20);
        foreach ((Tensor own, Tensor its) in lstmCell.Parameters().Zip(lstm.Parameters())) own.CopyFrom(its);
        foreach ((Tensor own, Tensor its) in gruCell.Parameters().Zip(gru.Parameters())) own.CopyFrom(its);
        Tensor x = RnnCase.Normal([6, n, 3]);

        LstmState? state = null;
        Tensor? h = null;
        for (int t = 0; t < 6; t++)
        {
            state = lstmCell.Forward(x.Select(0, t), state);
            h = gruCell.Forward(x.Select(0, t), h);
        }

        LstmState last = lstm.Forward(x).State;
        Assert.Equal(last.H.ToArray(), state!.Value.H.ToArray());
        Assert.Equal(last.C.ToArray(), state.Value.C.ToArray());
        Assert.Equal(gru.Forward(x).HN.ToArray(), h!.Value.ToArray());
    });

    [Fact]
    public void Forward_SplitSequenceWithCarriedState_SameBitsAsWhole() => IsaSweep.ForEach(_ =>
    {
        Rng.Seed(8);
        var lstm = new Lstm(3, 10, 2);
        Tensor x = RnnCase.Normal([12, 3, 3]);
        (Tensor whole, LstmState end) = lstm.Forward(x);
        (Tensor first, LstmState middle) = lstm.Forward(x.Slice(0, 0, 5));
        (Tensor second, LstmState last) = lstm.Forward(x.Slice(0, 5, 7), middle);
        float[] joined = [.. first.ToArray(), .. second.ToArray()];
        Assert.Equal(whole.ToArray(), joined);
        Assert.Equal(end.C.ToArray(), last.C.ToArray());
    });

    [Fact]
    public void ForwardBackward_EmptyBatch_GivesEmptyResultsAndZeroGradients()
    {
        var lstm = new Lstm(3, 4, 2, bidirectional: true);
        (Tensor y, (Tensor hn, Tensor cn)) = lstm.Forward(Tensor.Zeros([5, 0, 3]));
        Assert.Equal([5, 0, 8], y.Shape);
        Assert.Equal([4, 0, 4], cn.Shape);
        (y.Sum() + hn.Sum() + cn.Sum()).Backward();
        Assert.All(lstm.Parameters(), p => Assert.All(p.Grad!.Value.ToArray(), v => Assert.Equal(0f, v)));
    }

    [Fact]
    public void ForwardBackward_WarmedUp_AllocatesNothing()
    {
        var lstm = new Lstm(6, 70, 2, batchFirst: true, dropout: 0.2f, bidirectional: true);
        var gru = new Gru(6, 20, 2);
        Tensor batch = Tensor.Ones([5, 9, 6]), dLstm = Tensor.Ones([5, 9, 140]), dGru = Tensor.Ones([5, 9, 20]);
        var meter = new AllocationMeter();
        for (int i = 0; i < 8; i++)
        {
            if (i >= 4) meter.Mark();
            lstm.ZeroGrad();
            gru.ZeroGrad();
            lstm.Forward(batch).Output.Backward(dLstm);
            gru.Forward(batch).Output.Backward(dGru);
        }

        meter.Mark();
        Assert.Equal(0, meter.Bytes);
    }

    [Fact]
    public void Backward_FrozenParameters_GetNoGradient()
    {
        var gru = new Gru(3, 5, 2);
        foreach ((string name, Tensor p) in gru.NamedParameters()) p.RequireGrad(name is "weight_ih_l0" or "bias_hh_l1");
        gru.Forward(Tensor.Ones([4, 2, 3])).Output.Sum().Backward();
        foreach ((string name, Tensor p) in gru.NamedParameters())
            Assert.Equal(name is "weight_ih_l0" or "bias_hh_l1", p.Grad is not null);
    }

    [Fact]
    public void New_Bidirectional_HasTorchsNamesAndShapes()
    {
        var lstm = new Lstm(3, 5, 2, bidirectional: true);
        Assert.Equal(
            ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l0_reverse", "weight_hh_l0_reverse",
                "bias_ih_l0_reverse", "bias_hh_l0_reverse", "weight_ih_l1", "weight_hh_l1", "bias_ih_l1", "bias_hh_l1",
                "weight_ih_l1_reverse", "weight_hh_l1_reverse", "bias_ih_l1_reverse", "bias_hh_l1_reverse"],
            lstm.NamedParameters().Select(p => p.Name));
        Assert.Equal([20, 10], lstm.StateDict()["weight_ih_l1"].Shape);
        Assert.Equal([15, 5], new Gru(3, 5).StateDict()["weight_hh_l0"].Shape);
    }

    [Fact]
    public void Forward_WrongShapeOrSize_SaysWhatWasExpected()
    {
        var lstm = new Lstm(16, 8, 2);
        Assert.Equal(
            "Lstm.Forward: input must be [T, N, 16] or [T, 16] (InputSize = 16) but was [32, 4, 15].",
            Assert.Throws<ShapeException>(() => lstm.Forward(Tensor.Zeros([32, 4, 15]))).Message);
        Assert.Equal(
            "Lstm.Forward: state.C must be [2, 4, 8] (NumLayers = 2, N = 4, HiddenSize = 8) but was [2, 4, 7].",
            Assert.Throws<ShapeException>(
                () => lstm.Forward(Tensor.Zeros([3, 4, 16]), (Tensor.Zeros([2, 4, 8]), Tensor.Zeros([2, 4, 7])))).Message);
        Assert.Equal(
            "GruCell.Forward: h must be [4, 8] (HiddenSize = 8) but was [4, 7].",
            Assert.Throws<ShapeException>(
                () => new GruCell(16, 8).Forward(Tensor.Zeros([4, 16]), Tensor.Zeros([4, 7]))).Message);
        Assert.StartsWith(
            "Gru: hiddenSize must be at least 1 but was 0.",
            Assert.Throws<ArgumentOutOfRangeException>(() => new Gru(3, 0)).Message, StringComparison.Ordinal);
    }
}
