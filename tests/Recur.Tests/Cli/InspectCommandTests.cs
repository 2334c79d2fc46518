using System.Text.Json;
using Recur.IO;

namespace Recur.Tests.Cli;

public sealed class InspectCommandTests
{
    [Fact]
    public void Inspect_ModelFile_ShowsNamesTypesShapesAndMetadata()
    {
        using var folder = new TemporaryFolder();
        string path = Save(folder["model.safetensors"]);
        long bytes = new FileInfo(path).Length;

        CliResult result = CliRunner.Run("inspect", path);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        string[] lines = result.Out.Split('\n');
        Assert.Equal(["tensor", "type", "shape", "elements", "bytes"], Words(lines[0]));
        Assert.Equal(["weight_ih_l0", "F32", "[10,", "1]", "10", "40"], Words(lines[2]));
        Assert.Equal(["step", "F32", "[]", "1", "4"], Words(lines[3]));
        Assert.Equal($"2 tensors, 11 elements, {bytes} bytes in {path}", lines[4]);
        Assert.Equal(["", "metadata", "  config: {\"cell\": \"rnn\"} second line", ""], lines[5..]);

        static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    [Fact]
    public void Inspect_Json_IsOneDocument()
    {
        using var folder = new TemporaryFolder();
        string path = Save(folder["model.safetensors"]);

        JsonElement json = JsonDocument.Parse(CliRunner.Run("inspect", path, "--json").Out).RootElement;

        Assert.Equal(new FileInfo(path).Length, json.GetProperty("bytes").GetInt64());
        JsonElement weight = json.GetProperty("tensors")[0];
        Assert.Equal("weight_ih_l0", weight.GetProperty("name").GetString());
        Assert.Equal("F32", weight.GetProperty("dtype").GetString());
        Assert.Equal([10, 1], weight.Ints("shape"));
        Assert.Equal(40, weight.GetProperty("bytes").GetInt64());
        Assert.Equal(
            "{\"cell\": \"rnn\"}\nsecond line", json.GetProperty("metadata").GetProperty("config").GetString());
    }

    [Fact]
    public void Inspect_MissingFile_SaysSo()
    {
        using var folder = new TemporaryFolder();
        CliRunner.AssertFails(CliRunner.Run("inspect", folder["no.safetensors"]), 1,
            $"recur inspect: {folder["no.safetensors"]}: the file does not exist.");
    }

    [Fact]
    public void Inspect_TextFile_SaysThatItIsNoSafetensors()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a.safetensors"], "date,value\n2020-01-01,5\n");

        CliResult result = CliRunner.Run("inspect", folder["a.safetensors"]);

        // The first eight bytes, "date,val", read as a little-endian number.
        CliRunner.AssertFails(
            result, 1, "recur inspect: a.safetensors: the header may have at most 100,000,000 bytes but announces "
            + "7809653161889915236; this is not a safetensors file.");
    }

    [Fact]
    public void Info_Json_NamesTheVectorWidthInUse()
    {
        JsonElement json = JsonDocument.Parse(CliRunner.Run("info", "--json", "--threads", "2").Out).RootElement;

        Assert.Equal(EngineInfo.VectorBits, json.GetProperty("vector_bits").GetInt32());
        Assert.Equal(EngineInfo.InstructionSet, json.GetProperty("instruction_set").GetString());
        Assert.Equal(2, json.GetProperty("threads").GetInt32());
        Assert.Matches(@"^\d+\.\d+\.\d+", json.GetProperty("version").GetString());
    }

    private static string Save(string path)
    {
        var tensors = new OrderedDictionary<string, Tensor>
        {
            ["weight_ih_l0"] = Tensor.Zeros([10, 1]),
            ["step"] = Tensor.Scalar(3),
        };
        Safetensors.Save(
            path, tensors, new Dictionary<string, string> { ["config"] = "{\"cell\": \"rnn\"}\nsecond line" });
        return path;
    }
}
