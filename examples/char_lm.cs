// A character model of Shakespeare's plays, trained in about half a minute: it learns letters, words, and what a play
// looks like. dotnet run examples/char_lm.cs [TEXT [LINES]]
#:project ../src/Recur/Recur.csproj

using Recur;
using Recur.Nn;
using Recur.Text;
using Recur.Training;

string path = args.Length > 0 ? args[0] : "data/tinyshakespeare.txt";
int lines = args.Length > 1 ? int.Parse(args[1]) : int.MaxValue; // of the text; fewer are learnt sooner
TextSource text = TextSource.FromLines(File.ReadLines(path).Take(lines), path);
Console.WriteLine($"reading {path}, then 4 passes over it ...");

Rng.Seed(1);
LanguageModel model = LanguageModel.Fit(
    text,
    new CharacterTokenizer(),
    new LanguageModelOptions { Cell = CellKind.Lstm, EmbeddingSize = 32, HiddenSize = 128, Dropout = 0f },
    new LanguageModelTraining { Epochs = 4, BatchSize = 32, Steps = 64, LearningRate = 6e-3f, ValidationShare = 0.1 });

// The last tenth of the text was held out; the loss is in nats per character. Chance is ln(number of characters).
Console.WriteLine($"{model.Vocabulary.Count} characters, by chance {Math.Log(model.Vocabulary.Count):0.000} nats");
foreach (EpochLoss epoch in model.Training!.History)
    Console.WriteLine($"training {epoch.Loss:0.000}, validation {epoch.ValidationLoss:0.000}");

// The model goes on from here, character by character.
const string prompt = "ROMEO:";
Console.Write(prompt);
foreach (string character in model.Generate(prompt, new SamplingOptions { Temperature = 0.7f, Seed = 1 }).Take(400))
    Console.Write(character);
Console.WriteLine();
