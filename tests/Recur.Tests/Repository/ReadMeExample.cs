using Recur;
using Recur.Nn;
using Recur.Optim;

namespace ReadMe;

/// <summary>The program of the README; ReadMeTests compares the text between the marks with it, and runs it.</summary>
internal static class ReadMeExample
{
    /// <summary>Trains as the README does.</summary>
    /// <returns>The loss after training.</returns>
    public static float Run()
    {
        // <README>
        Rng.Seed(0);
        var rnn = new Rnn(inputSize: 1, hiddenSize: 10, numLayers: 2, batchFirst: true);
        var head = new Linear(10, 1);
        var adam = new Adam([.. rnn.Parameters(), .. head.Parameters()], learningRate: 5e-3f);

        float[] sine = [.. Enumerable.Range(0, 60).Select(i => MathF.Sin(i * 10f / 59))];
        Tensor x = Tensor.From(sine.AsSpan(0, 59), [1, 59, 1]);   // points 0..58
        Tensor y = Tensor.From(sine.AsSpan(1), [1, 59, 1]);       // points 1..59
        for (int i = 1; i <= 500; i++)
        {
            (Tensor output, _) = rnn.Forward(x);
            Tensor loss = Losses.Mse(head.Forward(output), y);
            adam.ZeroGrad();
            loss.Backward();
            GradientClipping.ClipNorm(rnn.Parameters(), maxNorm: 1f);
            adam.Step();
            if (i % 100 == 0) Console.WriteLine($"iteration {i}: loss {loss.Item():0.00000}");
        }
        // </README>

        return Losses.Mse(head.Forward(rnn.Forward(x).Output), y).Item();
    }
}
