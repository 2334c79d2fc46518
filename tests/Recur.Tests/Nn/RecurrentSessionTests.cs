using Recur.Autograd;
using Recur.IO;
using Recur.Nn;
using Recur.Optim;

namespace Recur.Tests.Nn;

/// <summary>Streaming: single steps with states inside, for every recurrent layer and vector width.</summary>
[Collection(AloneCollection.Name)]
public sealed class RecurrentSessionTests
{
    public static TheoryData<LayerKind> Kinds => [.. Enum.GetValues<LayerKind>()];

    // Batches of 1 to 3 go stream by stream, larger ones through the kernel of a batch; H covers tails and blocks of every width.
    private static IEnumerable<LayerCase> Cases(LayerKind kind)
    {
        foreach (int n in (int[])[1, 2, 3, 4, 7])
            foreach (int h in (int[])[2, 5, 20, 64, 70])
                yield return new LayerCase(kind, T: 5, N: n, I: 3, H: h) { Layers = 1 + (n + h) % 3 };
        yield return new LayerCase(kind, T: 3, N: 1, I: 900, H: 12); // sums in two blocks
        yield return new LayerCase(kind, T: 3, N: 1, I: 5, H: 400);  // split over threads
        yield return new LayerCase(kind, T: 3, N: 1, I: 5, H: 780);  // split over threads, and the sums over h in two blocks
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Step_FromGivenStates_SameBitsAsForward(LayerKind kind) => IsaSweep.ForEach(level =>
    {
        foreach (LayerCase c in Cases(kind))
        {
            RecurrentLayer layer = c.Create();
            SequenceTensors data = c.Data();
            (Tensor y, Tensor hn, Tensor cn) = Forward(layer, data);
            RecurrentSession session = layer.CreateSession(c.N);
            session.SetState(data["h0"].Span, session.HasCellState ? data["c0"].Span : default);
            var outputs = new float[c.T * c.N * c.P];
            for (int t = 0; t < c.T; t++)
                session.Step(data["x"].Span.Slice(t * c.N * c.I, c.N * c.I), outputs.AsSpan(t * c.N * c.P, c.N * c.P));
            LayerRun.AssertSameBits(y.Span, outputs, $"{level}, {c}");
            (float[] h, float[] cells) = StateOf(session);
            LayerRun.AssertSameBits(hn.Span, h, $"{level}, {c} h");
            if (session.HasCellState) LayerRun.AssertSameBits(cn.Span, cells, $"{level}, {c} c");
            Assert.Equal(c.T, session.Steps);
        }
    });

    private static (Tensor Y, Tensor HN, Tensor CN) Forward(RecurrentLayer layer, SequenceTensors data)
    {
        using (GradMode.NoGrad()) return LayerRun.Forward(layer, data["x"], data.Find("h0"), data.Find("c0"));
    }

    private static (float[] H, float[] C) StateOf(RecurrentSession session)
    {
        var h = new float[session.StateShape.ElementCount];
        float[] c = session.HasCellState ? new float[session.CellShape.ElementCount] : [];
        session.GetState(h, c);
        return (h, c);
    }

    [Fact]
    public void SaveAndLoad_InTheMiddle_GoesOnWithTheSameBits()
    {
        using var folder = new TemporaryFolder();
        var lstm = new Lstm(4, 9, 2);
        RecurrentSession session = lstm.CreateSession(2), other = lstm.CreateSession(2);
        Run(session, 5);
        session.Save(folder["state.safetensors"]);
        float[] expected = Run(session, 3);
        other.Load(folder["state.safetensors"]);
        Assert.Equal(expected, Run(other, 3));

        session.Reset();
        Assert.Equal(0, session.Steps);
        Assert.All(StateOf(session).H, v => Assert.Equal(0f, v));
        Assert.Equal(Run(lstm.CreateSession(2), 4), Run(session, 4));

        Assert.Equal(
            "state.safetensors: h must be [2, 1, 9] but the file has [2, 2, 9]; c must be [2, 1, 9] but the file has [2, 2, 9].",
            Assert.Throws<ModelFormatException>(() => lstm.CreateSession().Load(folder["state.safetensors"])).Message);
    }

    // The output after some steps with fixed inputs.
    private static float[] Run(RecurrentSession session, int steps)
    {
        var x = new float[session.BatchSize * session.InputSize];
        var y = new float[session.BatchSize * session.OutputSize];
        for (int t = 0; t < steps; t++)
        {
            for (int i = 0; i < x.Length; i++) x[i] = MathF.Sin(i + t);
            session.Step(x, y);
        }

        return y;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    public void Step_AfterTraining_OldSessionsKeepTheirWeights(int batchSize)
    {
        var gru = new Gru(3, 8);
        float[] before = Run(gru.CreateSession(batchSize), 3);
        RecurrentSession old = gru.CreateSession(batchSize);
        var sgd = new Sgd(gru.Parameters(), learningRate: 0.5f);
        gru.Forward(Tensor.Ones([4, 1, 3])).Output.Sum().Backward();
        sgd.Step();
        Assert.Equal(before, Run(old, 3));
        Assert.NotEqual(before, Run(gru.CreateSession(batchSize), 3));
    }

    [Fact]
    public void Step_TwoThreadsOneLayer_EachGetsItsOwnResult()
    {
        var lstm = new Lstm(8, 40, 2);
        float[] expected = Run(lstm.CreateSession(), 2000);
        var results = new float[2][];
        Thread[] threads = [.. Enumerable.Range(0, 2).Select(i => new Thread(() => results[i] = Run(lstm.CreateSession(), 2000)))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.All(results, r => Assert.Equal(expected, r));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Step_HundredThousandTimes_AllocatesNothingAndStaysFinite(LayerKind kind)
    {
        foreach (int n in (int[])[1, 5])
        {
            var c = new LayerCase(kind, T: 1, N: n, I: 2, H: 6);
            RecurrentSession session = c.Create().CreateSession(n);
            var x = new float[n * c.I];
            var y = new float[n * c.P];
            x.AsSpan().Fill(0.1f);
            session.Step(x, y);
            Assert.Equal(0, AllocationMeter.Of(100_000, () => session.Step(x, y)));
            Assert.All(y, v => Assert.True(float.IsFinite(v)));
        }
    }

    [Fact]
    public void WrongUse_SaysWhatWasExpected()
    {
        static string Message<T>(Action call) where T : Exception => Assert.Throws<T>(call).Message;
        RecurrentSession session = new Gru(3, 4, numLayers: 2).CreateSession(2);
        Assert.Equal(
            "Lstm.CreateSession: a bidirectional layer needs the whole sequence and cannot go step by step.",
            Message<InvalidOperationException>(() => new Lstm(3, 4, bidirectional: true).CreateSession()));
        Assert.Equal(
            "Gru: batchSize must be at least 1 but was 0. (Parameter 'batchSize')",
            Message<ArgumentOutOfRangeException>(() => new Gru(3, 4).CreateSession(0)));
        Assert.Equal(
            "RecurrentSession.Step: input must have 6 values (BatchSize = 2, InputSize = 3) but had 5.",
            Message<ArgumentException>(() => session.Step(new float[5], new float[8])));
        Assert.Equal(
            "RecurrentSession.Step: output must have 8 values (BatchSize = 2, OutputSize = 4) but had 9.",
            Message<ArgumentException>(() => session.Step(new float[6], new float[9])));
        Assert.Equal(
            "RecurrentSession.GetState: h of Gru must have 16 values ([2, 2, 4]) but had 15.",
            Message<ArgumentException>(() => session.GetState(new float[15])));
        Assert.Equal(
            "RecurrentSession.SetState: c of Gru must have 0 values ([0]) but had 16.",
            Message<ArgumentException>(() => session.SetState(new float[16], new float[16])));
    }
}
