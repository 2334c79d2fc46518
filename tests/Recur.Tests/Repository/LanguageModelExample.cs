using Recur;
using Recur.Nn;
using Recur.Optim;
using Recur.Text;

namespace ReadMe;

/// <summary>The programs of docs/language-models.md; ReadMeTests compares the text between the marks with them. They
/// are compiled, not run: the first takes minutes.</summary>
internal static class LanguageModelExample
{
    public static void Run()
    {
        // <README>
        Rng.Seed(0);
        LanguageModel model = LanguageModel.Fit(
            TextSource.FromFile("data/tinyshakespeare.txt"),
            new CharacterTokenizer(),
            new LanguageModelOptions { Cell = CellKind.Lstm, EmbeddingSize = 128, HiddenSize = 512 },
            new LanguageModelTraining { Epochs = 12, BatchSize = 32, Steps = 128 });
        Console.WriteLine($"validation loss {model.Training!.BestValidationLoss:0.000} nats per character");
        model.Save("plays.safetensors");

        LanguageModel plays = LanguageModel.Load("plays.safetensors");
        var sampling = new SamplingOptions { Temperature = 0.8f, TopP = 0.95f, Seed = 7 };
        foreach (string character in plays.Generate("ROMEO:", sampling).Take(500)) Console.Write(character);

        LanguageModelScore score = plays.Evaluate(TextSource.FromFile("sonnets.txt"));
        Console.WriteLine($"{score.Loss:0.000} nats, {score.Bits:0.000} bits, perplexity {score.Perplexity:0.00}");
        // </README>

        // <README>
        var sgd = new Sgd(model.Parameters(), learningRate: 1f);
        LanguageModelState before = model.CreateState(streams: 2), after = model.CreateState(streams: 2);
        int[] ids = [0, 3, 1, 4, 2, 5], targets = [1, 4, 2, 5, 3, 6];   // [T, N] = [3, 2]; a target is the token after
        sgd.ZeroGrad();
        Tensor loss = model.Loss(ids, targets, before, after);
        loss.Backward();
        GradientClipping.ClipNorm(model.Parameters(), maxNorm: 0.25f);
        sgd.Step();
        (before, after) = (after, before);                              // the next step begins where this one ended
        // </README>
    }
}
