using System.Text.Json.Nodes;
using Recur.Peers;

namespace Recur.Benchmarks.Compare;

/// <summary>One piece of work that Recur and its peers do on the same numbers.</summary>
/// <param name="work">The row's name, which <c>--filter</c> searches.</param>
internal abstract class Row(string work)
{
    public string Work { get; } = work;

    /// <summary>Floating-point operations of one run, counted as in docs/benchmarks.md.</summary>
    public abstract double Flops { get; }

    /// <summary>Makes Recur's side ready; called once, before anything else, with the row's thread count set.</summary>
    /// <returns>Inputs and weights for the peers.</returns>
    public abstract IReadOnlyList<PeerTensor> Prepare();

    /// <summary>The function of peer.py that does this work, and its options.</summary>
    public abstract (string Op, JsonObject Options) PyTorchCase { get; }

    /// <summary>The same work in ONNX Runtime; null when it cannot do it.</summary>
    public virtual OnnxSession? OpenOnnx(IReadOnlyList<PeerTensor> tensors, int threads) => null;

    /// <summary>ONNX Runtime's results, under the names of Recur's.</summary>
    public virtual IReadOnlyList<PeerTensor> ComputeOnnx(OnnxSession onnx) => onnx.Run();

    /// <summary>The same work in oneDNN; null when it cannot do it.</summary>
    public virtual OneDnn.Layer? OpenOneDnn(OneDnn library, IReadOnlyList<PeerTensor> tensors, int threads) => null;

    /// <summary>Recur's results on the inputs that the peers got, under the peers' names.</summary>
    public abstract IReadOnlyList<PeerTensor> Compute();

    /// <summary>Does the work <paramref name="n"/> times.</summary>
    public abstract void Run(int n);
}
