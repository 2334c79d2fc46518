using System.Globalization;
using Recur.IO;
using Recur.Kernels;
using Recur.Nn;

namespace Recur.Text;

/// <summary>Words and their vectors, for asking: which words are near, what completes an analogy, how well the vectors
/// agree with what people say. Answers as gensim's <c>KeyedVectors</c>.</summary>
/// <remarks>
/// <code>
/// WordVectors vectors = WordVectors.Load("glove.6B.100d.txt");
/// foreach ((string word, float similarity) in vectors.MostSimilar("frog")) Console.WriteLine($"{word} {similarity:0.000}");
/// string queen = vectors.Analogy("man", "king", "woman")[0].Word;
/// </code>
/// The similarity of two words is the cosine of the angle between their vectors, 0 when one of them is zero:
/// <code>
/// cos(a, b) = a · b / (|a| |b|)
/// </code>
/// Neighbours are exact: every vector is compared, by all threads, at the memory's speed. It never changes, and any
/// number of threads may ask. Training is elsewhere: <see cref="Word2Vec"/>.
/// </remarks>
public sealed unsafe partial class WordVectors
{
    private readonly WordTable table;
    private readonly VectorRows rows;
    private readonly long[]? counts;
    private readonly Lazy<float[]> inverseNorms; // made by reading all numbers once, which is their check too
    private readonly string? fileName;           // the file that is to blame for them

    /// <summary>Vectors at hand.</summary>
    /// <param name="words">The words by row, each once; most frequent first, if anything is known of that.</param>
    /// <param name="values">[V, D], row-major, finite; kept, not copied.</param>
    /// <param name="vectorSize">D.</param>
    /// <param name="counts">How often each word occurred; null when unknown.</param>
    /// <exception cref="ArgumentException">A word comes twice or is not Unicode, a number is not finite, or lengths do
    /// not agree.</exception>
    public WordVectors(IReadOnlyList<string> words, float[] values, int vectorSize, long[]? counts = null)
        : this(TableOf(words, values, vectorSize), new VectorRows(values, words.Count, vectorSize), counts)
    {
        if (counts is not null && counts.Length != words.Count)
            throw new ArgumentException(
                $"WordVectors: counts must have {words.Count} numbers, one for each word, but has {counts.Length}.");
        _ = inverseNorms.Value;
    }

    private WordVectors(WordTable table, VectorRows rows, long[]? counts, string? fileName = null)
    {
        this.fileName = fileName;
        this.table = table;
        this.rows = rows;
        this.counts = counts;
        inverseNorms = new Lazy<float[]>(InverseNorms);
    }

    private static WordTable TableOf(IReadOnlyList<string> words, float[] values, int vectorSize)
    {
        ArgumentNullException.ThrowIfNull(words);
        ArgumentNullException.ThrowIfNull(values);
        if (words.Count == 0) throw new ArgumentException("WordVectors: words must have at least one word.");
        if (vectorSize < 1)
            throw new ArgumentException($"WordVectors: vectorSize must be at least 1 but was {vectorSize}.");
        if (values.LongLength != (long)words.Count * vectorSize)
            throw new ArgumentException(
                $"WordVectors: values must have {words.Count} x {vectorSize} numbers but has {values.Length}.");
        return WordTable.Of(words);
    }

    /// <summary>The number of words, V.</summary>
    public int Count => table.Count;

    /// <summary>The size of a vector, D.</summary>
    public int VectorSize => rows.Size;

    /// <summary>The words, by row.</summary>
    public IReadOnlyList<string> Words => table;

    /// <summary>Whether it is known how often each word occurred.</summary>
    public bool HasCounts => counts is not null;

    /// <summary>How many words of the file were left out because they came before.</summary>
    public int Repeated { get; private init; }

    /// <summary>How often the word of a row occurred; 0 when that is not known.</summary>
    public long CountOf(int row) => counts?[row] ?? 0;

    /// <summary>The vector of a word.</summary>
    /// <exception cref="KeyNotFoundException">There is no such word.</exception>
    public ReadOnlySpan<float> this[ReadOnlySpan<char> word] => rows.Row(RowOf(word));

    /// <summary>Whether there is a vector for a word.</summary>
    public bool Contains(ReadOnlySpan<char> word) => table.Find(word) >= 0;

    /// <summary>Whether there is a vector for a word, and its row.</summary>
    public bool TryGetRow(ReadOnlySpan<char> word, out int row) => (row = table.Find(word)) >= 0;

    /// <summary>The row of a word.</summary>
    /// <exception cref="KeyNotFoundException">There is no such word.</exception>
    public int RowOf(ReadOnlySpan<char> word)
    {
        int row = table.Find(word);
        if (row >= 0) return row;
        string shown = word.Length > 50 ? $"{word[..50]}..." : word.ToString();
        throw new KeyNotFoundException($"WordVectors: the word \"{shown}\" is not among the {Count:#,0} words.");
    }

    /// <summary>The vector of a row.</summary>
    public ReadOnlySpan<float> VectorOf(int row)
    {
        _ = table[row];
        return rows.Row(row);
    }

    /// <summary>A copy of all vectors, [V, D].</summary>
    public Tensor ToTensor()
    {
        Tensor tensor = Tensor.Empty([Count, VectorSize]);
        for (int r = 0; r < Count; r++) rows.CopyRow(r, tensor.MutableSpan.Slice(r * VectorSize, VectorSize));
        return tensor;
    }

    /// <summary>A module that looks the vectors up by row.</summary>
    /// <param name="freeze">Whether they stay as they are in training.</param>
    /// <param name="vocabulary">Ids to be looked up instead of rows: the vector of a token's id is that of its word, zero
    /// when there is none.</param>
    public Embedding ToEmbedding(bool freeze = true, Vocabulary? vocabulary = null)
    {
        if (vocabulary is null) return Embedding.FromPretrained(ToTensor(), freeze);
        Tensor chosen = Tensor.Zeros([vocabulary.Count, VectorSize]);
        for (int id = 0; id < vocabulary.Count; id++)
        {
            int row = table.Find(vocabulary[id]);
            if (row >= 0) rows.CopyRow(row, chosen.MutableSpan.Slice(id * VectorSize, VectorSize));
        }

        return Embedding.FromPretrained(chosen, freeze);
    }

    /// <summary>The cosine between the vectors of two words.</summary>
    public float Similarity(string a, string b)
    {
        int rowA = RowOf(a), rowB = RowOf(b);
        float[] unit = Unit(rowA);
        return Dot(unit, rowB) * inverseNorms.Value[rowB];
    }

    /// <summary>One less the cosine.</summary>
    public float Distance(string a, string b) => 1f - Similarity(a, b);

    /// <summary>One less the cosine between a word and each word, by row.</summary>
    public float[] Distances(string word)
    {
        float[] unit = Unit(RowOf(word)), all = new float[Count];
        using VectorRows.Pin pin = rows.Hold();
        fixed (float* q = unit, s = inverseNorms.Value, d = all)
            RowScores.Dots(Count, VectorSize, pin.Start, q, s, d);
        for (int i = 0; i < all.Length; i++) all[i] = 1f - all[i];
        return all;
    }

    /// <summary>1 for the nearest neighbour of a word, 2 for the next, and so on.</summary>
    /// <param name="word">The word whose neighbours are counted.</param>
    /// <param name="neighbour">The one that is looked for.</param>
    public int Rank(string word, string neighbour)
    {
        int self = RowOf(word), other = RowOf(neighbour);
        float[] distances = Distances(word);
        int rank = 1;
        for (int i = 0; i < distances.Length; i++)
            if (i != self && distances[i] < distances[other]) rank++;
        return rank;
    }

    /// <summary>The words nearest to a word, the nearest first, itself left out.</summary>
    /// <param name="word">The word.</param>
    /// <param name="count">How many; fewer when there are not so many.</param>
    public IReadOnlyList<(string Word, float Similarity)> MostSimilar(string word, int count = 10) =>
        MostSimilar([word], [], count);

    /// <summary>The words nearest to the sum of some unit vectors less others; the given words are left out.</summary>
    /// <remarks>3CosAdd of Mikolov, Yih and Zweig 2013: near to <paramref name="positive"/>, far from
    /// <paramref name="negative"/>.</remarks>
    /// <param name="positive">Words to be near to.</param>
    /// <param name="negative">Words to be far from.</param>
    /// <param name="count">How many; fewer when there are not so many.</param>
    /// <param name="restrictVocabulary">Only among so many words from the first row on, which mostly are the most
    /// frequent; null: all.</param>
    /// <exception cref="KeyNotFoundException">A word is not there.</exception>
    public IReadOnlyList<(string Word, float Similarity)> MostSimilar(
        IEnumerable<string> positive, IEnumerable<string>? negative = null, int count = 10,
        int? restrictVocabulary = null)
    {
        ArgumentNullException.ThrowIfNull(positive);
        int[] plus = [.. positive.Select(word => RowOf(word))];
        int[] minus = [.. (negative ?? []).Select(word => RowOf(word))];
        if (plus.Length + minus.Length == 0)
            throw new ArgumentException("WordVectors.MostSimilar: positive and negative must name at least one word.");
        float[] target = new float[VectorSize];
        foreach (int row in plus) AddUnit(row, 1f, target);
        foreach (int row in minus) AddUnit(row, -1f, target);
        return Nearest(target, count, restrictVocabulary, [.. plus, .. minus]);
    }

    /// <summary>The words nearest to a vector, the nearest first.</summary>
    /// <param name="vector">[D].</param>
    /// <param name="count">How many; fewer when there are not so many.</param>
    /// <param name="restrictVocabulary">Only among so many words from the first row on; null: all.</param>
    public IReadOnlyList<(string Word, float Similarity)> NearestTo(
        ReadOnlySpan<float> vector, int count = 10, int? restrictVocabulary = null)
    {
        if (vector.Length != VectorSize)
            throw new ArgumentException(
                $"WordVectors.NearestTo: vector must have {VectorSize} numbers but has {vector.Length}.");
        foreach (float x in vector)
            if (!float.IsFinite(x))
                throw new ArgumentException($"WordVectors.NearestTo: vector must be finite but has {x}.");
        return Nearest(vector.ToArray(), count, restrictVocabulary, []);
    }

    /// <summary><paramref name="a"/> is to <paramref name="b"/> as <paramref name="c"/> is to what is returned: the words
    /// nearest to b - a + c.</summary>
    public IReadOnlyList<(string Word, float Similarity)> Analogy(string a, string b, string c, int count = 10) =>
        MostSimilar([b, c], [a], count);

    /// <summary>The word that fits the others least: the farthest from the mean of all their unit vectors.</summary>
    public string DoesntMatch(IEnumerable<string> words)
    {
        ArgumentNullException.ThrowIfNull(words);
        string[] all = [.. words];
        if (all.Length == 0) throw new ArgumentException("WordVectors.DoesntMatch: words must have at least one word.");
        float[] mean = new float[VectorSize];
        foreach (string word in all) AddUnit(RowOf(word), 1f, mean);
        return all.MinBy(word =>
        {
            int row = RowOf(word);
            return Dot(mean, row) * inverseNorms.Value[row];
        })!;
    }

    /// <summary>Words as points of a plane: their vectors' first principal components.</summary>
    /// <param name="words">At least three, each once.</param>
    /// <returns>A point for each word, and the share of the variance that each of both axes shows.</returns>
    /// <exception cref="KeyNotFoundException">A word is not there.</exception>
    public (IReadOnlyList<(double X, double Y)> Points, double ShareX, double ShareY) Project(
        IReadOnlyList<string> words)
    {
        ArgumentNullException.ThrowIfNull(words);
        if (words.Count < 3 || words.Distinct(StringComparer.Ordinal).Count() != words.Count)
            throw new ArgumentException(
                "WordVectors.Project: words must have at least three words, each once, but has "
                + $"{words.Distinct(StringComparer.Ordinal).Count()} of {words.Count}.");
        var chosen = new double[words.Count, VectorSize];
        for (int i = 0; i < words.Count; i++)
        {
            ReadOnlySpan<float> vector = this[words[i]];
            for (int j = 0; j < vector.Length; j++) chosen[i, j] = vector[j];
        }

        (double[,] points, double[] shares) = PrincipalComponents.Project(chosen, 2);
        return ([.. Enumerable.Range(0, words.Count).Select(i => (points[i, 0], points[i, 1]))], shares[0], shares[1]);
    }

    private List<(string, float)> Nearest(float[] target, int count, int? restrictVocabulary, int[] leftOut)
    {
        if (count < 1) throw new ArgumentException($"WordVectors: count must be at least 1 but was {count}.");
        if (restrictVocabulary < 1)
            throw new ArgumentException(
                $"WordVectors: restrictVocabulary must be at least 1 but was {restrictVocabulary}.");
        int among = Math.Min(Count, restrictVocabulary ?? Count);
        Normalize(target);
        List<(float Score, int Row)> best = Best(target, among, (int)Math.Min((long)count + leftOut.Length, among));
        return
        [
            .. best.Where(b => Array.IndexOf(leftOut, b.Row) < 0).Take(count).Select(b => (table[b.Row], b.Score)),
        ];
    }

    private List<(float Score, int Row)> Best(float[] unit, int among, int count)
    {
        int parts = RowScores.Parts(among, VectorSize);
        var scores = new float[(long)parts * count];
        var found = new int[(long)parts * count];
        var sizes = new int[parts];
        using VectorRows.Pin pin = rows.Hold();
        fixed (float* q = unit, s = inverseNorms.Value, ps = scores)
        fixed (int* pf = found, pn = sizes)
            RowScores.Best(among, VectorSize, pin.Start, q, s, parts, count, ps, pf, pn);
        var all = new List<(float Score, int Row)>();
        for (int p = 0; p < parts; p++)
            for (int i = 0; i < sizes[p]; i++) all.Add((scores[p * count + i], found[p * count + i]));
        all.Sort(static (a, b) => a.Score != b.Score ? b.Score.CompareTo(a.Score) : a.Row.CompareTo(b.Row));
        if (all.Count > count) all.RemoveRange(count, all.Count - count);
        return all;
    }

    private float Dot(float[] unit, int row)
    {
        ReadOnlySpan<float> vector = rows.Row(row);
        float dot;
        fixed (float* q = unit, x = vector) RowScores.Dots(1, VectorSize, x, q, null, &dot);
        return dot;
    }

    private float[] Unit(int row)
    {
        float[] unit = new float[VectorSize];
        AddUnit(row, 1f, unit);
        return unit;
    }

    private void AddUnit(int row, float weight, float[] sum)
    {
        float scale = weight * inverseNorms.Value[row];
        ReadOnlySpan<float> vector = rows.Row(row);
        for (int i = 0; i < sum.Length; i++) sum[i] += scale * vector[i];
    }

    private static void Normalize(float[] vector)
    {
        double norm = Math.Sqrt(vector.Sum(x => (double)x * x));
        if (norm == 0) return;
        for (int i = 0; i < vector.Length; i++) vector[i] = (float)(vector[i] / norm);
    }

    // ---- Norms ---------------------------------------------------------------------------------------------------

    private float[] InverseNorms()
    {
        // Sums of squares in this range lost nothing to overflow or to denormal numbers.
        const float least = 1e-30f, most = 1e30f;
        float[] norms = new float[Count];
        using VectorRows.Pin pin = rows.Hold();
        fixed (float* s = norms) RowScores.SquaredNorms(Count, VectorSize, pin.Start, s);
        for (int r = 0; r < norms.Length; r++)
        {
            norms[r] = norms[r] is >= least and <= most
                ? 1f / MathF.Sqrt(norms[r])
                : InverseNorm(r, rows.Row(r));
        }

        return norms;
    }

    private float InverseNorm(int row, ReadOnlySpan<float> vector)
    {
        double sum = 0;
        for (int i = 0; i < vector.Length; i++)
        {
            if (!float.IsFinite(vector[i])) throw NotFinite(row, i, vector[i]);
            sum += (double)vector[i] * vector[i];
        }

        // Vectors with a norm below 1e-38 count as zero: a float cannot hold its reciprocal.
        double inverse = 1 / Math.Sqrt(sum);
        return inverse <= float.MaxValue ? (float)inverse : 0f;
    }

    private Exception NotFinite(int row, int index, float value)
    {
        string text = string.Create(CultureInfo.InvariantCulture,
            $"the vector of word {row + 1}, {WordVectorFormats.Quote(table.Utf8(row))}, must have finite numbers but "
            + $"number {index + 1} is {value}.");
        return fileName is null
            ? new ArgumentException($"WordVectors: {text}") : new ModelFormatException($"{fileName}: {text}");
    }
}
