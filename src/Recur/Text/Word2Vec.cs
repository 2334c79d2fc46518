namespace Recur.Text;

/// <summary>Word vectors from a text by skip-gram or CBOW.</summary>
public sealed class Word2Vec
{
    /// <summary>A model that has seen nothing yet.</summary>
    public Word2Vec(Vocabulary vocabulary, Word2VecOptions? options = null) => throw new NotSupportedException();

    /// <summary>The numbers it trains with.</summary>
    public Word2VecOptions Options { get; }

    /// <summary>The words; row i of the vectors belongs to word i.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>The epochs done of the run.</summary>
    public int Epoch { get; }

    /// <summary>The mean losses of the epochs done.</summary>
    public IReadOnlyList<double> Losses { get; }

    /// <summary>The vectors as they are now, a copy.</summary>
    public WordVectors Vectors => throw new NotSupportedException();

    /// <summary>Counts the words of a text, then trains on it.</summary>
    public static Word2Vec Train(
        TextSource source, ITokenizer tokenizer, Word2VecOptions? options = null,
        IProgress<Word2VecProgress>? progress = null, CancellationToken cancel = default) => throw new NotSupportedException();

    /// <summary>Trains on a text that is encoded already.</summary>
    public static Word2Vec Train(
        EncodedCorpus corpus, Word2VecOptions? options = null,
        IProgress<Word2VecProgress>? progress = null, CancellationToken cancel = default) => throw new NotSupportedException();

    /// <summary>The words that <see cref="Train(TextSource, ITokenizer, Word2VecOptions?, IProgress{Word2VecProgress}?, CancellationToken)"/> would learn.</summary>
    public static Vocabulary BuildVocabulary(
        TextSource source, ITokenizer tokenizer, Word2VecOptions? options = null, IProgress<long>? bytesRead = null,
        CancellationToken cancel = default) => throw new NotSupportedException();

    /// <summary>One more epoch of the run; false when all are done.</summary>
    public bool TrainEpoch(
        EncodedCorpus corpus, IProgress<Word2VecProgress>? progress = null, CancellationToken cancel = default) => throw new NotSupportedException();

    /// <summary>The epochs of the run that are missing.</summary>
    public void Resume(
        EncodedCorpus corpus, IProgress<Word2VecProgress>? progress = null, CancellationToken cancel = default) => throw new NotSupportedException();

    /// <summary>A new run on top of the vectors there are: its own epochs, its own fall of the learning rate.</summary>
    public void TrainMore(
        EncodedCorpus corpus, int epochs, double? alpha = null, double? minAlpha = null,
        IProgress<Word2VecProgress>? progress = null, CancellationToken cancel = default) => throw new NotSupportedException();

    /// <summary>Adds the words of another text: new words get fresh rows, old words keep theirs.</summary>
    /// <returns>The number of new words.</returns>
    public int UpdateVocabulary(
        TextSource source, ITokenizer tokenizer, IProgress<long>? bytesRead = null, CancellationToken cancel = default) => throw new NotSupportedException();

    /// <summary>Writes the whole model (safetensors).</summary>
    public void Save(string path) => throw new NotSupportedException();

    /// <summary>Reads a model that <see cref="Save"/> wrote.</summary>
    public static Word2Vec Load(string path) => throw new NotSupportedException();
}
