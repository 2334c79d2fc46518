using System.Diagnostics;

namespace Recur.Text;

/// <summary>Word vectors from a text: skip-gram or CBOW, trained with negative sampling, hierarchical softmax or
/// both.</summary>
/// <remarks>
/// <para>Mikolov and others 2013, "Efficient Estimation of Word Representations in Vector Space" and "Distributed
/// Representations of Words and Phrases and their Compositionality". Options and their defaults are those of gensim's
/// class of this name. Unlike there the negatives of a word are drawn once for its window instead of once for each neighbour
/// (docs/word2vec.md says what that brings and what it costs: speed, and nothing).</para>
/// <code>
/// var text = TextSource.FromFile("corpus.txt");
/// var model = Word2Vec.Train(text, new WordTokenizer(), new Word2VecOptions { SkipGram = true });
/// foreach (var near in model.Vectors.MostSimilar("king")) Console.WriteLine(near);
/// </code>
/// <para>Epoch by epoch, with a file to go on from:</para>
/// <code>
/// var model = File.Exists(path) ? Word2Vec.Load(path) : new Word2Vec(vocabulary, options);
/// while (model.TrainEpoch(corpus)) model.Save(path);
/// </code>
/// <para>One thread changes a model at a time; the threads of <see cref="Word2VecOptions.Threads"/> are its
/// own.</para>
/// </remarks>
public sealed class Word2Vec
{
    private readonly List<double> losses = [];
    private Word2VecWeights weights;
    private WordVectors? vectors;

    /// <summary>A model that has seen nothing yet: random vectors.</summary>
    /// <param name="vocabulary">The words, with their counts in the text: sub-sampling, negatives and the tree follow from
    /// them.</param>
    /// <param name="options">The numbers; the defaults when null. MinCount and MaxFinalVocab belong to
    /// <see cref="BuildVocabulary"/>.</param>
    /// <exception cref="ArgumentException">An option is out of its range, there is no word, or the tables would be too
    /// large.</exception>
    public Word2Vec(Vocabulary vocabulary, Word2VecOptions? options = null)
        : this(vocabulary, options ?? new Word2VecOptions(), initialize: true)
    {
    }

    internal Word2Vec(Vocabulary vocabulary, Word2VecOptions options, bool initialize)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        options.Check();
        if (vocabulary.Count == 0) throw new ArgumentException("Word2Vec: vocabulary must have a word but has none.");
        Vocabulary = vocabulary;
        Options = options;
        Run = new Word2VecRun(options.Epochs, options.Alpha, options.MinAlpha);
        weights = new Word2VecWeights(vocabulary, options);
        if (!initialize) return;
        var random = new Rng(options.Seed);
        for (int i = 0; i < vocabulary.Count; i++) weights.Initialize(i, random);
    }

    /// <summary>The numbers it was made with.</summary>
    public Word2VecOptions Options { get; }

    /// <summary>The words; row i of the vectors belongs to word i.</summary>
    public Vocabulary Vocabulary { get; private set; }

    /// <summary>The epochs done of the run.</summary>
    public int Epoch => losses.Count;

    /// <summary>The epochs of the run, done or not: <see cref="Word2VecOptions.Epochs"/>, or those of
    /// <see cref="TrainMore"/>.</summary>
    public int Epochs => Run.Epochs;

    /// <summary>The mean loss of every epoch done of the run, over all its predictions: nats per pair of word and
    /// neighbour (skip-gram) or per word (CBOW).</summary>
    public IReadOnlyList<double> Losses => losses;

    /// <summary>The vectors as they are now: a copy, made when it is asked for first after training.</summary>
    public WordVectors Vectors => vectors ??= CopyVectors();

    internal Word2VecWeights Weights => weights;

    internal Word2VecRun Run { get; private set; }

    /// <summary>Counts the words of a text, encodes it and trains on it.</summary>
    /// <param name="source">The text; a line is a sentence, and windows end there.</param>
    /// <param name="tokenizer">How it is cut into words.</param>
    /// <param name="options">The numbers; the defaults when null.</param>
    /// <param name="progress">Is told where training stands, ten times a second and at the end of every epoch.</param>
    /// <param name="cancel">Stops at the next few thousand words.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or the tables would be too large.</exception>
    /// <exception cref="TextFormatException">The text is not UTF-8, or has no word that comes often enough.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled.</exception>
    public static Word2Vec Train(
        TextSource source, ITokenizer tokenizer, Word2VecOptions? options = null,
        IProgress<Word2VecProgress>? progress = null, CancellationToken cancel = default)
    {
        Vocabulary vocabulary = BuildVocabulary(source, tokenizer, options, null, cancel);
        return Train(EncodedCorpus.Encode(source, tokenizer, vocabulary, null, null, cancel), options, progress, cancel);
    }

    /// <summary>Trains on a text that is encoded already, with the vocabulary it is encoded with.</summary>
    /// <inheritdoc cref="Train(TextSource, ITokenizer, Word2VecOptions?, IProgress{Word2VecProgress}?, CancellationToken)"/>
    /// <param name="corpus">The text.</param>
    /// <param name="options">The numbers; the defaults when null.</param>
    /// <param name="progress">Is told where training stands, ten times a second and at the end of every epoch.</param>
    /// <param name="cancel">Stops at the next few thousand words.</param>
    public static Word2Vec Train(
        EncodedCorpus corpus, Word2VecOptions? options = null, IProgress<Word2VecProgress>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        var model = new Word2Vec(corpus.Vocabulary, options);
        model.Resume(corpus, progress, cancel);
        return model;
    }

    /// <summary>The words of a text that a model with these options would learn.</summary>
    /// <param name="source">The text.</param>
    /// <param name="tokenizer">How it is cut into words.</param>
    /// <param name="options">MinCount and MaxFinalVocab count here.</param>
    /// <param name="bytesRead">Gets the bytes read so far.</param>
    /// <param name="cancel">Stops the reading.</param>
    /// <exception cref="TextFormatException">The text is not UTF-8, or has no word that comes often enough.</exception>
    public static Vocabulary BuildVocabulary(
        TextSource source, ITokenizer tokenizer, Word2VecOptions? options = null, IProgress<long>? bytesRead = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        options ??= new Word2VecOptions();
        options.Check();
        var choice = new VocabularyOptions { MinCount = options.MinCount, MaxSize = options.MaxFinalVocab };
        Vocabulary vocabulary = Vocabulary.Build(source, tokenizer, choice, bytesRead, cancel);
        return vocabulary.Count > 0
            ? vocabulary
            : throw new TextFormatException(
                $"{source.Name}: must have a word that comes at least {options.MinCount} times " +
                "(Word2VecOptions.MinCount) but has none.");
    }

    /// <summary>Trains one more epoch of the run.</summary>
    /// <param name="corpus">The text, encoded with <see cref="Vocabulary"/>.</param>
    /// <param name="progress">Is told where training stands, ten times a second and at the end of the epoch.</param>
    /// <param name="cancel">Stops at the next few thousand words.</param>
    /// <returns>Whether there was one to train: false when the run is over.</returns>
    /// <exception cref="ArgumentException">The corpus has another vocabulary.</exception>
    /// <exception cref="InvalidOperationException">The loss is no number any more.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled. The vectors are those of
    /// that moment, and the epoch is not counted as done.</exception>
    public bool TrainEpoch(
        EncodedCorpus corpus, IProgress<Word2VecProgress>? progress = null, CancellationToken cancel = default)
    {
        CheckCorpus(corpus);
        if (Epoch == Epochs) return false;
        RunEpoch(corpus, progress, Stopwatch.StartNew(), Epoch, cancel);
        return true;
    }

    /// <summary>Trains the epochs of the run that are missing; nothing when there are none.</summary>
    /// <inheritdoc cref="TrainEpoch"/>
    public void Resume(
        EncodedCorpus corpus, IProgress<Word2VecProgress>? progress = null, CancellationToken cancel = default)
    {
        CheckCorpus(corpus);
        var clock = Stopwatch.StartNew();
        int first = Epoch;
        while (Epoch < Epochs) RunEpoch(corpus, progress, clock, first, cancel);
    }

    /// <summary>Begins a new run on top of the vectors there are, usually with another text, and trains it.</summary>
    /// <param name="corpus">The text, encoded with <see cref="Vocabulary"/>; words new to the model come into it by
    /// <see cref="UpdateVocabulary"/>.</param>
    /// <param name="epochs">Passes over it.</param>
    /// <param name="alpha">The first learning rate; that of the options when null.</param>
    /// <param name="minAlpha">The last one; that of the options when null.</param>
    /// <param name="progress">Is told where training stands, ten times a second and at the end of every epoch.</param>
    /// <param name="cancel">Stops at the next few thousand words.</param>
    /// <exception cref="ArgumentException">The corpus has another vocabulary, or a number is out of its range.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled.</exception>
    public void TrainMore(
        EncodedCorpus corpus, int epochs, double? alpha = null, double? minAlpha = null,
        IProgress<Word2VecProgress>? progress = null, CancellationToken cancel = default)
    {
        CheckCorpus(corpus);
        if (epochs < 1) throw new ArgumentException($"Word2Vec.TrainMore: epochs must be at least 1 but was {epochs}.");
        var run = new Word2VecRun(epochs, alpha ?? Options.Alpha, minAlpha ?? Options.MinAlpha, Run.Before + Epoch);
        Word2VecOptions.CheckAlpha(run.Alpha, nameof(Options.Alpha));
        Word2VecOptions.CheckAlpha(run.MinAlpha, nameof(Options.MinAlpha));
        Run = run;
        losses.Clear();
        Resume(corpus, progress, cancel);
    }

    /// <summary>Adds the words of another text: those that come <see cref="Word2VecOptions.MinCount"/> times in it get
    /// fresh rows, words of the model keep theirs, and the counts are added up.</summary>
    /// <remarks>Ids follow the counts, so they change: encode texts anew with <see cref="Vocabulary"/> afterwards. The
    /// tree of hierarchical softmax is another one then, and its nodes begin at zero.</remarks>
    /// <param name="source">The text.</param>
    /// <param name="tokenizer">How it is cut into words.</param>
    /// <param name="bytesRead">Gets the bytes read so far.</param>
    /// <param name="cancel">Stops the reading.</param>
    /// <returns>The number of new words.</returns>
    /// <exception cref="TextFormatException">The text is not UTF-8.</exception>
    public int UpdateVocabulary(
        TextSource source, ITokenizer tokenizer, IProgress<long>? bytesRead = null, CancellationToken cancel = default)
    {
        Vocabulary found = Vocabulary.Build(source, tokenizer, new VocabularyOptions(), bytesRead, cancel);
        Vocabulary old = Vocabulary;
        var counts = new List<(string Token, long Count)>(old.Count);
        for (int i = 0; i < old.Count; i++)
        {
            long more = found.TryGetId(old[i], out int id) ? found.CountOf(id) : 0;
            counts.Add((old[i], old.CountOf(i) + more));
        }

        for (int id = 0; id < found.Count; id++)
        {
            if (found.CountOf(id) >= Options.MinCount && !old.TryGetId(found[id], out _))
                counts.Add((found[id], found.CountOf(id)));
        }

        int added = counts.Count - old.Count;
        var choice = new VocabularyOptions
        {
            MinCount = 0,
            Specials = [.. old.Tokens.Take(old.SpecialCount)],
            Unknown = old.UnknownId is { } unknown ? old[unknown] : null,
        };
        Adopt(Vocabulary.FromCounts(counts, choice));
        return added;
    }

    private unsafe void Adopt(Vocabulary vocabulary)
    {
        var moved = new Word2VecWeights(vocabulary, Options);
        var random = new Rng(Options.Seed + (ulong)Vocabulary.Count); // not the stream the first rows came from
        for (int i = 0; i < vocabulary.Count; i++)
        {
            if (!Vocabulary.TryGetId(vocabulary[i], out int former))
            {
                moved.Initialize(i, random);
                continue;
            }

            weights.Row(weights.Input, former).CopyTo(moved.Row(moved.Input, i));
            if (moved.Output != null) weights.Row(weights.Output, former).CopyTo(moved.Row(moved.Output, i));
        }

        Vocabulary = vocabulary;
        weights = moved;
        vectors = null;
    }

    /// <summary>Writes the whole model as safetensors: a run goes on from it as if it had never been interrupted.</summary>
    /// <remarks>In the file: <c>input</c> [V, D], the words' vectors; <c>output</c> [V, D] and <c>tree</c> [V - 1, D] as
    /// far as the options have them; the vocabulary as JSON, the options, and the state of the run.</remarks>
    /// <param name="path">The file; one that exists is replaced, whole or not at all.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => Word2VecFile.Save(this, path);

    /// <summary>Reads a model that <see cref="Save"/> wrote.</summary>
    /// <exception cref="Recur.IO.ModelFormatException">The file is something else, or damaged.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static Word2Vec Load(string path) => Word2VecFile.Load(path);

    internal void Restore(Word2VecRun run, IEnumerable<double> done)
    {
        Run = run;
        losses.AddRange(done);
    }

    private void RunEpoch(
        EncodedCorpus corpus, IProgress<Word2VecProgress>? progress, Stopwatch clock, int first, CancellationToken cancel)
    {
        int epoch = Epoch;
        vectors = null;
        (double First, double Last) alpha = (Run.AlphaAt(epoch), Run.AlphaAt(epoch + 1));

        void Report(long words, double loss, bool isEnd)
        {
            double share = corpus.TokenCount == 0 ? 1 : (double)words / corpus.TokenCount;
            double done = epoch - first + share, left = Epochs - epoch - share;
            TimeSpan elapsed = clock.Elapsed;
            progress!.Report(new Word2VecProgress(
                epoch + 1, Epochs, words, corpus.TokenCount, done * corpus.TokenCount / elapsed.TotalSeconds,
                alpha.First + (alpha.Last - alpha.First) * share, loss, isEnd, elapsed,
                done > 0 ? elapsed * Math.Min(left / done, 1e6) : TimeSpan.Zero));
        }

        var pass = new Word2VecEpoch(corpus, Options, cancel)
        {
            Alpha = alpha,
            Seed = Kernels.SplitMix.Seed(Options.Seed, (ulong)(Run.Before + epoch)),
            Progress = progress is null ? null : (words, loss) => Report(words, loss, false),
        };
        double mean = pass.Run(weights);
        if (!double.IsFinite(mean))
            throw new InvalidOperationException(
                $"Word2Vec: the loss of epoch {epoch + 1} is no number any more; take a smaller Alpha " +
                $"(it was {alpha.First}).");
        losses.Add(mean);
        if (progress is not null) Report(corpus.TokenCount, mean, true);
    }

    private void CheckCorpus(EncodedCorpus corpus)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        if (!ReferenceEquals(corpus.Vocabulary, Vocabulary) && !corpus.Vocabulary.Tokens.SequenceEqual(Vocabulary.Tokens))
            throw new ArgumentException(
                $"Word2Vec: the corpus must be encoded with the model's vocabulary of {Vocabulary.Count} words but has " +
                $"another one, of {corpus.Vocabulary.Count}.");
    }

    private unsafe WordVectors CopyVectors() => new(
        Vocabulary.Tokens, weights.Copy(weights.Input, Vocabulary.Count), Options.VectorSize, Vocabulary.CopyCounts());
}
