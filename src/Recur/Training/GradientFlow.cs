using Recur.Autograd;
using Recur.Nn;
using Recur.Optim;

namespace Recur.Training;

/// <summary>Makes the gradients of a model visible while it trains: how they flow back through time in every recurrent
/// layer, how long those of the parameters are, and how often they are clipped.</summary>
/// <remarks>
/// <code>
/// using var flow = new GradientFlow(model);
/// ...
/// loss.Backward();
/// flow.Record(maxNorm: 1f);                                     // after Backward, before clipping
/// GradientClipping.ClipNorm(model.Parameters(), maxNorm: 1f);
/// optimizer.Step();
/// foreach (StateGradientFlow layer in flow.Layers)
///     Console.WriteLine($"{layer.Name}: {layer.FactorPerStep:0.000} per time step");
/// </code>
/// With a <see cref="Trainer{TBatch}"/> give it as <see cref="TrainOptions.GradientFlow"/>, which records every step.
/// <para>Watching changes no number. It costs one pass over the gradients of the states; a layer that nobody watches
/// pays one comparison for each call. Nothing is allocated after the first step of a shape.</para>
/// <para>Bengio, Simard and Frasconi 1994; Pascanu, Mikolov and Bengio 2013. See docs/gradients.md. One thread at a
/// time.</para>
/// </remarks>
public sealed class GradientFlow : IDisposable
{
    private readonly List<(Module Module, Listener Listener)> watched = [];
    private readonly List<StateGradientFlow> layers = [];
    private readonly IReadOnlyList<(string Name, Tensor Value)> parameters;
    private readonly Tensor[] tensors;
    private readonly float[] parameterNorms;

    /// <summary>Watches every recurrent layer and cell in a module, until <see cref="Dispose"/>.</summary>
    /// <param name="model">The model; layers it gets later are not seen.</param>
    /// <exception cref="InvalidOperationException">Another object watches one of its layers already.</exception>
    public GradientFlow(Module model) : this(model, attach: true) { }

    internal GradientFlow(Module model, bool attach)
    {
        ArgumentNullException.ThrowIfNull(model);
        parameters = model.NamedParameters();
        tensors = [.. model.Parameters()];
        parameterNorms = new float[tensors.Length];
        Find(model, "", []);
        NormTags = [.. parameters.Select(p => "gradient_norm/" + p.Name)];
        RemainingTags = [.. layers.Select(l => "state_gradient/" + l.Name + "/remaining")];
        FactorTags = [.. layers.Select(l => "state_gradient/" + l.Name + "/factor_per_step")];
        if (!attach) return;
        if (watched.FirstOrDefault(w => IsTaken(w.Module)) is { Module: not null } taken)
            throw new InvalidOperationException(
                $"GradientFlow: {taken.Listener.Name} is watched by another GradientFlow already; " +
                "dispose that one first.");
        Attach();
    }

    /// <summary>Every recurrent layer in every direction, in the order of the module's parameters.</summary>
    public IReadOnlyList<StateGradientFlow> Layers => layers;

    /// <summary>The names of the parameters, as in the state dictionary.</summary>
    public IEnumerable<string> ParameterNames => parameters.Select(p => p.Name);

    /// <summary>[number of parameters] the Euclidean norm of every parameter's gradient in the last recorded step,
    /// before clipping; 0 where it had none.</summary>
    public ReadOnlySpan<float> ParameterNorms => parameterNorms;

    /// <summary>The norm of all gradients together in the last recorded step, before clipping; NaN before
    /// one.</summary>
    public float TotalNorm { get; private set; } = float.NaN;

    /// <summary>The steps recorded since <see cref="Reset"/>.</summary>
    public long Steps { get; private set; }

    /// <summary>Those of them whose gradients were longer than allowed.</summary>
    public long ClippedSteps { get; private set; }

    /// <summary>The fraction of clipped steps, 0 to 1; 0 before a step.</summary>
    public double ClippedFraction => Steps == 0 ? 0 : (double)ClippedSteps / Steps;

    /// <summary>Takes the gradients of a step: call it after every Backward and before clipping.</summary>
    /// <param name="maxNorm">To what norm they will be clipped; null when they will not.</param>
    /// <returns><see cref="TotalNorm"/>.</returns>
    public float Record(float? maxNorm = null)
    {
        MeasureParameters();
        EndStep(GradientClipping.ClipNorm(tensors.AsSpan(), float.PositiveInfinity), maxNorm);
        return TotalNorm;
    }

    /// <summary>Begins the counts and means anew.</summary>
    public void Reset()
    {
        Steps = ClippedSteps = 0;
        foreach (StateGradientFlow layer in layers) layer.Reset();
    }

    /// <summary>Stops watching; what was recorded stays.</summary>
    public void Dispose() => Detach();

    internal void MeasureParameters()
    {
        for (int i = 0; i < tensors.Length; i++)
            parameterNorms[i] = GradientClipping.ClipNorm(tensors.AsSpan(i, 1), float.PositiveInfinity);
    }

    internal void EndStep(float totalNorm, float? maxNorm)
    {
        TotalNorm = totalNorm;
        Steps++;
        if (totalNorm > maxNorm) ClippedSteps++;
        foreach (StateGradientFlow layer in layers) layer.EndStep();
    }

    internal string[] NormTags { get; }

    internal string[] RemainingTags { get; }

    internal string[] FactorTags { get; }

    // ---- Watching ------------------------------------------------------------------------------------------------

    /// <summary>Watches from now on what nobody else watches.</summary>
    internal void Attach()
    {
        foreach ((Module module, Listener listener) in watched)
        {
            if (IsTaken(module)) continue;
            if (module is RecurrentLayer layer) layer.Listener = listener;
            else ((RecurrentCell)module).Listener = listener;
        }
    }

    /// <summary>Watches no longer.</summary>
    /// <param name="keep">Whether the step that was told is still to be ended.</param>
    internal void Detach(bool keep = false)
    {
        foreach ((Module module, Listener listener) in watched)
        {
            if (module is RecurrentLayer layer && layer.Listener == listener) layer.Listener = null;
            if (module is RecurrentCell cell && cell.Listener == listener) cell.Listener = null;
        }

        if (!keep) Drop();
    }

    /// <summary>Forgets what a step has told that was not ended.</summary>
    internal void Drop()
    {
        foreach (StateGradientFlow layer in layers) layer.Drop();
    }

    private static bool IsTaken(Module module) =>
        module is RecurrentLayer { Listener: not null } or RecurrentCell { Listener: not null };

    private void Find(Module module, string name, HashSet<Module> seen)
    {
        if (!seen.Add(module)) return; // shared: it stands under its first name, as its parameters do
        if (module is RecurrentLayer layer)
        {
            int directions = layer.Bidirectional ? 2 : 1;
            var flows = new StateGradientFlow[layer.NumLayers * directions];
            for (int i = 0; i < flows.Length; i++)
            {
                bool isReverse = i % directions == 1;
                string prefix = name.Length == 0 ? "" : name + ".";
                flows[i] = new StateGradientFlow($"{prefix}l{i / directions}{(isReverse ? "_reverse" : "")}", isReverse)
                {
                    IsGated = layer is not Rnn,
                };
            }

            Watch(module, new Listener(flows, directions));
        }
        else if (module is RecurrentCell)
        {
            var flow = new StateGradientFlow(name.Length == 0 ? "cell" : name, isReverse: false)
            {
                IsGated = module is not RnnCell,
            };
            Watch(module, new Listener([flow], 1));
        }

        foreach ((string child, Module value) in module.Children())
            Find(value, name.Length == 0 ? child : $"{name}.{child}", seen);
    }

    private void Watch(Module module, Listener listener)
    {
        watched.Add((module, listener));
        layers.AddRange(listener.Flows);
    }

    private sealed class Listener(StateGradientFlow[] flows, int directions) : IStateGradients
    {
        public StateGradientFlow[] Flows => flows;

        public string Name => flows[0].Name;

        public void Add(int layer, int direction, ReadOnlySpan<float> norms) =>
            flows[layer * directions + direction].Add(norms);
    }
}
