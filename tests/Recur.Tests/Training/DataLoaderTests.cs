using Recur.Data;
using Recur.Nn;
using Recur.Optim;
using Recur.Training;

namespace Recur.Tests.Training;

/// <summary>Order, threads, buckets and resuming of the loader.</summary>
[Collection(AloneCollection.Name)] // seeds Rng.Default
public sealed class DataLoaderTests
{
    [Fact]
    public void Epoch_OfTensors_IsThatOfTensorBatches()
    {
        Tensor x = Numbers([23, 2]), y = Numbers([23]);
        var expected = new TensorBatches(x, y, 4);
        using var loader = new DataLoader<Batch>(new TensorDataset(x, y), 4);
        Assert.Equal(expected.BatchCount, loader.BatchCount);
        Rng a = new(5), b = new(5);
        for (int epoch = 0; epoch < 3; epoch++)
        {
            expected.BeginEpoch(epoch, a);
            loader.BeginEpoch(epoch, b);
            for (int i = 0; i < loader.BatchCount; i++)
            {
                Assert.Equal(expected.GetBatch(i).Input.ToArray(), loader.GetBatch(i).Input.ToArray());
                Assert.Equal(expected.GetBatch(i).Target.ToArray(), loader.GetBatch(i).Target.ToArray());
            }
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 5)]
    [InlineData(2, 2)]
    [InlineData(4, 3)]
    [InlineData(7, 30)]
    public void Batches_AnyNumberOfThreads_AreTheSame(int threads, int prefetch)
    {
        SequenceDataset data = Ragged(53);
        var options = new DataLoaderOptions { BucketBatches = 3 };
        using var alone = new DataLoader<SequenceBatch>(data, 4, options);
        using var threaded = new DataLoader<SequenceBatch>(data, 4, options with { Threads = threads, Prefetch = prefetch });
        Rng a = new(5), b = new(5);
        for (int epoch = 0; epoch < 20; epoch++)
        {
            alone.BeginEpoch(epoch, a);
            threaded.BeginEpoch(epoch, b);
            // Some epochs are left early, entered in the middle, or read twice.
            for (int i = epoch % 3 * 2; i < alone.BatchCount - epoch % 4; i++) AssertSame(alone.GetBatch(i), threaded.GetBatch(i));
            AssertSame(alone.GetBatch(1), threaded.GetBatch(1));
            AssertSame(alone.GetBatch(1), threaded.GetBatch(1));
        }
    }

    [Fact]
    public void Buckets_OfRaggedSequences_HoldEveryExampleOnceWithLessPadding()
    {
        SequenceDataset data = Ragged(103);
        Assert.Equal(Enumerable.Range(0, 103), Epoch(0, out long plain).Order());
        int[] first = Epoch(5, out long bucketed), again = Epoch(5, out _);
        Assert.Equal(Enumerable.Range(0, 103), first.Order());
        Assert.Equal(first, again);
        Assert.True(bucketed < 0.75 * plain, $"padding steps: {bucketed} with buckets, {plain} without");

        int[] Epoch(int buckets, out long padding)
        {
            using var loader = new DataLoader<SequenceBatch>(data, 8, new DataLoaderOptions { BucketBatches = buckets });
            loader.BeginEpoch(0, new Rng(3));
            var seen = new List<int>();
            padding = 0;
            for (int i = 0; i < loader.BatchCount; i++)
            {
                SequenceBatch batch = loader.GetBatch(i);
                padding += batch.Mask.Length - batch.Lengths.Sum();
                seen.AddRange(loader.ExamplesOf(i).ToArray());
                Assert.Equal(loader.ExamplesOf(i).ToArray().Select(data.LengthOf), batch.Lengths);
            }

            return [.. seen];
        }
    }

    [Fact]
    public void Order_NotShuffled_IsThatOfTheDataAndDropLastDrops()
    {
        var options = new DataLoaderOptions { Shuffle = false, DropLast = true };
        using var loader = new DataLoader<Batch>(new TensorDataset(Numbers([7, 1]), Numbers([7])), 2, options);
        loader.BeginEpoch(0, new Rng(0));
        Assert.Equal(3, loader.BatchCount);
        Assert.Equal([4f, 5f], loader.GetBatch(2).Target.ToArray());
    }

    [Fact]
    public void Fit_StoppedInAnEpochAndResumed_GivesTheSameBits()
    {
        using var folder = new TemporaryFolder();
        int[] whole = Bits(Fit(null, steps: 30, resume: false));
        Fit(folder["c"], steps: 17, resume: false); // 14 batches in an epoch: in the middle of the second one
        Assert.Equal(whole, Bits(Fit(folder["c"], steps: 30, resume: true)));

        static Gru Fit(string? checkpoint, int steps, bool resume)
        {
            Rng.Seed(1);
            var model = new Gru(2, 5);
            var options = new TrainOptions { Steps = steps, CheckpointPath = checkpoint };
            var trainer = new Trainer<SequenceBatch>(
                model, new Adam(model.Parameters(), 0.01f),
                b => Losses.Mse(model.Forward(b.Input, lengths: b.Lengths).HN.Select(0, 0).Mean(1), b.Target), options);
            if (resume) trainer.Resume(checkpoint!);
            using var loader = new DataLoader<SequenceBatch>(
                Ragged(53), 4, new DataLoaderOptions { BucketBatches = 3, Threads = resume ? 3 : 1 });
            trainer.Fit(loader);
            return model;
        }

        static int[] Bits(Module model) => Run.Bits(model);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void GetBatch_WarmedUp_AllocatesNothing(int threads)
    {
        using var loader = new DataLoader<SequenceBatch>(
            Ragged(53), 4, new DataLoaderOptions { BucketBatches = 3, Threads = threads });
        var rng = new Rng(2);
        for (int epoch = 0; epoch < 40; epoch++) Epoch();
        Assert.Equal(0, AllocationMeter.Of(5, Epoch));

        void Epoch()
        {
            loader.BeginEpoch(0, rng);
            for (int i = 0; i < loader.BatchCount; i++) loader.GetBatch(i);
        }
    }

    [Fact]
    public void GetBatch_DataSetFailsInAThread_ThrowsItsError()
    {
        using var loader = new DataLoader<int>(new Broken(), 1, new DataLoaderOptions { Shuffle = false, Threads = 2 });
        loader.BeginEpoch(0, new Rng(0));
        Assert.Equal(0, loader.GetBatch(0));
        Assert.Equal("3", Assert.Throws<InvalidDataException>(() =>
        {
            for (int i = 1; i < 6; i++) Assert.Equal(i, loader.GetBatch(i));
        }).Message);
        Assert.Equal(4, loader.GetBatch(4)); // the others are there
    }

    [Fact]
    public void GetBatch_AfterDispose_IsAnError()
    {
        var loader = new DataLoader<int>(new Broken(), 1, new DataLoaderOptions { Threads = 1 });
        loader.BeginEpoch(0, new Rng(0));
        loader.Dispose();
        loader.Dispose();
        Assert.Throws<ObjectDisposedException>(() => loader.GetBatch(0));
        Assert.Throws<ObjectDisposedException>(() => loader.BeginEpoch(1, new Rng(0)));
    }

    [Fact]
    public void Constructor_WrongNumbers_SaysWhich()
    {
        var data = new TensorDataset(Numbers([3, 1]), Numbers([3]));
        Check("DataLoader: batchSize must be at least 1 but was 0.", 0, new());
        Check("DataLoader: 3 examples make no batch of 4 (DropLast is set).", 4, new() { DropLast = true });
        Check("DataLoaderOptions.Threads must be at least 0 but was -1.", 1, new() { Threads = -1 });
        Check("DataLoaderOptions.Prefetch must be at least 1 but was 0.", 1, new() { Prefetch = 0 });
        Check("DataLoaderOptions.BucketBatches must be at least 0 but was -1.", 1, new() { BucketBatches = -1 });

        void Check(string error, int size, DataLoaderOptions options) =>
            Assert.Equal(error, Assert.Throws<ArgumentException>(() => new DataLoader<Batch>(data, size, options)).Message);
    }

    private sealed class Broken : IDataset<int>
    {
        public int Count => 6;

        public int LengthOf(int example) => 1;

        public int Collate(ReadOnlySpan<int> examples, BatchMemory memory) =>
            examples[0] == 3 ? throw new InvalidDataException("3") : examples[0];
    }

    private static void AssertSame(SequenceBatch expected, SequenceBatch actual)
    {
        Assert.Equal(expected.Lengths, actual.Lengths);
        Assert.Equal(expected.Input.Shape, actual.Input.Shape);
        Assert.Equal(expected.Input.ToArray(), actual.Input.ToArray());
        Assert.Equal(expected.Target.ToArray(), actual.Target.ToArray());
        Assert.Equal(expected.Mask.ToArray(), actual.Mask.ToArray());
    }

    /// <summary>Sequences of 1 to 30 steps.</summary>
    private static SequenceDataset Ragged(int count)
    {
        var random = new Random(1);
        Tensor[] inputs = [.. Enumerable.Range(0, count).Select(i => Numbers([random.Next(1, 31), 2]))];
        return new SequenceDataset(inputs, [.. inputs.Select(x => Tensor.Scalar(x.Length))]);
    }

    private static Tensor Numbers(Shape shape) =>
        Tensor.From([.. Enumerable.Range(0, shape.ElementCount).Select(i => (float)i)], shape);
}
