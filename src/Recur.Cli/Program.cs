using System.Runtime.InteropServices;

namespace Recur.Cli;

/// <summary>The entry of the process: everything else is in <see cref="Tool"/>, which tests call without a
/// process.</summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        using var cancel = new CancellationTokenSource();
        // The first signal asks the verb to stop cleanly; a second one ends the process as usual.
        Action<PosixSignalContext> stop = signal =>
        {
            signal.Cancel = !cancel.IsCancellationRequested;
            cancel.Cancel();
        };
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, stop);
        return Tool.Run(args, ToolStreams.OfTheProcess(), cancel.Token);
    }
}
