using System.Text.Json.Nodes;
using Recur.Kernels;
using Recur.Peers;

namespace Recur.Benchmarks.Compare;

/// <summary>C [M, N] = A [M, K] · Bᵀ with B [N, K] as weights stand in a layer, packed anew in every call.</summary>
internal sealed class GemmRow(int m, int n, int k) : Row($"gemm {m}x{n}x{k}")
{
    private float[] a = [], b = [], c = [];

    public override double Flops => 2.0 * m * n * k;

    public override (string Op, JsonObject Options) PyTorchCase => ("gemm", []);

    public override IReadOnlyList<PeerTensor> Prepare()
    {
        var random = new Random(1);
        a = PeerTensor.Uniform(random, m * k);
        b = PeerTensor.Uniform(random, n * k);
        c = new float[m * n];
        return [new("a", [m, k], a), new("b", [n, k], b)];
    }

    public override OnnxSession? OpenOnnx(IReadOnlyList<PeerTensor> tensors, int threads) => OnnxProduct.Open(tensors, threads);

    public override IReadOnlyList<PeerTensor> Compute()
    {
        Run(1);
        return [new("c", [m, n], c)];
    }

    public override void Run(int n1)
    {
        for (int i = 0; i < n1; i++) Gemm.Multiply(m, n, k, a, false, b, true, c, accumulate: false);
    }
}

/// <summary>C = A · Bᵀ in ONNX Runtime; B is a constant of the model, so that it is packed once, when the session opens.</summary>
internal static class OnnxProduct
{
    public static OnnxSession Open(IReadOnlyList<PeerTensor> tensors, int threads)
    {
        PeerTensor a = tensors[0], b = tensors[1];
        int m = a.Shape[0], k = a.Shape[1], n = b.Shape[0];
        var transposed = new float[k * n];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < k; j++) transposed[j * n + i] = b.Values[i * k + j];
        var graph = new OnnxGraph();
        graph.Node("MatMul", [graph.Input("a", m, k), graph.Constant("b", transposed, k, n)], ["c"]);
        graph.Output("c", m, n);
        return new OnnxSession(graph.ToArray(), threads, [a], [("c", [m, n])]);
    }
}
