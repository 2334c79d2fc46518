using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Recur.Benchmarks.Words;

/// <summary>A gensim that answers on a pipe: <c>words.py</c> in a child process.</summary>
internal sealed class GensimProcess : IDisposable
{
    public const string HowToInstall = "apt-get install python3-gensim";

    private readonly Process process;

    private GensimProcess(Process process) => this.process = process;

    /// <summary>gensim's version, and whether its compiled code is in use.</summary>
    public string Version { get; private set; } = "";

    /// <summary>Starts the first Python that can import gensim: the one RECUR_PYTHON names, Debian's, the first on the
    /// path.</summary>
    /// <param name="threads">Threads for its BLAS.</param>
    /// <param name="reason">Why there is none, and how to install it.</param>
    public static GensimProcess? TryStart(int threads, out string reason)
    {
        string[] candidates = Environment.GetEnvironmentVariable("RECUR_PYTHON") is { Length: > 0 } chosen
            ? [chosen]
            : ["/usr/bin/python3", "python3", "python"];
        reason = "";
        foreach (string python in candidates)
        {
            var start = new ProcessStartInfo(python)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                UseShellExecute = false,
            };
            start.ArgumentList.Add("-u");
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "words.py"));
            foreach (string name in (ReadOnlySpan<string>)["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"])
                start.Environment[name] = threads.ToString();
            GensimProcess? peer = null;
            try
            {
                peer = new GensimProcess(Process.Start(start)!);
                JsonNode hello = peer.Request(new JsonObject { ["op"] = "hello" });
                peer.Version = $"{hello["version"]} ({((bool)hello["compiled"]! ? "compiled" : "plain Python: no peer")})";
                return peer;
            }
            catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or InvalidOperationException)
            {
                if (reason.Length == 0) reason = $"{python}: {e.Message.Trim()}";
                peer?.Dispose();
            }
        }

        reason = $"gensim is missing ({reason}); {HowToInstall}";
        return null;
    }

    /// <summary>Asks and waits for the answer.</summary>
    /// <exception cref="InvalidOperationException">gensim raised an error, or ended.</exception>
    public JsonNode Request(JsonObject request)
    {
        process.StandardInput.WriteLine(request.ToJsonString());
        process.StandardInput.Flush();
        string line = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("it ended without a word");
        JsonNode answer = JsonNode.Parse(line)!;
        return answer["error"] is { } error ? throw new InvalidOperationException($"gensim: {error}") : answer;
    }

    /// <summary>Ends the child: its input closes and it leaves its loop.</summary>
    public void Dispose()
    {
        try
        {
            process.StandardInput.Dispose();
        }
        catch (IOException)
        {
            // The child is gone already.
        }

        if (!process.WaitForExit(2000)) process.Kill();
        process.Dispose();
    }
}
