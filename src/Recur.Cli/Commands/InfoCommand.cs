using System.Runtime.InteropServices;
using Recur.Cli.Output;

namespace Recur.Cli.Commands;

/// <summary><c>recur info</c>: what runs here, for bug reports.</summary>
internal static class InfoCommand
{
    public static VerbCommand Create() => new("info",
        "Shows the version, the runtime, the instruction set in use and the number of threads.",
        (_, terminal) => Run(terminal), hasSeed: false)
    {
        Details = "RECUR_ISA (scalar, 128, 256 or 512) forces a vector width; RECUR_THREADS sets the default number of "
            + "threads.",
        Examples = ["recur info", "recur info --json"],
    };

    private static int Run(Terminal terminal)
    {
        string instructionSet = EngineInfo.InstructionSet; // first what may complain about RECUR_ISA or RECUR_THREADS
        int threads = Parallelism.Threads;
        terminal.Line($"recur            {EngineInfo.Version}");
        terminal.Line($"runtime          {RuntimeInformation.FrameworkDescription}");
        terminal.Line($"system           {RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}");
        terminal.Line($"instruction set  {instructionSet}");
        terminal.Line($"threads          {threads} (processors: {Environment.ProcessorCount})");
        terminal.Json(json =>
        {
            json.WriteString("version", EngineInfo.Version);
            json.WriteString("runtime", RuntimeInformation.FrameworkDescription);
            json.WriteString("system", RuntimeInformation.OSDescription);
            json.WriteString("architecture", RuntimeInformation.ProcessArchitecture.ToString());
            json.WriteString("instruction_set", instructionSet);
            json.WriteNumber("vector_bits", EngineInfo.VectorBits);
            json.WriteNumber("threads", threads);
            json.WriteNumber("processors", Environment.ProcessorCount);
        });
        return ExitCode.Done;
    }
}
