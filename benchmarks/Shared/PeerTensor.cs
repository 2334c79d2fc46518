namespace Recur.Peers;

/// <summary>A named array on its way to a peer or back.</summary>
/// <param name="Name">The name both sides know it by, such as <c>weight_ih_l0</c> or <c>grad.x</c>.</param>
/// <param name="Shape">Dimensions, outermost first.</param>
/// <param name="Values">The elements, row-major.</param>
internal sealed record PeerTensor(string Name, int[] Shape, float[] Values)
{
    /// <summary>An array of zeros.</summary>
    public static PeerTensor Zeros(string name, params int[] shape) =>
        new(name, shape, new float[shape.Aggregate(1, (a, b) => a * b)]);

    /// <summary>A copy of a tensor's values.</summary>
    public static PeerTensor Of(string name, Tensor tensor) =>
        new(name, tensor.Shape.AsSpan().ToArray(), tensor.ToArray());

    /// <summary>The parameters of a module under their names in the state dictionary.</summary>
    public static IEnumerable<PeerTensor> OfParameters(Nn.Module module, string prefix = "") =>
        module.NamedParameters().Select(p => Of(prefix + p.Name, p.Value));

    /// <summary>The gradients of a module's parameters, as <c>grad.name</c>; zeros where none arrived.</summary>
    public static IEnumerable<PeerTensor> OfGradients(Nn.Module module, string prefix = "grad.") =>
        module.NamedParameters().Select(p => Of(prefix + p.Name, p.Value.Grad ?? Tensor.Zeros(p.Value.Shape)));

    /// <summary>Uniform values in ±<paramref name="scale"/>.</summary>
    public static float[] Uniform(Random random, int length, float scale = 1f)
    {
        var values = new float[length];
        for (int i = 0; i < length; i++) values[i] = (random.NextSingle() * 2f - 1f) * scale;
        return values;
    }
}
