// Exploding gradients and what clipping does about them. dotnet run examples/clipping.cs
#:project ../src/Recur/Recur.csproj

using Recur;
using Recur.Nn;
using Recur.Optim;

Rng.Seed(0);

// A ReLU network whose recurrent weights stretch the state at every step: gradients grow with the number of steps.
var rnn = new Rnn(inputSize: 1, hiddenSize: 16, nonlinearity: Nonlinearity.Relu);
foreach (var (name, parameter) in rnn.NamedParameters())
{
    if (!name.StartsWith("weight_hh")) continue;
    Span<float> weights = parameter.MutableSpan;
    for (int i = 0; i < weights.Length; i++) weights[i] = MathF.Abs(weights[i]);
}

foreach (int steps in (int[])[5, 10, 20, 40])
{
    Tensor x = Tensor.Ones([steps, 1, 1]);
    rnn.ZeroGrad();
    Losses.Mse(rnn.Forward(x).Output, Tensor.Zeros([steps, 1, 16])).Backward();

    float before = GradientClipping.ClipNorm(rnn.Parameters(), maxNorm: 1f); // returns the norm it found
    float after = GradientClipping.ClipNorm(rnn.Parameters(), maxNorm: float.MaxValue);
    Console.WriteLine($"{steps,3} steps: gradient norm {before:0.0e+0} -> {after:0.000}");
}
