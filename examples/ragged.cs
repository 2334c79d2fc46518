// Sequences of different lengths in one batch (docs/sequences.md). dotnet run examples/ragged.cs
#:project ../src/Recur/Recur.csproj

using Recur;
using Recur.Nn;

Rng.Seed(0);
var lstm = new Lstm(inputSize: 4, hiddenSize: 8, bidirectional: true);
Tensor[] sequences = [Noise(5), Noise(2), Noise(9)]; // each [length, 4]

int[] lengths = Sequences.Lengths(sequences);
Tensor x = Sequences.Pad(sequences);
Console.WriteLine($"lengths {string.Join(", ", lengths)}: padded {x.Shape}");

// A sequence's steps come out as if it were alone: in both directions, whatever the padding holds.
(Tensor output, LstmState state) = lstm.Forward(x, lengths: lengths);
Console.WriteLine($"out {output.Shape}, h {state.H.Shape}, c {state.C.Shape}");
for (int n = 0; n < 3; n++)
{
    Tensor h = state.H.Select(1, n); // after the sequence's own last step
    Tensor alone = lstm.Forward(sequences[n]).State.H;
    Console.WriteLine($"sequence {n}: h begins with {h.Span[0]:0.0000} {h.Span[1]:0.0000}, "
        + $"alone {alone.Span[0]:0.0000} {alone.Span[1]:0.0000}");
}

// Behind the end of a sequence the output is 0; a mask leaves these rows out of a mean.
Console.WriteLine($"out of sequence 1 at step 2: {output.Select(0, 2).Select(0, 1).Span[0]}");
Tensor mask = Sequences.Mask(lengths).Unsqueeze(-1);
Tensor mean = (output * output * mask).Sum() / lengths.Sum();
Console.WriteLine($"mean square of {lengths.Sum()} steps: {mean.Item():0.0000}");

static Tensor Noise(int length)
{
    Tensor t = Tensor.Zeros([length, 4]);
    Rng.Default.FillNormal(t.MutableSpan);
    return t;
}
