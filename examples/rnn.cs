// The tutorial's RNN layers: names and shapes of parameters, of what goes in and of what comes out; the same seed gives
// PyTorch's numbers. dotnet run examples/rnn.cs
#:project ../src/Recur/Recur.csproj

using Recur;
using Recur.Nn;

Rng.Seed(0); // torch.manual_seed(0)

Console.WriteLine("Rnn(100, 20)");
var rnn = new Rnn(inputSize: 100, hiddenSize: 20);
foreach (var (name, parameter) in rnn.NamedParameters()) Console.WriteLine($"{name} {parameter.Shape}");

Tensor x = Tensor.Zeros([10, 3, 100]); // 10 steps, 3 sequences, 100 features
Rng.Default.FillNormal(x.MutableSpan); // torch.randn
(Tensor output, Tensor h) = rnn.Forward(x, Tensor.Zeros([1, 3, 20]));
Console.WriteLine($"out {output.Shape}, h {h.Shape}");
Console.WriteLine($"h begins with {h.Span[0]:0.0000} {h.Span[1]:0.0000} {h.Span[2]:0.0000}");

Console.WriteLine("Rnn(100, 10, numLayers: 2)");
var two = new Rnn(inputSize: 100, hiddenSize: 10, numLayers: 2);
foreach (var (name, parameter) in two.NamedParameters()) Console.WriteLine($"{name} {parameter.Shape}");

Console.WriteLine("Rnn(100, 20, numLayers: 4)");
var four = new Rnn(inputSize: 100, hiddenSize: 20, numLayers: 4);
(output, h) = four.Forward(x); // the state is zero when none is given
// out: the last layer at every step; h: every layer at the last step.
Console.WriteLine($"out {output.Shape}, h {h.Shape}");

Console.WriteLine("Rnn(100, 20, bidirectional: true)");
var both = new Rnn(inputSize: 100, hiddenSize: 20, bidirectional: true);
foreach (var (name, parameter) in both.NamedParameters()) Console.WriteLine($"{name} {parameter.Shape}");
(output, h) = both.Forward(x);
Console.WriteLine($"out {output.Shape}, h {h.Shape}"); // both directions side by side
