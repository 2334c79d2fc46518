using System.Text.Json;
using Recur.Optim;

namespace Recur.Tests.Optim;

/// <summary>One row per configuration of make_optimizers.py: for a new optimizer, add rows here and there.</summary>
internal static class OptimizerCases
{
    public static readonly Dictionary<string, Func<Tensor[], Optimizer>> All = new()
    {
        ["Sgd"] = p => new Sgd(p, 0.1f),
        ["Sgd.WeightDecay"] = p => new Sgd(p, 0.1f, weightDecay: 0.05),
        ["Sgd.Momentum"] = p => new Sgd(p, 0.05f, momentum: 0.9),
        ["Sgd.MomentumDampening"] = p => new Sgd(p, 0.05f, momentum: 0.8, dampening: 0.3, weightDecay: 0.01),
        ["Sgd.Nesterov"] = p => new Sgd(p, 0.05f, momentum: 0.9, nesterov: true, weightDecay: 0.02),
        ["Sgd.Maximize"] = p => new Sgd(p, 0.05f, momentum: 0.7, weightDecay: 0.02, maximize: true),
        ["Sgd.Groups"] = p => new Sgd(
            [
                new ParameterGroup([p[0]]),
                new ParameterGroup([p[1]]) { LearningRate = 0.2, Momentum = 0, WeightDecay = 0 },
            ],
            0.05f, momentum: 0.9, weightDecay: 0.02),
        ["Adam"] = p => new Adam(p, 0.005f),
        ["Adam.Defaults"] = p => new Adam(p),
        ["Adam.All"] = p => new Adam(p, 0.02f, 0.8, 0.99, 1e-6, 0.1),
        ["Adam.Amsgrad"] = p => new Adam(p, 0.02f, 0.8, 0.9, weightDecay: 0.1, amsgrad: true),
        ["Adam.Maximize"] = p => new Adam(p, 0.02f, weightDecay: 0.1, amsgrad: true, maximize: true),
        ["Adam.Groups"] = p => new Adam(
            [
                new ParameterGroup([p[0]]),
                new ParameterGroup([p[1]])
                {
                    LearningRate = 0.001, Beta1 = 0.7, Beta2 = 0.9, Eps = 1e-4, WeightDecay = 0, Amsgrad = true,
                },
            ],
            0.02f, weightDecay: 0.1),
        ["AdamW.Defaults"] = p => new AdamW(p),
        ["AdamW.All"] = p => new AdamW(p, 0.02f, 0.8, 0.99, 1e-6, 0.3),
        ["AdamW.Amsgrad"] = p => new AdamW(p, 0.02f, 0.8, 0.9, weightDecay: 0.3, amsgrad: true),
        ["AdamW.Maximize"] = p => new AdamW(p, 0.02f, weightDecay: 0.3, maximize: true),
        ["RMSprop"] = p => new RMSprop(p),
        ["RMSprop.WeightDecay"] = p => new RMSprop(p, 0.02f, 0.9, 1e-6, 0.1),
        ["RMSprop.Momentum"] = p => new RMSprop(p, 0.005f, 0.95, momentum: 0.9),
        ["RMSprop.Centered"] = p => new RMSprop(p, 0.005f, 0.8, centered: true),
        ["RMSprop.All"] = p => new RMSprop(p, 0.005f, 0.9, 1e-5, 0.1, 0.5, centered: true, maximize: true),
        ["RMSprop.Groups"] = p => new RMSprop(
            [
                new ParameterGroup([p[0]]),
                new ParameterGroup([p[1]]) { LearningRate = 0.02, Momentum = 0, Centered = true, Alpha = 0.7 },
            ],
            0.005f, momentum: 0.5),
        ["Adagrad"] = p => new Adagrad(p),
        ["Adagrad.All"] = p => new Adagrad(p, 0.1f, 0.05, 0.1, 0.3, 1e-6),
        ["Adagrad.Maximize"] = p => new Adagrad(p, 0.1f, weightDecay: 0.1, maximize: true),
        ["Adadelta"] = p => new Adadelta(p),
        ["Adadelta.All"] = p => new Adadelta(p, 0.7f, 0.8, 1e-4, 0.1, maximize: true),
        ["Adamax"] = p => new Adamax(p),
        ["Adamax.All"] = p => new Adamax(p, 0.02f, 0.8, 0.9, 1e-4, 0.1, maximize: true),
        ["NAdam"] = p => new NAdam(p),
        ["NAdam.All"] = p => new NAdam(p, 0.02f, 0.8, 0.99, 1e-6, 0.1, 0.02),
        ["NAdam.Decoupled"] = p => new NAdam(p, 0.02f, weightDecay: 0.3, decoupledWeightDecay: true, maximize: true),
        ["RAdam"] = p => new RAdam(p),
        ["RAdam.All"] = p => new RAdam(p, 0.02f, 0.8, 0.9, 1e-6, 0.1),
        ["RAdam.Decoupled"] = p => new RAdam(p, 0.02f, weightDecay: 0.3, decoupledWeightDecay: true, maximize: true),
    };

    /// <summary>The fixture's parameters, [3, 7] and [5], from its start or from other values.</summary>
    public static Tensor[] Parameters(JsonElement start) =>
        [Tensor.From(start[0].Floats(), [3, 7]).RequireGrad(), Tensor.From(start[1].Floats(), [5]).RequireGrad()];

    /// <summary>Gives the parameters the fixture's gradients of one step; the second has none in steps 3 and
    /// 4.</summary>
    public static void SetGradients(JsonElement root, int step, Tensor[] parameters)
    {
        for (int i = 0; i < parameters.Length; i++)
        {
            parameters[i].ZeroGrad();
            if (i == 1 && step is 3 or 4) continue;
            Gradients.Set(parameters[i], root.GetProperty("grads")[step][i].Floats());
        }
    }

    /// <summary>Takes one step with the fixture's gradients.</summary>
    public static void Step(JsonElement root, int step, Optimizer optimizer, Tensor[] parameters)
    {
        SetGradients(root, step, parameters);
        optimizer.Step();
    }
}
