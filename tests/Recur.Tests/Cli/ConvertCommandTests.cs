using System.Text.Json;
using Recur.IO;
using Recur.Tests.IO;

namespace Recur.Tests.Cli;

/// <summary>recur convert, and recur inspect over what is not safetensors; hostile files through the tool.</summary>
public sealed class ConvertCommandTests
{
    [Fact]
    public void Inspect_Checkpoint_ShowsTensorsAndValues()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["sgd.pt"], Fixture.Bytes("sgd.pt"));

        CliResult result = CliRunner.Run("inspect", folder["sgd.pt"]);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Matches(@"(?m)^ *model\.rnn\.weight_ih_l0 +F32 +\[12, 2\] +24 +96$", result.Out);
        Assert.Matches(@"(?m)^ *optimizer\.state\.8\.momentum_buffer +F32 +\[1, 3\] +3 +12$", result.Out);
        Assert.Contains("\nvalues\n", result.Out);
        Assert.Contains("\n  optimizer.param_groups.1.momentum: 0.9\n", result.Out);
        Assert.Contains("\n  epoch: 3\n", result.Out);

        JsonElement json = JsonDocument.Parse(CliRunner.Run("inspect", folder["sgd.pt"], "--json").Out).RootElement;
        Assert.Equal("torch", json.GetProperty("format").GetString());
        Assert.Equal("3", json.GetProperty("metadata").GetProperty("epoch").GetString());
    }

    [Theory]
    [InlineData("big_i4.npy", "npy", "I32")]
    [InlineData("deflated.npz", "npz", "F32")]
    [InlineData("types_legacy.pt", "torch", "F64")]
    public void Inspect_AnyFormat_NamesIt(string name, string format, string type)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder[name], Fixture.Bytes(name));
        JsonElement json = JsonDocument.Parse(CliRunner.Run("inspect", folder[name], "--json").Out).RootElement;
        Assert.Equal(format, json.GetProperty("format").GetString());
        Assert.Equal(type, json.GetProperty("tensors")[0].GetProperty("dtype").GetString());
    }

    [Fact]
    public void Convert_CheckpointWithPrefix_WritesTheModel()
    {
        using var folder = new TemporaryFolder();
        string from = folder["adam.pt"], to = folder["m.npz"];
        File.WriteAllBytes(from, Fixture.Bytes("adam.pt"));

        CliResult result = CliRunner.Run("convert", from, to, "--prefix", "model.");

        Assert.Equal((0, $"10 tensors, 184 elements: {to}\n"), (result.ExitCode, result.Out));
        Assert.Matches("^[0-9]+ values that are not tensors were left out.\n$", result.Error);
        Assert.Equal([1, 3], Npz.Load(to)["head.weight"].Shape);
        JsonElement json = JsonDocument.Parse(
            CliRunner.Run("convert", from, folder["m.pt"], "--prefix", "model.", "--json").Out).RootElement;
        Assert.Equal(10, json.GetProperty("tensors").GetInt32());
    }

    [Fact]
    public void Convert_WrongUse_SaysWhy()
    {
        using var folder = new TemporaryFolder();
        string from = folder["a.npy"];
        File.WriteAllBytes(from, Fixture.Bytes("c_f4.npy"));
        CliRunner.AssertFails(CliRunner.Run("convert", from, folder["a.bin"]), 1, $"recur convert: {folder["a.bin"]}: the "
            + "extension must be .safetensors, .pt, .pth, .npy or .npz, so that the format is known.");
        CliRunner.AssertFails(CliRunner.Run("convert", from, from), 2,
            $"recur convert: the output {from} would replace the input. See 'recur convert --help'.");
        CliRunner.AssertFails(CliRunner.Run("convert", from), 2,
            "recur convert: the argument TARGET is missing. See 'recur convert --help'.");
        CliRunner.AssertFails(CliRunner.Run("convert", folder["no.pt"], folder["b.pt"]), 1,
            $"recur convert: {folder["no.pt"]}: the file does not exist.");
        Assert.Equal(["a.npy"], folder.Files());
    }

    public static TheoryData<string> Wrong => [.. PickleTests.Wrong.Select(row => row.Data.Item1)];

    /// <summary>Every malicious pickle through both verbs: one sentence, exit code 1, nothing written.</summary>
    [Theory]
    [MemberData(nameof(Wrong))]
    public void InspectAndConvert_MaliciousPickle_SayOneSentence(string what)
    {
        (_, byte[] pickle, string sentence) = PickleTests.Wrong.Single(row => row.Data.Item1 == what).Data;
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["evil.pt"], PickleBytes.Archive(pickle));
        CliRunner.AssertFails(CliRunner.Run("inspect", folder["evil.pt"]), 1, $"recur inspect: evil.pt: {sentence}");
        CliRunner.AssertFails(CliRunner.Run("convert", folder["evil.pt"], folder["out.npz"]), 1,
            $"recur convert: evil.pt: {sentence}");
        Assert.Equal(["evil.pt"], folder.Files());
    }
}
