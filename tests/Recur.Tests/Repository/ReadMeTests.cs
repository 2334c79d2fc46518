using System.Text.RegularExpressions;
using ReadMe;

namespace Recur.Tests.Repository;

/// <summary>What the README and the documentation show exists and works.</summary>
[Collection(AloneCollection.Name)] // the example seeds Rng.Default
public sealed partial class ReadMeTests
{
    private const string ExampleFile = "tests/Recur.Tests/Repository/ReadMeExample.cs";

    [Fact]
    public void Example_InReadMe_IsTheOneThatIsTested()
    {
        string shown = CSharpBlock().Match(RepositoryFiles.Read("README.md")).Groups["code"].Value;
        string source = RepositoryFiles.Read(ExampleFile);
        string usings = string.Join('\n', source.Split('\n').Where(line => line.StartsWith("using ")));
        string body = Marked().Match(source).Groups["code"].Value;
        string expected = string.Join('\n', body.Split('\n').Select(line => line.Length >= 8 ? line[8..] : line));
        Assert.Equal($"{usings}\n\n{expected}", shown, ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void Examples_InLanguageModels_AreTheOnesThatAreCompiled()
    {
        IEnumerable<string> shown = CSharpBlock().Matches(RepositoryFiles.Read("docs/language-models.md"))
            .Select(m => UsingLines().Replace(m.Groups["code"].Value, ""));
        string source = RepositoryFiles.Read("tests/Recur.Tests/Repository/LanguageModelExample.cs");
        IEnumerable<string> compiled = Marked().Matches(source).Select(m => string.Join('\n',
            m.Groups["code"].Value.Split('\n').Select(line => line.Length >= 8 ? line[8..] : line)));
        Assert.Equal(compiled, shown);
    }

    // The tutorial's model reaches 1e-3 within 500 steps in PyTorch; the losses themselves are compared in
    // SineGoldenTests.
    [Fact]
    public void Example_Run_LearnsTheSine() => Assert.InRange(ReadMeExample.Run(), 0f, 5e-3f);

    [Fact]
    public void Commands_InReadMe_AreTheTwo()
    {
        string[] lines = RepositoryFiles.Read("README.md").Split('\n');
        string[] commands = [.. lines.Where(line => line.StartsWith("dotnet "))];
        Assert.Equal(
            "dotnet run -c Release --project src/Recur.Cli -- forecast data/sunspots_monthly.csv --horizon 132",
            commands[0]);
        Assert.Equal("dotnet test -c Release", commands[1]);
    }

    [Fact]
    public void Examples_InReadMe_AreAllOfTheFolder()
    {
        IEnumerable<string> named = ExampleName().Matches(RepositoryFiles.Read("README.md")).Select(m => m.Value);
        Assert.Equal(RepositoryFiles.Below("examples", "*.cs"), named.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Links_InDocuments_PointAtFiles()
    {
        string[] documents =
        [
            "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md", .. RepositoryFiles.Below("docs", "*.md"),
        ];
        var missing = new List<string>();
        foreach (string document in documents)
        {
            string folder = Path.GetDirectoryName(Path.Combine(RepositoryFiles.Root, document))!;
            foreach (Match link in Link().Matches(RepositoryFiles.Read(document)))
            {
                string target = link.Groups["path"].Value;
                if (!Path.Exists(Path.Combine(folder, target))) missing.Add($"{document}: {target}");
            }
        }

        Assert.True(missing.Count == 0, string.Join('\n', missing));
    }

    [Fact]
    public void Documents_NamedInSources_Exist()
    {
        var missing = new List<string>();
        foreach (string root in (string[])["src", "tests", "benchmarks", "examples"])
        {
            foreach (string file in RepositoryFiles.Below(root, "*.cs"))
            {
                foreach (Match name in DocumentName().Matches(RepositoryFiles.Read(file)))
                    if (!File.Exists(Path.Combine(RepositoryFiles.Root, name.Value)))
                        missing.Add($"{file}: {name.Value}");
            }
        }

        Assert.True(missing.Count == 0, string.Join('\n', missing));
    }

    [GeneratedRegex(@"```csharp\n(?<code>.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();

    [GeneratedRegex(@"// <README>\n(?<code>.*?)\n *// </README>", RegexOptions.Singleline)]
    private static partial Regex Marked();

    [GeneratedRegex(@"^(using [\w.]+;\n)+\n")]
    private static partial Regex UsingLines();

    [GeneratedRegex(@"\]\((?!https?:|#)(?<path>[^)#\s]+)")]
    private static partial Regex Link();

    [GeneratedRegex(@"examples/\w+\.cs")]
    private static partial Regex ExampleName();

    [GeneratedRegex(@"\bdocs/[\w/-]+(\.[\w-]+)*\.md\b")]
    private static partial Regex DocumentName();
}
