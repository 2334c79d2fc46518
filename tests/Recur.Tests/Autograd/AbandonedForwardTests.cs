using System.Runtime.CompilerServices;

namespace Recur.Tests.Autograd;

/// <summary>Forward passes that nobody differentiates; alone, because they measure the memory of the process.</summary>
[Collection(AloneCollection.Name)]
public sealed class AbandonedForwardTests
{
    [Fact]
    public void AbandonedForward_IsCollected()
    {
        Tensor x = Tensor.Full([1000], 1f).RequireGrad();
        WeakReference node = Abandon(x);
        Collect();
        Assert.False(node.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Abandon(Tensor x) => new((x * 2).Core.Producer);

    [Fact]
    public void AbandonedForward_Repeated_MemoryDoesNotGrow()
    {
        const int megabyte = 1 << 20;
        Tensor x = Tensor.Full([megabyte / 4], 1f).RequireGrad();
        for (int i = 0; i < 3; i++) AbandonChain(x);
        Collect();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < 60; i++) AbandonChain(x); // 240 MB if nothing were collected
        Collect();
        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < 16 * megabyte, $"{grown} bytes more after abandoned forward passes");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AbandonChain(Tensor x) => _ = ((x * 2 + 1).Tanh() * x).Sum();

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }
}
