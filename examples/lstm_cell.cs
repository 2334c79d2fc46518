// The tutorial's LSTM cells: the loop over time is the user's. dotnet run examples/lstm_cell.cs
#:project ../src/Recur/Recur.csproj

using Recur;
using Recur.Nn;

Rng.Seed(0); // torch.manual_seed(0)

Tensor x = Tensor.Zeros([10, 3, 100]); // 10 steps, 3 sequences, 100 features
Rng.Default.FillNormal(x.MutableSpan); // torch.randn

Console.WriteLine("LstmCell(100, 20)");
var cell = new LstmCell(inputSize: 100, hiddenSize: 20);
foreach (var (name, parameter) in cell.NamedParameters()) Console.WriteLine($"{name} {parameter.Shape}");
Tensor h = Tensor.Zeros([3, 20]), c = Tensor.Zeros([3, 20]);
for (int t = 0; t < 10; t++) (h, c) = cell.Forward(x.Select(0, t), (h, c));
Console.WriteLine($"h {h.Shape}, c {c.Shape}");
Console.WriteLine($"c begins with {c.Span[0]:0.0000} {c.Span[1]:0.0000} {c.Span[2]:0.0000}");

// Two layers: at every step the state h of the lower cell is the input of the upper one.
Console.WriteLine("LstmCell(100, 30), LstmCell(30, 20)");
var lower = new LstmCell(inputSize: 100, hiddenSize: 30);
var upper = new LstmCell(inputSize: 30, hiddenSize: 20);
LstmState first = (Tensor.Zeros([3, 30]), Tensor.Zeros([3, 30]));
LstmState second = (Tensor.Zeros([3, 20]), Tensor.Zeros([3, 20]));
for (int t = 0; t < 10; t++)
{
    first = lower.Forward(x.Select(0, t), first);
    second = upper.Forward(first.H, second);
}

Console.WriteLine($"h1 {first.H.Shape}, c1 {first.C.Shape}, h2 {second.H.Shape}, c2 {second.C.Shape}");
