using System.Text.Json.Nodes;
using Recur.Kernels;
using Recur.Peers;

namespace Recur.Benchmarks.Compare;

/// <summary>C [M, N] = A [M, K] · Bᵀ with B [N, K] as weights stand in a layer.</summary>
/// <param name="m">Rows of A: the sequences of one time step, or of all time steps.</param>
/// <param name="n">Rows of B: the gates' units.</param>
/// <param name="k">Columns of both.</param>
/// <param name="packedBefore">Whether B is packed once, before the time runs, as a layer does when its weights have not
/// changed; otherwise in every run, as training must. PyTorch has only one form; ONNX Runtime packs constants when it
/// opens a model.</param>
internal sealed unsafe class GemmRow(int m, int n, int k, bool packedBefore)
    : Row($"{(packedBefore ? "gemm" : "gemm+pack")} {m}x{n}x{k}")
{
    private readonly PackedMatrix packed = new();
    private float[] a = [], b = [], c = [];

    public override double Flops => 2.0 * m * n * k;

    public override (string Op, JsonObject Options) PyTorchCase => ("gemm", []);

    public override IReadOnlyList<PeerTensor> Prepare()
    {
        var random = new Random(1);
        a = PeerTensor.Uniform(random, m * k);
        b = PeerTensor.Uniform(random, n * k);
        c = new float[m * n];
        fixed (float* pb = b) packed.Pack(k, n, pb, k, transposed: true);
        return [new("a", [m, k], a), new("b", [n, k], b)];
    }

    public override OnnxSession OpenOnnx(IReadOnlyList<PeerTensor> tensors, int threads)
    {
        (PeerTensor ta, PeerTensor tb) = (tensors[0], tensors[1]);
        var graph = new OnnxGraph();
        graph.Input("a", m, k);
        if (packedBefore) graph.Constant("b", tb.Values, n, k);
        else graph.Input("b", n, k);
        graph.Node("Gemm", ["a", "b"], ["c"], new OnnxAttribute("transB", 1L));
        graph.Output("c", m, n);
        return new OnnxSession(graph.ToArray(), threads, packedBefore ? [ta] : [ta, tb], [("c", [m, n])]);
    }

    public override IReadOnlyList<PeerTensor> Compute()
    {
        Run(1);
        return [new("c", [m, n], c)];
    }

    public override void Run(int runs)
    {
        if (packedBefore)
        {
            fixed (float* pa = a, pc = c)
            {
                var args = new GemmArgs { M = m, N = n, K = k, A = pa, ARow = k, AStep = 1, C = pc, CRow = n };
                for (int i = 0; i < runs; i++) Gemm.Multiply(args, packed);
            }
        }
        else
        {
            for (int i = 0; i < runs; i++) Gemm.Multiply(m, n, k, a, false, b, true, c, accumulate: false);
        }
    }
}
