using FsCheck.Xunit;

namespace Recur.Tests.Ops;

/// <summary>Laws that hold for any shape. Values are small whole numbers, so that float32 arithmetic is exact.</summary>
public sealed class OpProperties
{
    private static Tensor Whole(Random random, Shape shape)
    {
        Tensor t = Tensor.Zeros(shape);
        foreach (ref float v in t.MutableSpan) v = random.Next(-8, 9);
        return t.RequireGrad();
    }

    private static Shape AnyShape(Random random, int minRank = 0, int maxSize = 5) =>
        new([.. Enumerable.Range(0, random.Next(minRank, 6)).Select(_ => random.Next(1, maxSize + 1))]);

    /// <summary>A shape that broadcasts with the given one: leading dimensions dropped, others set to 1 at random.</summary>
    private static Shape Weakened(Random random, Shape shape) =>
        new([.. shape.Skip(random.Next(0, shape.Rank + 1)).Select(size => random.Next(3) == 0 ? 1 : size)]);

    /// <summary>The element of a broadcast tensor at an index of the result, by NumPy's definition.</summary>
    private static int Source(Shape result, Shape shape, int index)
    {
        int at = 0, stride = 1;
        for (int d = 1; d <= shape.Rank; d++)
        {
            int coordinate = index % result[^d];
            index /= result[^d];
            at += (shape[^d] == 1 ? 0 : coordinate) * stride;
            stride *= shape[^d];
        }

        return at;
    }

    [Property]
    public void Arithmetic_AnyBroadcast_MatchesNaiveLoop(int seed)
    {
        var random = new Random(seed);
        Shape shape = AnyShape(random);
        Tensor a = Whole(random, shape), b = Whole(random, Weakened(random, shape));
        if (random.Next(2) == 0) (a, b) = (b, a);
        Tensor start = Whole(random, shape);
        Tensor y = a * b + (a - b);
        Assert.Equal(shape, y.Shape);
        float[] da = new float[a.Length], db = new float[b.Length];
        for (int i = 0; i < shape.ElementCount; i++)
        {
            int p = Source(shape, a.Shape, i), q = Source(shape, b.Shape, i);
            Assert.Equal(a.Span[p] * b.Span[q] + a.Span[p] - b.Span[q], y.Span[i]);
            da[p] += start.Span[i] * (b.Span[q] + 1);
            db[q] += start.Span[i] * (a.Span[p] - 1);
        }

        y.Backward(start);
        Assert.Equal(da, a.Grad!.Value.ToArray());
        Assert.Equal(db, b.Grad!.Value.ToArray());
    }

    [Property]
    public void Sum_AnyDimensions_MatchesNaiveLoop(int seed)
    {
        var random = new Random(seed);
        Shape shape = AnyShape(random);
        int[] dims = [.. Enumerable.Range(0, shape.Rank).Where(_ => random.Next(2) == 0)];
        Tensor x = Whole(random, shape);
        Tensor y = x.Sum(dims, keepDim: true);
        Assert.Equal(new Shape([.. shape.Select((size, d) => dims.Contains(d) ? 1 : size)]), y.Shape);
        float[] expected = new float[y.Length];
        for (int i = 0; i < x.Length; i++) expected[Source(shape, y.Shape, i)] += x.Span[i];
        Assert.Equal(expected, y.ToArray());
        Assert.Equal(expected, x.Sum(dims).ToArray());
    }

    [Property]
    public void Concat_OfSlices_IsTheWhole(int seed)
    {
        var random = new Random(seed);
        Shape shape = AnyShape(random, minRank: 1);
        int dim = random.Next(-shape.Rank, shape.Rank);
        int cut = random.Next(0, shape[dim] + 1);
        Tensor x = Whole(random, shape);
        Tensor y = Tensor.Concat([x.Slice(dim, 0, cut), x.Slice(dim, cut, shape[dim] - cut)], dim);
        Assert.Equal(shape, y.Shape);
        Assert.Equal(x.ToArray(), y.ToArray());
        Tensor start = Whole(random, shape);
        y.Backward(start);
        Assert.Equal(start.ToArray(), x.Grad!.Value.ToArray());
    }

    [Property]
    public void Stack_OfSelected_IsTheWhole(int seed)
    {
        var random = new Random(seed);
        Shape shape = AnyShape(random, minRank: 1);
        int dim = random.Next(-shape.Rank, shape.Rank);
        Tensor x = Whole(random, shape);
        Tensor[] parts = [.. Enumerable.Range(0, shape[dim]).Select(i => x.Select(dim, i))];
        Assert.Equal(x.ToArray(), Tensor.Stack(parts, dim).ToArray());
    }

    [Property]
    public void Transpose_Twice_IsTheSame(int seed)
    {
        var random = new Random(seed);
        Shape shape = AnyShape(random, minRank: 1, maxSize: 20);
        if (shape.ElementCount > 100_000) return;
        int p = random.Next(shape.Rank), q = random.Next(-shape.Rank, 0);
        Tensor x = Whole(random, shape);
        Tensor once = x.Transpose(p, q), twice = once.Transpose(q, p);
        Assert.Equal((shape[p], shape[q]), (once.Shape[q], once.Shape[p]));
        Assert.Equal(x.ToArray(), twice.ToArray());
    }

    [Property]
    public void Softmax_AnyDimension_SumsToOne(int seed)
    {
        var random = new Random(seed);
        Shape shape = AnyShape(random, minRank: 1);
        int dim = random.Next(-shape.Rank, shape.Rank);
        Tensor x = Whole(random, shape) * 20f;
        Tensor y = x.Softmax(dim);
        Assert.All(y.Sum(dim).ToArray(), s => Assert.Equal(1f, s, 1e-6f));
        Assert.Equal(y.ToArray(), x.LogSoftmax(dim).Exp().ToArray(), (a, b) => Math.Abs(a - b) < 1e-5f);
    }

    // By AsSpan: a spread of the shape itself, [.. batch, m, n], would count its Length, the product of its dimensions.
    private static Shape Joined(Shape batch, int rows, int columns) => new([.. batch.AsSpan(), rows, columns]);

    [Property]
    public void MatMul_AnyBatch_MatchesNaiveLoop(int seed)
    {
        var random = new Random(seed);
        int m = random.Next(1, 8), k = random.Next(0, 8), n = random.Next(1, 20);
        Shape batch = new([.. Enumerable.Range(0, random.Next(0, 3)).Select(_ => random.Next(1, 4))]);
        Shape other = Weakened(random, batch);
        bool swap = random.Next(2) == 0;
        Tensor a = Whole(random, Joined(swap ? other : batch, m, k));
        Tensor b = Whole(random, Joined(swap ? batch : other, k, n));
        Tensor y = a.MatMul(b);
        Assert.Equal(Joined(batch, m, n), y.Shape);
        Shape aBatch = swap ? other : batch, bBatch = swap ? batch : other;
        for (int i = 0; i < y.Length; i++)
        {
            int at = i / (m * n), row = i / n % m, column = i % n;
            float sum = 0;
            for (int p = 0; p < k; p++)
                sum += a.Span[(Source(batch, aBatch, at) * m + row) * k + p] * b.Span[(Source(batch, bBatch, at) * k + p) * n + column];
            Assert.Equal(sum, y.Span[i]);
        }
    }
}
