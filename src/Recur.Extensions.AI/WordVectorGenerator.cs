using Microsoft.Extensions.AI;
using Recur.Text;

namespace Recur.Extensions.AI;

/// <summary>Word vectors as the embedding generator of Microsoft.Extensions.AI, for whatever is written against that
/// interface: vector stores, semantic search, caches.</summary>
/// <remarks>
/// <code>
/// IEmbeddingGenerator&lt;string, Embedding&lt;float&gt;&gt; generator =
///     new WordVectorGenerator(WordVectors.Open("vectors.safetensors"));
/// ReadOnlyMemory&lt;float&gt; embedding = await generator.GenerateVectorAsync("the colour of the sea");
/// </code>
/// A text that is a word of the vectors as it stands gets that word's vector. Any other gets the mean of its words'
/// unit vectors, a strong baseline for short texts (Wieting and others 2016); words without a vector do not count, and a
/// text of such words alone gets zeros. Any number of threads may use it.
/// </remarks>
public sealed class WordVectorGenerator : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly WordVectors vectors;
    private readonly ITokenizer tokenizer;
    private readonly EmbeddingGeneratorMetadata metadata;

    /// <summary>Makes a generator; the vectors stay the caller's.</summary>
    /// <param name="vectors">The vectors.</param>
    /// <param name="tokenizer">How texts are cut into words; null: letters and digits in lower case,
    /// <see cref="WordTokenizer"/>.</param>
    /// <param name="modelId">What the vectors are called, for logs.</param>
    public WordVectorGenerator(WordVectors vectors, ITokenizer? tokenizer = null, string? modelId = null)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        this.vectors = vectors;
        this.tokenizer = tokenizer ?? new WordTokenizer();
        metadata = new EmbeddingGeneratorMetadata("recur", null, modelId, vectors.VectorSize);
    }

    /// <summary>The embeddings of texts, each [D], in their order.</summary>
    /// <param name="values">The texts.</param>
    /// <param name="options">Dimensions, where it is set, must be the vectors' size; nothing else counts.</param>
    /// <param name="cancellationToken">Stops between two texts.</param>
    /// <exception cref="ArgumentException">Another number of dimensions is wanted.</exception>
    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (options?.Dimensions is { } wanted && wanted != vectors.VectorSize)
            throw new ArgumentException(
                $"WordVectorGenerator: Dimensions must be {vectors.VectorSize}, the size of the vectors, but was {wanted}.");
        var all = new GeneratedEmbeddings<Embedding<float>>();
        long tokens = 0;
        foreach (string text in values)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (float[] vector, int words) = Embed(text);
            tokens += words;
            all.Add(new Embedding<float>(vector) { ModelId = metadata.DefaultModelId, CreatedAt = DateTimeOffset.UtcNow });
        }

        all.Usage = new UsageDetails { InputTokenCount = tokens, TotalTokenCount = tokens };
        return Task.FromResult(all);
    }

    /// <summary>The metadata, the vectors, the tokenizer, or this generator, by type.</summary>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null) return null;
        return Array.Find<object>([metadata, vectors, tokenizer, this], serviceType.IsInstanceOfType);
    }

    /// <summary>Does nothing: the vectors are managed memory, or a file that is closed when nobody uses it.</summary>
    public void Dispose()
    {
    }

    private (float[] Vector, int Words) Embed(string text)
    {
        if (vectors.TryGetRow(text, out int whole)) return (vectors.VectorOf(whole).ToArray(), 1);
        float[] sum = new float[vectors.VectorSize];
        int known = 0, words = 0;
        tokenizer.Tokenize(text.ToCharArray(), word =>
        {
            words++;
            if (!vectors.TryGetRow(word, out int row)) return;
            known++;
            ReadOnlySpan<float> vector = vectors.VectorOf(row);
            double norm = 0;
            foreach (float x in vector) norm += (double)x * x;
            if (norm == 0) return;
            float scale = (float)(1 / Math.Sqrt(norm));
            for (int i = 0; i < sum.Length; i++) sum[i] += scale * vector[i];
        });
        for (int i = 0; known > 0 && i < sum.Length; i++) sum[i] /= known;
        return (sum, words);
    }
}
