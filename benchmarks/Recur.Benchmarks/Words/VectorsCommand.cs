using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Recur.Benchmarks.Compare;
using Recur.Text;

namespace Recur.Benchmarks.Words;

/// <summary><c>vectors</c>: loading a file of word vectors and asking it, by Recur and by gensim, in alternation.</summary>
internal sealed class VectorsCommand
{
    public const string Usage =
        """
        vectors FILE [--rounds N] [--peer yes|no]
          FILE         word2vec text or binary, or GloVe text
          --rounds N   rounds (default: 3)
          --peer no    without gensim
        """;

    private const int Questions = 50;

    /// <summary>Exit code 0: done; 1: gensim failed; 2: wrong usage.</summary>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        int rounds = 3;
        bool withPeer = true, isUnderstood = arguments.Length % 2 == 1;
        for (int i = 1; i + 1 < arguments.Length; i += 2)
        {
            if (arguments[i] == "--rounds" && int.TryParse(arguments[i + 1], out rounds) && rounds > 0) continue;
            if (arguments[i] == "--peer" && arguments[i + 1] is "yes" or "no") withPeer = arguments[i + 1] == "yes";
            else isUnderstood = false;
        }

        if (!isUnderstood)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        using GensimProcess? gensim = withPeer ? GensimProcess.TryStart(Parallelism.Threads, out string reason) : null;
        if (withPeer && gensim is null)
        {
            Console.Error.WriteLine($"{GensimProcess.HowToInstall}, or --peer no.");
            return 1;
        }

        Run(Path.GetFullPath(arguments[0]), rounds, gensim);
        return 0;
    }

    private static void Run(string file, int rounds, GensimProcess? gensim)
    {
        Console.WriteLine(
            $"{Machine.Processor}; {Machine.OperatingSystemName}; {Machine.Runtime}; kernels {Kernels.Isa.Current}; "
            + $"{Parallelism.Threads} threads{(gensim is null ? "" : $"; gensim {gensim.Version}")}");
        WordVectorFormat format = WordVectors.Recognise(file);
        var loads = new List<double>();
        var asks = new List<double>();
        for (int round = 0; round < rounds; round++)
        {
            long begin = Stopwatch.GetTimestamp();
            WordVectors vectors = WordVectors.Load(file);
            double load = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            int[] rows = [.. Enumerable.Range(0, Questions).Select(i => (int)((long)i * vectors.Count / Questions))];
            begin = Stopwatch.GetTimestamp();
            _ = vectors.MostSimilar(vectors.Words[1]);
            double first = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            var times = new double[rows.Length];
            var found = new List<string>();
            for (int i = 0; i < rows.Length; i++)
            {
                begin = Stopwatch.GetTimestamp();
                found.Add(vectors.MostSimilar(vectors.Words[rows[i]])[0].Word);
                times[i] = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            }

            Print("Recur", vectors.Count, vectors.VectorSize, load, first, times);
            if (gensim is null) continue;
            JsonNode answer = gensim.Request(new JsonObject
            {
                ["op"] = "ask", ["vectors"] = file, ["binary"] = format == WordVectorFormat.Word2VecBinary,
                ["header"] = format != WordVectorFormat.Glove, ["rows"] = new JsonArray([.. rows.Select(r => (JsonNode)r)]),
            });
            double[] peer = [.. answer["seconds"]!.AsArray().Select(x => (double)x!)];
            Print("gensim", vectors.Count, vectors.VectorSize, (double)answer["load"]!, (double)answer["first"]!, peer);
            int same = found.Zip(answer["found"]!.AsArray(), (a, b) => a == (string)b! ? 1 : 0).Sum();
            Console.WriteLine($"  the nearest word is the same for {same} of {found.Count}");
            loads.Add((double)answer["load"]! / load);
            asks.Add(peer.Order().ElementAt(peer.Length / 2) / times.Order().ElementAt(times.Length / 2));
        }

        if (loads.Count > 0)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"gensim / Recur, medians: loading {loads.Order().ElementAt(loads.Count / 2):0.0}, "
                + $"asking {asks.Order().ElementAt(asks.Count / 2):0.0}"));
    }

    private static void Print(string side, int count, int size, double load, double first, double[] times) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{side,-7} {count:#,0} x {size}: loaded in {load:0.00} s; nearest of a word: first {1000 * first:0.0} ms, then "
            + $"{1000 * times.Order().ElementAt(times.Length / 2):0.00} ms, at most {1000 * times.Max():0.00}"));
}
