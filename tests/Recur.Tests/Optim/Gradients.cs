namespace Recur.Tests.Optim;

internal static class Gradients
{
    /// <summary>Gives a leaf a gradient as if Backward had computed it.</summary>
    public static void Set(Tensor parameter, ReadOnlySpan<float> values)
    {
        parameter.Core.Grad ??= new Recur.Autograd.TensorCore(parameter.Shape, new float[parameter.Length]) { IsGradient = true };
        values.CopyTo(parameter.Core.Grad.Span);
        parameter.Core.HasGrad = true;
    }
}
