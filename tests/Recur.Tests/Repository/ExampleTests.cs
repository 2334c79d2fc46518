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
