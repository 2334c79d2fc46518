using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Recur.Benchmarks.Compare;
using Recur.Text;

namespace Recur.Benchmarks.Words;

/// <summary><c>words</c>: word vectors of the same corpus by Recur and by gensim, in alternation.</summary>
internal sealed class WordsCommand
{
    public const string Usage =
        """
        words --corpus FILE [--model sg|cbow|hs|cbow-hs] [--epochs N] [--rounds N] [--threads N] [--peer yes|no]
              [--pairs FILE] [--analogies FILE]
          --corpus FILE     one sentence a line, words apart by white space (benchmarks/prepare_gcide.py makes one)
          --model NAME      skip-gram or CBOW with 5 negatives, skip-gram or CBOW with hierarchical softmax (default: sg)
          --epochs N        passes over the corpus in a round (default: 1; take 5 for scores)
          --rounds N        rounds, each with its own seed: 1, 2, ... (default: 3)
          --threads N       threads of either side (default: 1)
          --peer no         without gensim; only rates then
          --pairs FILE      word pairs with people's scores, such as WordSim-353; Spearman is printed; may be repeated
          --analogies FILE  a : b = c : d, such as questions-words.txt; percent solved among 30,000 words
        """;

    private const int RestrictVocabulary = 30_000, VectorSize = 100, Window = 5, MinCount = 5;
    private const double Sample = 1e-3;

    private readonly List<string> pairs = [];
    private readonly List<double> own = [], peers = [];
    private readonly List<double[]> ownScores = [], peerScores = [];
    private string? corpusFile, analogies;
    private string model = "sg";
    private int epochs = 1, rounds = 3, threads = 1;
    private bool withPeer = true;

    private bool SkipGram => model is "sg" or "hs";

    private bool Tree => model.EndsWith("hs", StringComparison.Ordinal);

    private bool HasScores => pairs.Count > 0 || analogies is not null;

    /// <summary>Exit code 0: done; 1: gensim failed; 2: wrong usage.</summary>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        var command = new WordsCommand();
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
            if (i + 1 == arguments.Length) return $"words: {arguments[i]} needs a value.";
            string value = arguments[i + 1];
            bool isCount = int.TryParse(value, out int n) && n is >= 1 and <= 256;
            switch (arguments[i])
            {
                case "--corpus": corpusFile = value; break;
                case "--model" when value is "sg" or "cbow" or "hs" or "cbow-hs": model = value; break;
                case "--epochs" when isCount: epochs = n; break;
                case "--rounds" when isCount: rounds = n; break;
                case "--threads" when isCount: threads = n; break;
                case "--peer" when value is "yes" or "no": withPeer = value == "yes"; break;
                case "--pairs": pairs.Add(Path.GetFullPath(value)); break;
                case "--analogies": analogies = Path.GetFullPath(value); break;
                default: return $"words: \"{arguments[i]} {value}\" is not understood.";
            }
        }

        if (HasScores && !withPeer) return "words: gensim computes the scores, so they need --peer yes.";
        return corpusFile is null ? "words: --corpus is missing." : null;
    }

    private int Run()
    {
        string reason = "";
        using GensimProcess? gensim = withPeer ? GensimProcess.TryStart(threads, out reason) : null;
        if (withPeer && gensim is null)
        {
            Console.Error.WriteLine(reason);
            return 1;
        }

        Console.WriteLine(
            $"{Machine.Processor}; {Machine.OperatingSystemName}; {Machine.Runtime}; kernels {Kernels.Isa.Current}"
            + (gensim is null ? "" : $"; gensim {gensim.Version}"));
        long begin = Stopwatch.GetTimestamp();
        TextSource source = TextSource.FromFile(corpusFile!);
        Vocabulary vocabulary = Word2Vec.BuildVocabulary(source, new WhitespaceTokenizer(), Options(1));
        EncodedCorpus corpus = EncodedCorpus.Encode(source, new WhitespaceTokenizer(), vocabulary);
        double reading = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        long words = corpus.TokenCount + corpus.UnknownCount;
        JsonNode? loaded = gensim?.Request(new JsonObject { ["op"] = "load", ["corpus"] = Path.GetFullPath(corpusFile!) });
        Console.WriteLine($"{words:N0} words, {vocabulary.Count:N0} different ones at least {MinCount} times; {model}, "
            + $"{epochs} epoch{(epochs == 1 ? "" : "s")}, {threads} thread{(threads == 1 ? "" : "s")}");
        for (int seed = 1; seed <= rounds; seed++) Round(seed, words, corpus, reading, gensim, loaded);
        Summarize();
        return 0;
    }

    private void Round(int seed, long words, EncodedCorpus corpus, double reading, GensimProcess? gensim, JsonNode? loaded)
    {
        string folder = Directory.CreateTempSubdirectory("recur-words-").FullName;
        try
        {
            string ownFile = Path.Combine(folder, "recur.safetensors"), peerFile = Path.Combine(folder, "gensim.bin");
            var trained = new Word2Vec(corpus.Vocabulary, Options(seed));
            long begin = Stopwatch.GetTimestamp();
            trained.Resume(corpus);
            double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            if (HasScores) trained.Save(ownFile);
            own.Add(Print("Recur", seed, words, seconds, reading, HasScores ? Score(gensim!, ownFile) : null, ownScores));
            IEnumerable<string> losses = trained.Losses.Select(l => l.ToString("0.0000", CultureInfo.InvariantCulture));
            Console.WriteLine($"  loss by epoch: {string.Join(" ", losses)}");
            if (gensim is null) return;
            JsonNode answer = gensim.Request(new JsonObject
            {
                ["op"] = "train", ["options"] = PeerOptions(seed), ["save"] = HasScores ? peerFile : null,
            });
            double before = (double)loaded!["seconds"]! + (double)answer["vocabulary_seconds"]!;
            peers.Add(Print(
                "gensim", seed, words, (double)answer["seconds"]!, before, HasScores ? Score(gensim, peerFile) : null,
                peerScores));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private double Print(
        string name, int seed, long words, double seconds, double reading, double[]? scores, List<double[]> all)
    {
        double rate = words * (double)epochs / seconds / 1e3, whole = words * (double)epochs / (seconds + reading) / 1e3;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-7} seed {seed}: {seconds,7:0.00} s  {rate,6:0} thousand words/s ({whole:0} with reading) {Text(scores)}"));
        if (scores is not null) all.Add(scores);
        return rate;
    }

    private double[] Score(GensimProcess gensim, string file)
    {
        JsonNode answer = gensim.Request(new JsonObject
        {
            ["op"] = "score", ["vectors"] = file, ["restrict"] = RestrictVocabulary, ["analogies"] = analogies,
            ["similar"] = new JsonArray([.. pairs.Select(p => JsonValue.Create(p))]),
        });
        IEnumerable<double> similar = answer["similar"]!.AsArray().Select(v => (double)v!);
        return analogies is null ? [.. similar] : [.. similar, (double)answer["analogies"]!];
    }

    private string Text(double[]? scores) => scores is null ? "" : string.Join(", ", scores.Select((s, i) =>
        i < pairs.Count
            ? FormattableString.Invariant($"{Path.GetFileNameWithoutExtension(pairs[i])} {s:0.0000}")
            : FormattableString.Invariant($"analogies {s:0.00} %")));

    private void Summarize()
    {
        if (peers.Count > 0)
        {
            double[] ratios = [.. own.Zip(peers, (a, b) => a / b).Order()];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"Recur / gensim, words per second: median {ratios[ratios.Length / 2]:0.0}, from {ratios[0]:0.0} to "
                + $"{ratios[^1]:0.0}"));
        }

        foreach ((string name, List<double[]> scores) in new[] { ("Recur", ownScores), ("gensim", peerScores) })
        {
            if (scores.Count == 0) continue;
            double[] means = [.. Enumerable.Range(0, scores[0].Length).Select(i => scores.Average(s => s[i]))];
            Console.WriteLine($"{name,-7} means of {scores.Count}: {Text(means)}");
        }
    }

    private Word2VecOptions Options(int seed) => new()
    {
        VectorSize = VectorSize, Window = Window, MinCount = MinCount, Sample = Sample, SkipGram = SkipGram,
        HierarchicalSoftmax = Tree, Negative = Tree ? 0 : 5, Epochs = epochs, Threads = threads, Seed = (ulong)seed,
    };

    private JsonObject PeerOptions(int seed) => new()
    {
        ["vector_size"] = VectorSize, ["window"] = Window, ["min_count"] = MinCount, ["sample"] = Sample,
        ["sg"] = SkipGram ? 1 : 0, ["hs"] = Tree ? 1 : 0, ["negative"] = Tree ? 0 : 5, ["epochs"] = epochs,
        ["workers"] = threads, ["seed"] = seed,
    };
}
