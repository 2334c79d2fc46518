using System.Text.Json;
using FsCheck.Xunit;
using Recur.Autograd;
using Recur.Nn;

namespace Recur.Tests.Nn;

/// <summary>Rows only move, so every comparison of them is exact.</summary>
[Collection(AloneCollection.Name)]
public sealed class SequencesTests
{
    // The mean divides before the sum in one case and after it in the other.
    private const double OneUlp = 1.2e-7;

    private static readonly JsonDocument Fixtures = Fixture.Open("sequences.json");

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Fixtures.RootElement.GetArrayLength())];

    /// <summary>1, 2, 3, ...: what make_sequences.py fills tensors and gradients with.</summary>
    private static Tensor CountUp(in Shape shape, int first = 1) =>
        Tensor.From([.. Enumerable.Range(first, shape.ElementCount).Select(i => (float)i)], shape);

    private static Tensor[] CountUpAll(IEnumerable<int> lengths, params int[] features)
    {
        var sequences = new List<Tensor>();
        int first = 1;
        foreach (int length in lengths)
        {
            Tensor sequence = CountUp(new Shape([length, .. features]), first).RequireGrad();
            first += sequence.Length;
            sequences.Add(sequence);
        }

        return [.. sequences];
    }

    private static void AssertEqual(JsonElement expected, Tensor actual)
    {
        Assert.Equal(new Shape(expected.Ints("shape")), actual.Shape);
        Assert.Equal(expected.Floats("values"), actual.ToArray());
    }

    private static void AssertEqual(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.Equal(expected.ToArray(), actual.ToArray());
    }

    /// <summary>One row of the fixture.</summary>
    private sealed class Case(int index)
    {
        private readonly JsonElement row = Fixtures.RootElement[index];

        public int[] Lengths => row.Ints("lengths");
        public bool BatchFirst => row.GetProperty("batch_first").GetBoolean();
        public float PaddingValue => row.GetProperty("padding_value").GetSingle();
        public int? TotalLength => row.GetProperty("total_length").Deserialize<int?>();
        public JsonElement this[string name] => row.GetProperty(name);
        public Tensor[] Leaves => CountUpAll(Lengths, row.Ints("features"));
        public Tensor Padded => Sequences.Pad(Leaves, BatchFirst, PaddingValue).Detach().RequireGrad();
    }

    [Theory, MemberData(nameof(Cases))]
    public void Pad_EveryFixture_MatchesTorchWithGradients(int index)
    {
        var c = new Case(index);
        Tensor[] sequences = c.Leaves;
        Tensor padded = Sequences.Pad(sequences, c.BatchFirst, c.PaddingValue);
        Assert.Equal(c.Lengths, Sequences.Lengths(sequences));
        AssertEqual(c["pad"], padded);
        padded.Backward(CountUp(padded.Shape));
        for (int n = 0; n < sequences.Length; n++) AssertEqual(c["pad_gradients"][n], sequences[n].Grad!.Value);
    }

    [Theory, MemberData(nameof(Cases))]
    public void PackPadded_EveryFixture_MatchesTorchWithGradients(int index)
    {
        var c = new Case(index);
        Tensor padded = c.Padded;
        PackedSequence packed = Sequences.PackPadded(padded, c.Lengths, c.BatchFirst);
        AssertPacked(c, packed);
        packed.Data.Backward(CountUp(packed.Data.Shape));
        AssertEqual(c["pack_gradient"], padded.Grad!.Value);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Pack_EveryFixture_MatchesTorchWithGradients(int index)
    {
        var c = new Case(index);
        Tensor[] sequences = c.Leaves;
        PackedSequence packed = Sequences.Pack(sequences);
        AssertPacked(c, packed);

        // Each step's gradient is the number of its packed row: unpacked again it must be that of its sequence.
        packed.Data.Backward(CountUp(packed.Data.Shape));
        PackedSequence gradient = packed.WithData(CountUp(new Shape(c["data"].Ints("shape"))));
        Tensor[] expected = Sequences.Unpad(Sequences.PadPacked(gradient), c.Lengths);
        for (int n = 0; n < sequences.Length; n++) AssertEqual(expected[n], sequences[n].Grad!.Value);
    }

    private static void AssertPacked(Case c, PackedSequence packed)
    {
        AssertEqual(c["data"], packed.Data);
        Assert.Equal(c.Lengths, packed.Lengths);
        Assert.Equal(c.Lengths.Length, packed.Count);
        Assert.Equal(c["batch_sizes"].Deserialize<int[]>()!, packed.BatchSizes);
        Assert.Equal(c["sorted_indices"].Deserialize<int[]>()!, packed.SortedIndices);
        Assert.Equal(c["unsorted_indices"].Deserialize<int[]>()!, packed.UnsortedIndices);
    }

    [Theory, MemberData(nameof(Cases))]
    public void PadPacked_EveryFixture_MatchesTorchWithGradients(int index)
    {
        var c = new Case(index);
        PackedSequence packed = Sequences.PackPadded(c.Padded, c.Lengths, c.BatchFirst);
        Tensor data = packed.Data.Detach().RequireGrad();
        Tensor padded = Sequences.PadPacked(packed.WithData(data), c.BatchFirst, c.PaddingValue, c.TotalLength);
        AssertEqual(c["pad_packed"], padded);
        padded.Backward(CountUp(padded.Shape));
        AssertEqual(c["pad_packed_gradient"], data.Grad!.Value);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Unpad_EveryFixture_MatchesTorchWithGradients(int index)
    {
        var c = new Case(index);
        Tensor padded = c.Padded;
        Tensor[] sequences = Sequences.Unpad(padded, c.Lengths, c.BatchFirst), expected = c.Leaves;
        Assert.Equal(expected.Length, sequences.Length);
        for (int n = 0; n < expected.Length; n++) AssertEqual(expected[n], sequences[n]);
        Tensor loss = expected.Zip(sequences, (start, y) => (start.Detach() * y).Sum()).Aggregate((a, b) => a + b);
        loss.Backward();
        AssertEqual(c["unpad_gradient"], padded.Grad!.Value);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Mask_EveryFixture_MatchesTorch(int index)
    {
        var c = new Case(index);
        Tensor mask = Sequences.Mask(c.Lengths, c.TotalLength, c.BatchFirst);
        AssertEqual(c["mask"], mask);
        Assert.False(mask.RequiresGrad);
    }

    [Fact]
    public void PackPadded_ThereAndBackThroughATanh_MatchesFiniteDifferences()
    {
        int[] lengths = [1, 0, 3];
        Tensor x = RnnCase.Normal([4, 3, 2]).RequireGrad();
        GradCheck.Run(
            inputs =>
            {
                PackedSequence packed = Sequences.PackPadded(inputs[0], lengths);
                return Sequences.PadPacked(packed.WithData(packed.Data.Tanh()), batchFirst: true, totalLength: 5);
            },
            [x]).ThrowIfFailed();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PackPaddedAndUnpad_NaNInThePadding_LeaksNeitherForwardNorBackward(bool batchFirst)
    {
        int[] lengths = [2, 0, 4, 1];
        Tensor[] sequences = CountUpAll(lengths, 3);
        Tensor clean = Sequences.Pad(sequences, batchFirst).Detach().RequireGrad();
        Tensor dirty = Sequences.Pad(sequences, batchFirst, float.NaN).Detach().RequireGrad();
        AssertEqual(Run(clean), Run(dirty));
        AssertEqual(clean.Grad!.Value, dirty.Grad!.Value);
        // Where the padding was there is an exact 0, elsewhere the derivative of 2 x².
        Tensor expected = Sequences.Pad([.. sequences.Select(s => s.Detach() * 4f)], batchFirst);
        AssertEqual(expected, dirty.Grad!.Value);

        Tensor Run(Tensor padded)
        {
            Tensor packed = Sequences.PackPadded(padded, lengths, batchFirst).Data.Pow(2);
            Tensor unpadded = Tensor.Concat(Sequences.Unpad(padded, lengths, batchFirst)).Pow(2);
            Tensor result = Tensor.Concat([packed, unpadded]);
            Tensor values = result.Detach();
            result.Sum().Backward();
            return values;
        }
    }

    [Fact]
    public void PadPacked_EmptySequences_ComeBackAsPadding()
    {
        Tensor[] sequences = CountUpAll([0, 2, 0], 2);
        PackedSequence packed = Sequences.Pack(sequences);
        Assert.Equal([2, 2], packed.Data.Shape);
        Assert.Equal([1, 1], packed.BatchSizes);
        Assert.Equal([1, 0, 2], packed.SortedIndices);
        Tensor padded = Sequences.PadPacked(packed, batchFirst: true, totalLength: 3);
        Assert.Equal([3, 3, 2], padded.Shape);
        Assert.Equal([0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0], padded.ToArray());
        padded.Backward(Tensor.Ones(padded.Shape));
        Assert.Equal([0, 2], sequences[2].Grad!.Value.Shape);
        Assert.Equal([1, 1, 1, 1], sequences[1].Grad!.Value.ToArray());
    }

    [Fact]
    public void All_NothingButEmptySequences_HaveEmptyResults()
    {
        Tensor padded = Tensor.Zeros([4, 2, 3]).RequireGrad();
        PackedSequence packed = Sequences.PackPadded(padded, [0, 0]);
        Assert.Equal([0, 3], packed.Data.Shape);
        Assert.Equal(0, packed.BatchSizes.Length);
        Assert.Equal([0, 1], packed.SortedIndices);
        Assert.Equal([0, 2, 3], Sequences.PadPacked(packed).Shape);
        Assert.Equal([0, 2, 3], Sequences.Pad(Sequences.Unpad(padded, [0, 0])).Shape);
        Assert.Equal([0, 2], Sequences.Mask([0, 0]).Shape);
        packed.Data.Sum().Backward();
        Assert.All(padded.Grad!.Value.ToArray(), g => Assert.Equal(0f, g));
    }

    [Fact]
    public void All_NoSequencesInTheBatch_HaveEmptyResults()
    {
        Tensor padded = Tensor.Zeros([4, 0, 3]);
        PackedSequence packed = Sequences.PackPadded(padded, []);
        Assert.Equal(0, packed.Count);
        Assert.Equal([2, 0, 3], Sequences.PadPacked(packed, totalLength: 2).Shape);
        Assert.Empty(Sequences.Unpad(padded, []));
        Assert.Equal([0, 5], Sequences.Mask([], 5, batchFirst: true).Shape);
    }

    [Property]
    public void Unpad_OfPad_IsTheSame(int seed)
    {
        var random = new Random(seed);
        (Tensor[] sequences, bool batchFirst) = Any(random);
        int[] lengths = Sequences.Lengths(sequences);
        Tensor[] again = Sequences.Unpad(Sequences.Pad(sequences, batchFirst, float.NaN), lengths, batchFirst);
        for (int n = 0; n < sequences.Length; n++) AssertEqual(sequences[n], again[n]);

        Tensor loss = again.Select(s => (s * s).Sum()).Aggregate((a, b) => a + b);
        loss.Backward();
        foreach (Tensor s in sequences) AssertEqual(s.Detach() * 2f, s.Grad!.Value);
    }

    [Property]
    public void PadPacked_OfPack_IsPad(int seed)
    {
        var random = new Random(seed);
        (Tensor[] sequences, bool batchFirst) = Any(random);
        PackedSequence packed = Sequences.Pack(sequences);
        Tensor padded = Sequences.Pad(sequences, batchFirst, -3f);
        AssertEqual(padded, Sequences.PadPacked(packed, batchFirst, -3f));
        PackedSequence same = Sequences.PackPadded(padded, packed.Lengths, batchFirst);
        AssertEqual(packed.Data, same.Data);
        Assert.Equal(packed.SortedIndices.ToArray(), same.SortedIndices.ToArray());
        for (int n = 0; n < packed.Count; n++) Assert.Equal(n, packed.SortedIndices[packed.UnsortedIndices[n]]);
    }

    [Property]
    public void PackPadded_SequencesPermuted_PermutesTheResult(int seed)
    {
        var random = new Random(seed);
        (Tensor[] sequences, _) = Any(random);
        int[] order = [.. Enumerable.Range(0, sequences.Length)];
        random.Shuffle(order);
        Tensor whole = Tanh(sequences), permuted = Tanh([.. order.Select(n => sequences[n])]);
        for (int n = 0; n < order.Length; n++) AssertEqual(whole.Select(0, order[n]), permuted.Select(0, n));

        static Tensor Tanh(Tensor[] sequences)
        {
            PackedSequence packed = Sequences.Pack(sequences);
            return Sequences.PadPacked(packed.WithData(packed.Data.Tanh()), batchFirst: true);
        }
    }

    private static (Tensor[] Sequences, bool BatchFirst) Any(Random random)
    {
        int[] features = [.. Enumerable.Range(0, random.Next(0, 4)).Select(_ => random.Next(1, 4))];
        int[] lengths = [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => random.Next(0, 6))];
        return (CountUpAll(lengths, features), random.Next(2) == 0);
    }

    [Fact]
    public void Mask_OnALoss_IsTheLossOfThePackedRows()
    {
        Tensor[] sequences = CountUpAll([3, 0, 1, 2], 2);
        int[] lengths = Sequences.Lengths(sequences);
        Tensor x = Sequences.Pad(sequences, paddingValue: 5f).Detach().RequireGrad(), y = Tensor.Zeros([3, 4, 2]);
        Tensor mask = Sequences.Mask(lengths).Unsqueeze(-1);
        Tensor masked = (Losses.Mse(x, y, Reduction.None) * mask).Sum() / (2 * lengths.Sum());
        float loss = masked.Item();
        masked.Backward();
        Tensor gradient = x.Grad!.Value.Detach();

        x.ZeroGrad();
        Tensor rows = Losses.Mse(Sequences.PackPadded(x, lengths).Data, Sequences.PackPadded(y, lengths).Data);
        Assert.Equal(rows.Item(), loss);
        rows.Backward();
        FixtureExtensions.AssertClose(x.Grad!.Value.Span, gradient.Span, OneUlp, "gradient");
    }

    [Fact]
    public void Step_WarmedUp_AllocatesNoMemoryForRows()
    {
        // The lists of rows are allocated in every call; they do not know how wide a row is.
        Assert.Equal(Allocated(features: 1), Allocated(features: 500));

        static long Allocated(int features)
        {
            int[] lengths = [3, 0, 5, 2];
            Tensor x = Tensor.Ones([5, 4, features]).RequireGrad(), dy = Tensor.Ones([4, 5, features]);
            for (int i = 0; i < 3; i++) Step();
            return AllocationMeter.Of(1, Step);

            void Step()
            {
                PackedSequence packed = Sequences.PackPadded(x, lengths);
                Sequences.PadPacked(packed, batchFirst: true).Backward(dy);
            }
        }
    }

    public static TheoryData<Action, string> WrongCalls => new()
    {
        { () => Sequences.Pad([]), "Sequences.Pad: at least one sequence is needed but none came." },
        { () => Sequences.Pack([]), "Sequences.Pack: at least one sequence is needed but none came." },
        {
            () => Sequences.Pad([Tensor.Zeros([5, 3]), Tensor.Zeros([4, 2])]),
            "Sequences.Pad: sequence 1 must be [5, 3] (sequence 0) but for dimension 0 but was [4, 2]."
        },
        {
            () => Sequences.Pack([Tensor.Zeros([5]), Tensor.Zeros([5, 1])]),
            "Sequences.Pack: sequence 1 must be [5] (sequence 0) but for dimension 0 but was [5, 1]."
        },
        {
            () => Sequences.Lengths([Tensor.Zeros([5]), Tensor.Scalar(1)]),
            "Sequences.Lengths: sequence 1 must be [length, ...] but was []."
        },
        { () => Sequences.Pad([Tensor.Scalar(1)]), "Sequences.Pad: sequence 0 must be [length, ...] but was []." },
        {
            () => Sequences.PackPadded(Tensor.Zeros([5]), [5]),
            "Sequences.PackPadded: padded must be [T, N, ...] but was [5]."
        },
        {
            () => Sequences.Unpad(Tensor.Zeros([5]), [5], batchFirst: true),
            "Sequences.Unpad: padded must be [N, T, ...] but was [5]."
        },
        {
            () => Sequences.PackPadded(Tensor.Zeros([5, 3, 2]), [1, 2]),
            "Sequences.PackPadded: lengths must have 3 values (N = 3) but had 2."
        },
        {
            () => Sequences.Unpad(Tensor.Zeros([5, 3, 2]), [1, 2, 3], batchFirst: true),
            "Sequences.Unpad: lengths must have 5 values (N = 5) but had 3."
        },
        {
            () => Sequences.PackPadded(Tensor.Zeros([5, 3, 2]), [1, -2, 3]),
            "Sequences.PackPadded: lengths[1] must be in 0..5 (T = 5) but was -2."
        },
        {
            () => Sequences.Unpad(Tensor.Zeros([3, 5]), [1, 2, 6], batchFirst: true),
            "Sequences.Unpad: lengths[2] must be in 0..5 (T = 5) but was 6."
        },
        {
            () => Sequences.PadPacked(Sequences.Pack([Tensor.Zeros([4, 2])]), totalLength: 3),
            "Sequences.PadPacked: totalLength must be at least 4 (the longest sequence) but was 3."
        },
        {
            () => Sequences.Mask([1, 4], maxLength: 3),
            "Sequences.Mask: maxLength must be at least 4 (the longest sequence) but was 3."
        },
        { () => Sequences.Mask([1, -4]), "Sequences.Mask: lengths[1] must not be negative but was -4." },
        {
            () => Sequences.Pack([Tensor.Zeros([4, 2]), Tensor.Zeros([1, 2])]).WithData(Tensor.Zeros([4, 2])),
            "PackedSequence.WithData: data must be [5, ...] (the sum of Lengths = 5) but was [4, 2]."
        },
    };

    [Theory, MemberData(nameof(WrongCalls))]
    public void Call_WrongArguments_SaysWhatWasExpected(Action call, string text) =>
        Assert.Equal(text, Assert.ThrowsAny<ArgumentException>(call).Message);
}
