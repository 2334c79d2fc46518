using Recur.Autograd;

namespace Recur.Tests.Ops;

/// <summary>docs/adding-an-op.md: its example is this compiled and checked operation, to the letter.</summary>
public sealed class AddingAnOpTests
{
    private static string Text(string name)
    {
        using var reader = new StreamReader(typeof(AddingAnOpTests).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    [Fact]
    public void Document_FirstCodeBlock_IsTheTestedSource()
    {
        const string fence = "```csharp\n";
        string document = Text("adding-an-op.md");
        int start = document.IndexOf(fence, StringComparison.Ordinal) + fence.Length;
        Assert.Equal(Text("SoftsignOp.cs"), document[start..document.IndexOf("```", start, StringComparison.Ordinal)]);
    }

    [Fact]
    public void Softsign_Values_MatchClosedForm() =>
        Assert.Equal([0f, 0.5f, -0.75f], SoftsignOp.Apply(Tensor.From([0f, 1f, -3f])).ToArray());

    [Fact]
    public void Softsign_Gradient_MatchesFiniteDifferences() =>
        GradCheck.Run(x => SoftsignOp.Apply(x), Tensor.From([0.3f, -1.2f, 2f]).RequireGrad()).ThrowIfFailed();

    [Fact]
    public void Softsign_WarmedUpStep_AllocatesNothing()
    {
        Tensor x = Tensor.From([0.3f, -1.2f, 2f]).RequireGrad();
        for (int i = 0; i < 3; i++) SoftsignOp.Apply(x).Sum().Backward();
        Assert.Equal(0, AllocationMeter.Of(3, () => SoftsignOp.Apply(x).Sum().Backward()));
    }
}
