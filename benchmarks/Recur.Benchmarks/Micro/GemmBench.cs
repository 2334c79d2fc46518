using BenchmarkDotNet.Attributes;
using Recur.Kernels;
using Recur.Peers;

namespace Recur.Benchmarks.Micro;

/// <summary>One time step's product of 4H gates with H hidden units, for H units and M sequences, one thread.</summary>
[Config(typeof(KernelConfig))]
public unsafe class GemmBench
{
    private readonly PackedMatrix packed = new();
    private float[] a = [], b = [], c = [];

    [Params(1, 16, 64)]
    public int M { get; set; }

    [Params(20, 64, 256, 512)]
    public int H { get; set; }

    [ParamsSource(nameof(Names))]
    public string Isa { get; set; } = "";

    public static IEnumerable<string> Names => KernelConfig.Widths.Select(w => w.ToString());

    [GlobalSetup]
    public void Setup()
    {
        Recur.Kernels.Isa.Current = Enum.Parse<IsaLevel>(Isa);
        var random = new Random(1);
        a = PeerTensor.Uniform(random, M * H);
        b = PeerTensor.Uniform(random, 4 * H * H);
        c = new float[M * 4 * H];
        Pack();
    }

    [Benchmark]
    public void Pack()
    {
        fixed (float* pb = b) packed.Pack(H, 4 * H, pb, H, transposed: true);
    }

    [Benchmark]
    public void MultiplyPacked()
    {
        fixed (float* pa = a, pc = c)
        {
            var args = new GemmArgs { M = M, N = 4 * H, K = H, A = pa, ARow = H, AStep = 1, C = pc, CRow = 4 * H };
            Gemm.Multiply(args, packed);
        }
    }

    [Benchmark]
    public void PackAndMultiply() => Gemm.Multiply(M, 4 * H, H, a, false, b, true, c, accumulate: false);
}
