using System.Text.Json;
using Recur.Optim;

namespace Recur.Tests.Optim;

public sealed class SchedulerTests
{
    // The same operations in double as PyTorch; the fixture has twelve digits. Where a cosine should reach 0, what is
    // left of the first rate by rounding differs.
    private const double Tolerance = 1e-10, Absolute = 1e-14;

    private const int Steps = 200;

    public static TheoryData<string> Cases() => [.. SchedulerCases.All.Keys];

    private static double[] Metrics(JsonElement root) =>
        [.. root.GetProperty("metrics").EnumerateArray().Select(m => m.GetDouble())];

    private static void AssertClose(JsonElement expected, double actual, string what)
    {
        double e = expected.GetDouble();
        Assert.True(
            Math.Abs(e - actual) <= Tolerance * Math.Abs(e) + Absolute, $"{what}: {e:R} expected but {actual:R} came.");
    }

    private static void Step(LRScheduler scheduler, double metric)
    {
        if (scheduler.NeedsMetric) scheduler.Step(metric);
        else scheduler.Step();
    }

    [Theory, MemberData(nameof(Cases))]
    public void Step_TwoHundredTimes_MatchesTorch(string name)
    {
        using JsonDocument fixture = Fixture.Open("schedulers.json");
        JsonElement root = fixture.RootElement, expected = root.GetProperty("cases").GetProperty(name);
        JsonElement rates = expected.GetProperty("rates");
        double[] metrics = Metrics(root);
        Optimizer optimizer = SchedulerCases.Optimizer(name, rates.GetArrayLength());
        LRScheduler scheduler = SchedulerCases.All[name](optimizer);
        int last = rates[0].GetArrayLength() - 1;
        Assert.True(last >= Steps - 1);
        bool cycles = expected.TryGetProperty("momenta", out JsonElement momenta);
        for (int t = 0; t <= last; t++)
        {
            for (int g = 0; g < optimizer.Groups.Count; g++)
            {
                ParameterGroup group = optimizer.Groups[g];
                AssertClose(rates[g][t], group.LearningRate!.Value, $"{name}, group {g}, step {t}");
                Assert.Equal(group.LearningRate, scheduler.LastLearningRates[g]);
                if (cycles)
                    AssertClose(momenta[g][t], (group.Momentum ?? group.Beta1)!.Value, $"{name}, momentum {g}, step {t}");
                else
                    Assert.Equal(0.9, group.Momentum);
            }

            Assert.Equal(t, scheduler.LastEpoch);
            if (t < last) Step(scheduler, metrics[t]);
        }
    }

    [Fact]
    public void Cases_OfTheFixture_AreAllHere()
    {
        using JsonDocument fixture = Fixture.Open("schedulers.json");
        Assert.Equal(
            fixture.RootElement.GetProperty("cases").EnumerateObject().Select(c => c.Name), SchedulerCases.All.Keys);
    }

    [Theory, MemberData(nameof(Cases))]
    public void LoadState_AfterAnyStep_ContinuesBitForBit(string name)
    {
        using JsonDocument fixture = Fixture.Open("schedulers.json");
        JsonElement root = fixture.RootElement;
        double[] metrics = Metrics(root);
        int groups = root.GetProperty("cases").GetProperty(name).GetProperty("rates").GetArrayLength();
        Optimizer optimizer = SchedulerCases.Optimizer(name, groups);
        LRScheduler scheduler = SchedulerCases.All[name](optimizer);
        for (int saved = 0; saved < Steps - 40; saved += 13)
        {
            Optimizer otherOptimizer = SchedulerCases.Optimizer(name, groups);
            LRScheduler other = SchedulerCases.All[name](otherOptimizer);
            otherOptimizer.LoadState(optimizer.State().ToDictionary(s => s.Name, s => s.Value));
            other.LoadState(scheduler.State().ToDictionary(s => "scheduler." + s.Name, s => s.Value), prefix: "scheduler.");
            Assert.Equal(scheduler.LastLearningRates, other.LastLearningRates);
            for (int t = saved; t < saved + 13; t++)
            {
                Step(scheduler, metrics[t]);
                Step(other, metrics[t]);
                Assert.Equal(
                    optimizer.Groups.Select(g => (g.LearningRate, g.Momentum, g.Beta1)),
                    otherOptimizer.Groups.Select(g => (g.LearningRate, g.Momentum, g.Beta1)));
            }
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Step_WarmedUp_AllocatesNothing(string name)
    {
        Optimizer optimizer = SchedulerCases.Optimizer(name, name.Contains("Groups") || name is
            "ReduceLROnPlateau.Absolute" or "OneCycleLR.Linear" or "CyclicLR.Triangular2" ? 2 : 1);
        LRScheduler scheduler = SchedulerCases.All[name](optimizer);
        for (int t = 0; t < 50; t++) Step(scheduler, 1.0);
        Assert.Equal(0, AllocationMeter.Of(100, () => Step(scheduler, 1.0)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void StepTo_MomentsWithinAnEpoch_MatchesTorch(int tMult)
    {
        using JsonDocument fixture = Fixture.Open("schedulers.json");
        JsonElement expected = fixture.RootElement.GetProperty("at").GetProperty($"{tMult}");
        Optimizer optimizer = SchedulerCases.Optimizer("", 1);
        var scheduler = new CosineAnnealingWarmRestarts(optimizer, 10, tMult, 0.003);
        int i = 0;
        foreach (JsonElement moment in fixture.RootElement.GetProperty("moments").EnumerateArray())
        {
            scheduler.StepTo(moment.GetDouble());
            AssertClose(expected[i++], optimizer.Groups[0].LearningRate!.Value, $"epoch {moment.GetDouble()}");
        }

        scheduler.Step();
        AssertClose(expected[i], optimizer.Groups[0].LearningRate!.Value, "the step after");
    }

    [Fact]
    public void OneCycle_SgdWithoutMomentum_GetsMomentum()
    {
        var sgd = new Sgd([Tensor.Ones([1]).RequireGrad()], 0.1f);
        var scheduler = new OneCycleLR(sgd, 0.3, 4);
        Assert.Equal(0.95, sgd.Groups[0].Momentum);
        for (int i = 0; i < 4; i++) scheduler.Step(); // one call after each of four steps
        Assert.Equal(0.3 / 25 / 1e4, sgd.Groups[0].LearningRate);
        Assert.Equal(
            "OneCycleLR.Step: step 5 comes after totalSteps = 4.",
            Assert.Throws<InvalidOperationException>(scheduler.Step).Message);
    }

    [Fact]
    public void Chained_WarmUpAndPlateau_ActTogether()
    {
        Optimizer optimizer = SchedulerCases.Optimizer("", 1);
        var chain = new ChainedScheduler(
            new LinearLR(optimizer, 0.5, totalIters: 2), new ReduceLROnPlateau(optimizer, factor: 0.5, patience: 0));
        Assert.True(chain.NeedsMetric);
        double[] rates = [.. ((double[])[1, 1, 1, 2, 0.5]).Select(m =>
        {
            chain.Step(m);
            return Math.Round(optimizer.Groups[0].LearningRate!.Value, 12);
        })];
        Assert.Equal([0.075, 0.05, 0.025, 0.0125, 0.0125], rates);
    }

    [Fact]
    public void Sequential_ChainInside_BeginsAtItsMilestone()
    {
        Optimizer optimizer = SchedulerCases.Optimizer("", 1);
        var chain = new ChainedScheduler(new ConstantLR(optimizer, 0.5, 2), new ExponentialLR(optimizer, 0.5));
        var scheduler = new SequentialLR(optimizer, [new ExponentialLR(optimizer, 0.25), chain], [2]);
        double[] rates = [.. Enumerable.Range(0, 6).Select(_ =>
        {
            double rate = optimizer.Groups[0].LearningRate!.Value;
            scheduler.Step();
            return Math.Round(rate / 0.1, 12);
        })];
        Assert.Equal([1, 0.25, 0.5, 0.25, 0.25, 0.125], rates);
    }

    [Fact]
    public void Schedule_OfAUser_Works()
    {
        Optimizer optimizer = SchedulerCases.Optimizer("", 2);
        var scheduler = new Halves(optimizer);
        scheduler.Step();
        scheduler.Step();
        Assert.Equal([0.1 / 8, 0.02 / 8], optimizer.Groups.Select(g => g.LearningRate!.Value));
        Assert.Equal([0.1, 0.02], scheduler.BaseLearningRates);
    }

    private sealed class Halves : LRScheduler
    {
        public Halves(Optimizer optimizer) : base(optimizer) => Begin();

        protected override double GetLearningRate(int group) => CurrentRate(group) / 2;
    }

    [Fact]
    public void New_WrongArguments_SayWhich()
    {
        Optimizer one = SchedulerCases.Optimizer("", 1), two = SchedulerCases.Optimizer("", 2);
        Check("StepLR: stepSize must be at least 1 but was 0.", () => new StepLR(one, 0));
        Check("StepLR: gamma must be finite and not negative but was -0.1.", () => new StepLR(one, 1, -0.1));
        Check("ExponentialLR: gamma must be finite and not negative but was NaN.", () => new ExponentialLR(one, double.NaN));
        Check("ConstantLR: factor must be above 0 and at most 1 but was 1.5.", () => new ConstantLR(one, 1.5));
        Check("LinearLR: startFactor must be above 0 and at most 1 but was 0.", () => new LinearLR(one, 0));
        Check("LinearLR: endFactor must be from 0 to 1 but was 2.", () => new LinearLR(one, 0.1, 2));
        Check("CosineAnnealingLR: tMax must be at least 1 but was 0.", () => new CosineAnnealingLR(one, 0));
        Check("CosineAnnealingWarmRestarts: t0 must be at least 1 but was 0.", () => new CosineAnnealingWarmRestarts(one, 0));
        Check("ReduceLROnPlateau: factor must be from 0 to below 1 but was 1.", () => new ReduceLROnPlateau(one, factor: 1));
        Check(
            "ReduceLROnPlateau: minLearningRate must have one value or 2 (one per group) but has 3.",
            () => new ReduceLROnPlateau(two, minLearningRate: [0, 0, 0]));
        Check("OneCycleLR: totalSteps must be at least 1 but was 0.", () => new OneCycleLR(one, 0.1, 0));
        Check("OneCycleLR: pctStart must be from 0 to 1 but was 1.5.", () => new OneCycleLR(one, 0.1, 10, pctStart: 1.5));
        Check("OneCycleLR: divFactor must be finite and above 0 but was 0.", () => new OneCycleLR(one, 0.1, 10, divFactor: 0));
        Check(
            "OneCycleLR: cycleMomentum needs an optimizer with Momentum or Beta1 but Adagrad has neither.",
            () => new OneCycleLR(new Adagrad([Tensor.Ones([1])]), 0.1, 10));
        Check("LambdaLR: there must be 2 functions (one per group) but there are 1.", () => new LambdaLR(two, [_ => 1]));
        Check(
            "LambdaLR: the learning rate of group 0 came out as -0.1 at step 0.",
            () => new LambdaLR(SchedulerCases.Optimizer("", 1), _ => -1));
        Check(
            "SequentialLR: 2 schedulers need 1 milestones but there are 0.",
            () => new SequentialLR(one, [new StepLR(one, 1), new StepLR(one, 1)], []));
        Check(
            "SequentialLR: milestones must be at least 1 and rise but milestone 1 is 5.",
            () => new SequentialLR(one, [new StepLR(one, 1), new StepLR(one, 1), new StepLR(one, 1)], [5, 5]));
        Check(
            "SequentialLR: scheduler 1 belongs to another optimizer.",
            () => new SequentialLR(one, [new StepLR(one, 1), new StepLR(two, 1)], [5]));
        Check("ChainedScheduler: the list of schedulers is empty.", () => new ChainedScheduler());
        Assert.Equal(
            "ReduceLROnPlateau.Step needs the metric that it watches, such as a validation loss.",
            Assert.Throws<InvalidOperationException>(new ReduceLROnPlateau(one).Step).Message);

        static void Check(string text, Func<object> make) =>
            Assert.Equal(text, Assert.Throws<ArgumentException>(make).Message);
    }

    [Fact]
    public void LoadState_Wrong_NamesEverythingAndChangesNothing()
    {
        Optimizer optimizer = SchedulerCases.Optimizer("", 1);
        var scheduler = new SequentialLR(optimizer, [new StepLR(optimizer, 5), new ReduceLROnPlateau(optimizer)], [3]);
        scheduler.Step(1.0);
        Dictionary<string, Tensor> state = scheduler.State().ToDictionary(s => s.Name, s => s.Value);
        state["last_epoch"] = ExactNumbers.ToTensor(1.5);
        state["0.base_learning_rates"] = ExactNumbers.ToTensor(1, 2);
        state.Remove("1.state");
        state["2.last_epoch"] = ExactNumbers.ToTensor(1);
        var error = Assert.Throws<ArgumentException>(() => scheduler.LoadState(state, "run"));
        Assert.Equal(
            "run: last_epoch must be a whole number but is 1.5; 0.base_learning_rates must be [1, 4] but the file has " +
            "[2, 4]; 1 entry is missing (1.state); 1 is unknown (2.last_epoch).", error.Message);
        Assert.Equal(1, scheduler.LastEpoch);
    }
}
