using System.CommandLine;
using System.Globalization;
using Recur.Cli.Output;
using Recur.IO;

namespace Recur.Cli.Commands;

/// <summary><c>recur convert</c>: the tensors of one file into another, of any format.</summary>
internal static class ConvertCommand
{
    public static VerbCommand Create()
    {
        var source = new Argument<string>("SOURCE")
        {
            Description = "The file to read; its format is recognised by its content.",
        };
        var target = new Argument<string>("TARGET")
        {
            Description = "The file to write: .safetensors, .pt, .pth, .npy or .npz.",
        };
        var prefix = new Option<string>("--prefix")
        {
            Description = "Take only tensors whose names begin so, and leave this beginning out; the whole name of a "
                + "tensor takes that one.",
            HelpName = "TEXT",
            DefaultValueFactory = _ => "",
        };
        var command = new VerbCommand("convert",
            "Writes the tensors of a file into another of any format: safetensors, PyTorch, NumPy.",
            (parsed, terminal) => Run(
                parsed.GetRequiredValue(source), parsed.GetRequiredValue(target), parsed.GetRequiredValue(prefix),
                terminal),
            hasSeed: false, hasThreads: false)
        {
            Details =
                "Tensors keep their types and bits. A type that the new format does not have becomes a longer one that\n"
                + "holds every value: BF16 becomes F32 for NumPy, unsigned integers signed ones for PyTorch.\n"
                + "\n"
                + "From one PyTorch file to another without --prefix the whole structure is kept; otherwise numbers and\n"
                + "texts beside the tensors are left out, except the strings between two safetensors files. A .npy file\n"
                + "holds one tensor. A .pt file that comes out is loaded by torch.load with weights_only=True.",
            Examples =
            [
                "recur convert checkpoint.pt model.safetensors --prefix model.",
                "recur convert model.safetensors model.pt",
                "recur convert data.npz x.npy --prefix x",
            ],
        };
        command.Arguments.Add(source);
        command.Arguments.Add(target);
        command.Options.Add(prefix);
        return command;
    }

    private static int Run(string source, string target, string prefix, Terminal terminal)
    {
        OutputFiles.CheckWritable(target);
        OutputFiles.CheckNotInput(source, target);
        TensorConversion done = TensorFiles.Convert(source, target, prefix);
        terminal.Line($"{Grouped(done.Tensors)} tensors, {Grouped(done.Elements)} elements: {target}");
        if (done.LeftOut > 0)
            terminal.Note($"{Grouped(done.LeftOut)} values that are not tensors were left out.");
        if (done.Widened.Count > 0)
            terminal.Note($"{Grouped(done.Widened.Count)} tensors were written in a longer type that holds every value.");
        terminal.Json(json =>
        {
            json.WriteString("source", source);
            json.WriteString("target", target);
            json.WriteNumber("tensors", done.Tensors);
            json.WriteNumber("elements", done.Elements);
            json.WriteNumber("left_out", done.LeftOut);
            json.WriteStartArray("widened");
            foreach (string name in done.Widened) json.WriteStringValue(name);
            json.WriteEndArray();
        });
        return ExitCode.Done;
    }

    private static string Grouped(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
