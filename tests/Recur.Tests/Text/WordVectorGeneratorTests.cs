using Microsoft.Extensions.AI;
using Recur.Extensions.AI;
using Recur.Text;

namespace Recur.Tests.Text;

public sealed class WordVectorGeneratorTests
{
    private static readonly WordVectors vectors = new(["sea", "blue", "New York"], [3, 4, 0, 2, -1, 0], 2);

    [Fact]
    public async Task GenerateAsync_Texts_AreWordsOrMeansOfUnitVectors()
    {
        using var generator = new WordVectorGenerator(vectors, modelId: "tiny");
        GeneratedEmbeddings<Embedding<float>> found = await generator.GenerateAsync(
            ["sea", "New York", "The SEA, blue!", "nothing", ""], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(
            [[3, 4], [-1, 0], [0.3f, 0.9f], [0, 0], [0, 0]], found.Select(e => e.Vector.ToArray()));
        Assert.Equal("tiny", found[0].ModelId);
        Assert.Equal(6, found.Usage!.InputTokenCount);
    }

    [Fact]
    public async Task GenerateAsync_OtherDimensions_SaysSo()
    {
        IEmbeddingGenerator<string, Embedding<float>> generator = new WordVectorGenerator(vectors);
        var e = await Assert.ThrowsAsync<ArgumentException>(() => generator.GenerateAsync(
            ["sea"], new EmbeddingGenerationOptions { Dimensions = 3 }, TestContext.Current.CancellationToken));
        Assert.Equal("WordVectorGenerator: Dimensions must be 2, the size of the vectors, but was 3.", e.Message);
        Assert.Equal(2, (await generator.GenerateVectorAsync(
            "sea", new EmbeddingGenerationOptions { Dimensions = 2 }, TestContext.Current.CancellationToken)).Length);
    }

    [Fact]
    public void GetService_Types_AreFound()
    {
        using var generator = new WordVectorGenerator(vectors);
        Assert.Equal(2, generator.GetService<EmbeddingGeneratorMetadata>()!.DefaultModelDimensions);
        Assert.Same(vectors, generator.GetService<WordVectors>());
        Assert.Same(generator, generator.GetService<WordVectorGenerator>());
        Assert.Null(generator.GetService<string>());
    }
}
