using Recur.Optim;

namespace Recur.Tests.Optim;

/// <summary>One row per configuration of make_schedulers.py: to add a schedule, add its rows here and there.</summary>
internal static class SchedulerCases
{
    public static readonly Dictionary<string, Func<Optimizer, LRScheduler>> All = new()
    {
        ["StepLR"] = o => new StepLR(o, 30),
        ["StepLR.Gamma"] = o => new StepLR(o, 7, gamma: 0.9),
        ["MultiStepLR"] = o => new MultiStepLR(o, [30, 80, 80, 150], gamma: 0.5),
        ["MultiplicativeLR"] = o => new MultiplicativeLR(o, t => t % 2 == 1 ? 0.99 : 0.995),
        ["MultiplicativeLR.Groups"] = o => new MultiplicativeLR(o, [_ => 0.99, _ => 1.001]),
        ["LambdaLR"] = o => new LambdaLR(o, t => 1.0 / (1 + t)),
        ["LambdaLR.Groups"] = o => new LambdaLR(o, [t => t / 30, t => Math.Pow(0.95, t)]),
        ["ExponentialLR"] = o => new ExponentialLR(o, 0.97),
        ["ConstantLR"] = o => new ConstantLR(o),
        ["ConstantLR.All"] = o => new ConstantLR(o, factor: 0.2, totalIters: 55),
        ["LinearLR"] = o => new LinearLR(o),
        ["LinearLR.All"] = o => new LinearLR(o, startFactor: 0.7, endFactor: 0.1, totalIters: 120),
        ["PolynomialLR"] = o => new PolynomialLR(o),
        ["PolynomialLR.All"] = o => new PolynomialLR(o, totalIters: 150, power: 2.5),
        ["CosineAnnealingLR"] = o => new CosineAnnealingLR(o, 200),
        ["CosineAnnealingLR.All"] = o => new CosineAnnealingLR(o, 37, etaMin: 0.001),
        ["CosineAnnealingWarmRestarts"] = o => new CosineAnnealingWarmRestarts(o, 30),
        ["CosineAnnealingWarmRestarts.All"] = o => new CosineAnnealingWarmRestarts(o, 10, tMult: 2, etaMin: 0.003),
        ["ReduceLROnPlateau"] = o => new ReduceLROnPlateau(o),
        ["ReduceLROnPlateau.Absolute"] = o => new ReduceLROnPlateau(
            o, factor: 0.5, patience: 3, threshold: 0.02, thresholdMode: ThresholdMode.Absolute, cooldown: 4,
            minLearningRate: [0.001, 0.0002], eps: 1e-5),
        ["ReduceLROnPlateau.Max"] = o => new ReduceLROnPlateau(
            o, PlateauMode.Max, factor: 0.7, patience: 20, threshold: 0.01),
        ["ReduceLROnPlateau.MaxAbsolute"] = o => new ReduceLROnPlateau(
            o, PlateauMode.Max, factor: 0.9, patience: 5, threshold: 0.01, thresholdMode: ThresholdMode.Absolute,
            minLearningRate: 0.01),
        ["OneCycleLR"] = o => new OneCycleLR(o, maxLearningRate: 0.3, totalSteps: 200),
        ["OneCycleLR.Linear"] = o => new OneCycleLR(
            o, [0.3, 0.1], 200, pctStart: 0.4, AnnealStrategy.Linear, baseMomentum: [0.7, 0.8], maxMomentum: 0.9,
            divFactor: 10, finalDivFactor: 100),
        ["OneCycleLR.ThreePhase"] = o => new OneCycleLR(o, 0.3, 200, threePhase: true),
        ["OneCycleLR.Adam"] = o => new OneCycleLR(
            o, 0.3, 200, threePhase: true, annealStrategy: AnnealStrategy.Linear),
        ["OneCycleLR.NoMomentum"] = o => new OneCycleLR(o, 0.3, 200, cycleMomentum: false),
        ["CyclicLR"] = o => new CyclicLR(o, baseLearningRate: 0.01, maxLearningRate: 0.1, stepSizeUp: 20),
        ["CyclicLR.Triangular2"] = o => new CyclicLR(
            o, [0.01, 0.02], [0.1, 0.3], 15, 25, CyclicMode.Triangular2, baseMomentum: 0.6, maxMomentum: 0.95),
        ["CyclicLR.ExpRange"] = o => new CyclicLR(
            o, 0.01, 0.1, 20, mode: CyclicMode.ExpRange, gamma: 0.99, cycleMomentum: false),
        ["CyclicLR.Function"] = o => new CyclicLR(
            o, 0.01, 0.1, 20, scaleFunction: t => 1 / (1 + t / 50), scaleMode: CyclicScaleMode.Iterations),
        ["SequentialLR"] = o => new SequentialLR(o, Two(o), [20]),
        ["SequentialLR.WarmUp"] = o => SequentialLR.WarmUp(new CosineAnnealingLR(o, 175), steps: 25, startFactor: 0.1),
        ["SequentialLR.Three"] = o => new SequentialLR(
            o, [new LinearLR(o, totalIters: 10), new StepLR(o, 20, 0.5), new PolynomialLR(o, 60)], [30, 120]),
        ["SequentialLR.OneCycle"] = o => new SequentialLR(
            o, [new LinearLR(o, totalIters: 10), new OneCycleLR(o, 0.3, 200)], [30]),
        ["SequentialLR.Multiplicative"] = o => new SequentialLR(
            o, [new ExponentialLR(o, 0.95), new MultiplicativeLR(o, _ => 1.01)], [30]),
        ["SequentialLR.Restarts"] = o => new SequentialLR(
            o, [new ConstantLR(o, totalIters: 50), new CosineAnnealingWarmRestarts(o, 40, 2)], [13]),
        ["SequentialLR.Cyclic"] = o => new SequentialLR(
            o, [new LinearLR(o, totalIters: 10), new CyclicLR(o, 0.02, 0.2, 9)], [15]),
        ["ChainedScheduler"] = o => new ChainedScheduler(Two(o)),
        ["ChainedScheduler.Cosine"] = o => new ChainedScheduler(
            new LinearLR(o, totalIters: 30), new CosineAnnealingLR(o, 60, 0.001), new StepLR(o, 50, 0.7)),
    };

    private static LRScheduler[] Two(Optimizer o) =>
        [new ConstantLR(o, factor: 0.1, totalIters: 20), new ExponentialLR(o, 0.98)];

    /// <summary>The fixture's optimizer: groups with the rates 0.1 and 0.02, SGD with momentum 0.9, or Adam.</summary>
    public static Optimizer Optimizer(string name, int groups)
    {
        double[] rates = [0.1, 0.02];
        ParameterGroup[] all =
        [
            .. rates.Take(groups).Select(r => new ParameterGroup([Tensor.Zeros([2]).RequireGrad()]) { LearningRate = r }),
        ];
        return name.EndsWith(".Adam", StringComparison.Ordinal) ? new Adam(all) : new Sgd(all, 1f, momentum: 0.9);
    }
}
