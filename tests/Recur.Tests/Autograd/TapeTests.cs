using Recur.Autograd;
using Recur.Nn;

namespace Recur.Tests.Autograd;

/// <summary>Which gradients a graph gives, whatever its form.</summary>
public sealed class TapeTests
{
    private static Tensor Leaf(params float[] values) => Tensor.From(values).RequireGrad();

    [Fact]
    public void Backward_HundredThousandNodes_NoStackOverflow()
    {
        Tensor x = Leaf(1, 2);
        Tensor y = x;
        for (int i = 0; i < 100_000; i++) y = y + x;
        y.Sum().Backward();
        Assert.Equal([100_001, 100_001], x.Grad!.Value.ToArray());
    }

    [Fact]
    public void Backward_HundredThousandViews_NoStackOverflow()
    {
        Tensor x = Leaf(1, 2);
        Tensor y = x;
        for (int i = 0; i < 50_000; i++) y = y.Reshape(2, 1).Reshape(2);
        Assert.Equal([1, 2], y.ToArray());
        y.Sum().Backward();
        Assert.Equal([1, 1], x.Grad!.Value.ToArray());
    }

    [Fact]
    public void Backward_Diamond_SumsBothPaths()
    {
        Tensor x = Leaf(3);
        Tensor trunk = x * 2;                     // 6
        Tensor y = trunk * trunk + trunk * x;     // 4x² + 2x² = 6x²
        y.Backward();
        Assert.Equal([36], x.Grad!.Value.ToArray());
    }

    [Fact]
    public void Backward_DeepDiamonds_VisitsEachNodeOnce()
    {
        // 2^60 paths: only an order by number, each node once, ever ends.
        Tensor x = Leaf(1);
        Tensor y = x;
        for (int i = 0; i < 60; i++) y = (y + y) * 0.5f;
        y.Backward();
        Assert.Equal([1], x.Grad!.Value.ToArray());
    }

    [Fact]
    public void Backward_OldAndNewBranch_WaitsForAllConsumers()
    {
        // The branch recorded first is consumed last, so that walking order and recording order differ.
        Tensor x = Leaf(2);
        Tensor early = x * x;
        Tensor late = early.Exp();
        for (int i = 0; i < 5; i++) late = late * 1f;
        Tensor y = early * late;                  // x² e^(x²)
        y.Backward();
        float expected = (float)(2 * 2 * Math.Exp(4) * (1 + 4));
        Assert.Equal(expected, x.Grad!.Value.Item(), expected * 1e-6f);
    }

    [Fact]
    public void Backward_CalledForTwoGraphs_Accumulates()
    {
        Tensor x = Leaf(1, 2);
        (x * 2).Sum().Backward();
        (x * x).Sum().Backward();
        Assert.Equal([4, 6], x.Grad!.Value.ToArray());
        x.ZeroGrad();
        Assert.Null(x.Grad);
        x.Sum().Backward();
        Assert.Equal([1, 1], x.Grad!.Value.ToArray());
    }

    [Fact]
    public void Backward_GivenGradient_IsUsed()
    {
        Tensor x = Leaf(1, 2, 3);
        (x * 2).Backward(Tensor.From([1, 10, 100]));
        Assert.Equal([2, 20, 200], x.Grad!.Value.ToArray());
    }

    [Fact]
    public void Backward_ViewsOfGraphTensors_GradientsReachTheBase()
    {
        Tensor x = Leaf(1, 2, 3, 4);
        Tensor y = x * 10;
        Tensor row = y.Reshape(2, 2).Slice(0, 1, 1).Reshape(2);
        Assert.Equal([30, 40], row.ToArray());
        (row * row).Sum().Backward();
        Assert.Equal([0, 0, 600, 800], x.Grad!.Value.ToArray());
    }

    [Fact]
    public void Backward_OverlappingViews_Add()
    {
        Tensor x = Leaf(1, 2, 3);
        (x.Slice(0, 0, 2) * x.Slice(0, 1, 2)).Sum().Backward(); // x0 x1 + x1 x2
        Assert.Equal([2, 4, 2], x.Grad!.Value.ToArray());
    }

    [Fact]
    public void NoGrad_Scope_RecordsNothingAndEndsItself()
    {
        Tensor x = Leaf(1);
        using (GradMode.NoGrad())
        {
            Assert.False(GradMode.IsEnabled);
            Assert.False((x * 2).RequiresGrad);
            using (GradMode.EnableGrad()) Assert.True((x * 2).RequiresGrad);
            Assert.False(GradMode.IsEnabled);
        }

        Assert.True(GradMode.IsEnabled);
        Assert.True((x * 2).RequiresGrad);
    }

    [Fact]
    public void Detach_Result_IsALeafWithoutHistory()
    {
        Tensor x = Leaf(3);
        Tensor y = x * 2;
        Tensor d = y.Detach();
        Assert.True(d.IsLeaf);
        Assert.False(d.RequiresGrad);
        (d * x).Backward();
        Assert.Equal([6], x.Grad!.Value.ToArray());
    }

    [Fact]
    public void Backward_LeafWithoutGradient_IsLeftAlone()
    {
        Tensor x = Leaf(3), constant = Tensor.From([5f]);
        (x * constant).Backward();
        Assert.Equal([5], x.Grad!.Value.ToArray());
        Assert.Null(constant.Grad);
    }

    [Fact]
    public async Task Backward_OnAnotherThread_GivesTheSameGradients()
    {
        // What an async training loop does: a step begins on one thread of the pool and ends on another.
        Tensor x = Leaf(1, 2, 3);
        for (int step = 0; step < 50; step++)
        {
            Tensor loss = (x.Tanh() * x).Sum();
            x.ZeroGrad();
            await Task.Factory.StartNew(() => loss.Backward(), CancellationToken.None,
                TaskCreationOptions.LongRunning, TaskScheduler.Default);
            for (int i = 0; i < 3; i++)
            {
                double v = i + 1, expected = Math.Tanh(v) + v * (1 - Math.Pow(Math.Tanh(v), 2));
                Assert.Equal(expected, x.Grad!.Value.Span[i], 1e-6);
            }
        }
    }

    [Fact]
    public void Backward_TwoThreadsAtOnce_DoNotDisturbEachOther()
    {
        var errors = new List<Exception>();
        Thread[] threads = [.. Enumerable.Range(0, 3).Select(t => new Thread(() => Train(t)))];
        foreach (Thread t in threads) t.Start();
        foreach (Thread t in threads) t.Join();
        Assert.Empty(errors);

        void Train(int seed)
        {
            try
            {
                Tensor x = Tensor.Full([33 + seed], 1f + seed).RequireGrad();
                for (int step = 0; step < 300; step++)
                {
                    x.ZeroGrad();
                    (x * x * x).Sum().Backward();
                    foreach (float g in x.Grad!.Value.Span) Assert.Equal(3 * (1 + seed) * (1 + seed), g);
                }
            }
            catch (Exception e)
            {
                lock (errors) errors.Add(e);
            }
        }
    }

    [Fact]
    public void Step_MixOfOperations_AllocatesNothing()
    {
        Tensor w = Tensor.Full([6, 4], 0.1f).RequireGrad(), b = Tensor.Zeros([4]).RequireGrad();
        Tensor x = Tensor.Full([5, 6], 0.5f), target = Tensor.Full([5, 2], 0.3f);
        for (int i = 0; i < 5; i++) Step();
        Assert.Equal(0, AllocationMeter.Of(20, Step));

        void Step()
        {
            w.ZeroGrad();
            b.ZeroGrad();
            Tensor h = (x.MatMul(w) + b).Tanh();
            Tensor gate = h.Slice(1, 0, 2).Sigmoid() * h.Slice(1, 2, 2);
            Tensor rows = Tensor.Stack([gate.Select(0, 0), gate.Select(0, 1)]).GatherRows([1, 0, 1, 0, 1]);
            Tensor y = Tensor.Concat([rows.Reshape(10), (1f - rows).LogSoftmax(-1).Reshape(-1)]);
            Tensor loss = Losses.Mse(y.Reshape(2, 5, 2).Mean(0), target) + (w.Pow(2) / 3f).Mean();
            loss.Backward();
        }
    }
}
