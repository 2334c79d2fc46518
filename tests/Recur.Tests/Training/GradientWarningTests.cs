using Recur.Data;
using Recur.Nn;
using Recur.Optim;
using Recur.Training;

namespace Recur.Tests.Training;

/// <summary>When a trainer warns of its gradients: once, with numbers and the cure.</summary>
[Collection(AloneCollection.Name)] // seeds Rng.Default
public sealed class GradientWarningTests
{
    [Fact]
    public void Fit_RnnOverALongSequence_WarnsOnceThatGradientsVanish()
    {
        Rng.Seed(0);
        var model = new Rnn(2, 8);
        var told = new List<TrainWarning>();
        TrainResult result = Fit(model, 100, new TrainOptions { Steps = 400, Warn = told.Add });

        TrainWarning warning = Assert.Single(result.Warnings);
        Assert.Equal([warning], told);
        Assert.Equal(GradientProblem.Vanishing, warning.Problem);
        Assert.Equal(180, warning.Step); // steps 1, 20, 40 ... 180: ten measurements
        Assert.Matches(
            @"^Trainer: gradients vanish: at step 180 that of the states of l0 is 0\.\d+ at time step 100 but \S+ at time step 1 " +
            @"\(a factor of 0\.\d{3} per time step\), less than float32 can add\. Cure: take a Lstm or Gru, or begin with " +
            @"orthogonal recurrent weights; or shorter windows, or a loss at every time step\.$", warning.Text);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(30, 1)]
    public void Fit_EndedEarly_LooksAtWhatItHas(int steps, int warnings)
    {
        Rng.Seed(0);
        Assert.Equal(warnings, Fit(new Rnn(2, 8), 100, new TrainOptions { Steps = steps }).Warnings.Count);
    }

    [Fact]
    public void Fit_ShortSequences_WarnsOfNothing()
    {
        Rng.Seed(0);
        Assert.Empty(Fit(new Rnn(2, 8), 10, new TrainOptions { Steps = 300 }).Warnings);
    }

    [Fact]
    public void Fit_LstmWithItsGatesStillClosed_IsNotWarnedBeforeAThousandSteps()
    {
        Rng.Seed(0);
        TrainResult result = Fit(new Lstm(2, 4), 100, new TrainOptions { Steps = 1000 }, learningRate: 0f, batch: 1);
        TrainWarning warning = Assert.Single(result.Warnings);
        Assert.Equal(980, warning.Step); // steps 1, 20, 40 ... 980: fifty measurements
        Assert.Contains("Cure: begin with gates that keep the state (bias of an LSTM's forget gate 1 or more);", warning.Text);
    }

    [Fact]
    public void Fit_RecurrentWeightsThatStretch_WarnsOnceThatGradientsExplode()
    {
        Rng.Seed(0);
        TrainResult result = Fit(Stretching(), 100, new TrainOptions { Steps = 5 }, learningRate: 1e-9f);

        TrainWarning warning = Assert.Single(result.Warnings);
        Assert.Equal((GradientProblem.Exploding, 1L), (warning.Problem, warning.Step));
        Assert.Matches(
            @"^Trainer: gradients explode: at step 1 those of the states of l0 grow by a factor of 1\.\d{3} per time step, " +
            @"\S+e\+\d+ over 100\. Cure: clip them by norm \(TrainOptions\.ClipGradNorm = 1\), and begin with smaller or " +
            @"orthogonal recurrent weights\.$", warning.Text);
    }

    [Fact]
    public void Fit_WithClipping_NeedsNoWarningOfExplosions()
    {
        Rng.Seed(0);
        Assert.Empty(Fit(Stretching(), 100, new TrainOptions { Steps = 5, ClipGradNorm = 1f }, learningRate: 1e-9f).Warnings);
    }

    [Fact]
    public void Fit_OneNormFarAboveTheMedian_IsAnExplosion()
    {
        // One weight w = 0 and the loss (w x - y)²: the gradient is -2 x y, here 2 in every step but the 30th.
        TrainResult result = FitOneWeight(new TrainOptions { Steps = 40 });
        Assert.Equal(
            [new TrainWarning(GradientProblem.Exploding, 30,
                "Trainer: gradients explode: their norm was 500 at step 30, 250 times the median of the 29 steps before (2). " +
                "Cure: clip them by norm (TrainOptions.ClipGradNorm, for example 2), or take a smaller learning rate.")],
            result.Warnings);
        Assert.Empty(FitOneWeight(new TrainOptions { Steps = 40, WarnAboutGradients = false }).Warnings);
    }

    private static TrainResult FitOneWeight(TrainOptions options)
    {
        var model = new Linear(1, 1, bias: false);
        model.Parameters()[0].CopyFrom([0f]);
        int step = 0;
        var trainer = new Trainer<Batch>(
            model, new Sgd(model.Parameters(), 0f),
            b => Losses.Mse(model.Forward(b.Input), b.Target * (++step == 30 ? 250f : 1f)), options);
        return trainer.Fit(new SingleBatch<Batch>(new Batch(Tensor.Ones([1, 1]), Tensor.Ones([1, 1]))));
    }

    [Fact]
    public void Fit_Watched_GivesTheBitsOfOneThatIsNot()
    {
        Assert.Equal(Bits(new TrainOptions { Steps = 60 }), Bits(new TrainOptions { Steps = 60, WarnAboutGradients = false }));

        static int[] Bits(TrainOptions options)
        {
            Rng.Seed(0);
            var model = new Gru(2, 8, numLayers: 2);
            Fit(model, 20, options);
            return Run.Bits(model);
        }
    }

    [Fact]
    public void Fit_WithGradientFlow_RecordsEveryStep()
    {
        Rng.Seed(0);
        var model = new Rnn(2, 8);
        using var flow = new GradientFlow(model);
        Fit(model, 12, new TrainOptions { Steps = 7, ClipGradNorm = 1e-6f, GradientFlow = flow });
        Assert.Equal((7, 1.0, 12), (flow.Steps, flow.ClippedFraction, flow.Layers[0].Norms.Length));
        Assert.True(flow.ParameterNorms[0] > 1e-6f); // before clipping
    }

    // The states reach the head of the loss directly: the sum of the last one's units is the prediction.
    private static TrainResult Fit(RecurrentLayer model, int length, TrainOptions options, float learningRate = 1e-3f, int batch = 4)
    {
        var trainer = new Trainer<Batch>(
            model, new Adam(model.Parameters(), learningRate), b => Losses.Mse(Last(model, b.Input).Mean(1, keepDim: true), b.Target), options);
        return trainer.Fit(new AddingProblem(length, batch));
    }

    private static Tensor Last(RecurrentLayer model, Tensor x) => (model switch
    {
        Rnn rnn => rnn.Forward(x).HN,
        Gru gru => gru.Forward(x).HN,
        _ => ((Lstm)model).Forward(x).State.H,
    }).Select(0, 0);

    // relu and weights of 1.2 on the diagonal.
    private static Rnn Stretching()
    {
        var rnn = new Rnn(2, 4, nonlinearity: Nonlinearity.Relu);
        foreach ((string name, Tensor value) in rnn.NamedParameters())
        {
            Span<float> w = value.MutableSpan;
            w.Fill(name.StartsWith("weight_ih", StringComparison.Ordinal) ? 0.1f : 0f);
            for (int i = 0; name == "weight_hh_l0" && i < 4; i++) w[5 * i] = 1.2f;
        }

        return rnn;
    }
}
