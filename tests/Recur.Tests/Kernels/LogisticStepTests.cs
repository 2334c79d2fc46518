using Recur.Kernels;

namespace Recur.Tests.Kernels;

[Collection(AloneCollection.Name)]
public sealed unsafe class LogisticStepTests
{
    private const int Size = 19, Stride = 32;
    private const double Alpha = 0.3;

    // Sums of 19 products of numbers below 1 in float, and differences of the loss in double: both far below this.
    private const double Tolerance = 3e-6;

    public static TheoryData<int, int> Shapes
    {
        get
        {
            var shapes = new TheoryData<int, int>();
            foreach (int m in new[] { 1, 2, 3, 10 })
                for (int n = 1; n <= LogisticStep.MaxOutputs; n++) shapes.Add(m, n);
            return shapes;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Run_Window_DescendsTheGradientOfTheLoss(int m, int n) => IsaSweep.ForEach(level =>
    {
        (double[][] x, double[][] o) = (Rows(m, 1), Rows(n, 2));
        double[] labels = [.. Enumerable.Range(0, n).Select(k => k % 3 == 0 ? 1.0 : 0.0)];
        (double[][] newX, double[][] newO, double loss) = Step(level, x, o, labels, skip: 0);
        Assert.Equal(Loss(x, o, labels, 0), loss, 1e-5);
        CheckRows(x, newX, x, o, labels, 0);
        CheckRows(o, newO, x, o, labels, 0);
    });

    [Fact]
    public void Run_Skipped_TakesNoPart() => IsaSweep.ForEach(level =>
    {
        (double[][] x, double[][] o) = (Rows(5, 3), Rows(6, 4));
        double[] labels = [1, 0, 0, 0, 0, 0];
        const uint skip = 0b010010;
        (double[][] newX, double[][] newO, double loss) = Step(level, x, o, labels, skip);
        Assert.Equal(Loss(x, o, labels, skip), loss, 1e-5);
        CheckRows(x, newX, x, o, labels, skip);
        CheckRows(o, newO, x, o, labels, skip);
        Assert.Equal(o[1], newO[1]);
    });

    [Fact]
    public void Run_LargeProducts_StayFinite() => IsaSweep.ForEach(level =>
    {
        double[][] x = [Enumerable.Repeat(30.0, Size).ToArray()], o = [Enumerable.Repeat(-30.0, Size).ToArray()];
        (double[][] newX, _, double loss) = Step(level, x, o, [1.0], skip: 0);
        Assert.Equal(900.0 * Size, loss, 1e-2);
        Assert.All(newX[0], v => Assert.Equal(30 - Alpha * 30, v, 1e-4)); // the slope is -1 there
    });

    [Fact]
    public void Total_ManyFactors_IsTheSumOfLogarithms() => IsaSweep.ForEach(level =>
    {
        var kernel = new LossOf();
        Isa.Run(ref kernel);
        double lanes = level switch { IsaLevel.Scalar => 1, IsaLevel.Vector128 => 4, IsaLevel.Vector256 => 8, _ => 16 };
        Assert.Equal(1000 * lanes * (0.25 + Math.Log(1.75)), kernel.Result, 1e-2);
    });

    // What each element has moved by is -Alpha times the slope of the loss, by central differences in double.
    private static void CheckRows(
        double[][] old, double[][] now, double[][] x, double[][] o, double[] labels, uint skip)
    {
        const double h = 1e-4;
        for (int r = 0; r < old.Length; r++)
        {
            for (int c = 0; c < Size; c++)
            {
                double value = old[r][c];
                old[r][c] = value + h;
                double above = Loss(x, o, labels, skip);
                old[r][c] = value - h;
                double below = Loss(x, o, labels, skip);
                old[r][c] = value;
                Assert.Equal(-Alpha * (above - below) / (2 * h), now[r][c] - value, Tolerance);
            }
        }
    }

    private static double Loss(double[][] x, double[][] o, double[] labels, uint skip)
    {
        double sum = 0;
        foreach (double[] a in x)
        {
            for (int k = 0; k < o.Length; k++)
            {
                if ((skip >> k & 1) != 0) continue;
                double f = a.Zip(o[k], (p, q) => p * q).Sum();
                sum -= Math.Log(1 / (1 + Math.Exp(labels[k] == 1 ? -f : f)));
            }
        }

        return sum;
    }

    private static (double[][] X, double[][] O, double Loss) Step(
        IsaLevel level, double[][] x, double[][] o, double[] labels, uint skip)
    {
        _ = level;
        var memory = new AlignedBuffer();
        int m = x.Length, n = o.Length;
        float* rows = memory.Require((m + n) * Stride + (m + 4) * LogisticStep.Row);
        new Span<float>(rows, (m + n) * Stride).Clear();
        float** px = stackalloc float*[m], po = stackalloc float*[n];
        for (int i = 0; i < m; i++) Fill(px[i] = rows + i * Stride, x[i]);
        for (int k = 0; k < n; k++) Fill(po[k] = rows + (m + k) * Stride, o[k]);
        float* g = rows + (m + n) * Stride, l = g + (m + 2) * LogisticStep.Row;
        new Span<float>(l, 2 * LogisticStep.Row).Clear();
        for (int k = 0; k < n; k++) l[k] = l[LogisticStep.Row + k] = (float)labels[k];
        var kernel = new OneStep { X = px, M = m, O = po, N = n, Labels = l, Skip = skip, Products = g };
        Isa.Run(ref kernel);
        for (int r = 0; r < m + n; r++)
            for (int c = Size; c < Stride; c++) Assert.Equal(0f, rows[r * Stride + c]);
        return (Read(px, m), Read(po, n), kernel.Loss);
    }

    private static void Fill(float* to, double[] from)
    {
        for (int c = 0; c < Size; c++) to[c] = (float)from[c];
    }

    private static double[][] Read(float** rows, int count)
    {
        var all = new double[count][];
        for (int r = 0; r < count; r++)
        {
            all[r] = new double[Size];
            for (int c = 0; c < Size; c++) all[r][c] = rows[r][c];
        }

        return all;
    }

    private static double[][] Rows(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
            Enumerable.Range(0, Size).Select(_ => (double)(float)(random.NextDouble() - 0.5)).ToArray())];
    }

    private struct OneStep : ISimdKernel
    {
        public float** X, O;
        public float* Labels, Products;
        public int M, N;
        public uint Skip;
        public double Loss;

        public void Run<T>() where T : unmanaged, ISimd<T>
        {
            LogisticLoss<T> loss = LogisticLoss<T>.Empty;
            switch (N)
            {
                case 1: LogisticStep.Run<T, N1>(X, M, O, Labels, Skip, (float)Alpha, Stride, Products, ref loss); break;
                case 2: LogisticStep.Run<T, N2>(X, M, O, Labels, Skip, (float)Alpha, Stride, Products, ref loss); break;
                case 3: LogisticStep.Run<T, N3>(X, M, O, Labels, Skip, (float)Alpha, Stride, Products, ref loss); break;
                case 4: LogisticStep.Run<T, N4>(X, M, O, Labels, Skip, (float)Alpha, Stride, Products, ref loss); break;
                case 5: LogisticStep.Run<T, N5>(X, M, O, Labels, Skip, (float)Alpha, Stride, Products, ref loss); break;
                default: LogisticStep.Run<T, N6>(X, M, O, Labels, Skip, (float)Alpha, Stride, Products, ref loss); break;
            }

            Loss = loss.Total;
        }
    }

    private struct LossOf : ISimdKernel
    {
        public double Result;

        public void Run<T>() where T : unmanaged, ISimd<T>
        {
            LogisticLoss<T> loss = LogisticLoss<T>.Empty;
            for (int i = 0; i < 1000; i++) loss.Add(T.Create(0.25f), T.Create(1.75f));
            Result = loss.Total;
        }
    }
}
