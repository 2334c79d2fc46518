using Recur.Kernels;

namespace Recur.Tests;

/// <summary>Walks through the vector widths of this processor; only in <see cref="AloneCollection"/>.</summary>
internal static class IsaSweep
{
    /// <summary>Runs the body once with every width that this processor has.</summary>
    internal static void ForEach(Action<IsaLevel> body)
    {
        IsaLevel former = Isa.Current;
        try
        {
            foreach (IsaLevel level in Isa.Available)
            {
                Isa.Current = level;
                body(level);
            }
        }
        finally
        {
            Isa.Current = former;
        }
    }

    /// <summary>Runs the body with 1, 2 and 3 threads.</summary>
    internal static void ForEachThreads(Action<int> body)
    {
        int former = Parallelism.Threads;
        try
        {
            for (int threads = 1; threads <= 3; threads++)
            {
                Parallelism.Threads = threads;
                body(threads);
            }
        }
        finally
        {
            Parallelism.Threads = former;
        }
    }
}
