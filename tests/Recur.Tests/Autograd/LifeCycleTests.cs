using Recur.Autograd;

namespace Recur.Tests.Autograd;

/// <summary>What happens to a graph after Backward, and what is said to a program that uses it then.</summary>
public sealed class LifeCycleTests
{
    private const string Freed =
        "Tensor.Backward: an earlier Backward has already freed a part of this graph. " +
        "Sum the losses and call Backward once; a hidden state carried into the next step needs Detach().";

    private const string Stale =
        "Tensor: this result belongs to a step that is over (Backward was called and a new step has begun, or an inference scope has ended), " +
        "so its memory is in use again. " +
        "Keep values with Detach(), Item() or ToArray() before the next step; a hidden state carried into the next step needs Detach().";

    private const string NoGraph =
        "Tensor.Backward: this tensor has no graph: no input requires a gradient, it was made under GradMode.NoGrad or Inference, " +
        "or it was computed from a gradient (double backward is not supported).";

    private static string FreedInput(string op) =>
        $"{op}: an input belongs to a graph that Backward has already freed. " +
        "A hidden state carried into the next step needs Detach(); losses of one graph are summed and Backward called once.";

    private static Tensor Leaf(params float[] values) => Tensor.From(values).RequireGrad();

    private static string MessageOf(Action action) => Assert.Throws<InvalidOperationException>(action).Message;

    [Fact]
    public void Backward_SecondCall_SaysTheGraphIsFreed()
    {
        Tensor x = Leaf(1);
        Tensor y = x * x;
        y.Backward();
        Assert.Equal(Freed, MessageOf(() => y.Backward()));
        Assert.Equal([2], x.Grad!.Value.ToArray());
    }

    [Fact]
    public void Backward_SecondCallAfterANewStep_SaysTheHandleIsStale()
    {
        Tensor x = Leaf(1);
        Tensor y = x * x;
        y.Backward();
        Tensor next = x * 3;
        Assert.Equal(Stale, MessageOf(() => y.Backward()));
        Assert.Equal(Stale, MessageOf(() => y.Item()));
        Assert.Equal([3], next.ToArray());
    }

    [Fact]
    public void Backward_TwoLossesOnOneTrunk_SaysToSumThem()
    {
        Tensor x = Leaf(1, 2);
        Tensor trunk = x.Tanh();
        Tensor first = trunk.Sum(), second = (trunk * trunk).Sum();
        first.Backward();
        Assert.Equal(Freed, MessageOf(() => second.Backward()));
        Tensor unrelated = x * 2; // takes the trunk's memory back
        Assert.Equal(Freed, MessageOf(() => second.Backward()));
        Assert.Equal([2, 4], unrelated.ToArray());
    }

    [Fact]
    public void Backward_TwoLossesSummed_Works()
    {
        Tensor x = Leaf(1, 2);
        Tensor trunk = x * 2;
        (trunk.Sum() + (trunk * trunk).Sum()).Backward();
        Assert.Equal([2 + 8, 2 + 16], x.Grad!.Value.ToArray());
    }

    [Fact]
    public void Carry_StateWithoutDetachIntoTheFirstOp_NamesTheFix()
    {
        Tensor w = Leaf(0.5f);
        Tensor h = Tensor.From([1f]);
        h = (h * w).Tanh();
        h.Sum().Backward();
        Assert.Equal(FreedInput("Mul"), MessageOf(() => _ = h * w));
    }

    [Fact]
    public void Carry_StateWithoutDetachIntoALaterOp_NamesTheFix()
    {
        Tensor w = Leaf(0.5f), h = Tensor.From([1f]);
        h = (h * w).Tanh();
        h.Sum().Backward();
        Tensor projected = w * 2; // the next step begins without the state
        Assert.Equal(Stale, MessageOf(() => _ = projected + h));
    }

    [Fact]
    public void Carry_StateDetachedOrCopied_Works()
    {
        Tensor w = Leaf(0.5f), h = Tensor.From([1f]), kept = Tensor.Zeros([1]);
        for (int step = 0; step < 3; step++)
        {
            Tensor next = (h * w).Tanh();
            next.Sum().Backward();
            kept.CopyFrom(next);
            h = next.Detach();
            Assert.Equal(kept.ToArray(), h.ToArray());
        }
    }

    [Fact]
    public void Read_AfterBackwardBeforeTheNextStep_StillWorks()
    {
        Tensor x = Leaf(2);
        Tensor y = x * x, loss = y.Sum();
        loss.Backward();
        Assert.Equal(4, loss.Item());
        using (GradMode.NoGrad()) Assert.Equal(8, (y * 2).Item()); // an unrecorded operation begins no step
        Assert.Equal([4], y.ToArray());
    }

    [Fact]
    public void Backward_NotAScalar_AsksForAGradient()
    {
        var error = Assert.Throws<ShapeException>(() => (Leaf(1, 2) * 2).Backward());
        Assert.Equal(
            "Tensor.Backward: without a gradient the tensor must be of one element (call Sum or Mean, or pass a gradient) but was [2].",
            error.Message);
    }

    [Fact]
    public void Backward_GradientOfOtherShape_SaysWhich()
    {
        var error = Assert.Throws<ShapeException>(() => (Leaf(1, 2) * 2).Backward(Tensor.Zeros([3])));
        Assert.Equal("Tensor.Backward: gradient must be [2] but was [3].", error.Message);
    }

    [Fact]
    public void Backward_WithoutGraph_SaysWhy()
    {
        Assert.Equal(NoGraph, MessageOf(() => (Tensor.Scalar(1) * 2).Backward()));
        using (GradMode.NoGrad()) Assert.Equal(NoGraph, MessageOf(() => (Leaf(1) * 2).Backward()));
        Assert.Equal(
            "Tensor.Backward: this tensor is a leaf, not the result of a recorded operation.",
            MessageOf(() => Leaf(1).Backward()));
    }

    [Fact]
    public void DoubleBackward_OfAGradient_SaysItIsNotSupported()
    {
        Tensor x = Leaf(3);
        (x * x).Backward();
        Tensor penalty = (x.Grad!.Value * x.Grad!.Value).Sum();
        Assert.Equal(NoGraph, MessageOf(() => penalty.Backward()));
        Assert.Equal(
            "Tensor.RequireGrad: a gradient cannot be differentiated again; double backward is not supported.",
            MessageOf(() => x.Grad!.Value.RequireGrad()));
    }

    [Fact]
    public void StaleHandle_ManySteps_NeverShowsAnotherStepsValues()
    {
        Tensor x = Leaf(1, 2, 3);
        var old = new List<Tensor>();
        for (int step = 0; step < 20; step++)
        {
            Tensor y = x * step;
            old.Add(y);
            y.Sum().Backward();
        }

        Tensor current = x * 100;
        foreach (Tensor handle in old) Assert.Equal(Stale, MessageOf(() => handle.ToArray()));
        Assert.Equal("Tensor (of a step that is over)", old[0].ToString());
        Assert.Equal([100, 200, 300], current.ToArray());
    }

    [Fact]
    public void View_OfALeaf_OutlivesSteps()
    {
        Tensor x = Leaf(1, 2, 3, 4);
        Tensor view;
        using (GradMode.NoGrad()) view = x.Reshape(2, 2);
        x.Sum().Backward();
        (x * 2).Sum().Backward();
        Assert.Equal([1, 2, 3, 4], view.ToArray());
    }

    [Fact]
    public void View_OfAReclaimedResult_IsStale()
    {
        Tensor x = Leaf(1, 2, 3, 4);
        Tensor y = x * 2, recorded = y.Slice(0, 2, 2), unrecorded;
        using (GradMode.NoGrad()) unrecorded = y.Reshape(2, 2).Slice(0, 1, 1);
        Assert.Equal([6, 8], unrecorded.ToArray());
        recorded.Sum().Backward();
        Assert.Equal([6, 8], unrecorded.ToArray());
        Tensor next = x * 5;
        Assert.Equal(Stale, MessageOf(() => unrecorded.ToArray()));
        Assert.Equal(Stale, MessageOf(() => recorded.ToArray()));
        Assert.Equal([5, 10, 15, 20], next.ToArray());
    }

    [Fact]
    public void View_Written_ChangesTheVersionOfItsBase()
    {
        Tensor x = Tensor.From([1, 2, 3]);
        int before = x.Core.Version;
        x.Slice(0, 1, 2).Reshape(2, 1).MutableSpan[0] = 20;
        Assert.Equal([1, 20, 3], x.ToArray());
        Assert.NotEqual(before, x.Core.Version);
    }

    [Fact]
    public void Backward_AnOperationThrows_TapeStaysUsable()
    {
        Tensor x = Leaf(1, 2);
        for (int i = 0; i < 3; i++)
        {
            Tensor trunk = x * 3, loss = (FailingOp.Apply(trunk) + trunk).Sum();
            Assert.Equal("no gradient here", Assert.Throws<NotSupportedException>(() => loss.Backward()).Message);
            Assert.True(GradMode.IsEnabled);
            Assert.Equal(FreedInput("Sum"), MessageOf(() => trunk.Sum()));
            x.ZeroGrad();
            (x * x).Sum().Backward();
            Assert.Equal([2, 4], x.Grad!.Value.ToArray());
        }
    }

    private sealed class NestingOp : Node
    {
        public static Tensor Apply(Tensor x)
        {
            var op = Begin<NestingOp>(x);
            Tensor y = op.NewOutput(x.Shape);
            x.Span.CopyTo(y.MutableSpan);
            return op.Record(y);
        }

        protected override void Backward()
        {
            using (GradMode.EnableGrad()) (Leaf(1) * 2).Backward();
        }
    }

    [Fact]
    public void Backward_InsideBackward_IsRefused()
    {
        Tensor y = NestingOp.Apply(Leaf(1));
        Assert.Equal(
            "Tensor.Backward: this thread is inside another Backward; an operation computes its gradients without calling Backward.",
            MessageOf(() => y.Backward()));
    }

    [Fact]
    public void Default_Tensor_SaysThatItHasNoValues() => Assert.Equal(
        "Tensor: this is default(Tensor), which has no values; create one with Tensor.Zeros or Tensor.From.",
        MessageOf(() => default(Tensor).ToArray()));
}
