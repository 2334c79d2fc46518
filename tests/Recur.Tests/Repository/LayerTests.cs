using System.Text.RegularExpressions;

namespace Recur.Tests.Repository;

/// <summary>Dependencies between the folders of src point one way: docs/architecture.md, "Layers".</summary>
public sealed partial class LayerTests
{
    // What a folder may use. The root (Tensor, Shape, Rng) is every layer's vocabulary; kernels know only Shape.
    private static readonly (string Folder, string[] MayUse)[] Layers =
    [
        ("Recur/Kernels", []),
        ("Recur/Autograd", []),
        ("Recur/Ops", ["Kernels", "Autograd"]),
        ("Recur", ["Kernels", "Autograd", "Ops"]),
        ("Recur/Nn", ["Ops", "Autograd"]),
        ("Recur/Optim", ["Kernels", "Autograd"]),
        ("Recur/Optim/Schedulers", []),
        ("Recur/Data", []),
        ("Recur/IO", ["Nn"]),
        ("Recur/Training", ["Autograd", "Nn", "Optim", "Data", "IO"]),
        ("Recur/Text", ["Kernels", "Autograd", "Ops", "Nn", "Optim", "Data", "IO", "Training"]),
        ("Recur.Extensions.AI", ["Text"]),
        ("Recur.Forecasting", ["Autograd", "Nn", "Optim", "Data", "IO", "Training"]),
        ("Recur.Cli", ["Autograd", "Nn", "Optim", "Data", "IO", "Training", "Text", "Forecasting"]),
    ];

    // What a kernel does not know; it gets spans, pointers, numbers and shapes.
    private static readonly string[] UnknownToKernels = ["Tensor", "TensorCore", "Rng", "Node", "Module"];

    public static TheoryData<string> Folders => [.. Layers.Select(layer => layer.Folder)];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Folder_UsesOnlyWhatStandsBeforeIt(string folder)
    {
        string[] layers = [.. Layers.Select(l => l.Folder.Split('/', '.')[^1]).Where(name => name != "Recur")];
        string[] allowed = Layers.Single(l => l.Folder == folder).MayUse;
        string own = folder.Split('/', '.')[^1];
        var faults = new List<string>();
        foreach (string file in FilesOf(folder))
        {
            string[] lines = RepositoryFiles.Read(file).Split('\n');
            for (int i = 0; i < lines.Length; i++)
            {
                string code = Comment().Replace(lines[i], "");
                foreach (Match m in Reference().Matches(code))
                {
                    string name = m.Groups["layer"].Value;
                    if (name != own && layers.Contains(name) && !allowed.Contains(name))
                        faults.Add($"{file}({i + 1}): {folder} must not use Recur.{name}");
                }

                if (own != "Kernels") continue;
                foreach (string word in UnknownToKernels.Where(w => Regex.IsMatch(code, $@"\b{w}\b")))
                    faults.Add($"{file}({i + 1}): a kernel must not know {word}");
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Fact]
    public void Folders_OfTheSources_AreAllInTheTable()
    {
        // The tool's folders are one layer, as are the forecaster's.
        var expected = Layers.Select(l => "src/" + l.Folder).ToHashSet();
        foreach (string file in RepositoryFiles.Below("src", "*.cs"))
        {
            string folder = file[..file.LastIndexOf('/')];
            bool known = expected.Contains(folder)
                || folder.StartsWith("src/Recur.Cli/") || folder.StartsWith("src/Recur.Forecasting/");
            Assert.True(known, $"{file}: the folder is missing in the table of layers");
        }
    }

    private static IEnumerable<string> FilesOf(string folder)
    {
        IEnumerable<string> all = RepositoryFiles.Below("src/" + folder, "*.cs");
        return folder == "Recur" ? all.Where(f => f.Count(c => c == '/') == 2) : all;
    }

    // "using Recur.Nn;", "Recur.Nn.Linear", and "Nn.Linear", which a namespace inside Recur may write too.
    [GeneratedRegex(@"(?<![\w.""])(?:Recur\.)?(?<layer>Kernels|Autograd|Ops|Nn|Optim|Data|IO|Training|Text|Forecasting|Cli)(?=[.;])(?<!System\.IO)")]
    private static partial Regex Reference();

    [GeneratedRegex(@"//.*$|""(?:[^""\\]|\\.)*""|^namespace .*")]
    private static partial Regex Comment();
}
