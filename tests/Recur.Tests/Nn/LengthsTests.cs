using Recur.Autograd;
using Recur.Nn;

namespace Recur.Tests.Nn;

/// <summary>Sequences of different lengths in one batch, for every recurrent layer, every option and every vector width.</summary>
[Collection(AloneCollection.Name)]
public sealed class LengthsTests
{
    // A single sequence and the rows of a batch add the same terms of a gradient in another order; relative to the largest value.
    private const double GradientTolerance = 2e-6;

    public static TheoryData<LayerKind> Kinds => [.. Enum.GetValues<LayerKind>()];

    private static void ForEachCase(LayerKind kind, Action<LayerCase, RecurrentLayer, SequenceTensors, string> body) =>
        IsaSweep.ForEach(level =>
        {
            foreach (LayerCase c in Cases(kind)) body(c, c.Create(), c.Data(), $"{level}, {c}");
        });

    private static IEnumerable<LayerCase> Cases(LayerKind kind)
    {
        for (int option = 0; option < 16; option++)
            yield return new LayerCase(kind, T: 7, N: 6, I: 3, H: 5)
            {
                Layers = 1 + (option & 1), Bidirectional = (option & 2) != 0, BatchFirst = (option & 4) != 0,
                WithStates = (option & 8) != 0,
            };
        yield return new LayerCase(kind, T: 5, N: 9, I: 20, H: 67) { Layers = 2, Bidirectional = true }; // tails of every width
    }

    [Theory, MemberData(nameof(Kinds))]
    public void ForwardBackward_EachSequence_IsAsAlone(LayerKind kind) => ForEachCase(kind, (c, layer, data, what) =>
    {
        LayerRun batch = LayerRun.Of(layer, data, c.Lengths);
        var weights = new double[batch.Weights.Length];
        for (int n = 0; n < c.N; n++)
        {
            int length = c.Lengths[n];
            if (length == 0) continue;
            LayerRun alone = LayerRun.Of(layer, data.Choose(n).Steps(0, length));
            LayerRun.AssertSameBits(alone.Results, batch.Results.Choose(n).Steps(0, length), $"{what}, sequence {n}");
            LayerRun.AssertClose(
                alone.Gradients, batch.Gradients.Choose(n).Steps(0, length), GradientTolerance, $"{what}, sequence {n}");
            for (int i = 0; i < weights.Length; i++) weights[i] += alone.Weights[i];
        }

        FixtureExtensions.AssertClose(
            [.. weights.Select(v => (float)v)], batch.Weights, GradientTolerance, $"{what}, gradients of the weights");
    });

    [Theory, MemberData(nameof(Kinds))]
    public void ForwardBackward_PermutedBatch_PermutesResultsBitForBit(LayerKind kind) => ForEachCase(kind, (c, layer, data, what) =>
    {
        int[] order = [.. Enumerable.Range(0, c.N)];
        new Random(1).Shuffle(order);
        LayerRun given = LayerRun.Of(layer, data, c.Lengths);
        LayerRun permuted = LayerRun.Of(layer, data.Choose(order), [.. order.Select(n => c.Lengths[n])]);
        LayerRun.AssertSameBits(given.Results.Choose(order), permuted.Results, what);
        LayerRun.AssertSameBits(given.Gradients.Choose(order), permuted.Gradients, what);
        FixtureExtensions.AssertClose(given.Weights, permuted.Weights, GradientTolerance, what);
    });

    [Theory, MemberData(nameof(Kinds))]
    public void ForwardBackward_WhateverThePaddingHolds_SameBits(LayerKind kind) => ForEachCase(kind, (c, layer, data, what) =>
    {
        LayerRun expected = LayerRun.Of(layer, data, c.Lengths);
        foreach (float content in (float[])[0f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue])
        {
            Tensor x = data["x"].Detach();
            foreach (int at in Padding(c, c.I)) x.MutableSpan[at] = content;
            LayerRun.Of(layer, data.With("x", x), c.Lengths).AssertSameBits(expected, weights: true, $"{what}, {content}");
        }
    });

    [Theory, MemberData(nameof(Kinds))]
    public void ForwardBackward_Padding_HasZeroOutputAndZeroGradient(LayerKind kind) => ForEachCase(kind, (c, layer, data, what) =>
    {
        LayerRun run = LayerRun.Of(layer, data, c.Lengths);
        Tensor y = run.Results["y"], dx = run.Gradients["dx"];
        Assert.All(Padding(c, y.Shape[2]), at => Assert.True(y.Span[at] == 0f, $"{what}: y[{at}] is {y.Span[at]}"));
        Assert.All(Padding(c, c.I), at => Assert.True(dx.Span[at] == 0f, $"{what}: dx[{at}] is {dx.Span[at]}"));
    });

    // Positions in [T, N, width] behind the ends of the sequences.
    private static IEnumerable<int> Padding(LayerCase c, int width)
    {
        int[] lengths = c.Lengths;
        for (int t = 0; t < c.T; t++)
            for (int n = 0; n < c.N; n++)
                for (int i = 0; i < width && t >= lengths[n]; i++)
                    yield return (t * c.N + n) * width + i;
    }

    [Theory, MemberData(nameof(Kinds))]
    public void ForwardBackward_EmptySequence_HandsItsStateAndGradientThrough(LayerKind kind) => ForEachCase(kind, (c, layer, data, what) =>
    {
        int[] empty = [.. Enumerable.Range(0, c.N).Where(n => c.Lengths[n] == 0)];
        AssertHandedThrough(data.Choose(empty), LayerRun.Of(layer, data, c.Lengths), empty, what);
    });

    [Theory, MemberData(nameof(Kinds))]
    public void ForwardBackward_OnlyEmptySequences_HandStatesThrough(LayerKind kind) => ForEachCase(kind, (c, layer, data, what) =>
    {
        foreach (bool packed in (bool[])[false, true])
        {
            LayerRun run = LayerRun.Of(layer, data, new int[c.N], packed);
            AssertHandedThrough(data, run, [.. Enumerable.Range(0, c.N)], what);
            Assert.All(run.Results["y"].ToArray(), v => Assert.Equal(0f, v));
            Assert.All(run.Weights, v => Assert.Equal(0f, v));
        }
    });

    private static void AssertHandedThrough(SequenceTensors data, LayerRun run, int[] sequences, string what)
    {
        SequenceTensors results = run.Results.Choose(sequences), gradients = run.Gradients.Choose(sequences);
        foreach (string state in results.Keys.Where(k => k != "y").Select(k => k[..1]))
        {
            Tensor final = results[state + "n"];
            LayerRun.AssertSameBits((data.Find(state + "0") ?? Tensor.Zeros(final.Shape)).Span, final.Span, $"{what} {state}n");
            if (gradients.Find($"d{state}0") is { } gradient)
                LayerRun.AssertSameBits(data[$"d{state}n"].Span, gradient.Span, $"{what} d{state}0");
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void ForwardBackward_AllLengthsT_SameBitsAsWithoutLengths(LayerKind kind) => ForEachCase(kind, (c, layer, data, what) =>
    {
        foreach (int n in (int[])[c.N, 1])
        {
            SequenceTensors some = data.Choose([.. Enumerable.Range(0, n)]);
            LayerRun without = LayerRun.Of(layer, some);
            LayerRun.Of(layer, some, [.. Enumerable.Repeat(c.T, n)]).AssertSameBits(without, weights: true, $"{what}, {n} sequences");
        }
    });

    [Theory, MemberData(nameof(Kinds))]
    public void ForwardBackward_Packed_SameBitsAsPadded(LayerKind kind) => ForEachCase(kind, (c, _, data, what) =>
    {
        RecurrentLayer layer = (c with { Dropout = 0.3f }).Create();
        Rng.Seed(9); // for the masks
        LayerRun padded = LayerRun.Of(layer, data, c.Lengths);
        Rng.Seed(9);
        LayerRun.Of(layer, data, c.Lengths, packed: true).AssertSameBits(padded, weights: true, what);
    });

    // The sequences are cut at step 3: some end before, some there, some go on.
    [Theory, MemberData(nameof(Kinds))]
    public void Forward_CutInTwoWithCarriedStates_SameBitsAsWhole(LayerKind kind) => ForEachCase(kind, (c, layer, data, what) =>
    {
        if (c.Bidirectional) return;
        const int cut = 3;
        Tensor? h = data.Find("h0"), cell = data.Find("c0");
        Tensor[] parts = [.. new[] { (0, cut), (cut, c.T - cut) }.Select(part =>
        {
            Tensor x = data["x"].Slice(0, part.Item1, part.Item2);
            int[] lengths = [.. c.Lengths.Select(l => Math.Clamp(l - part.Item1, 0, part.Item2))];
            (Tensor y, h, Tensor last) = LayerRun.Forward(layer, c.BatchFirst ? x.Transpose(0, 1) : x, h, cell, lengths);
            cell = last == default ? null : last;
            return c.BatchFirst ? y.Transpose(0, 1) : y;
        })];
        SequenceTensors whole = LayerRun.Of(layer, data, c.Lengths).Results;
        var joined = new SequenceTensors { ["y"] = Tensor.Concat(parts), ["hn"] = h!.Value };
        if (cell is { } cn) joined["cn"] = cn;
        LayerRun.AssertSameBits(whole, joined, what);
    });

    // The second direction is the first one over each sequence read backwards.
    [Theory, MemberData(nameof(Kinds))]
    public void Forward_SecondDirection_SameBitsAsReversedSequences(LayerKind kind) => IsaSweep.ForEach(level =>
    {
        foreach (bool batchFirst in (bool[])[false, true])
        {
            var c = new LayerCase(kind, T: 7, N: 6, I: 3, H: 20) { BatchFirst = batchFirst, WithStates = false };
            RecurrentLayer both = (c with { Bidirectional = true }).Create(), one = c.Create();
            foreach ((string name, Tensor p) in one.NamedParameters()) p.CopyFrom(both.StateDict()[name + "_reverse"]);
            SequenceTensors data = c.Data();
            Tensor x = data["x"], backwards = Reverse(x, c.Lengths);
            Tensor y = LayerRun.Forward(both, Turn(x), lengths: c.Lengths).Y, expected = LayerRun.Forward(one, Turn(backwards), lengths: c.Lengths).Y;
            LayerRun.AssertSameBits(
                Reverse(Turn(expected), c.Lengths).Span, Turn(y).Slice(2, c.P, c.P).Span, $"{level}, {c}");

            Tensor Turn(Tensor tensor) => batchFirst ? tensor.Transpose(0, 1) : tensor;
        }
    });

    // [T, N, width] with the steps of every sequence in reverse order; padding stays.
    private static Tensor Reverse(Tensor x, int[] lengths)
    {
        Tensor reversed = x.Detach();
        (int steps, int n, int width) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        for (int t = 0; t < steps; t++)
            for (int j = 0; j < n; j++)
                if (t < lengths[j])
                    x.Span.Slice((t * n + j) * width, width).CopyTo(reversed.MutableSpan[(((lengths[j] - 1 - t) * n + j) * width)..]);
        return reversed;
    }

    // Without recording, what the input gives passes through a small memory, some steps at a time.
    [Theory, MemberData(nameof(Kinds))]
    public void Forward_NotRecorded_SameBits(LayerKind kind) => IsaSweep.ForEach(level =>
    {
        var c = new LayerCase(kind, T: 64, N: 24, I: 4, H: 70) { Bidirectional = true, Layers = 2 };
        RecurrentLayer layer = c.Create();
        SequenceTensors data = c.Data();
        SequenceTensors recorded = LayerRun.Of(layer, data, c.Lengths).Results;
        using (GradMode.NoGrad())
        {
            (Tensor y, Tensor hn, Tensor cn) = LayerRun.Forward(layer, data["x"], data.Find("h0"), data.Find("c0"), c.Lengths);
            var results = new SequenceTensors { ["y"] = y, ["hn"] = hn };
            if (cn != default) results["cn"] = cn;
            LayerRun.AssertSameBits(recorded, results, $"{level}, {c}");
        }
    });

    [Theory, MemberData(nameof(Kinds))]
    public void ForwardBackward_AnyNumberOfThreads_SameBits(LayerKind kind) => IsaSweep.ForEach(level =>
    {
        var c = new LayerCase(kind, T: 14, N: 11, I: 20, H: 96) { Bidirectional = true, BatchFirst = true };
        RecurrentLayer layer = c.Create();
        SequenceTensors data = c.Data();
        LayerRun? single = null;
        IsaSweep.ForEachThreads(threads =>
        {
            LayerRun run = LayerRun.Of(layer, data, c.Lengths);
            run.AssertSameBits(single ??= run, weights: true, $"{level}, {threads} threads");
        });
    });

    [Fact]
    public void ForwardBackward_OneSequenceWithoutBatch_TakesALength()
    {
        var gru = new Gru(3, 5, 2, batchFirst: true);
        Tensor x = RnnCase.Normal([6, 3]), cut = x.Slice(0, 0, 4);
        (Tensor y, Tensor hn) = gru.Forward(x, lengths: [4]);
        (Tensor expected, Tensor last) = gru.Forward(cut);
        Assert.Equal([6, 5], y.Shape);
        Assert.Equal([.. expected.ToArray(), .. new float[10]], y.ToArray());
        Assert.Equal(last.ToArray(), hn.ToArray());
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Backward_MatchesFiniteDifferences(LayerKind kind)
    {
        if (kind == LayerKind.Relu) return; // has kinks
        var c = new LayerCase(kind, T: 4, N: 4, I: 2, H: 3) { Layers = 2, Bidirectional = true };
        RecurrentLayer layer = c.Create();
        SequenceTensors data = c.Data();
        Tensor x = data["x"].RequireGrad(), h0 = data["h0"].RequireGrad();
        Tensor? c0 = data.Find("c0")?.RequireGrad();
        GradCheck.Run(
            _ =>
            {
                (Tensor y, Tensor hn, Tensor cn) = LayerRun.Forward(layer, x, h0, c0, [2, 4, 0, 1]);
                Tensor both = Tensor.Concat([y.Reshape(-1), hn.Reshape(-1) * 2f]);
                return cn == default ? both : Tensor.Concat([both, cn.Reshape(-1) * 3f]);
            },
            [x, h0, .. c0 is { } cells ? [cells] : Array.Empty<Tensor>(), .. layer.Parameters()]).ThrowIfFailed();
    }

    [Fact]
    public void Forward_WrongLengths_SaysWhatWasExpected()
    {
        static string Message<T>(Action call) where T : ArgumentException => Assert.Throws<T>(call).Message;
        Tensor x = Tensor.Zeros([5, 3, 2]);
        Assert.Equal(
            "Gru.Forward: lengths must have 3 values (N = 3) but had 2.",
            Message<ArgumentException>(() => new Gru(2, 4).Forward(x, lengths: [1, 2])));
        Assert.Equal(
            "Lstm.Forward: lengths must have 5 values (N = 5) but had 3.",
            Message<ArgumentException>(() => new Lstm(2, 4, batchFirst: true).Forward(x, lengths: [1, 2, 3])));
        Assert.Equal(
            "Rnn.Forward: lengths[1] must be in 0..5 (T = 5) but was -1.",
            Message<ArgumentOutOfRangeException>(() => new Rnn(2, 4).Forward(x, lengths: [0, -1, 5])));
        Assert.Equal(
            "Lstm.Forward: lengths[2] must be in 0..5 (T = 5) but was 6.",
            Message<ArgumentOutOfRangeException>(() => new Lstm(2, 4).Forward(x, lengths: [0, 5, 6])));
        Assert.Equal(
            "Gru.Forward: lengths must have 1 values (N = 1) but had 2.",
            Message<ArgumentException>(() => new Gru(2, 4).Forward(Tensor.Zeros([5, 2]), lengths: [1, 2])));
    }

    [Fact]
    public void Forward_WrongPackedSequence_SaysWhatWasExpected()
    {
        PackedSequence packed = Sequences.PackPadded(Tensor.Zeros([5, 3, 2]), [5, 0, 2]);
        Assert.Equal(
            "Gru.Forward: input.Data must be [rows, 3] (InputSize = 3) but was [7, 2].",
            Assert.Throws<ShapeException>(() => new Gru(3, 4).Forward(packed)).Message);
        Assert.Equal(
            "Rnn.Forward: h0 must be [1, 3, 4] (NumLayers = 1, N = 3, HiddenSize = 4) but was [1, 2, 4].",
            Assert.Throws<ShapeException>(() => new Rnn(2, 4).Forward(packed, Tensor.Zeros([1, 2, 4]))).Message);
        Assert.Equal(
            "Lstm.Forward: state.H must be [1, 3, 2] (NumLayers = 1, N = 3, ProjSize = 2) but was [1, 3, 4].",
            Assert.Throws<ShapeException>(
                () => new Lstm(2, 4, projSize: 2).Forward(packed, (Tensor.Zeros([1, 3, 4]), Tensor.Zeros([1, 3, 4])))).Message);
    }
}
