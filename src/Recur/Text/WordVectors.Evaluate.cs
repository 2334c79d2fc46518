using System.Globalization;
using Recur.Kernels;

namespace Recur.Text;

public sealed unsafe partial class WordVectors
{
    private const int QuestionsAtOnce = 64, WordsAtOnce = 2048;

    /// <summary>Compares similarities with those that people gave.</summary>
    /// <param name="pairs">Lines <c>word TAB word TAB number</c>; lines that begin with # are skipped. WordSim-353 and
    /// SimLex-999 come so.</param>
    /// <param name="options">Which words take part.</param>
    /// <exception cref="TextFormatException">A line is something else.</exception>
    public WordPairScore EvaluatePairs(TextSource pairs, WordVectorEvaluation? options = null)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        Dictionary<string, int> known = Known(options ??= new());
        var people = new List<double>();
        var own = new List<double>();
        int unknown = 0;
        ReadRows(pairs, (line, where) =>
        {
            if (line.StartsWith('#')) return;
            string[] fields = line.Split('\t');
            if (fields.Length < 3
                || !double.TryParse(fields[2], NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
                || !double.IsFinite(number))
                throw new TextFormatException(
                    $"{where}: the line must be two words and a number with tabs between but is \"{Shorten(line)}\".");
            bool isKnown = known.TryGetValue(Key(fields[0], options), out int a)
                & known.TryGetValue(Key(fields[1], options), out int b);
            if (!isKnown) unknown++;
            if (!isKnown && !options.CountUnknown) return;
            people.Add(number);
            own.Add(isKnown ? Dot(Unit(a), b) * inverseNorms.Value[b] : 0);
        });
        return new WordPairScore(
            Correlation.Pearson(own, people), Correlation.Spearman(own, people),
            people.Count + (options.CountUnknown ? 0 : unknown), unknown);
    }

    /// <summary>Answers questions "a is to b as c is to?" by the word nearest to b - a + c.</summary>
    /// <param name="questions">Lines <c>a b c d</c>, where d is the right answer, in sections that begin with a line
    /// <c>: name</c>, as in <c>questions-words.txt</c> of word2vec.</param>
    /// <param name="options">Which words take part, as answers too.</param>
    /// <param name="cancel">Stops the work.</param>
    /// <exception cref="TextFormatException">A line is something else.</exception>
    public AnalogyScore EvaluateAnalogies(
        TextSource questions, WordVectorEvaluation? options = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(questions);
        Dictionary<string, int> known = Known(options ??= new());
        var names = new List<string>();
        var unknown = new List<int>();
        var asked = new List<(int Section, int A, int B, int C, string Right)>();
        ReadRows(questions, (line, where) =>
        {
            if (line.StartsWith(':'))
            {
                names.Add(line[1..].Trim());
                unknown.Add(0);
                return;
            }

            string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length != 4 || names.Count == 0)
                throw new TextFormatException(
                    $"{where}: the line must be {(names.Count == 0 ? "a section, \": name\"," : "four words")} but is "
                    + $"\"{Shorten(line)}\".");
            string right = Key(words[3], options);
            if (known.TryGetValue(Key(words[0], options), out int a) && known.TryGetValue(Key(words[1], options), out int b)
                && known.TryGetValue(Key(words[2], options), out int c) && known.ContainsKey(right))
                asked.Add((names.Count - 1, a, b, c, right));
            else unknown[^1]++;
        });

        var correct = new int[names.Count];
        var total = new int[names.Count];
        int among = Math.Min(Count, options.RestrictVocabulary ?? Count);
        for (int q = 0; q < asked.Count; q += QuestionsAtOnce)
        {
            cancel.ThrowIfCancellationRequested();
            var block = asked.GetRange(q, Math.Min(QuestionsAtOnce, asked.Count - q));
            int[] answers = Answer([.. block.Select(x => (x.A, x.B, x.C))], among, known, options);
            for (int i = 0; i < block.Count; i++)
            {
                total[block[i].Section]++;
                if (answers[i] >= 0 && Key(table[answers[i]], options) == block[i].Right) correct[block[i].Section]++;
            }
        }

        return new AnalogyScore(
        [
            .. names.Select((name, i) => new AnalogySection(
                name, correct[i], total[i] + (options.CountUnknown ? unknown[i] : 0), unknown[i])),
        ]);
    }

    /// <summary>For each question the best row that is no word of the question, or another spelling of one; all
    /// questions in one pass over the vectors, as matrix products.</summary>
    private int[] Answer(
        (int A, int B, int C)[] block, int among, Dictionary<string, int> known, WordVectorEvaluation options)
    {
        int n = block.Length, d = VectorSize;
        var targets = new float[n * d];
        for (int i = 0; i < n; i++)
        {
            float[] target = new float[d];
            AddUnit(block[i].B, 1f, target);
            AddUnit(block[i].C, 1f, target);
            AddUnit(block[i].A, -1f, target);
            target.CopyTo(targets, i * d);
        }

        var answers = new int[n];
        var best = new float[n];
        Array.Fill(answers, -1);
        Array.Fill(best, float.NegativeInfinity);
        var scores = new float[n * WordsAtOnce];
        using VectorRows.Pin pin = rows.Hold();
        for (int w = 0; w < among; w += WordsAtOnce)
        {
            int words = Math.Min(WordsAtOnce, among - w);
            Gemm.Multiply(
                n, words, d, targets, false, new ReadOnlySpan<float>(pin.Start + (nint)w * d, words * d), true,
                scores.AsSpan(0, n * words), false);
            for (int i = 0; i < n; i++)
            {
                for (int j = 0; j < words; j++)
                {
                    float score = scores[i * words + j] * inverseNorms.Value[w + j];
                    if (score > best[i] && IsAnswer(w + j, block[i], known, options)) (best[i], answers[i]) = (score, w + j);
                }
            }
        }

        return answers;
    }

    private bool IsAnswer(int row, (int A, int B, int C) question, Dictionary<string, int> known, WordVectorEvaluation options)
    {
        if (row == question.A || row == question.B || row == question.C) return false;
        int first = known[Key(table[row], options)]; // of all spellings
        return first != question.A && first != question.B && first != question.C;
    }

    private Dictionary<string, int> Known(WordVectorEvaluation options)
    {
        options.Check();
        int among = Math.Min(Count, options.RestrictVocabulary ?? Count);
        var known = new Dictionary<string, int>(among, StringComparer.Ordinal);
        for (int r = 0; r < among; r++) known.TryAdd(Key(table[r], options), r);
        return known;
    }

    private static string Key(string word, WordVectorEvaluation options) =>
        options.IgnoreCase ? word.ToUpperInvariant() : word;

    private static void ReadRows(TextSource source, Action<string, string> onRow)
    {
        long number = 0;
        source.ReadLines(line =>
        {
            number++;
            string row = line.Trim().ToString();
            if (row.Length > 0) onRow(row, $"{source.Name}({number})");
        });
    }

    private static string Shorten(string line) => line.Length <= 60 ? line : line[..60] + "...";
}
