using System.Text.Json.Nodes;
using Recur.Optim;

namespace Recur.ParityTests;

/// <summary>An optimizer with options, here and in PyTorch.</summary>
/// <param name="Name">The class in torch.optim.</param>
/// <param name="Options">Its keyword arguments.</param>
/// <param name="Create">The same here, from groups of parameters.</param>
internal sealed record OptimizerCase(
    string Name, JsonObject Options, Func<IReadOnlyList<ParameterGroup>, Optimizer> Create)
{
    /// <summary>Options of each group that win over <see cref="Options"/>, as PyTorch calls them.</summary>
    public JsonArray Groups { get; private init; } = [];

    /// <summary>The optimizer over groups, with the options of each.</summary>
    public Optimizer CreateGroups(ParameterGroup[] groups)
    {
        for (int i = 0; i < groups.Length; i++)
        {
            foreach ((string name, JsonNode? value) in Groups[i]!.AsObject())
            {
                if (name == "lr") groups[i].LearningRate = value!.GetValue<double>();
                else if (name == "eps") groups[i].Eps = value!.GetValue<double>();
                else groups[i].WeightDecay = value!.GetValue<double>();
            }
        }

        return Create(groups);
    }

    /// <summary>Any optimizer with any options.</summary>
    public static OptimizerCase Next(Random random, int groups = 1)
    {
        var own = new JsonArray();
        for (int i = 0; i < groups; i++)
        {
            var options = new JsonObject();
            if (groups > 1 && random.Next(2) == 0) options["lr"] = Math.Round(random.NextDouble() * 0.03, 5);
            if (groups > 1 && random.Next(2) == 0) options["weight_decay"] = random.Next(3) * 0.04;
            own.Add(options);
        }

        return Next(random) with { Groups = own };
    }

    private static OptimizerCase Next(Random random)
    {
        float rate = MathF.Round(random.NextSingle() * 0.02f + 1e-4f, 5);
        double decay = random.Next(2) * 0.05, momentum = random.Next(2) * 0.9;
        double beta1 = 0.8 + 0.1 * random.Next(2), beta2 = 0.99 + 0.009 * random.Next(2);
        double eps = random.Next(2) * 9.9e-7 + 1e-8;
        bool maximize = random.Next(4) == 0, flag = random.Next(2) == 0;
        JsonObject options = new() { ["lr"] = rate, ["weight_decay"] = decay };
        string name = ((string[])["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam"])
            [random.Next(9)];
        if (name is not ("NAdam" or "RAdam")) options["maximize"] = maximize; // since PyTorch 2
        if (name.Contains("Ada", StringComparison.Ordinal) && name is not ("Adagrad" or "Adadelta"))
            options["betas"] = new JsonArray(beta1, beta2);
        if (name != "SGD") options["eps"] = eps;
        switch (name)
        {
            case "SGD":
                bool nesterov = momentum > 0 && flag;
                double dampening = momentum > 0 && !nesterov ? random.Next(2) * 0.3 : 0;
                options["momentum"] = momentum;
                options["dampening"] = dampening;
                options["nesterov"] = nesterov;
                return new(name, options, g => new Sgd(g, rate, momentum, dampening, decay, nesterov, maximize));
            case "Adam":
                options["amsgrad"] = flag;
                return new(name, options, g => new Adam(g, rate, beta1, beta2, eps, decay, flag, maximize));
            case "AdamW":
                options["amsgrad"] = flag;
                return new(name, options, g => new AdamW(g, rate, beta1, beta2, eps, decay, flag, maximize));
            case "RMSprop":
                double alpha = random.Next(2) * 0.09 + 0.9;
                options["alpha"] = alpha;
                options["momentum"] = momentum;
                options["centered"] = flag;
                return new(name, options, g => new RMSprop(g, rate, alpha, eps, decay, momentum, flag, maximize));
            case "Adagrad":
                double lrDecay = random.Next(2) * 0.02, initial = random.Next(2) * 0.1;
                options["lr_decay"] = lrDecay;
                options["initial_accumulator_value"] = initial;
                return new(name, options, g => new Adagrad(g, rate, lrDecay, decay, initial, eps, maximize));
            case "Adadelta":
                double rho = 0.8 + random.Next(2) * 0.1;
                options["rho"] = rho;
                return new(name, options, g => new Adadelta(g, rate, rho, eps, decay, maximize));
            case "Adamax":
                return new(name, options, g => new Adamax(g, rate, beta1, beta2, eps, decay, maximize));
            case "NAdam":
                double momentumDecay = random.Next(2) * 0.02;
                options["momentum_decay"] = momentumDecay;
                return new(name, options, g => new NAdam(g, rate, beta1, beta2, eps, decay, momentumDecay));
            default:
                return new(name, options, g => new RAdam(g, rate, beta1, beta2, eps, decay));
        }
    }

    public override string ToString() => $"{Name} {Options.ToJsonString()} {Groups.ToJsonString()}";
}
