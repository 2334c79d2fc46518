using System.Text.Json;
using Recur.IO;
using Recur.Nn;
using Recur.Optim;
using Recur.Text;
using Recur.Training;
using static Recur.Tests.FixtureExtensions;

namespace Recur.Tests.Text;

[Collection(AloneCollection.Name)] // Fit draws from the process's generator
public sealed class LanguageModelTests
{
    // Sums of a few dozen products on both sides.
    private const double Tolerance = 5e-6;

    private static readonly string[] Lines = [.. Enumerable.Range(0, 60).Select(i => $"one {i % 7} two {i % 3}")];

    private static readonly LanguageModelOptions Small = new() { HiddenSize = 12, EmbeddingSize = 6, Dropout = 0.2f };

    private static readonly LanguageModelTraining Short = new() { Epochs = 2, BatchSize = 4, Steps = 8 };

    [Fact]
    public void Loss_TwoStepsWithCarriedState_MatchTorch()
    {
        using JsonDocument fixture = Fixture.Open("language_model.json");
        foreach (JsonElement c in fixture.RootElement.GetProperty("cases").EnumerateArray())
        {
            var options = new LanguageModelOptions
            {
                Cell = Enum.Parse<CellKind>(c.GetProperty("cell").GetString()!), HiddenSize = 6,
                EmbeddingSize = c.Int("embedding"), NumLayers = c.Int("layers"), Dropout = 0f,
                Tied = c.GetProperty("tied").GetBoolean(),
            };
            Vocabulary vocabulary = Vocabulary.FromCounts("abcdefghijk".Select(l => (l.ToString(), 1L)));
            var model = new LanguageModel(vocabulary, new CharacterTokenizer(), options);
            model.LoadStateDict(c.GetProperty("state_dict").EnumerateObject().ToDictionary(
                p => p.Name, p => Tensor.From(p.Value.Floats("values"), new Shape(p.Value.Ints("shape")))));
            LanguageModelState state = model.CreateState(3), next = model.CreateState(3);
            foreach (JsonElement step in c.GetProperty("steps").EnumerateArray())
            {
                int[] ids = step.Ints("ids"), targets = step.Ints("targets");
                AssertClose(step.Floats("logits"), model.Forward(ids, state).Span, Tolerance, $"{options} logits");
                model.ZeroGrad();
                Tensor loss = model.Loss(ids, targets, state, next);
                AssertClose([step.GetProperty("loss").GetSingle()], loss.Span, Tolerance, $"{options} loss");
                loss.Backward();
                foreach (JsonProperty gradient in step.GetProperty("gradients").EnumerateObject())
                    AssertClose(gradient.Value.Floats(), model.StateDict()[gradient.Name].Grad!.Value.Span, Tolerance,
                        $"{options} {gradient.Name}");
                (state, next) = (next, state);
            }
        }
    }

    [Fact]
    public void Loss_WarmedUpStep_AllocatesNothing()
    {
        LanguageModel model = Untrained();
        var sgd = new Sgd(model.Parameters(), 0.1f);
        LanguageModelState even = model.CreateState(2), odd = model.CreateState(2);
        int[] ids = [0, 1, 2, 3, 4, 0], targets = [1, 2, 3, 4, 0, 1];
        void Step()
        {
            sgd.ZeroGrad();
            model.Loss(ids, targets, even, odd).Backward();
            sgd.Step();
            (even, odd) = (odd, even);
        }

        for (int i = 0; i < 100; i++) Step();
        Assert.Equal(0, AllocationMeter.Of(100, Step));
    }

    [Fact]
    public void Evaluate_OneStream_IsTheMeanOverTheWholeText()
    {
        LanguageModel model = Untrained();
        int[] ids = [.. Enumerable.Range(0, 700).Select(i => i * i % 5)]; // more than one piece of the evaluation
        model.Eval();
        double sum = 0;
        LanguageModelState state = model.CreateState(), next = model.CreateState();
        for (int i = 0; i + 1 < ids.Length; i++)
        {
            float[] logits = model.Forward([ids[i]], state, next).ToArray();
            sum += Math.Log(logits.Sum(l => Math.Exp(l))) - logits[ids[i + 1]];
            (state, next) = (next, state);
        }

        LanguageModelScore score = model.Evaluate(ids);
        Assert.Equal(699, score.Tokens);
        Assert.Equal(sum / 699, score.Loss, 1e-6);
        Assert.Equal(Math.Exp(score.Loss), score.Perplexity);
        Assert.Equal(score.Loss, score.Bits * Math.Log(2), 1e-12);
        // Three streams predict the same tokens, two of them from nothing; more than there are tokens are that many.
        Assert.Equal(699, model.Evaluate(ids, streams: 3).Tokens);
        Assert.Equal(score.Loss, model.Evaluate(ids, streams: 3).Loss, 0.05);
        Assert.Equal(model.Evaluate(ids, streams: 699), model.Evaluate(ids, streams: int.MaxValue));
    }

    [Fact]
    public void Evaluate_LastShareOfAText_IsThatPartAndReportsProgress()
    {
        LanguageModel model = Untrained();
        string text = string.Concat(Enumerable.Range(0, 900).Select(i => "abcde"[i * i % 5]));
        int[] ids = [.. model.Vocabulary.Encode(text, new CharacterTokenizer())];
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["t"], text);
        var reports = new Reports();

        LanguageModelScore score = model.Evaluate(TextSource.FromFile(folder["t"]), lastShare: 0.35, progress: reports);

        Assert.Equal(model.Evaluate(ids.AsSpan(585)), score);
        Assert.Equal([(256, 314), (314, 314)], reports);
        model.Train();
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => model.Evaluate(ids, cancel: stop.Token));
        Assert.True(model.IsTraining);
        Assert.Equal("LanguageModel.Evaluate: lastShare must be greater than 0 and at most 1 but was 0.",
            Assert.Throws<ArgumentException>(() => model.Evaluate(TextSource.FromFile(folder["t"]), 0)).Message);
        Assert.Equal("LanguageModel.Evaluate: streams must be at least 1 but was 0.",
            Assert.Throws<ArgumentException>(() => model.Evaluate(ids, 0)).Message);
    }

    [Fact]
    public void Generate_LineBreakInAPromptOfWords_IsTheEndOfALine()
    {
        Rng.Seed(1);
        LanguageModel model = LanguageModel.Fit(TextSource.FromLines(Lines), new WhitespaceTokenizer(), Small, Short);
        // The certain text behind a line's end is the one behind nothing, which is taken for one.
        var certain = new SamplingOptions { Temperature = 0 };
        int end = model.Vocabulary.IdOf("<eos>");
        Assert.NotEqual(" ", string.Concat(model.Generate("one 1 two 1\n", certain).Take(1))[..1]);
        Assert.Equal(" ", string.Concat(model.Generate("one 1 two", certain).Take(1))[..1]);
        Assert.Equal(
            [model.Vocabulary.IdOf("one"), end, end, model.Vocabulary.IdOf("two")],
            TokenStream.Encode("one\n\ntwo", new WhitespaceTokenizer(), model.Vocabulary));
    }

    [Fact]
    public void FitAndGenerate_NoTokens_SayOneSentence()
    {
        var e = Assert.Throws<TextFormatException>(() => LanguageModel.Fit(
            TextSource.FromLines(Lines), new CharacterTokenizer(), Small, Short with { MaxVocabulary = 1 }));
        Assert.Equal(
            "text: no token gets into the vocabulary (MinCount 1, MaxVocabulary 1), so there is nothing to learn.",
            e.Message);
        Vocabulary nothing = Vocabulary.FromCounts([], new VocabularyOptions { Unknown = "<unk>" });
        var model = new LanguageModel(nothing, new CharacterTokenizer(), Small);
        Assert.Equal("LanguageModel.Generate: the vocabulary must have a token besides the unknown one but has none.",
            Assert.Throws<InvalidOperationException>(() => model.Generate()).Message);
    }

    [Theory]
    [InlineData(CellKind.Rnn, false)]
    [InlineData(CellKind.Gru, true)]
    [InlineData(CellKind.Lstm, false)]
    public void SaveLoad_EveryCell_SaysTheSame(CellKind cell, bool tied)
    {
        using var folder = new TemporaryFolder();
        Rng.Seed(3);
        LanguageModel model = LanguageModel.Fit(
            TextSource.FromLines(Lines), new WhitespaceTokenizer(),
            Small with { Cell = cell, Tied = tied, EmbeddingSize = tied ? 12 : 6 }, Short);
        model.Save(folder["m.safetensors"]);
        LanguageModel loaded = LanguageModel.Load(folder["m.safetensors"]);
        Assert.Equal(model.Options with { ForgetBias = 1 }, loaded.Options);
        Assert.Equal(model.Vocabulary.Tokens, loaded.Vocabulary.Tokens);
        Assert.Equal(model.Evaluate([0, 1, 2, 3, 2, 1]), loaded.Evaluate([0, 1, 2, 3, 2, 1]));
        Assert.Equal(model.Generate("one").Take(30), loaded.Generate("one").Take(30));
    }

    [Fact]
    public void Fit_Words_EndsLinesAndNamesTheUnknown()
    {
        Rng.Seed(1);
        LanguageModel model = LanguageModel.Fit(
            TextSource.FromLines([.. Lines, "three four five two"]), new WhitespaceTokenizer(), Small, Short);
        Assert.Equal(["<eos>", "<unk>"], model.Vocabulary.Tokens.Take(2));
        Assert.DoesNotContain("three", model.Vocabulary.Tokens); // in the part for validation only
        string text = string.Concat(model.Generate("", new SamplingOptions { Seed = 2 }).Take(300));
        Assert.Contains("\n", text);
        Assert.DoesNotContain("<unk>", text);
        Assert.DoesNotContain("<eos>", text);
    }

    [Fact]
    public void Fit_RepeatedText_LearnsIt()
    {
        Rng.Seed(1);
        LanguageModel model = LanguageModel.Fit(
            TextSource.FromLines(Enumerable.Repeat("abcdefgh", 300)), new CharacterTokenizer(),
            new LanguageModelOptions { HiddenSize = 24, EmbeddingSize = 8, Dropout = 0 },
            new LanguageModelTraining { Epochs = 12, BatchSize = 8, Steps = 16, LearningRate = 2e-2f });
        Assert.True(model.Training!.BestValidationLoss < 0.05, $"{model.Training.BestValidationLoss}");
        Assert.StartsWith("defgh\nabcdefgh\n", string.Concat(
            model.Generate("abc", new SamplingOptions { Temperature = 0 }).Take(20)));
    }

    [Theory]
    [InlineData(LanguageModelOptimizer.AdamW, LanguageModelSchedule.Cosine)]
    [InlineData(LanguageModelOptimizer.Sgd, LanguageModelSchedule.Plateau)]
    public void Fit_InterruptedAndResumed_IsTheSameBitForBit(
        LanguageModelOptimizer optimizer, LanguageModelSchedule schedule)
    {
        using var folder = new TemporaryFolder();
        LanguageModelTraining training = Short with
        {
            Epochs = 3,
            Optimizer = optimizer,
            Schedule = schedule,
            CheckpointPath = folder["c"],
            Resume = true,
            CheckpointEverySteps = 3,
        };
        LanguageModel whole = Fit(training with { CheckpointPath = folder["w"] }, CancellationToken.None);

        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Fit(training, stop.Token, new StopAt(stop, 14)));
        LanguageModel resumed = Fit(training, CancellationToken.None);

        Assert.Equal(whole.Training!.History, resumed.Training!.History);
        foreach ((string name, Tensor value) in whole.StateDict())
            Assert.Equal(value.ToArray(), resumed.StateDict()[name].ToArray());

        static LanguageModel Fit(
            LanguageModelTraining training, CancellationToken cancel, IProgress<TrainProgress>? progress = null)
        {
            Rng.Seed(7);
            return LanguageModel.Fit(
                TextSource.FromLines(Lines), new CharacterTokenizer(), Small, training, progress, cancel);
        }
    }

    [Fact]
    public void Fit_CheckpointOfAnotherText_IsRefused()
    {
        using var folder = new TemporaryFolder();
        LanguageModelTraining training = Short with { CheckpointPath = folder["c"], Resume = true };
        LanguageModel.Fit(TextSource.FromLines(Lines), new CharacterTokenizer(), Small, training);
        var e = Assert.Throws<ModelFormatException>(() => LanguageModel.Fit(
            TextSource.FromLines([.. Lines, "more"]), new CharacterTokenizer(), Small, training));
        Assert.Equal(
            $"{folder["c"]}: this checkpoint belongs to a training on another text or with other options.", e.Message);
    }

    [Fact]
    public void Fit_TextTooShort_SaysHowLongItMustBe()
    {
        var e = Assert.Throws<TextFormatException>(() => LanguageModel.Fit(
            TextSource.FromLines(["too short a text!"]), new CharacterTokenizer(), Small, Short));
        // 17 characters and the line's end, less the tenth for validation.
        Assert.Equal(
            "text: the text to train on must have more than 32 tokens (batch size 4 times 8 steps) but has 17.",
            e.Message);
    }

    [Fact]
    public void Load_OtherFiles_AreOneSentence()
    {
        using var folder = new TemporaryFolder();
        new Linear(2, 2).Save(folder["linear.safetensors"]);
        var e = Assert.Throws<ModelFormatException>(() => LanguageModel.Load(folder["linear.safetensors"]));
        Assert.Equal("linear.safetensors: this is a safetensors file but not a language model (its metadata has no "
            + "recur_model = language_model).", e.Message);
    }

    [Fact]
    public void Options_OutOfRange_AreSentences()
    {
        Assert.Equal("LanguageModelOptions: Dropout must be at least 0 and less than 1 but was 1.",
            Message(Small with { Dropout = 1f }));
        Assert.Equal("LanguageModelOptions: EmbeddingSize must be HiddenSize (12) for a tied output layer but was 6.",
            Message(Small with { Tied = true }));

        static string Message(LanguageModelOptions options) => Assert.Throws<ArgumentException>(
            () => LanguageModel.Fit(TextSource.FromLines(Lines), new CharacterTokenizer(), options)).Message;
    }

    private static LanguageModel Untrained()
    {
        Rng.Seed(4);
        Vocabulary vocabulary = Vocabulary.FromCounts("abcde".Select(l => (l.ToString(), 1L)));
        return new LanguageModel(vocabulary, new CharacterTokenizer(), Small with { Dropout = 0.1f });
    }

    private sealed class Reports : List<(long Done, long Total)>, IProgress<(long Done, long Total)>
    {
        public void Report((long Done, long Total) value) => Add(value);
    }

    private sealed class StopAt(CancellationTokenSource stop, long step) : IProgress<TrainProgress>
    {
        public void Report(TrainProgress value)
        {
            if (value.Step >= step) stop.Cancel();
        }
    }
}
