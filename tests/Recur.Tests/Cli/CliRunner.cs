using System.Diagnostics;
using Recur.Cli;

namespace Recur.Tests.Cli;

/// <summary>What one command line gave.</summary>
internal sealed record CliResult(int ExitCode, string Out, string Error);

/// <summary>Runs the tool in this process with writers of its own, or as a real child process.</summary>
internal static class CliRunner
{
    /// <summary>Runs one command line in this process.</summary>
    public static CliResult Run(params string[] args) => Run(CancellationToken.None, args);

    public static CliResult Run(CancellationToken cancel, params string[] args)
    {
        int threads = Parallelism.Threads;
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        int code = Tool.Run(args, new ToolStreams(output, error, OutIsTerminal: false, ErrorIsTerminal: false), cancel);
        Parallelism.Threads = threads; // --threads is meant for a process
        return new CliResult(code, output.ToString(), error.ToString());
    }

    /// <summary>Starts the built tool as a child process; its files stand beside the tests'.</summary>
    public static Process Start(string folder, params string[] args) => Start(folder, [], args);

    private static Process Start(string folder, Dictionary<string, string> variables, string[] args)
    {
        bool isDotnet = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        var start = new ProcessStartInfo(isDotnet ? Environment.ProcessPath! : "dotnet")
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Recur.Cli.dll"));
        foreach (string a in args) start.ArgumentList.Add(a);
        foreach ((string name, string value) in variables) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Runs the built tool as a child process to its end.</summary>
    public static CliResult RunProcess(string folder, params string[] args) => RunProcess(folder, [], args);

    /// <summary>The same with environment variables of its own.</summary>
    public static CliResult RunProcess(string folder, Dictionary<string, string> variables, params string[] args)
    {
        using Process process = Start(folder, variables, args);
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new CliResult(process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    /// <summary>Asserts a failure as users shall see it: the exit code, one line on standard error, nothing on standard
    /// output.</summary>
    public static void AssertFails(CliResult result, int exitCode, string error)
    {
        Assert.Equal(error + "\n", result.Error);
        Assert.Equal("", result.Out);
        Assert.Equal(exitCode, result.ExitCode);
    }
}
