// The classic tutorial: learn one step of a sine, then continue it from a single point. dotnet run examples/sine.cs
#:project ../src/Recur/Recur.csproj

using Recur;
using Recur.Autograd;
using Recur.Nn;
using Recur.Optim;

const int Points = 60, Iterations = 2000;

Rng.Seed(0);
var rnn = new Rnn(inputSize: 1, hiddenSize: 10, numLayers: 2, batchFirst: true);
var head = new Linear(10, 1);
Tensor[] parameters = [.. rnn.Parameters(), .. head.Parameters()];
var adam = new Adam(parameters, learningRate: 5e-3f);

// 60 points of sin over [0, 10]; the target of each point is the next one.
float[] sine = [.. Enumerable.Range(0, Points).Select(i => MathF.Sin(i * 10f / (Points - 1)))];
Tensor x = Tensor.From(sine.AsSpan(0, Points - 1), [1, Points - 1, 1]);
Tensor y = Tensor.From(sine.AsSpan(1), [1, Points - 1, 1]);

for (int i = 1; i <= Iterations; i++)
{
    (Tensor output, _) = rnn.Forward(x); // the state begins at zero, as it will in the free run
    Tensor loss = Losses.Mse(head.Forward(output), y);
    adam.ZeroGrad();
    loss.Backward();
    GradientClipping.ClipNorm(parameters, maxNorm: 0.5f);
    adam.Step();
    if (i % 200 == 0) Console.WriteLine($"iteration:{i} loss:{loss.Item():0.000000}");
}

// Free run: one point in, then every prediction is the next input. Trained on true points alone the model drifts;
// "recur sine" shows a training that does not (docs/cli.md).
using (GradMode.NoGrad())
{
    Tensor input = Tensor.From([sine[0]], [1, 1, 1]);
    Tensor? state = null;
    for (int i = 1; i < Points; i++)
    {
        (Tensor output, Tensor next) = rnn.Forward(input, state);
        input = head.Forward(output);
        state = next;
        if (i % 10 == 0) Console.WriteLine($"point {i}: predicted {input.Item():0.000}, true {sine[i]:0.000}");
    }
}
