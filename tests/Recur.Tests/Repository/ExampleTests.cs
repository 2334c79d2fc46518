using Recur.Tests.Cli;

namespace Recur.Tests.Repository;

/// <summary>The programs under examples; Recur.Tests.csproj compiles each as a class with a method Run.</summary>
[Collection(AloneCollection.Name)] // they seed Rng.Default and print
public sealed class ExampleTests
{
    // The approved texts are printed by PyTorch: Fixtures/make_examples.py.
    [Theory]
    [InlineData("rnn")]
    [InlineData("rnn_cell")]
    [InlineData("lstm")]
    [InlineData("lstm_cell")]
    [InlineData("ragged")]
    [InlineData("streaming")]
    public void Run_Example_PrintsWhatTorchPrints(string name) =>
        Approval.Verify($"example-{name}", Run(name));

    // No peer prints this one: what it must find is in the text it makes.
    [Fact]
    public void Run_Word2Vec_PrintsTheWordsUsedAlike() => IsaSweep.ForEach(_ => Assert.Equal(
        """
        28 words, 5 epochs, loss falls: True
        near cat: dog, horse, sheep
        near milk: bread, grass, meat
        near barn: garden, house, meadow
        near grey: black, brown, white

        """, Run("word2vec"), ignoreLineEndingDifferences: true));

    private static string Run(string name)
    {
        Type program = typeof(ExampleTests).Assembly.GetType($"Examples.Example_{name}", throwOnError: true)!;
        Action run = program.GetMethod("Run")!.CreateDelegate<Action>();
        TextWriter console = Console.Out;
        using var output = new StringWriter { NewLine = "\n" };
        Console.SetOut(output);
        try
        {
            run();
        }
        finally
        {
            Console.SetOut(console);
        }

        return output.ToString();
    }
}
