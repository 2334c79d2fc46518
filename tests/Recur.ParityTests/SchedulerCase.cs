using System.Text.Json.Nodes;
using Recur.Optim;

namespace Recur.ParityTests;

/// <summary>A schedule of learning rates with options, here and in PyTorch.</summary>
/// <param name="Tree">Its name in torch.optim.lr_scheduler, its keyword arguments, and its parts.</param>
/// <param name="Create">The same here.</param>
internal sealed record SchedulerCase(JsonObject Tree, Func<Optimizer, LRScheduler> Create)
{
    /// <summary>Any schedule over a run of so many steps.</summary>
    public static SchedulerCase Next(Random random, int steps) => random.Next(14) switch
    {
        0 => Plateau(random),
        1 or 2 => OneCycle(random, steps),
        3 => Cyclic(random),
        4 or 5 => Sequential(random, steps),
        6 or 7 => Chained(random, steps),
        _ => Simple(random, steps),
    };

    private static SchedulerCase Of(string name, JsonObject options, Func<Optimizer, LRScheduler> create) =>
        new(new JsonObject { ["name"] = name, ["options"] = options }, create);

    // One that can stand within others.
    private static SchedulerCase Simple(Random random, int steps, bool isAlone = true)
    {
        // A cosine above 0 beside another schedule becomes negative, in PyTorch too.
        int n = random.Next(1, steps + steps / 4);
        double gamma = Round(0.5 + 0.5 * random.NextDouble()), low = Round(0.001 + 0.5 * random.NextDouble());
        double etaMin = isAlone ? low / 1000 : 0;
        switch (random.Next(8))
        {
            case 0:
                return Of("StepLR", new() { ["step_size"] = n, ["gamma"] = gamma }, o => new StepLR(o, n, gamma));
            case 1:
                int[] milestones = [random.Next(1, steps), random.Next(1, steps), random.Next(1, steps)];
                return Of(
                    "MultiStepLR",
                    new()
                    {
                        ["milestones"] = new JsonArray([.. milestones.Select(m => JsonValue.Create(m))]), ["gamma"] = gamma,
                    },
                    o => new MultiStepLR(o, milestones.Select(m => (long)m), gamma));
            case 2:
                double slow = Round(0.97 + 0.05 * random.NextDouble());
                return Of("ExponentialLR", new() { ["gamma"] = slow }, o => new ExponentialLR(o, slow));
            case 3:
                return Of(
                    "ConstantLR", new() { ["factor"] = low, ["total_iters"] = n }, o => new ConstantLR(o, low, n));
            case 4:
                double end = random.Next(2) == 0 ? 1.0 : Round(random.NextDouble());
                return Of(
                    "LinearLR", new() { ["start_factor"] = low, ["end_factor"] = end, ["total_iters"] = n },
                    o => new LinearLR(o, low, end, n));
            case 5:
                double power = Round(0.5 + 2 * random.NextDouble());
                return Of(
                    "PolynomialLR", new() { ["total_iters"] = n, ["power"] = power }, o => new PolynomialLR(o, n, power));
            case 6:
                return Of(
                    "CosineAnnealingLR", new() { ["T_max"] = n, ["eta_min"] = etaMin },
                    o => new CosineAnnealingLR(o, n, etaMin));
            default:
                int mult = random.Next(1, 4);
                return Of(
                    "CosineAnnealingWarmRestarts", new() { ["T_0"] = n, ["T_mult"] = mult, ["eta_min"] = etaMin },
                    o => new CosineAnnealingWarmRestarts(o, n, mult, etaMin));
        }
    }

    private static SchedulerCase Plateau(Random random)
    {
        bool isMax = random.Next(2) == 0, isAbsolute = random.Next(2) == 0;
        double factor = Round(0.9 * random.NextDouble()), threshold = Round(0.05 * random.NextDouble());
        int patience = random.Next(6), cooldown = random.Next(4);
        double lowest = random.Next(2) * 0.003;
        return Of(
            "ReduceLROnPlateau",
            new()
            {
                ["mode"] = isMax ? "max" : "min", ["factor"] = factor, ["patience"] = patience,
                ["threshold"] = threshold, ["threshold_mode"] = isAbsolute ? "abs" : "rel", ["cooldown"] = cooldown,
                ["min_lr"] = lowest,
            },
            o => new ReduceLROnPlateau(
                o, isMax ? PlateauMode.Max : PlateauMode.Min, factor, patience, threshold,
                isAbsolute ? ThresholdMode.Absolute : ThresholdMode.Relative, cooldown, lowest));
    }

    private static SchedulerCase OneCycle(Random random, int steps)
    {
        double max = Round(0.01 + random.NextDouble()), start = Round(0.1 + 0.35 * random.NextDouble());
        double low = Round(0.5 + 0.3 * random.NextDouble()), div = random.Next(2, 50), last = random.Next(2, 10000);
        bool isLinear = random.Next(2) == 0, three = random.Next(2) == 0, cycle = random.Next(3) > 0;
        int total = steps + 1 + random.Next(3);
        return Of(
            "OneCycleLR",
            new()
            {
                ["max_lr"] = max, ["total_steps"] = total, ["pct_start"] = start,
                ["anneal_strategy"] = isLinear ? "linear" : "cos", ["cycle_momentum"] = cycle, ["base_momentum"] = low,
                ["max_momentum"] = 0.93, ["div_factor"] = div, ["final_div_factor"] = last, ["three_phase"] = three,
            },
            o => new OneCycleLR(
                o, max, total, start, isLinear ? AnnealStrategy.Linear : AnnealStrategy.Cos, cycle, low, 0.93, div, last,
                three));
    }

    private static SchedulerCase Cyclic(Random random)
    {
        double low = Round(0.1 * random.NextDouble()), high = low + 0.2;
        int up = random.Next(1, 30), down = random.Next(1, 30), mode = random.Next(3);
        string name = ((string[])["triangular", "triangular2", "exp_range"])[mode];
        return Of(
            "CyclicLR",
            new()
            {
                ["base_lr"] = low, ["max_lr"] = high, ["step_size_up"] = up, ["step_size_down"] = down, ["mode"] = name,
                ["gamma"] = 0.99, ["cycle_momentum"] = false, // PyTorch 1.13 cycles no beta1 here
            },
            o => new CyclicLR(o, low, high, up, down, (CyclicMode)mode, 0.99, cycleMomentum: false));
    }

    private static SchedulerCase Sequential(Random random, int steps)
    {
        SchedulerCase[] parts = Parts(random, steps, areAlone: true);
        int[] milestones = [.. Enumerable.Range(1, parts.Length - 1).Select(i => i * steps / parts.Length)];
        return new SchedulerCase(
            new JsonObject
            {
                ["name"] = "SequentialLR", ["parts"] = new JsonArray([.. parts.Select(p => p.Tree)]),
                ["milestones"] = new JsonArray([.. milestones.Select(m => JsonValue.Create(m))]),
            },
            o => new SequentialLR(o, parts.Select(p => p.Create(o)), milestones.Select(m => (long)m)));
    }

    private static SchedulerCase Chained(Random random, int steps)
    {
        SchedulerCase[] parts = Parts(random, steps, areAlone: false);
        return new SchedulerCase(
            new JsonObject
            {
                ["name"] = "ChainedScheduler", ["parts"] = new JsonArray([.. parts.Select(p => p.Tree)]),
            },
            o => new ChainedScheduler([.. parts.Select(p => p.Create(o))]));
    }

    private static SchedulerCase[] Parts(Random random, int steps, bool areAlone) =>
        [.. Enumerable.Range(0, random.Next(2, 4)).Select(_ => Simple(random, steps, areAlone))];

    private static double Round(double value) => Math.Round(value, 4);

    public override string ToString() => Tree.ToJsonString();
}
