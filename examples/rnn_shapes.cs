// Parameter names and shapes of recurrent layers, and the shapes of what goes in and out: PyTorch's. dotnet run examples/rnn_shapes.cs
#:project ../src/Recur/Recur.csproj
#:property Configuration=Release

using Recur;
using Recur.Nn;

Rng.Seed(0);

Console.WriteLine("Rnn(100, 20)");
var rnn = new Rnn(inputSize: 100, hiddenSize: 20);
foreach (var (name, parameter) in rnn.NamedParameters()) Console.WriteLine($"  {name} {parameter.Shape}");
Tensor x = Tensor.Zeros([10, 3, 100]); // 10 steps, 3 sequences, 100 features
(Tensor output, Tensor hN) = rnn.Forward(x, Tensor.Zeros([1, 3, 20]));
Console.WriteLine($"  input {x.Shape} -> output {output.Shape}, h_n {hN.Shape}");

Console.WriteLine("Rnn(100, 20, numLayers: 4)");
var deep = new Rnn(inputSize: 100, hiddenSize: 20, numLayers: 4);
foreach (var (name, parameter) in deep.NamedParameters()) Console.WriteLine($"  {name} {parameter.Shape}");
(output, hN) = deep.Forward(x);
Console.WriteLine($"  input {x.Shape} -> output {output.Shape}, h_n {hN.Shape}");

Console.WriteLine("Rnn(100, 20, bidirectional: true)");
var both = new Rnn(inputSize: 100, hiddenSize: 20, bidirectional: true);
foreach (var (name, parameter) in both.NamedParameters()) Console.WriteLine($"  {name} {parameter.Shape}");
(output, hN) = both.Forward(x);
Console.WriteLine($"  input {x.Shape} -> output {output.Shape}, h_n {hN.Shape}");

// Two cells, one above the other, step by step: what Rnn does in one call.
Console.WriteLine("RnnCell(100, 30), RnnCell(30, 20)");
var lower = new RnnCell(inputSize: 100, hiddenSize: 30);
var upper = new RnnCell(inputSize: 30, hiddenSize: 20);
foreach (var (name, parameter) in lower.NamedParameters()) Console.WriteLine($"  {name} {parameter.Shape}");
Tensor h1 = Tensor.Zeros([3, 30]), h2 = Tensor.Zeros([3, 20]);
for (int t = 0; t < x.Shape[0]; t++)
{
    h1 = lower.Forward(x.Select(0, t), h1);
    h2 = upper.Forward(h1, h2);
}

Console.WriteLine($"  after {x.Shape[0]} steps: {h1.Shape}, {h2.Shape}");
