using Recur.Tests.Cli;

namespace Recur.Tests.Repository;

/// <summary>The programs under examples; Recur.Tests.csproj compiles each as a class with a method Run(args).</summary>
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

    // A few lines of the text are enough to see it work; what it writes has been read with all of them.
    [Fact]
    public void Run_CharLm_LearnsAndWrites()
    {
        string text = Path.Combine(RepositoryFiles.Root, "data", "tinyshakespeare.txt");
        string[] lines = Run("char_lm", text, "400").Split('\n');
        Assert.Equal($"reading {text}, then 4 passes over it ...", lines[0]);
        Assert.Matches(@"^5[0-9] characters, by chance (3|4)\.[0-9]{3} nats$", lines[1]);
        double[] validation = [.. lines[2..6].Select(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..]))];
        Assert.True(validation[3] < validation[0], string.Join(' ', validation));
        Assert.StartsWith("ROMEO:", lines[6]);
    }

    private static string Run(string name, params string[] args)
    {
        Type program = typeof(ExampleTests).Assembly.GetType($"Examples.Example_{name}", throwOnError: true)!;
        Action<string[]> run = program.GetMethod("Run")!.CreateDelegate<Action<string[]>>();
        TextWriter console = Console.Out;
        using var output = new StringWriter { NewLine = "\n" };
        Console.SetOut(output);
        try
        {
            run(args);
        }
        finally
        {
            Console.SetOut(console);
        }

        return output.ToString();
    }
}
