using BenchmarkDotNet.Attributes;
using Recur.Kernels;
using Recur.Peers;

namespace Recur.Benchmarks.Micro;

/// <summary>The recurrent part of an Elman layer over 100 steps (no input projection, no weight gradients), one
/// thread.</summary>
[Config(typeof(KernelConfig))]
public unsafe class RnnKernelBench
{
    private const int Steps = 100;
    private readonly PackedMatrix forward = new(), backward = new();
    private float[] states = [], outGrad = [], preGrad = [];

    [Params(1, 32)]
    public int N { get; set; }

    [Params(10, 20, 64, 256)]
    public int H { get; set; }

    [ParamsSource(nameof(Names))]
    public string Isa { get; set; } = "";

    public static IEnumerable<string> Names => KernelConfig.Widths.Select(w => w.ToString());

    [GlobalSetup]
    public void Setup()
    {
        Recur.Kernels.Isa.Current = Enum.Parse<IsaLevel>(Isa);
        var random = new Random(1);
        float[] weights = PeerTensor.Uniform(random, H * H, 1f / MathF.Sqrt(H));
        states = PeerTensor.Uniform(random, Steps * N * H);
        outGrad = PeerTensor.Uniform(random, Steps * N * H);
        preGrad = new float[Steps * N * H];
        fixed (float* w = weights)
        {
            forward.Pack(H, H, w, H, transposed: true);
            backward.Pack(H, H, w, H, transposed: false);
        }
    }

    /// <summary>The states of the former call serve as projected inputs: tanh keeps them in ±1.</summary>
    [Benchmark]
    public void Forward()
    {
        fixed (float* pStates = states)
            RnnKernel.Forward(new RnnKernel.Layer { T = Steps, N = N, H = H, Out = pStates, OutRow = H }, forward);
    }

    [Benchmark]
    public void Backward()
    {
        fixed (float* pStates = states, pOut = outGrad, pPre = preGrad)
        {
            var layer = new RnnKernel.Layer
            {
                T = Steps, N = N, H = H, Out = pStates, OutRow = H, OutGrad = pOut, PreGrad = pPre,
            };
            RnnKernel.Backward(layer, backward);
        }
    }
}
