using BenchmarkDotNet.Attributes;
using Recur.Kernels;
using Recur.Peers;

namespace Recur.Benchmarks.Micro;

/// <summary>1,000 elements that stay in the first-level cache: microseconds read as nanoseconds per element.</summary>
[Config(typeof(KernelConfig))]
public class ActivationBench
{
    private const int Length = 1000;
    private readonly float[] x = PeerTensor.Uniform(new Random(1), Length, 5f);
    private readonly float[] y = new float[Length];

    [ParamsSource(nameof(Names))]
    public string Isa { get; set; } = "";

    public static IEnumerable<string> Names => KernelConfig.Widths.Select(w => w.ToString());

    [GlobalSetup]
    public void Setup() => Recur.Kernels.Isa.Current = Enum.Parse<IsaLevel>(Isa);

    [Benchmark]
    public void Tanh() => Elementwise.Map<Tanh>(x, y);

    [Benchmark]
    public void Sigmoid() => Elementwise.Map<Sigmoid>(x, y);

    [Benchmark]
    public void Exp() => Elementwise.Map<Exp>(x, y);

    [Benchmark]
    public void Relu() => Elementwise.Map<Relu>(x, y);
}
