using Recur.Kernels;

namespace Recur;

/// <summary>How many threads the engine computes with.</summary>
/// <remarks>Results do not depend on it: every element is computed by one thread in one fixed order.</remarks>
public static class Parallelism
{
    /// <summary>The number of threads, 1 to 256; at first RECUR_THREADS, or else the number of processors.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1 or above 256.</exception>
    public static int Threads
    {
        get => ThreadTeam.Threads;
        set
        {
            if (value is < 1 or > ThreadTeam.MaxThreads)
                throw new ArgumentOutOfRangeException(nameof(value), $"Parallelism.Threads must be in 1..{ThreadTeam.MaxThreads} but was {value}.");
            ThreadTeam.Threads = value;
        }
    }
}
