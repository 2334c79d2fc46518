using System.Text.Json.Nodes;
using Recur.ParityTests;
using Recur.Peers;

[assembly: AssemblyFixture(typeof(PyTorchOracle))]

namespace Recur.ParityTests;

/// <summary>The one PyTorch process of a test run.</summary>
/// <remarks>Without PyTorch the tests that need it are skipped and say why; with RECUR_REQUIRE_PYTORCH=1, as .ci/run
/// sets it, they fail.</remarks>
public sealed class PyTorchOracle : IDisposable
{
    private readonly Lock gate = new();
    private readonly string missing;
    private readonly PyTorchProcess? process;

    public PyTorchOracle() => process = PyTorchProcess.TryStart(threads: 1, out missing);

    /// <summary>What PyTorch makes of a case.</summary>
    internal IReadOnlyList<PeerTensor> Compute(string op, JsonObject options, IReadOnlyList<PeerTensor> tensors)
    {
        if (process is null)
        {
            if (Environment.GetEnvironmentVariable("RECUR_REQUIRE_PYTORCH") == "1") Assert.Fail(missing);
            Assert.Skip(missing);
        }

        // Test classes run in parallel, the process answers one at a time.
        lock (gate) return process.Compute(op, options, tensors);
    }

    public void Dispose() => process?.Dispose();
}
