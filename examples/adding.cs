// The adding problem: of 200 numbers two are marked, and their sum is asked for at the end.
// dotnet run examples/adding.cs
// Hochreiter and Schmidhuber 1997. Who always answers 1 has an error of 1/6; below 0.01 it counts as solved.
#:project ../src/Recur/Recur.csproj

using System.Diagnostics;
using Recur;
using Recur.Autograd;
using Recur.Data;
using Recur.Nn;
using Recur.Optim;
using Recur.Training;

const int length = 200, hidden = 32, batchSize = 32, mostSteps = 6000;

foreach (string cell in (string[])["LSTM", "GRU"])
{
    Rng.Seed(0);
    var lstm = new Lstm(inputSize: 2, hidden);
    var gru = new Gru(inputSize: 2, hidden);
    var head = new Linear(hidden, 1);

    // Gates i f g o: a forget gate of σ(3) = 0.95 keeps a state for some 20 steps from the beginning.
    foreach (var (name, parameter) in lstm.NamedParameters())
        if (name == "bias_ih_l0") parameter.MutableSpan.Slice(hidden, hidden).Fill(3f);

    RecurrentLayer layer = cell == "LSTM" ? lstm : gru;
    Tensor[] parameters = [.. layer.Parameters(), .. head.Parameters()];
    var adam = new Adam(parameters, learningRate: 1e-2f);
    var batches = new AddingProblem(length, batchSize, batchCount: 100);
    Batch unseen = AddingProblem.Draw(length, 1000, new Rng(1));
    using var flow = new GradientFlow(layer);
    var clock = Stopwatch.StartNew();
    double error = 1;

    for (int step = 0; step < mostSteps && error >= 0.01; step++)
    {
        if (step % batches.BatchCount == 0) batches.BeginEpoch(step / batches.BatchCount, Rng.Default);
        Batch batch = batches.GetBatch(step % batches.BatchCount);
        adam.ZeroGrad();
        Losses.Mse(Answer(batch.Input), batch.Target).Backward();
        flow.Record(maxNorm: 1f);
        GradientClipping.ClipNorm(parameters.AsSpan(), maxNorm: 1f);
        adam.Step();
        if ((step + 1) % batches.BatchCount != 0) continue;

        using (GradMode.NoGrad()) error = Losses.Mse(Answer(unseen.Input), unseen.Target).Item();
        Console.WriteLine(
            $"{cell} step {step + 1,4}: error {error:0.0000}, " +
            $"gradient {flow.Layers[0].FactorPerStep:0.000} per time step back, clipped {flow.ClippedFraction:0%}");
        flow.Reset();
    }

    Console.WriteLine($"{cell}: {(error < 0.01 ? "solved" : "not solved")} after {clock.Elapsed.TotalSeconds:0} s");

    // The state after the last step, as a number.
    Tensor Answer(Tensor x) =>
        head.Forward((cell == "LSTM" ? lstm.Forward(x).State.H : gru.Forward(x).HN).Select(0, 0));
}
