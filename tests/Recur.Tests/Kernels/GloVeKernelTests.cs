using Recur.Kernels;

namespace Recur.Tests.Kernels;

[Collection(AloneCollection.Name)]
public sealed unsafe class GloVeKernelTests
{
    private const double Rate = 0.05;

    // Sums of a hundred products of numbers below 1 in float.
    private const double Tolerance = 2e-6;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(19)]
    [InlineData(63)]
    [InlineData(100)]
    public void Run_Pairs_AreThePlainProgramInDouble(int size) => IsaSweep.ForEach(_ =>
    {
        var tables = new Tables(size, rows: 4, seed: size);
        GloVePair[] pairs =
        [
            Pair(0, 1, 3.5, 10), Pair(0, 2, 0.2, 10), Pair(3, 2, 40, 10), Pair(0, 1, 3.5, 10), Pair(2, 2, 0.01, 10),
        ];
        (double[,,] words, double[,,] contexts) = (tables.Read(tables.Words), tables.Read(tables.Contexts));
        double expected = pairs.Sum(p => Plain(words, contexts, p, size));
        Assert.Equal(expected, tables.Run(pairs), 1e-5 * expected);
        AssertClose(words, tables.Read(tables.Words));
        AssertClose(contexts, tables.Read(tables.Contexts));
        tables.AssertPaddingUntouched();
    });

    [Fact]
    public void Run_FreshSums_DescendsTheGradientOfTheCost() => IsaSweep.ForEach(_ =>
    {
        const int size = 5;
        const double h = 1e-6;
        var tables = new Tables(size, rows: 1, seed: 8);
        tables.ResetSums();
        (double[,,] w, double[,,] v) = (tables.Read(tables.Words), tables.Read(tables.Contexts));
        GloVePair pair = Pair(0, 0, 6, 10);
        double cost = Cost(w, v, pair, size);
        Assert.Equal(cost, tables.Run([pair]), 1e-6);
        foreach ((double[,,] before, double[,,] after) in new[]
        {
            (w, tables.Read(tables.Words)), (v, tables.Read(tables.Contexts)),
        })
        {
            for (int c = 0; c <= size; c++)
            {
                double value = before[0, 0, c];
                before[0, 0, c] = value + h;
                double above = Cost(w, v, pair, size);
                before[0, 0, c] = value - h;
                double slope = (above - Cost(w, v, pair, size)) / (2 * h);
                before[0, 0, c] = value;
                Assert.Equal(value - Rate * slope, after[0, 0, c], 1e-6); // the sum is 1, and so is its root
                Assert.Equal(1 + Rate * slope * (Rate * slope), after[0, 1, c], 1e-6);
            }
        }
    });

    [Fact]
    public void Run_SteepGradient_IsCut() => IsaSweep.ForEach(_ =>
    {
        var tables = new Tables(20, rows: 1, seed: 1);
        tables.ResetSums();
        double bias = tables.Read(tables.Words)[0, 0, 20];
        tables.Run([new GloVePair { Row = 0, Column = 0, Log = -1e6f, Weight = 1 }]);
        double[,,] after = tables.Read(tables.Words);
        Assert.Equal(bias - Rate * GloVeKernel.Clip, after[0, 0, 20], 1e-5);
        Assert.Equal(1 + Math.Pow(Rate * GloVeKernel.Clip, 2), after[0, 1, 20], 1e-4);
    });

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Run_AbsurdPair_ChangesNothing(float log) => IsaSweep.ForEach(_ =>
    {
        var tables = new Tables(9, rows: 1, seed: 1);
        double[,,] before = tables.Read(tables.Words);
        Assert.Equal(0, tables.Run([new GloVePair { Log = log, Weight = 1 }]));
        Assert.Equal(before, tables.Read(tables.Words));
    });

    private static GloVePair Pair(int row, int column, double x, double xMax) => new()
    {
        Row = row, Column = column, Log = (float)Math.Log(x), Weight = (float)Math.Min(1, Math.Pow(x / xMax, 0.75)),
    };

    private static double Difference(double[,,] w, double[,,] v, GloVePair p, int size)
    {
        double d = w[p.Row, 0, size] + v[p.Column, 0, size] - p.Log;
        for (int c = 0; c < size; c++) d += w[p.Row, 0, c] * v[p.Column, 0, c];
        return d;
    }

    private static double Cost(double[,,] w, double[,,] v, GloVePair p, int size) =>
        0.5 * p.Weight * Math.Pow(Difference(w, v, p, size), 2);

    // The step as the paper and AdaGrad's have it: [row, vector or sums, column].
    private static double Plain(double[,,] w, double[,,] v, GloVePair p, int size)
    {
        double cost = Cost(w, v, p, size), g = Rate * p.Weight * Difference(w, v, p, size);
        for (int c = 0; c <= size; c++)
        {
            double t = g * (c < size ? v[p.Column, 0, c] : 1), u = g * (c < size ? w[p.Row, 0, c] : 1);
            w[p.Row, 0, c] -= t / Math.Sqrt(w[p.Row, 1, c]);
            v[p.Column, 0, c] -= u / Math.Sqrt(v[p.Column, 1, c]);
            w[p.Row, 1, c] += t * t;
            v[p.Column, 1, c] += u * u;
        }

        return cost;
    }

    private static void AssertClose(double[,,] expected, double[,,] actual)
    {
        foreach ((double e, double a) in expected.Cast<double>().Zip(actual.Cast<double>()))
            Assert.Equal(e, a, Tolerance);
    }

    private sealed class Tables
    {
        private readonly AlignedBuffer words = new(), contexts = new();
        private readonly int size, rows, stride;

        public Tables(int size, int rows, int seed)
        {
            (this.size, this.rows, stride) = (size, rows, (size + 16) / 16 * 16);
            var random = new Random(seed);
            Words = Filled(words, random);
            Contexts = Filled(contexts, random);
        }

        public float* Words { get; }

        public float* Contexts { get; }

        public double Run(GloVePair[] pairs)
        {
            fixed (GloVePair* p = pairs)
            {
                var kernel = new GloVeKernel
                {
                    Pairs = p, Count = pairs.Length, Words = Words, Contexts = Contexts, Stride = stride,
                    VectorSize = size, LearningRate = (float)Rate,
                };
                Isa.Run(ref kernel);
                return kernel.Cost;
            }
        }

        public double[,,] Read(float* table)
        {
            double[,,] values = new double[rows, 2, size + 1];
            for (int r = 0; r < rows; r++)
                for (int part = 0; part < 2; part++)
                    for (int c = 0; c <= size; c++) values[r, part, c] = table[(2 * r + part) * stride + c];
            return values;
        }

        public void ResetSums()
        {
            for (int r = 0; r < rows; r++)
            {
                new Span<float>(Words + (2 * r + 1) * stride, stride).Fill(1);
                new Span<float>(Contexts + (2 * r + 1) * stride, stride).Fill(1);
            }
        }

        public void AssertPaddingUntouched()
        {
            for (int r = 0; r < 2 * rows; r++)
                for (int c = size + 1; c < stride; c++)
                {
                    Assert.Equal(r % 2, Words[r * stride + c]);
                    Assert.Equal(r % 2, Contexts[r * stride + c]);
                }
        }

        private float* Filled(AlignedBuffer buffer, Random random)
        {
            float* start = buffer.Require(2 * rows * stride);
            for (int i = 0; i < 2 * rows * stride; i++)
            {
                bool isSum = i / stride % 2 == 1;
                float value = isSum ? 1 + random.NextSingle() : random.NextSingle() - 0.5f;
                start[i] = i % stride <= size ? value : isSum ? 1 : 0;
            }

            return start;
        }
    }
}
