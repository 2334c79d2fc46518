using Recur.Kernels;
using Recur.Nn;
using Recur.Ops;
using Recur.Tests.Autograd;

namespace Recur.Tests.Nn;

/// <summary>Gradients of cells and layers that the user's own loop takes from step to step.</summary>
[Collection(AloneCollection.Name)]
public sealed class SteppingTests
{
    private const double Tolerance = 1e-5;

    private sealed record Stepped(Module Module, Tensor X, Func<Tensor> Loss)
    {
        /// <summary>The gradients of x and all parameters.</summary>
        public float[][] Gradients()
        {
            Module.ZeroGrad();
            X.ZeroGrad();
            Loss().Backward();
            return [X.Grad!.Value.ToArray(), .. Module.Parameters().Select(p => p.Grad!.Value.ToArray())];
        }
    }

    private static void CopyParameters(Module from, Module to)
    {
        foreach ((Tensor source, Tensor own) in from.Parameters().Zip(to.Parameters())) own.CopyFrom(source);
    }

    // Every step's state counts, so that all steps have gradients of their own.
    private static Func<Tensor> Loop(Module cell, Tensor x, Tensor dy) => () =>
    {
        Tensor? loss = null, h = null;
        LstmState? state = null;
        for (int t = 0; t < x.Shape[0]; t++)
        {
            Tensor input = x.Select(0, t);
            if (cell is LstmCell lstm) h = (state = lstm.Forward(input, state)).Value.H;
            else h = cell is GruCell gru ? gru.Forward(input, h) : ((RnnCell)cell).Forward(input, h);
            Tensor term = (h.Value * dy.Select(0, t)).Sum();
            loss = loss is { } sum ? sum + term : term;
        }

        return loss!.Value;
    };

    private static (Module Layer, Module Cell, Func<Tensor, Tensor> Run) Pair(CellKind kind, int i, int h, bool bias = true)
    {
        switch (kind)
        {
            case CellKind.Lstm:
                var lstm = new Lstm(i, h, bias: bias);
                return (lstm, new LstmCell(i, h, bias), x => lstm.Forward(x).Output);
            case CellKind.Gru:
                var gru = new Gru(i, h, bias: bias);
                return (gru, new GruCell(i, h, bias), x => gru.Forward(x).Output);
            default:
                var rnn = new Rnn(i, h, bias: bias);
                return (rnn, new RnnCell(i, h, bias), x => rnn.Forward(x).Output);
        }
    }

    private static void AssertSame(float[][] expected, float[][] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) FixtureExtensions.AssertClose(expected[i], actual[i], Tolerance, $"{what}, gradient {i}");
    }

    // Rows are gathered 64 at a time: one, some, exactly as many, more, several times as many.
    [Theory]
    [InlineData(CellKind.Rnn)]
    [InlineData(CellKind.Gru)]
    [InlineData(CellKind.Lstm)]
    public void CellLoop_AnyNumberOfSteps_MatchesTheLayer(CellKind kind) => IsaSweep.ForEach(level =>
    {
        (int Steps, int Inputs, int Units, bool Bias)[] cases =
            [(1, 3, 20, true), (2, 20, 5, true), (64, 3, 20, true), (65, 70, 10, false), (150, 16, 33, true)];
        foreach ((int steps, int inputs, int units, bool bias) in cases)
        {
            Rng.Seed((ulong)steps);
            (Module layer, Module cell, Func<Tensor, Tensor> run) = Pair(kind, inputs, units, bias);
            CopyParameters(layer, cell);
            Tensor x = RnnCase.Normal([steps, 1, inputs]).RequireGrad(), dy = RnnCase.Normal([steps, 1, units]);
            float[][] expected = new Stepped(layer, x, () => (run(x) * dy).Sum()).Gradients();
            var loop = new Stepped(cell, x, Loop(cell, x, dy));
            AssertSame(expected, loop.Gradients(), $"{level} {kind} {steps}");
            AssertSame(expected, loop.Gradients(), $"{level} {kind} {steps} again");
        }
    });

    [Fact]
    public void LayerLoop_TwoLayers_MatchesOneCall() => IsaSweep.ForEach(level =>
    {
        const int steps = 70;
        Rng.Seed(3);
        var lstm = new Lstm(4, 9, 2);
        Tensor x = RnnCase.Normal([steps, 1, 4]).RequireGrad(), dy = RnnCase.Normal([steps, 1, 9]);
        float[][] expected = new Stepped(lstm, x, () => (lstm.Forward(x).Output * dy).Sum()).Gradients();
        float[][] actual = new Stepped(lstm, x, () =>
        {
            LstmState? state = null;
            Tensor? loss = null;
            for (int t = 0; t < steps; t++)
            {
                (Tensor y, state) = lstm.Forward(x.Slice(0, t, 1), state);
                Tensor term = (y * dy.Slice(0, t, 1)).Sum();
                loss = loss is { } sum ? sum + term : term;
            }

            return loss!.Value;
        }).Gradients();
        AssertSame(expected, actual, $"{level}");
    });

    // Without states between the steps every step stands alone: a layer over as many sequences of one step.
    [Fact]
    public void BidirectionalSteps_WithoutStates_MatchABatch() => IsaSweep.ForEach(level =>
    {
        const int count = 67;
        Rng.Seed(4);
        var gru = new Gru(5, 6, 2, bidirectional: true);
        Tensor x = RnnCase.Normal([1, count, 5]).RequireGrad(), dy = RnnCase.Normal([1, count, 12]);
        float[][] expected = new Stepped(gru, x, () => (gru.Forward(x).Output * dy).Sum()).Gradients();
        float[][] actual = new Stepped(gru, x, () =>
        {
            Tensor loss = (gru.Forward(x.Slice(1, 0, 1)).Output * dy.Slice(1, 0, 1)).Sum();
            for (int n = 1; n < count; n++) loss += (gru.Forward(x.Slice(1, n, 1)).Output * dy.Slice(1, n, 1)).Sum();
            return loss;
        }).Gradients();
        AssertSame(expected, actual, $"{level}");
    });

    [Fact]
    public void CellLoop_PartlyFrozen_GivesTheOthersTheirGradients()
    {
        const int steps = 70;
        Rng.Seed(5);
        (_, Module cell, _) = Pair(CellKind.Lstm, 3, 8);
        Tensor x = RnnCase.Normal([steps, 1, 3]).RequireGrad(), dy = RnnCase.Normal([steps, 1, 8]);
        var loop = new Stepped(cell, x, Loop(cell, x, dy));
        float[][] all = loop.Gradients();
        Tensor[] parameters = [.. cell.Parameters()];
        for (int frozen = 0; frozen < parameters.Length; frozen++)
        {
            cell.ZeroGrad();
            x.ZeroGrad();
            parameters[frozen].RequireGrad(false);
            loop.Loss().Backward();
            for (int i = 0; i < parameters.Length; i++)
            {
                if (i == frozen) Assert.True(parameters[i].Grad is null || parameters[i].Grad!.Value.ToArray().All(v => v == 0f));
                else FixtureExtensions.AssertClose(all[i + 1], parameters[i].Grad!.Value.Span, Tolerance, $"{i} with {frozen} frozen");
            }

            parameters[frozen].RequireGrad();
        }
    }

    // Two cells by turns, one of them with half of the other's weights, which a penalty uses too; gradients add up over two passes.
    [Fact]
    public void CellLoop_WeightsSharedWithOthers_AddsAllShares()
    {
        const int steps = 40;
        Rng.Seed(6);
        (Module layer, Module cell, _) = Pair(CellKind.Gru, 3, 8);
        CopyParameters(layer, cell);
        (_, Module other, _) = Pair(CellKind.Gru, 3, 8);
        Tensor x = RnnCase.Normal([steps, 1, 3]).RequireGrad(), dy = RnnCase.Normal([steps, 1, 8]);
        float[][] one = new Stepped(cell, x, Loop(cell, x, dy)).Gradients(), two = new Stepped(other, x, Loop(other, x, dy)).Gradients();
        Tensor w = cell.Parameters()[0];
        float[] before = w.ToArray();

        cell.ZeroGrad();
        other.ZeroGrad();
        x.ZeroGrad();
        for (int pass = 0; pass < 2; pass++)
            (Loop(cell, x, dy)() + Loop(other, x, dy)() + (w * w).Sum()).Backward();
        FixtureExtensions.AssertClose([.. one[0].Zip(two[0], (a, b) => 2 * (a + b))], x.Grad!.Value.Span, Tolerance, "x");
        int i = 1;
        foreach (Tensor p in cell.Parameters())
        {
            float[] expected = [.. one[i].Select((g, j) => 2 * (g + (i == 1 ? 2 * before[j] : 0f)))];
            FixtureExtensions.AssertClose(expected, p.Grad!.Value.Span, Tolerance, $"cell {i++}");
        }

        i = 1;
        foreach (Tensor p in other.Parameters()) FixtureExtensions.AssertClose([.. two[i++].Select(g => 2 * g)], p.Grad!.Value.Span, Tolerance, $"other {i}");
    }

    // A weight that an operation has made hands its gradient on before Backward ends.
    [Fact]
    public void Steps_WeightsThatAreResults_HandTheirGradientsOn()
    {
        const int inputs = 3, units = 5, steps = 4;
        Rng.Seed(7);
        var options = new RecurrentOptions(inputs, units, 1, 1, Bias: false, BatchFirst: false, IsCell: true);
        Tensor wIh = RnnCase.Normal([units, inputs]).RequireGrad(), wHh = (RnnCase.Normal([units, units]) * 0.3f).Detach().RequireGrad();
        Tensor x = RnnCase.Normal([steps, 1, inputs]);
        float[] Gradient(bool results)
        {
            wIh.ZeroGrad();
            wHh.ZeroGrad();
            Tensor a = results ? wIh * 2 : (wIh * 2).Detach().RequireGrad(), b = results ? wHh * 2 : (wHh * 2).Detach().RequireGrad();
            Tensor h = default;
            for (int t = 0; t < steps; t++)
            {
                h = SingleRecurrentOp<TanhKernel>.Apply(new RecurrentInput
                {
                    X = x.Select(0, t), H0 = h, Weights = [a, b], Options = options, T = 1, N = 1,
                    OutputShape = [1, units], StateShape = [1, units], CellShape = [1, units],
                }).Output;
            }

            h.Sum().Backward();
            return results
                ? [.. wIh.Grad!.Value.ToArray(), .. wHh.Grad!.Value.ToArray()]
                : [.. a.Grad!.Value.ToArray().Concat(b.Grad!.Value.ToArray()).Select(g => 2 * g)];
        }

        FixtureExtensions.AssertClose(Gradient(results: false), Gradient(results: true), Tolerance, "gradients");
    }

    [Fact]
    public void CellLoop_BackwardThrowsHalfway_LeavesNothingForTheNext()
    {
        const int steps = 10;
        Rng.Seed(8);
        (_, Module cell, _) = Pair(CellKind.Rnn, 3, 8);
        Tensor x = RnnCase.Normal([steps, 1, 3]).RequireGrad(), dy = RnnCase.Normal([steps, 1, 8]);
        var loop = new Stepped(cell, x, Loop(cell, x, dy));
        float[][] expected = loop.Gradients();
        for (int i = 0; i < 3; i++)
        {
            cell.ZeroGrad();
            Tensor? h = null;
            for (int t = 0; t < steps; t++)
            {
                h = ((RnnCell)cell).Forward(x.Select(0, t), h);
                if (t == 4) h = FailingOp.Apply(h.Value);
            }

            Assert.Equal("no gradient here", Assert.Throws<NotSupportedException>(() => h!.Value.Sum().Backward()).Message);
            Assert.All(cell.Parameters(), p => Assert.True(p.Grad is null || p.Grad.Value.ToArray().All(v => v == 0f)));
            AssertSame(expected, loop.Gradients(), $"after failure {i}");
        }
    }

    [Theory]
    [InlineData(CellKind.Rnn)]
    [InlineData(CellKind.Gru)]
    [InlineData(CellKind.Lstm)]
    public void CellLoop_WarmedUp_AllocatesNothing(CellKind kind)
    {
        (_, Module cell, _) = Pair(kind, 3, 20);
        Tensor x = Tensor.Ones([70, 1, 3]).RequireGrad(), last = Tensor.Ones([1, 20]);
        var meter = new AllocationMeter();
        for (int i = 0; i < 8; i++)
        {
            if (i >= 4) meter.Mark();
            cell.ZeroGrad();
            Tensor? h = null;
            LstmState? state = null;
            for (int t = 0; t < 70; t++)
            {
                if (cell is LstmCell lstm) h = (state = lstm.Forward(x.Select(0, t), state)).Value.H;
                else h = cell is GruCell gru ? gru.Forward(x.Select(0, t), h) : ((RnnCell)cell).Forward(x.Select(0, t), h);
            }

            h!.Value.Backward(last);
        }

        meter.Mark();
        Assert.Equal(0, meter.Bytes);
    }
}
