using Recur.Autograd;
using Recur.Nn;

namespace Recur.Tests.Autograd;

/// <summary>Results that live until an inference scope ends.</summary>
public sealed class InferenceTests
{
    private static readonly Tensor X = Tensor.From([1f, -2, 3, 0.5f, 4, -1], [3, 2]);

    private static Lstm NewLstm()
    {
        Rng.Seed(1);
        return new Lstm(2, 5, numLayers: 2);
    }

    [Fact]
    public void Inference_ForwardOfALayer_GivesTheBitsOfNoGrad()
    {
        Lstm lstm = NewLstm();
        float[] expected, expectedC;
        using (GradMode.NoGrad())
        {
            (Tensor y, LstmState state) = lstm.Forward(X);
            (expected, expectedC) = (y.ToArray(), state.C.ToArray());
        }

        for (int i = 0; i < 3; i++)
        {
            using GradMode.Scope scope = GradMode.Inference();
            (Tensor y, LstmState state) = lstm.Forward(X);
            Assert.Equal(expected, y.ToArray());
            Assert.Equal(expectedC, state.C.ToArray());
            Assert.False(y.RequiresGrad);
        }
    }

    [Fact]
    public void Inference_ResultAfterTheScope_SaysTheScopeHasEnded()
    {
        Tensor kept, view, detached;
        using (GradMode.Inference())
        {
            Tensor y = X * 2f;
            view = y.Reshape([6]);
            detached = y.Detach();
            kept = y;
        }

        Assert.Contains("an inference scope has ended", Assert.Throws<InvalidOperationException>(() => kept.ToArray()).Message);
        Assert.Throws<InvalidOperationException>(() => view.ToArray());
        Assert.Equal([2, -4, 6, 1, 8, -2], detached.ToArray());
    }

    [Fact]
    public void Inference_Nested_EndsOnlyTheInnerResults()
    {
        using GradMode.Scope outer = GradMode.Inference();
        Tensor first = X * 2f, second;
        using (GradMode.Inference()) second = first + 1f;
        Tensor third = X * 3f; // takes the memory of the second
        Assert.Equal([2, -4, 6, 1, 8, -2], first.ToArray());
        Assert.Throws<InvalidOperationException>(() => second.ToArray());
        Assert.Equal([3, -6, 9, 1.5f, 12, -3], third.ToArray());
    }

    [Fact]
    public void Inference_NoGradInside_ResultOutlivesBoth()
    {
        Tensor kept;
        using (GradMode.Inference())
        using (GradMode.NoGrad()) kept = X * 2f;
        Assert.Equal([2, -4, 6, 1, 8, -2], kept.ToArray());
        Assert.True(GradMode.IsEnabled);
    }

    [Fact]
    public void Inference_BetweenForwardAndBackwardOfAStep_DisturbsNothing()
    {
        Lstm lstm = NewLstm();
        float[] Gradient(bool infer)
        {
            lstm.ZeroGrad();
            Tensor loss = lstm.Forward(X).Output.Sum();
            if (infer)
                using (GradMode.Inference()) Assert.True(float.IsFinite(lstm.Forward(X).Output.Mean().Item()));
            loss.Backward();
            return lstm.Parameters()[0].Grad!.Value.ToArray();
        }

        float[] expected = Gradient(infer: false);
        Assert.Equal(expected, Gradient(infer: true));
        Assert.Equal(expected, Gradient(infer: true));
    }

    [Fact]
    public void Inference_SecondCall_AllocatesNothing()
    {
        Lstm lstm = NewLstm();
        void Run()
        {
            using (GradMode.Inference()) _ = lstm.Forward(X).Output.Tanh().Sum();
        }

        for (int i = 0; i < 200; i++) Run(); // warm: pools filled, methods compiled
        Assert.Equal(0, AllocationMeter.Of(100, Run));
    }

    [Fact]
    public void Inference_AfterAnException_TakesBackWhatWasLent()
    {
        Tensor kept = default;
        Assert.Throws<ShapeException>(() =>
        {
            using GradMode.Scope scope = GradMode.Inference();
            kept = X * 2f;
            _ = kept + Tensor.Zeros([5, 5]);
        });
        Assert.Throws<InvalidOperationException>(() => kept.ToArray());
        Assert.True(GradMode.IsEnabled);
    }
}
