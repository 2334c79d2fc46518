using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Recur.Benchmarks.Compare;
using Recur.Text;

namespace Recur.Benchmarks.Words;

/// <summary><c>glove</c>: pairs per second of the counting and of the training, and the cost of every pass.</summary>
internal sealed class GloVeCommand
{
    public const string Usage =
        """
        glove --corpus FILE [--epochs N] [--threads N[,N...]] [--window N] [--xmax N] [--size N] [--budget MB]
              [--seed N] [--pairs FILE] [--analogies FILE]
          --corpus FILE     one sentence a line, words apart by white space (benchmarks/prepare_gcide.py makes one)
          --epochs N        passes over the pairs (default: 3; take 15 or more for scores)
          --threads N,...   one training for each of them (default: 1,2)
          --window, --xmax, --size, --seed   of the model (default: 5, 10, 100, 1)
          --budget MB       memory for the counting (default: 512)
          --pairs FILE      word pairs with people's scores; gensim prints Spearman; may be repeated
          --analogies FILE  a : b = c : d; percent solved among 30,000 words
        """;

    private const int RestrictVocabulary = 30_000;

    private readonly List<string> pairFiles = [];
    private string? corpusFile, analogies;
    private int epochs = 3, window = 5, xMax = 10, size = 100, budget = 512, seed = 1;
    private int[] threads = [1, 2];

    private bool HasScores => pairFiles.Count > 0 || analogies is not null;

    /// <summary>Exit code 0: done; 1: gensim failed; 2: wrong usage.</summary>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        var command = new GloVeCommand();
        if (command.Parse(arguments) is { } error)
        {
            Console.Error.WriteLine($"{error}\n{Usage}");
            return 2;
        }

        return command.Run();
    }

    private string? Parse(ReadOnlySpan<string> arguments)
    {
        for (int i = 0; i < arguments.Length; i += 2)
        {
            if (i + 1 == arguments.Length) return $"glove: {arguments[i]} needs a value.";
            string value = arguments[i + 1];
            bool isCount = int.TryParse(value, out int n) && n is >= 1 and <= 1 << 20;
            switch (arguments[i])
            {
                case "--corpus": corpusFile = value; break;
                case "--epochs" when isCount: epochs = n; break;
                case "--threads" when value.Split(',').All(t => int.TryParse(t, out int k) && k is >= 1 and <= 256):
                    threads = [.. value.Split(',').Select(int.Parse)];
                    break;
                case "--window" when isCount: window = n; break;
                case "--xmax" when isCount: xMax = n; break;
                case "--size" when isCount: size = n; break;
                case "--budget" when isCount: budget = n; break;
                case "--seed" when isCount: seed = n; break;
                case "--pairs": pairFiles.Add(Path.GetFullPath(value)); break;
                case "--analogies": analogies = Path.GetFullPath(value); break;
                default: return $"glove: \"{arguments[i]} {value}\" is not understood.";
            }
        }

        return corpusFile is null ? "glove: --corpus is missing." : null;
    }

    private int Run()
    {
        string reason = "";
        using GensimProcess? gensim = HasScores ? GensimProcess.TryStart(1, out reason) : null;
        if (HasScores && gensim is null)
        {
            Console.Error.WriteLine(reason);
            return 1;
        }

        Console.WriteLine(
            $"{Machine.Processor}; {Machine.OperatingSystemName}; {Machine.Runtime}; kernels {Kernels.Isa.Current}");
        var options = new GloVeOptions
        {
            VectorSize = size, Window = window, XMax = xMax, Epochs = epochs, Seed = (ulong)seed,
            MemoryBudget = (long)budget << 20,
        };
        TextSource source = TextSource.FromFile(corpusFile!);
        Vocabulary vocabulary = GloVe.BuildVocabulary(source, new WhitespaceTokenizer(), options);
        EncodedCorpus corpus = EncodedCorpus.Encode(source, new WhitespaceTokenizer(), vocabulary);
        long begin = Stopwatch.GetTimestamp();
        using Cooccurrences pairs = Cooccurrences.Count(corpus, options.Counting);
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{corpus.TokenCount:N0} words, {vocabulary.Count:N0} different ones at least {options.MinCount} times; "
            + $"{pairs.PairCount:N0} pairs in {seconds:0.00} s, budget {budget} MB, {pairs.Runs} runs on disk"));
        foreach (int count in threads) Train(pairs, options with { Threads = count }, gensim);
        return 0;
    }

    private void Train(Cooccurrences pairs, GloVeOptions options, GensimProcess? gensim)
    {
        var model = new GloVe(pairs.Vocabulary, options);
        var speeds = new List<double>();
        long begin = Stopwatch.GetTimestamp();
        while (model.TrainEpoch(pairs))
        {
            double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            speeds.Add(pairs.PairCount / seconds / 1e6);
            begin = Stopwatch.GetTimestamp();
        }

        // The first pass has the sorting of the pairs and the compilation in it.
        double[] sorted = [.. speeds.Skip(1).DefaultIfEmpty(speeds[0]).Order()];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{options.Threads} thread{(options.Threads == 1 ? "" : "s")}: {sorted[sorted.Length / 2]:0.00} "
            + $"million pairs/s (median of the passes but the first; {sorted[0]:0.00} to {sorted[^1]:0.00}; the first "
            + $"with sorting {speeds[0]:0.00})"));
        Console.WriteLine("  cost by epoch: "
            + string.Join(" ", model.Costs.Select(c => c.ToString("0.000000", CultureInfo.InvariantCulture))));
        if (gensim is not null) Score(model, gensim);
    }

    private void Score(GloVe model, GensimProcess gensim)
    {
        string folder = Directory.CreateTempSubdirectory("recur-glove-").FullName;
        try
        {
            string file = Path.Combine(folder, "glove.safetensors");
            model.Save(file);
            JsonNode answer = gensim.Request(new JsonObject
            {
                ["op"] = "score", ["vectors"] = file, ["restrict"] = RestrictVocabulary, ["analogies"] = analogies,
                ["similar"] = new JsonArray([.. pairFiles.Select(p => JsonValue.Create(p))]),
            });
            for (int i = 0; i < pairFiles.Count; i++)
                Console.WriteLine(FormattableString.Invariant(
                    $"  {Path.GetFileNameWithoutExtension(pairFiles[i])} {(double)answer["similar"]![i]!:0.0000}"));
            if (analogies is not null)
                Console.WriteLine(FormattableString.Invariant($"  analogies {(double)answer["analogies"]!:0.00} %"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
