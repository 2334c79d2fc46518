using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;

namespace Recur.Peers;

/// <summary>A PyTorch that answers on a pipe: <c>peer.py</c> in a child process with a fixed number of
/// threads.</summary>
/// <remarks>The child computes only between a request and its answer, so the two sides never compute at the same
/// time.</remarks>
internal sealed class PyTorchProcess : IDisposable
{
    public const string HowToInstall = "apt-get install python3-torch libopenblas0-openmp";

    private readonly Process process;
    private readonly Stream requests, answers;
    private readonly StringBuilder errors = new();

    private PyTorchProcess(Process process)
    {
        this.process = process;
        requests = process.StandardInput.BaseStream;
        answers = process.StandardOutput.BaseStream;
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null) return;
            lock (errors) errors.AppendLine(line.Data);
        };
        process.BeginErrorReadLine();
    }

    /// <summary>The child.</summary>
    public Process Process => process;

    /// <summary>PyTorch's version.</summary>
    public string Version { get; private set; } = "";

    /// <summary>The BLAS library PyTorch has really loaded; empty when unknown.</summary>
    public string Blas { get; private set; } = "";

    /// <summary>Why PyTorch may run below its best here; null when nothing is known.</summary>
    public string? Warning => Blas.Contains("openblas-pthread", StringComparison.Ordinal)
        ? "PyTorch runs over the pthread build of OpenBLAS, up to 5 times slower on 2 threads; " +
            "apt-get install libopenblas0-openmp"
        : null;

    /// <summary>Starts the first Python that can import torch: the one RECUR_PYTHON names, Debian's, the first on the
    /// path.</summary>
    /// <param name="threads">Threads for PyTorch and its BLAS.</param>
    /// <param name="reason">Why there is none, and how to install it.</param>
    public static PyTorchProcess? TryStart(int threads, out string reason)
    {
        string[] candidates = Environment.GetEnvironmentVariable("RECUR_PYTHON") is { Length: > 0 } chosen
            ? [chosen]
            : ["/usr/bin/python3", "python3", "python"];
        reason = "";
        foreach (string python in candidates)
        {
            if (Start(python, threads, ref reason) is { } peer) return peer;
        }

        reason = $"PyTorch is missing ({reason}); {HowToInstall}";
        return null;
    }

    private static PyTorchProcess? Start(string python, int threads, ref string reason)
    {
        var start = new ProcessStartInfo(python)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add("-u");
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "peer.py"));
        string count = threads.ToString();
        foreach (string name in (ReadOnlySpan<string>)["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"])
            start.Environment[name] = count;
        if (FindOpenMpBlas() is { } blas)
        {
            string? former = Environment.GetEnvironmentVariable("LD_LIBRARY_PATH");
            start.Environment["LD_LIBRARY_PATH"] = string.IsNullOrEmpty(former) ? blas : $"{blas}:{former}";
        }

        PyTorchProcess? peer = null;
        try
        {
            peer = new PyTorchProcess(Process.Start(start)!);
            JsonNode hello = peer.Request("hello", [], [], out _);
            peer.Version = (string)hello["version"]!;
            peer.Blas = (string)hello["blas"]!;
            return peer;
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or InvalidOperationException)
        {
            // The first candidate's reason is the one to show; a second Python on the path is a fallback.
            if (reason.Length == 0) reason = $"{python}: {e.Message.Trim()}";
            peer?.Dispose();
            return null;
        }
    }

    /// <summary>Debian's OpenMP build of OpenBLAS, which shares its threads with PyTorch; the pthread build fights
    /// them.</summary>
    private static string? FindOpenMpBlas()
    {
        if (!Directory.Exists("/usr/lib")) return null;
        return Directory.EnumerateDirectories("/usr/lib", "*-linux-*")
            .Select(d => Path.Combine(d, "openblas-openmp"))
            .FirstOrDefault(d => File.Exists(Path.Combine(d, "libblas.so.3")));
    }

    /// <summary>Computes a case once and keeps it for <see cref="Time"/>.</summary>
    /// <param name="op">A function of peer.py's CASES.</param>
    /// <param name="options">What that function reads.</param>
    /// <param name="tensors">Inputs and weights.</param>
    /// <returns>The results.</returns>
    /// <exception cref="InvalidOperationException">PyTorch raised an error.</exception>
    public IReadOnlyList<PeerTensor> Compute(string op, JsonObject options, IReadOnlyList<PeerTensor> tensors)
    {
        Request(op, options, tensors, out PeerTensor[] results);
        return results;
    }

    /// <summary>Seconds for <paramref name="n"/> runs of the last case, measured by the child itself.</summary>
    /// <param name="n">How often.</param>
    /// <param name="clock">wall, or cpu: the processor time of the child.</param>
    public double Time(int n, string clock = "wall") =>
        (double)Request("time", new JsonObject { ["n"] = n, ["clock"] = clock }, [], out _)["seconds"]!;

    private JsonNode Request(string op, JsonObject options, IReadOnlyList<PeerTensor> tensors, out PeerTensor[] results)
    {
        var entries = new JsonArray();
        foreach (PeerTensor t in tensors)
        {
            var shape = new JsonArray([.. t.Shape.Select(d => JsonValue.Create(d))]);
            entries.Add(new JsonObject { ["name"] = t.Name, ["shape"] = shape });
        }

        var header = new JsonObject { ["op"] = op, ["options"] = options.DeepClone(), ["tensors"] = entries };
        byte[] text = Encoding.UTF8.GetBytes(header.ToJsonString());
        Span<byte> length = stackalloc byte[sizeof(uint)];
        try
        {
            BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)text.Length);
            requests.Write(length);
            requests.Write(text);
            foreach (PeerTensor t in tensors) requests.Write(MemoryMarshal.AsBytes(t.Values.AsSpan()));
            requests.Flush();

            answers.ReadExactly(length);
            var answer = new byte[BinaryPrimitives.ReadUInt32LittleEndian(length)];
            answers.ReadExactly(answer);
            JsonNode node = JsonNode.Parse(answer)!;
            if (node["error"] is { } error) throw new InvalidOperationException($"PyTorch ({op}): {error}");
            results = [.. node["tensors"]!.AsArray().Select(entry => ReadTensor(entry!))];
            return node;
        }
        catch (IOException e)
        {
            process.WaitForExit();
            lock (errors)
            {
                string last = errors.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .LastOrDefault("it ended without a word");
                throw new InvalidOperationException(last, e);
            }
        }
    }

    private PeerTensor ReadTensor(JsonNode entry)
    {
        int[] shape = [.. entry["shape"]!.AsArray().Select(d => (int)d!)];
        var values = new float[shape.Aggregate(1, (a, b) => a * b)];
        answers.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return new PeerTensor((string)entry["name"]!, shape, values);
    }

    /// <summary>Ends the child: its input closes and it leaves its loop.</summary>
    public void Dispose()
    {
        try
        {
            requests.Dispose();
        }
        catch (IOException)
        {
            // The child is gone already.
        }

        if (!process.WaitForExit(2000)) process.Kill();
        process.Dispose();
    }
}
