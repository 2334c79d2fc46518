using System.Text.Json.Nodes;
using Recur.Optim;

namespace Recur.ParityTests;

/// <summary>An optimizer with options, here and in PyTorch.</summary>
/// <param name="Name">The class in torch.optim.</param>
/// <param name="Options">Its keyword arguments.</param>
/// <param name="Create">The same here.</param>
internal sealed record OptimizerCase(string Name, JsonObject Options, Func<IEnumerable<Tensor>, Optimizer> Create)
{
    public static OptimizerCase Next(Random random)
    {
        float rate = MathF.Round(random.NextSingle() * 0.02f + 1e-4f, 5);
        double decay = random.Next(2) * 0.05;
        switch (random.Next(3))
        {
            case 0:
                double momentum = random.Next(2) * 0.9;
                bool nesterov = momentum > 0 && random.Next(2) == 0;
                double dampening = momentum > 0 && !nesterov ? random.Next(2) * 0.3 : 0;
                JsonObject sgd = new()
                {
                    ["lr"] = rate,
                    ["momentum"] = momentum,
                    ["dampening"] = dampening,
                    ["weight_decay"] = decay,
                    ["nesterov"] = nesterov,
                };
                return new("SGD", sgd, p => new Sgd(p, rate, momentum, dampening, decay, nesterov));
            case 1:
                (double b1, double b2, double eps) = (0.8 + 0.1 * random.Next(2), 0.99 + 0.009 * random.Next(2), 1e-8);
                return new("Adam", Adam(b1, b2, eps), p => new Adam(p, rate, b1, b2, eps, decay));
            default:
                (double w1, double w2, double weps) = (0.8 + 0.1 * random.Next(2), 0.99 + 0.009 * random.Next(2), 1e-6);
                return new("AdamW", Adam(w1, w2, weps), p => new AdamW(p, rate, w1, w2, weps, decay));
        }

        JsonObject Adam(double beta1, double beta2, double eps) =>
            new() { ["lr"] = rate, ["betas"] = new JsonArray(beta1, beta2), ["eps"] = eps, ["weight_decay"] = decay };
    }

    public override string ToString() => $"{Name} {Options.ToJsonString()}";
}
