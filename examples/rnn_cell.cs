// The tutorial's RNN cells: the loop over time is the user's. dotnet run examples/rnn_cell.cs
#:project ../src/Recur/Recur.csproj

using Recur;
using Recur.Nn;

Rng.Seed(0); // torch.manual_seed(0)

Tensor x = Tensor.Zeros([10, 3, 100]); // 10 steps, 3 sequences, 100 features
Rng.Default.FillNormal(x.MutableSpan); // torch.randn

Console.WriteLine("RnnCell(100, 20)");
var cell = new RnnCell(inputSize: 100, hiddenSize: 20);
foreach (var (name, parameter) in cell.NamedParameters()) Console.WriteLine($"{name} {parameter.Shape}");
Tensor h = Tensor.Zeros([3, 20]);
for (int t = 0; t < 10; t++) h = cell.Forward(x.Select(0, t), h);
Console.WriteLine($"h {h.Shape}");
Console.WriteLine($"h begins with {h.Span[0]:0.0000} {h.Span[1]:0.0000} {h.Span[2]:0.0000}");

// Two layers: at every step the state of the lower cell is the input of the upper one.
Console.WriteLine("RnnCell(100, 30), RnnCell(30, 20)");
var lower = new RnnCell(inputSize: 100, hiddenSize: 30);
var upper = new RnnCell(inputSize: 30, hiddenSize: 20);
Tensor h1 = Tensor.Zeros([3, 30]), h2 = Tensor.Zeros([3, 20]);
for (int t = 0; t < 10; t++)
{
    h1 = lower.Forward(x.Select(0, t), h1);
    h2 = upper.Forward(h1, h2);
}

Console.WriteLine($"h1 {h1.Shape}, h2 {h2.Shape}");
