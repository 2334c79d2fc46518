using System.Text.Json;
using Recur.Nn;

namespace Recur.Tests.Nn;

[Collection(AloneCollection.Name)]
public sealed class RnnTests
{
    // Up to 59 steps, each a sum of some 100 products, in another order than PyTorch's; relative to the largest value.
    private const double NarrowForwardTolerance = 1e-6;

    // 800 products in one chain: the partial sums reach 8, where a rounding is up to 5e-7.
    private const double WideForwardTolerance = 3e-6;

    // Gradients add up over all steps and sequences on top of that.
    private const double GradientTolerance = 1e-5;

    [Fact]
    public void ForwardBackward_EveryOption_MatchesTorch() => IsaSweep.ForEach(level =>
    {
        using JsonDocument fixture = Fixture.Open("rnn.json");
        double forward = 0, gradient = 0;
        foreach (JsonElement c in fixture.RootElement.GetProperty("rnn").EnumerateArray())
        {
            string what = $"{level}, seed {c.Int("seed")}";
            double forwardTolerance = c.Int("i") > 100 ? WideForwardTolerance : NarrowForwardTolerance;
            RnnCase run = RnnCase.FromFixture(c).Run(c.GetProperty("hn_only").GetBoolean());
            Compare(ref forward, c, "y", run.Output, forwardTolerance, what);
            Compare(ref forward, c, "hn", run.HN, forwardTolerance, what);
            Compare(ref gradient, c, "dx", run.X.Grad, GradientTolerance, what);
            Compare(ref gradient, c, "dh0", run.H0?.Grad, GradientTolerance, what);
            Assert.Equal(
                c.GetProperty("names").EnumerateArray().Select(n => n.GetString()),
                run.Rnn.NamedParameters().Select(p => p.Name));
            foreach ((string name, Tensor p) in run.Rnn.NamedParameters())
                Compare(ref gradient, c.GetProperty("gradients"), name, p.Grad, GradientTolerance, what);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{level}: forward {forward:E2}, gradients {gradient:E2}");
    });

    private static void Compare(
        ref double worst, JsonElement expected, string name, Tensor? actual, double tolerance, string what)
    {
        double difference = TensorSample.AssertClose(expected.GetProperty(name), actual, tolerance, $"{what} {name}");
        worst = Math.Max(worst, difference);
    }

    // All sums of a sequence run over the terms in the same order in every width, by fused multiply-adds. Only the weights'
    // gradients do not: from the width depends which of the two kernels, with its own order of steps, takes a narrow layer.
    [Fact]
    public void ForwardBackward_EveryOption_SameBitsInAllWidths()
    {
        if (!System.Runtime.Intrinsics.X86.Fma.IsSupported && !System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported)
            Assert.Skip("This processor has no fused multiply-add.");
        using JsonDocument fixture = Fixture.Open("rnn.json");
        foreach (JsonElement c in fixture.RootElement.GetProperty("rnn").EnumerateArray())
        {
            float[]? scalar = null;
            IsaSweep.ForEach(level =>
            {
                float[] all = RnnCase.FromFixture(c).Run().Sequences();
                Assert.True(all.AsSpan().SequenceEqual(scalar ??= all), $"{level}, seed {c.Int("seed")}");
            });
        }
    }

    [Fact]
    public void ForwardBackward_EveryOption_SameBitsForAnyNumberOfThreads() => IsaSweep.ForEach(level =>
    {
        // Large enough for every kernel to split its work; then every small case.
        (int, int, int, int, bool)[] large = [(30, 7, 40, 96, false), (60, 1, 20, 200, true), (12, 40, 200, 64, true)];
        var single = new List<float[]>();
        IsaSweep.ForEachThreads(threads =>
        {
            var results = new List<float[]>();
            foreach ((int t, int n, int i, int h, bool bidirectional) in large)
            {
                Rng.Seed(5);
                var run = new RnnCase
                {
                    Rnn = new Rnn(i, h, 2, batchFirst: true, bidirectional: bidirectional),
                    X = RnnCase.Normal([n, t, i]).RequireGrad(),
                };
                results.Add(run.Run().Everything());
            }

            using JsonDocument fixture = Fixture.Open("rnn.json");
            foreach (JsonElement c in fixture.RootElement.GetProperty("rnn").EnumerateArray())
                results.Add(RnnCase.FromFixture(c).Run().Everything());

            if (threads == 1) single = results;
            for (int i = 0; i < results.Count; i++)
            {
                Assert.True(
                    single[i].AsSpan().SequenceEqual(results[i]), $"{level}, {threads} threads, case {i}");
            }

        });
    });

    // One sequence through narrow layers takes a kernel of its own; beside a second sequence it takes the general one.
    [Fact]
    public void Forward_OneSequence_SameBitsAsInABatch() => IsaSweep.ForEach(level =>
    {
        (int, int, int, int)[] sizes =
            [(1, 1, 1, 1), (59, 1, 10, 2), (20, 5, 16, 3), (9, 17, 33, 8), (33, 3, 64, 2), (4, 900, 7, 2)];
        foreach (Nonlinearity nonlinearity in Enum.GetValues<Nonlinearity>())
            foreach ((int t, int i, int h, int layers) in sizes)
            {
                Rng.Seed(11);
                var rnn = new Rnn(i, h, layers, nonlinearity);
                Tensor x = RnnCase.Normal([t, 1, i]).RequireGrad(), other = RnnCase.Normal([t, 1, i]);
                Tensor h0 = RnnCase.Normal([layers, 1, h]).RequireGrad(), otherH0 = RnnCase.Normal([layers, 1, h]);
                Tensor dy = RnnCase.Normal([t, 1, h]), dhn = RnnCase.Normal([layers, 1, h]);

                (Tensor y, Tensor hn) = rnn.Forward(x, h0);
                float[] aloneY = y.ToArray(), aloneHn = hn.ToArray();
                ((y * dy).Sum() + (hn * dhn).Sum()).Backward();
                float[] aloneDx = x.Grad!.Value.ToArray(), aloneDh0 = h0.Grad!.Value.ToArray();

                x.ZeroGrad();
                h0.ZeroGrad();
                (Tensor y2, Tensor hn2) = rnn.Forward(Tensor.Concat([x, other], 1), Tensor.Concat([h0, otherH0], 1));
                Tensor batchY = y2.Slice(1, 0, 1), batchHn = hn2.Slice(1, 0, 1);
                string what = $"{level}, {nonlinearity}, T = {t}, I = {i}, H = {h}, L = {layers}";
                Assert.True(batchY.Span.SequenceEqual(aloneY), what + " output");
                Assert.True(batchHn.Span.SequenceEqual(aloneHn), what + " h_n");
                ((batchY * dy).Sum() + (batchHn * dhn).Sum()).Backward();
                Assert.True(x.Grad!.Value.Span.SequenceEqual(aloneDx), what + " dx");
                Assert.True(h0.Grad!.Value.Span.SequenceEqual(aloneDh0), what + " dh0");
            }
    });

    [Theory]
    [InlineData(1, 1, false)]
    [InlineData(2, 1, false)]
    [InlineData(1, 3, false)]
    [InlineData(2, 2, true)]
    public void Backward_Tanh_MatchesFiniteDifferences(int layers, int n, bool bidirectional)
    {
        Rng.Seed(3);
        var rnn = new Rnn(3, 4, layers, bidirectional: bidirectional);
        Tensor x = RnnCase.Normal([5, n, 3]).RequireGrad();
        Tensor h0 = RnnCase.Normal([bidirectional ? 2 * layers : layers, n, 4]).RequireGrad();
        Recur.Autograd.GradCheck.Run(
            _ =>
            {
                (Tensor y, Tensor hn) = rnn.Forward(x, h0);
                return Tensor.Concat([y.Reshape(-1), hn.Reshape(-1) * 2f]);
            },
            [x, h0, .. rnn.Parameters()]).ThrowIfFailed();
    }

    [Fact]
    public void Forward_SplitSequenceWithCarriedState_SameBitsAsWhole() => IsaSweep.ForEach(_ =>
    {
        foreach (int n in (int[])[1, 3])
        {
            Rng.Seed(8);
            var rnn = new Rnn(3, 10, 2);
            Tensor x = RnnCase.Normal([12, n, 3]);
            (Tensor whole, Tensor end) = rnn.Forward(x);
            (Tensor first, Tensor middle) = rnn.Forward(x.Slice(0, 0, 5));
            (Tensor second, Tensor last) = rnn.Forward(x.Slice(0, 5, 7), middle);
            float[] joined = [.. first.ToArray(), .. second.ToArray()];
            Assert.Equal(whole.ToArray(), joined);
            Assert.Equal(end.ToArray(), last.ToArray());
        }
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ForwardBackward_EmptyBatch_GivesEmptyResultsAndZeroGradients(bool batchFirst)
    {
        var rnn = new Rnn(3, 4, 2, batchFirst: batchFirst, bidirectional: true);
        (Tensor y, Tensor hn) = rnn.Forward(Tensor.Zeros(batchFirst ? [0, 5, 3] : [5, 0, 3]));
        Assert.Equal(batchFirst ? [0, 5, 8] : [5, 0, 8], y.Shape);
        Assert.Equal([4, 0, 4], hn.Shape);
        (y.Sum() + hn.Sum()).Backward();
        Assert.All(rnn.Parameters(), p => Assert.All(p.Grad!.Value.ToArray(), v => Assert.Equal(0f, v)));
    }

    // States that decay and gradients that vanish pass through the denormal range, where every operation takes a
    // hundred cycles.
    [Theory]
    [InlineData(1, Nonlinearity.Tanh)]
    [InlineData(2, Nonlinearity.Tanh)]
    [InlineData(1, Nonlinearity.Relu)]
    [InlineData(2, Nonlinearity.Relu)]
    public void ForwardBackward_Vanishing_HoldsNoDenormals(int n, Nonlinearity nonlinearity) => IsaSweep.ForEach(level =>
    {
        const int steps = 400;
        Rng.Seed(2);
        var rnn = new Rnn(2, 5, 2, nonlinearity, bias: false);
        foreach (Tensor p in rnn.Parameters())
            foreach (ref float w in p.MutableSpan) w = MathF.Abs(w) * 0.5f;
        Tensor x = Tensor.Zeros([steps, n, 2]).RequireGrad(), h0 = Tensor.Full([2, n, 5], 0.5f).RequireGrad();
        (Tensor y, Tensor hn) = rnn.Forward(x, h0);
        Assert.All(y.ToArray(), v => Assert.False(float.IsSubnormal(v), $"{level}: a state is {v}"));
        Assert.All(hn.ToArray(), v => Assert.Equal(0f, v));
        // Only the last state has a gradient, so it vanishes towards the first step.
        y.Select(0, steps - 1).Sum().Backward();
        Assert.All(x.Grad!.Value.ToArray(), v => Assert.False(float.IsSubnormal(v), $"{level}: a gradient is {v}"));
        Assert.All(h0.Grad!.Value.ToArray(), v => Assert.Equal(0f, v));
    });

    [Fact]
    public void Forward_NotANumberInInput_ReachesTheOutput() => IsaSweep.ForEach(_ =>
    {
        foreach (Nonlinearity nonlinearity in Enum.GetValues<Nonlinearity>())
            foreach (int n in (int[])[1, 2])
            {
                var rnn = new Rnn(1, 3, 2, nonlinearity);
                Tensor x = Tensor.Zeros([4, n, 1]);
                x.MutableSpan[n] = float.NaN;
                float[] y = rnn.Forward(x).Output.ToArray();
                Assert.All(y[..(3 * n)], v => Assert.True(float.IsFinite(v)));
                Assert.All(y[(3 * n)..(3 * n + 3)], v => Assert.True(float.IsNaN(v)));
            }
    });

    [Fact]
    public void Backward_FrozenParameters_GetNoGradient()
    {
        foreach (int n in (int[])[1, 4])
        {
            var rnn = new Rnn(3, 5, 2);
            foreach ((string name, Tensor p) in rnn.NamedParameters())
                p.RequireGrad(name is "weight_ih_l0" or "bias_hh_l1");
            rnn.Forward(Tensor.Ones([4, n, 3])).Output.Sum().Backward();
            foreach ((string name, Tensor p) in rnn.NamedParameters())
                Assert.Equal(name is "weight_ih_l0" or "bias_hh_l1", p.Grad is not null);
        }
    }

    [Fact]
    public void Backward_TwiceThroughTwoForwards_AddsGradients()
    {
        foreach (int n in (int[])[1, 4])
        {
            var rnn = new Rnn(3, 5, 2);
            Tensor x = Tensor.Ones([4, n, 3]);
            rnn.Forward(x).Output.Sum().Backward();
            float[][] twice = [.. rnn.Parameters().Select(p => p.Grad!.Value.ToArray().Select(v => 2 * v).ToArray())];
            rnn.Forward(x).Output.Sum().Backward();
            foreach ((float[] expected, Tensor p) in twice.Zip(rnn.Parameters()))
                FixtureExtensions.AssertClose(expected, p.Grad!.Value.Span, GradientTolerance, "gradient");
        }
    }

    [Fact]
    public void ForwardBackward_WarmedUp_AllocatesNothing()
    {
        var narrow = new Rnn(1, 10, 2, batchFirst: true);
        var wide = new Rnn(6, 70, 2, Nonlinearity.Relu, batchFirst: true, dropout: 0.2f, bidirectional: true);
        Tensor one = Tensor.Ones([1, 59, 1]), two = Tensor.Ones([1, 20, 1]), h0 = Tensor.Ones([2, 1, 10]);
        Tensor batch = Tensor.Ones([5, 9, 6]), more = Tensor.Ones([8, 30, 6]);
        Tensor dOne = Tensor.Ones([1, 59, 10]), dTwo = Tensor.Ones([1, 20, 10]);
        Tensor dBatch = Tensor.Ones([5, 9, 140]), dMore = Tensor.Ones([8, 30, 140]);
        var meter = new AllocationMeter();
        for (int i = 0; i < 8; i++)
        {
            if (i >= 4) meter.Mark();
            narrow.ZeroGrad();
            wide.ZeroGrad();
            narrow.Forward(one, h0).Output.Backward(dOne);
            wide.Forward(batch).Output.Backward(dBatch);
            narrow.Forward(two).Output.Backward(dTwo);
            wide.Forward(more).Output.Backward(dMore);
        }

        meter.Mark();
        Assert.Equal(0, meter.Bytes);
    }

    [Fact]
    public void Forward_NotTraining_DropsNothing()
    {
        var rnn = new Rnn(3, 5, 2, dropout: 0.9f);
        rnn.Eval();
        Tensor x = Tensor.Ones([4, 2, 3]);
        float[] y = rnn.Forward(x).Output.ToArray();
        Assert.Equal(y, rnn.Forward(x).Output.ToArray());
        rnn.Train();
        Assert.NotEqual(y, rnn.Forward(x).Output.ToArray());
    }

    [Fact]
    public void New_DropoutWithOneLayer_HasNoEffect()
    {
        var rnn = new Rnn(3, 5, dropout: 0.9f);
        Assert.Equal(0.9f, rnn.Dropout);
        Tensor x = Tensor.Ones([4, 2, 3]);
        Assert.Equal(rnn.Forward(x).Output.ToArray(), rnn.Forward(x).Output.ToArray());
    }

    [Fact]
    public void New_WrongArgument_SaysWhich()
    {
        static string Message(Func<Rnn> make) => Assert.Throws<ArgumentOutOfRangeException>(make).Message;
        Assert.Equal(
            "Rnn: inputSize must be at least 1 but was 0. (Parameter 'inputSize')", Message(() => new Rnn(0, 1)));
        Assert.Equal(
            "Rnn: hiddenSize must be at least 1 but was -2. (Parameter 'hiddenSize')", Message(() => new Rnn(1, -2)));
        Assert.Equal(
            "Rnn: numLayers must be at least 1 but was 0. (Parameter 'numLayers')", Message(() => new Rnn(1, 1, 0)));
        Assert.Equal(
            "Rnn: nonlinearity must be Tanh or Relu but was 7. (Parameter 'nonlinearity')",
            Message(() => new Rnn(1, 1, nonlinearity: (Nonlinearity)7)));
        Assert.Equal(
            "Rnn: dropout must be in 0..1 but was 1.5. (Parameter 'dropout')",
            Message(() => new Rnn(1, 1, 2, dropout: 1.5f)));
        Assert.Equal(
            "Rnn: dropout must be in 0..1 but was NaN. (Parameter 'dropout')",
            Message(() => new Rnn(1, 1, 2, dropout: float.NaN)));
    }

    [Fact]
    public void Forward_WrongShape_SaysWhatWasExpected()
    {
        static string Message(Rnn rnn, Shape x, Shape? h0 = null) => Assert.Throws<ShapeException>(
            () => rnn.Forward(Tensor.Zeros(x), h0 is { } s ? Tensor.Zeros(s) : null)).Message;

        var rnn = new Rnn(16, 8, 2);
        var turned = new Rnn(16, 8, 2, batchFirst: true, bidirectional: true);
        Assert.Equal(
            "Rnn.Forward: input must be [T, N, 16] or [T, 16] (InputSize = 16) but was [32, 4, 15].",
            Message(rnn, [32, 4, 15]));
        Assert.Equal(
            "Rnn.Forward: input must be [N, T, 16] or [T, 16] (InputSize = 16) but was [16].", Message(turned, [16]));
        Assert.Equal(
            "Rnn.Forward: input must be [T, N, 16] or [T, 16] (InputSize = 16) but was [2, 3, 4, 16].",
            Message(rnn, [2, 3, 4, 16]));
        Assert.Equal("Rnn.Forward: input must be of at least one step but was [0, 4, 16].", Message(rnn, [0, 4, 16]));
        Assert.Equal(
            "Rnn.Forward: input must be of at least one step but was [4, 0, 16].", Message(turned, [4, 0, 16]));
        Assert.Equal("Rnn.Forward: input must be of at least one step but was [0, 16].", Message(rnn, [0, 16]));
        Assert.Equal(
            "Rnn.Forward: h0 must be [2, 4, 8] (NumLayers = 2, N = 4, HiddenSize = 8) but was [1, 4, 8].",
            Message(rnn, [32, 4, 16], [1, 4, 8]));
        Assert.Equal(
            "Rnn.Forward: h0 must be [4, 3, 8] (NumLayers * 2 = 4, N = 3, HiddenSize = 8) but was [3, 4, 8].",
            Message(turned, [3, 7, 16], [3, 4, 8]));
        Assert.Equal(
            "Rnn.Forward: h0 must be [2, 8] (NumLayers = 2, HiddenSize = 8) but was [2, 1, 8].",
            Message(rnn, [5, 16], [2, 1, 8]));
    }
}
