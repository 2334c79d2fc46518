using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Recur.Text;

/// <summary>Word vectors from counts of neighbours: GloVe.</summary>
/// <remarks>
/// <para>Pennington, Socher and Manning 2014, "GloVe: Global Vectors for Word Representation". With X_ij the
/// <see cref="Cooccurrences"/> of words i and j, vectors w and v and biases b and c, the cost
/// Σ f(X_ij) (w_i·v_j + b_i + c_j - ln X_ij)² / 2 with f(x) = min(1, (x / xMax)^alpha) is brought down by AdaGrad, one
/// pair after the other in an order of chance.</para>
/// <code>
/// var text = TextSource.FromFile("corpus.txt");
/// var model = GloVe.Train(text, new WordTokenizer(), new GloVeOptions { Window = 5, XMax = 10 });
/// foreach (var near in model.Vectors.MostSimilar("king")) Console.WriteLine(near);
/// </code>
/// <para>Epoch by epoch, with a file to go on from:</para>
/// <code>
/// using var pairs = Cooccurrences.Count(corpus, new CooccurrenceOptions { Window = 5 });
/// var model = File.Exists(path) ? GloVe.Load(path) : new GloVe(corpus.Vocabulary, options);
/// while (model.TrainEpoch(pairs)) model.Save(path);
/// </code>
/// <para>The same seed gives the same bits for any number of threads (on the same vector width). One thread changes a
/// model at a time; the threads of <see cref="GloVeOptions.Threads"/> are its own.</para>
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "Given back after a run, else by the collector.")]
public sealed class GloVe
{
    private readonly List<double> costs = [];
    private WordVectors? vectors;
    private GloVeTiles? tiles;

    /// <summary>A model that has seen nothing yet: random vectors.</summary>
    /// <param name="vocabulary">The words.</param>
    /// <param name="options">The numbers; the defaults when null. MinCount and MaxVocabulary belong to
    /// <see cref="BuildVocabulary"/>; Window and Symmetric to the counting.</param>
    /// <exception cref="ArgumentException">An option is out of its range, there is no word, or the tables would be too
    /// large.</exception>
    public GloVe(Vocabulary vocabulary, GloVeOptions? options = null)
        : this(vocabulary, options ?? new GloVeOptions(), initialize: true)
    {
    }

    internal GloVe(Vocabulary vocabulary, GloVeOptions options, bool initialize)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        options.Check();
        if (vocabulary.Count == 0) throw new ArgumentException("GloVe: vocabulary must have a word but has none.");
        (Vocabulary, Options, Epochs) = (vocabulary, options, options.Epochs);
        Weights = new GloVeWeights(vocabulary.Count, options);
        if (initialize) Weights.Initialize(new Rng(options.Seed));
    }

    /// <summary>The numbers it was made with.</summary>
    public GloVeOptions Options { get; }

    /// <summary>The words; row i of the vectors belongs to word i.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>The epochs done.</summary>
    public int Epoch => costs.Count;

    /// <summary>The epochs of the run, done or not: <see cref="GloVeOptions.Epochs"/> and those of
    /// <see cref="TrainMore"/>.</summary>
    public int Epochs { get; private set; }

    /// <summary>The mean cost of every epoch done, f(x)·d²/2 per pair, each as it was before its step: what the
    /// authors' program prints.</summary>
    public IReadOnlyList<double> Costs => costs;

    /// <summary>The vectors as they are now, of the kind <see cref="GloVeOptions.Output"/>: a copy, made when it is
    /// asked for first after training.</summary>
    public WordVectors Vectors => vectors ??= VectorsOf(Options.Output);

    internal GloVeWeights Weights { get; }

    /// <summary>Counts the words of a text, encodes it, counts its pairs and trains on them.</summary>
    /// <param name="source">The text; a line is a sentence, and windows end there.</param>
    /// <param name="tokenizer">How it is cut into words.</param>
    /// <param name="options">The numbers; the defaults when null.</param>
    /// <param name="progress">Is told where training stands, ten times a second and at the end of every epoch.</param>
    /// <param name="cancel">Stops within some milliseconds.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or the tables would be too large.</exception>
    /// <exception cref="TextFormatException">The text is not UTF-8, has no word that comes often enough, or no two
    /// words beside each other.</exception>
    /// <exception cref="IOException">A temporary file cannot be written.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled.</exception>
    public static GloVe Train(
        TextSource source, ITokenizer tokenizer, GloVeOptions? options = null,
        IProgress<GloVeProgress>? progress = null, CancellationToken cancel = default)
    {
        Vocabulary vocabulary = BuildVocabulary(source, tokenizer, options, null, cancel);
        EncodedCorpus corpus = EncodedCorpus.Encode(source, tokenizer, vocabulary, null, null, cancel);
        return Train(corpus, options, progress, cancel);
    }

    /// <summary>Counts the pairs of a text that is encoded already and trains on them.</summary>
    /// <inheritdoc cref="Train(TextSource, ITokenizer, GloVeOptions?, IProgress{GloVeProgress}?, CancellationToken)"/>
    /// <param name="corpus">The text.</param>
    /// <param name="options">The numbers; the defaults when null.</param>
    /// <param name="progress">Is told where training stands, ten times a second and at the end of every epoch.</param>
    /// <param name="cancel">Stops within some milliseconds.</param>
    public static GloVe Train(
        EncodedCorpus corpus, GloVeOptions? options = null, IProgress<GloVeProgress>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        options ??= new GloVeOptions();
        var model = new GloVe(corpus.Vocabulary, options);
        using (Cooccurrences pairs = Cooccurrences.Count(corpus, options.Counting, null, cancel))
            model.Sort(pairs, cancel);
        try
        {
            model.Run(progress, cancel);
        }
        finally
        {
            model.Forget();
        }

        return model;
    }

    /// <summary>The words of a text that a model with these options would learn.</summary>
    /// <param name="source">The text.</param>
    /// <param name="tokenizer">How it is cut into words.</param>
    /// <param name="options">MinCount and MaxVocabulary count here.</param>
    /// <param name="bytesRead">Gets the bytes read so far.</param>
    /// <param name="cancel">Stops the reading.</param>
    /// <exception cref="TextFormatException">The text is not UTF-8, or has no word that comes often enough.</exception>
    public static Vocabulary BuildVocabulary(
        TextSource source, ITokenizer tokenizer, GloVeOptions? options = null, IProgress<long>? bytesRead = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        options ??= new GloVeOptions();
        options.Check();
        var choice = new VocabularyOptions { MinCount = options.MinCount, MaxSize = options.MaxVocabulary };
        Vocabulary vocabulary = Vocabulary.Build(source, tokenizer, choice, bytesRead, cancel);
        return vocabulary.Count > 0
            ? vocabulary
            : throw new TextFormatException(
                $"{source.Name}: must have a word that comes at least {options.MinCount} times " +
                "(GloVeOptions.MinCount) but has none.");
    }

    /// <summary>Trains one more epoch of the run.</summary>
    /// <remarks>The pairs are put into the order of training at the first call and kept, 16 bytes each, until other
    /// pairs come or the run is over.</remarks>
    /// <param name="pairs">The counts, over <see cref="Vocabulary"/>.</param>
    /// <param name="progress">Is told where training stands, ten times a second and at the end of the epoch.</param>
    /// <param name="cancel">Stops within some milliseconds.</param>
    /// <returns>Whether there was one to train: false when the run is over.</returns>
    /// <exception cref="ArgumentException">The counts have another vocabulary.</exception>
    /// <exception cref="TextFormatException">There is no pair.</exception>
    /// <exception cref="IOException">A temporary file cannot be written.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled. The vectors are those of
    /// that moment, and the epoch is not counted as done.</exception>
    public bool TrainEpoch(
        Cooccurrences pairs, IProgress<GloVeProgress>? progress = null, CancellationToken cancel = default)
    {
        Check(pairs);
        if (Epoch == Epochs) return false;
        Sort(pairs, cancel);
        RunEpoch(progress, Stopwatch.StartNew(), Epoch, cancel);
        if (Epoch == Epochs) Forget();
        return true;
    }

    /// <summary>Trains the epochs of the run that are missing; nothing when there are none.</summary>
    /// <inheritdoc cref="TrainEpoch"/>
    public void Resume(
        Cooccurrences pairs, IProgress<GloVeProgress>? progress = null, CancellationToken cancel = default)
    {
        Check(pairs);
        if (Epoch == Epochs) return;
        Sort(pairs, cancel);
        Run(progress, cancel);
        Forget();
    }

    /// <summary>Trains epochs on top of the run, with the same pairs or others; AdaGrad's sums go on.</summary>
    /// <param name="pairs">The counts, over <see cref="Vocabulary"/>.</param>
    /// <param name="epochs">How many.</param>
    /// <param name="progress">Is told where training stands, ten times a second and at the end of every epoch.</param>
    /// <param name="cancel">Stops within some milliseconds.</param>
    /// <exception cref="ArgumentException">The counts have another vocabulary, or there is no epoch.</exception>
    /// <exception cref="TextFormatException">There is no pair.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled.</exception>
    public void TrainMore(
        Cooccurrences pairs, int epochs, IProgress<GloVeProgress>? progress = null, CancellationToken cancel = default)
    {
        Check(pairs);
        if (epochs < 1 || epochs > int.MaxValue - Epoch)
            throw new ArgumentException($"GloVe.TrainMore: epochs must be at least 1 but was {epochs}.");
        Epochs = Epoch + epochs;
        Resume(pairs, progress, cancel);
    }

    /// <summary>A copy of the vectors as they are now, of any kind.</summary>
    public WordVectors VectorsOf(GloVeVectors kind) =>
        new(Vocabulary.Tokens, Weights.Vectors(kind), Options.VectorSize, Vocabulary.CopyCounts());

    /// <summary>Writes the whole model as safetensors: a run goes on from it as if it had never been
    /// interrupted.</summary>
    /// <remarks>In the file: <c>words</c> and <c>contexts</c> [V, D], their biases [V], AdaGrad's sums of all four, the
    /// vocabulary as JSON, the options, and the state of the run.</remarks>
    /// <param name="path">The file; one that exists is replaced, whole or not at all.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => GloVeFile.Save(this, path);

    /// <summary>Reads a model that <see cref="Save"/> wrote.</summary>
    /// <exception cref="Recur.IO.ModelFormatException">The file is something else, or damaged.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static GloVe Load(string path) => GloVeFile.Load(path);

    internal void Restore(int epochs, IEnumerable<double> done)
    {
        Epochs = epochs;
        costs.AddRange(done);
    }

    private void Run(IProgress<GloVeProgress>? progress, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        int first = Epoch;
        while (Epoch < Epochs) RunEpoch(progress, clock, first, cancel);
    }

    private void RunEpoch(IProgress<GloVeProgress>? progress, Stopwatch clock, int first, CancellationToken cancel)
    {
        int epoch = Epoch;
        long total = tiles!.PairCount;
        vectors = null;

        void Report(long pairs, double cost, bool isEnd)
        {
            double share = (double)pairs / total, done = epoch - first + share, left = Epochs - epoch - share;
            TimeSpan elapsed = clock.Elapsed;
            progress!.Report(new GloVeProgress(
                epoch + 1, Epochs, pairs, total, done * total / elapsed.TotalSeconds, cost, isEnd, elapsed,
                done > 0 ? elapsed * Math.Min(left / done, 1e6) : TimeSpan.Zero));
        }

        var pass = new GloVeEpoch(tiles, Weights, Options, epoch, cancel)
        {
            Progress = progress is null ? null : (pairs, cost) => Report(pairs, cost, false),
        };
        costs.Add(pass.Run());
        if (progress is not null) Report(total, costs[^1], true);
    }

    private void Sort(Cooccurrences pairs, CancellationToken cancel)
    {
        if (ReferenceEquals(tiles?.Source, pairs)) return;
        if (pairs.PairCount == 0)
            throw new TextFormatException(
                "GloVe: the text must have two words beside each other but has no such pair.");
        Forget();
        tiles = new GloVeTiles(pairs, Weights.Blocks, Options, cancel);
    }

    private void Forget()
    {
        tiles?.Dispose();
        tiles = null;
    }

    private void Check(Cooccurrences pairs)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        if (!ReferenceEquals(pairs.Vocabulary, Vocabulary) && !pairs.Vocabulary.Tokens.SequenceEqual(Vocabulary.Tokens))
            throw new ArgumentException(
                $"GloVe: the pairs must be counted with the model's vocabulary of {Vocabulary.Count} words but have " +
                $"another one, of {pairs.Vocabulary.Count}.");
    }
}
