namespace Recur.Data;

/// <summary>The adding problem: two numbers far apart in a long sequence are to be added. A network solves it only when
/// its gradients reach back over the whole sequence.</summary>
/// <remarks>
/// Hochreiter and Schmidhuber 1997, experiment 4, in the form most later papers use (Le, Jaitly and Hinton 2015;
/// Arjovsky, Shah and Bengio 2016): every time step has a number uniform in [0, 1) and a mark, which is 1 at one step
/// of the first half and one of the second half and 0 elsewhere; the target is the sum of the two marked numbers. Who
/// always answers 1 has a mean squared error of 1/6 = 0.167 (<see cref="ErrorOfTheMean"/>); below 0.01 the problem
/// counts as solved.
/// <para>All sequences are new: a batch is drawn by a generator of its own, whose seed depends on what
/// <see cref="BeginEpoch"/> draws and on the batch's place. The same tensors are filled again for every batch; nothing
/// is allocated.</para>
/// </remarks>
public sealed class AddingProblem : IBatchSource<Batch>
{
    /// <summary>The mean squared error of the best constant answer, 1: the variance of a sum of two uniform
    /// numbers.</summary>
    public const double ErrorOfTheMean = 1.0 / 6;

    private readonly Rng ofBatch = new(0);
    private readonly Batch batch;
    private ulong seed;

    /// <summary>Prepares batches.</summary>
    /// <param name="length">T, the time steps, at least 2.</param>
    /// <param name="batchSize">N, sequences per batch.</param>
    /// <param name="batchCount">Batches per epoch.</param>
    /// <exception cref="ArgumentException">A number is too small.</exception>
    public AddingProblem(int length, int batchSize, int batchCount = 100)
    {
        Require(length, 2, nameof(length));
        Require(batchSize, 1, nameof(batchSize));
        Require(batchCount, 1, nameof(batchCount));
        Length = length;
        BatchCount = batchCount;
        batch = NewBatch(length, batchSize);
    }

    /// <summary>T.</summary>
    public int Length { get; }

    /// <summary>Batches per epoch.</summary>
    public int BatchCount { get; }

    /// <summary>Draws the seed of the epoch's batches.</summary>
    public void BeginEpoch(int epoch, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(rng);
        seed = rng.NextUInt64();
    }

    /// <summary>Fills the batch: input [T, N, 2] with number and mark, target [N, 1]; valid until the next
    /// call.</summary>
    public Batch GetBatch(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, BatchCount);
        ofBatch.Reseed(seed + (ulong)index);
        Fill(batch, ofBatch);
        return batch;
    }

    /// <summary>Sequences of their own memory, such as a set to validate with.</summary>
    /// <param name="length">T, at least 2.</param>
    /// <param name="count">N.</param>
    /// <param name="rng">Where they are drawn from.</param>
    /// <returns>Input [T, N, 2] and target [N, 1].</returns>
    /// <exception cref="ArgumentException">A number is too small.</exception>
    public static Batch Draw(int length, int count, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(rng);
        Require(length, 2, nameof(length));
        Require(count, 1, nameof(count));
        Batch drawn = NewBatch(length, count);
        Fill(drawn, rng);
        return drawn;
    }

    private static void Fill(in Batch batch, Rng rng)
    {
        Span<float> x = batch.Input.MutableSpan, y = batch.Target.MutableSpan;
        int t = batch.Input.Shape[0], n = y.Length;
        for (int i = 0; i < x.Length; i += 2)
        {
            x[i] = rng.NextUniform();
            x[i + 1] = 0f;
        }

        for (int sequence = 0; sequence < n; sequence++)
        {
            int first = 2 * (rng.NextInt(0, t / 2) * n + sequence), second = 2 * (rng.NextInt(t / 2, t) * n + sequence);
            x[first + 1] = x[second + 1] = 1f;
            y[sequence] = x[first] + x[second];
        }
    }

    private static Batch NewBatch(int length, int count) =>
        new(Tensor.Zeros([length, count, 2]), Tensor.Zeros([count, 1]));

    private static void Require(int value, int least, string name)
    {
        if (value < least)
            throw new ArgumentException($"AddingProblem: {name} must be at least {least} but was {value}.");
    }
}
