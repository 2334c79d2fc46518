// The tutorial's LSTM layer: two states, h and c. Gru is used like Rnn. dotnet run examples/lstm.cs
#:project ../src/Recur/Recur.csproj

using Recur;
using Recur.Nn;

Rng.Seed(0); // torch.manual_seed(0)

Console.WriteLine("Lstm(100, 20, numLayers: 4)");
var lstm = new Lstm(inputSize: 100, hiddenSize: 20, numLayers: 4);
Console.WriteLine($"weight_ih_l0 {lstm.StateDict()["weight_ih_l0"].Shape}"); // 4 gates of 20 rows: i, f, g, o

Tensor x = Tensor.Zeros([10, 3, 100]); // 10 steps, 3 sequences, 100 features
Rng.Default.FillNormal(x.MutableSpan); // torch.randn
(Tensor output, (Tensor h, Tensor c)) = lstm.Forward(x);
Console.WriteLine($"out {output.Shape}, h {h.Shape}, c {c.Shape}");
Console.WriteLine($"h begins with {h.Span[0]:0.0000} {h.Span[1]:0.0000} {h.Span[2]:0.0000}");
Console.WriteLine($"c begins with {c.Span[0]:0.0000} {c.Span[1]:0.0000} {c.Span[2]:0.0000}");

// A sequence may come in pieces: each goes on from the state of the piece before.
(_, LstmState half) = lstm.Forward(x.Slice(0, 0, 5));
(Tensor rest, LstmState end) = lstm.Forward(x.Slice(0, 5, 5), half);
c = end.C;
Console.WriteLine($"second half: out {rest.Shape}");
Console.WriteLine($"c begins with {c.Span[0]:0.0000} {c.Span[1]:0.0000} {c.Span[2]:0.0000}");
