using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Recur.Kernels;

namespace Recur.Benchmarks.Micro;

/// <summary>Runs in this process: the vector width is chosen here, and no second project has to be built.</summary>
internal sealed class KernelConfig : ManualConfig
{
    public KernelConfig()
    {
        AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
        Parallelism.Threads = 1;
    }

    /// <summary>The vector widths to sweep.</summary>
    public static IEnumerable<IsaLevel> Widths => Isa.Available;
}
