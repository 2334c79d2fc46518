using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>A function of one number, written once for every vector width.</summary>
internal interface IUnary
{
    static abstract T Invoke<T>(T x) where T : unmanaged, ISimd<T>;
}

/// <summary>A function of two numbers, written once for every vector width.</summary>
internal interface IBinary
{
    static abstract T Invoke<T>(T a, T b) where T : unmanaged, ISimd<T>;
}

/// <summary>A function of three numbers, written once for every vector width.</summary>
internal interface ITernary
{
    static abstract T Invoke<T>(T a, T b, T c) where T : unmanaged, ISimd<T>;
}

/// <summary>One loop that runs any element-wise function over contiguous memory.</summary>
/// <remarks>
/// The names say what is written: Map, Zip and Zip3 set <c>y</c>, the forms with Add add to it. A <c>float</c> in the
/// place
/// of a span stands for that number at every position. The destination may be one of the sources, never a shifted part
/// of one.
/// A new function is a struct in ElementOps.cs; nothing is written per function and width here. Long arrays are split over
/// the team; every element goes through the same instructions wherever it stands, so the split does not change a bit.
/// </remarks>
internal static unsafe class Elementwise
{
    // y = value
    public static void Fill(float value, Span<float> y)
    {
        fixed (float* py = y) Run<PairOf<FirstOf>, Same, Same, Same, Set>(&value, &value, &value, py, y.Length);
    }

    // y = f(x)
    public static void Map<TOp>(ReadOnlySpan<float> x, Span<float> y) where TOp : struct, IUnary
    {
        Debug.Assert(x.Length == y.Length);
        fixed (float* px = x, py = y) Run<First<TOp>, Each, Same, Same, Set>(px, py, py, py, y.Length);
    }

    // y += f(x)
    public static void MapAdd<TOp>(ReadOnlySpan<float> x, Span<float> y) where TOp : struct, IUnary
    {
        Debug.Assert(x.Length == y.Length);
        fixed (float* px = x, py = y) Run<First<TOp>, Each, Same, Same, Sum>(px, py, py, py, y.Length);
    }

    // y = f(a, b)
    public static void Zip<TOp>(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y) where TOp : struct, IBinary
    {
        Debug.Assert(a.Length == y.Length && b.Length == y.Length);
        fixed (float* pa = a, pb = b, py = y) Run<PairOf<TOp>, Each, Each, Same, Set>(pa, pb, py, py, y.Length);
    }

    public static void Zip<TOp>(ReadOnlySpan<float> a, float b, Span<float> y) where TOp : struct, IBinary
    {
        Debug.Assert(a.Length == y.Length);
        fixed (float* pa = a, py = y) Run<PairOf<TOp>, Each, Same, Same, Set>(pa, &b, py, py, y.Length);
    }

    public static void Zip<TOp>(float a, ReadOnlySpan<float> b, Span<float> y) where TOp : struct, IBinary
    {
        Debug.Assert(b.Length == y.Length);
        fixed (float* pb = b, py = y) Run<PairOf<TOp>, Same, Each, Same, Set>(&a, pb, py, py, y.Length);
    }

    // y += f(a, b)
    public static void ZipAdd<TOp>(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y) where TOp : struct, IBinary
    {
        Debug.Assert(a.Length == y.Length && b.Length == y.Length);
        fixed (float* pa = a, pb = b, py = y) Run<PairOf<TOp>, Each, Each, Same, Sum>(pa, pb, py, py, y.Length);
    }

    public static void ZipAdd<TOp>(ReadOnlySpan<float> a, float b, Span<float> y) where TOp : struct, IBinary
    {
        Debug.Assert(a.Length == y.Length);
        fixed (float* pa = a, py = y) Run<PairOf<TOp>, Each, Same, Same, Sum>(pa, &b, py, py, y.Length);
    }

    public static void ZipAdd<TOp>(float a, ReadOnlySpan<float> b, Span<float> y) where TOp : struct, IBinary
    {
        Debug.Assert(b.Length == y.Length);
        fixed (float* pb = b, py = y) Run<PairOf<TOp>, Same, Each, Same, Sum>(&a, pb, py, py, y.Length);
    }

    // y = f(a, b, c)
    public static void Zip3<TOp>(ReadOnlySpan<float> a, Operand b, Operand c, Span<float> y)
        where TOp : struct, ITernary
    {
        Debug.Assert(a.Length == y.Length && b.Fits(y.Length) && c.Fits(y.Length));
        float b0 = b.Value, c0 = c.Value;
        fixed (float* pa = a, pb = b.Values, pc = c.Values, py = y)
        {
            if (b.IsSame && c.IsSame) Run<TOp, Each, Same, Same, Set>(pa, &b0, &c0, py, y.Length);
            else if (b.IsSame) Run<TOp, Each, Same, Each, Set>(pa, &b0, pc, py, y.Length);
            else if (c.IsSame) Run<TOp, Each, Each, Same, Set>(pa, pb, &c0, py, y.Length);
            else Run<TOp, Each, Each, Each, Set>(pa, pb, pc, py, y.Length);
        }
    }

    // y += f(a, b, c)
    public static void Zip3Add<TOp>(ReadOnlySpan<float> a, float b, float c, Span<float> y) where TOp : struct, ITernary
    {
        Debug.Assert(a.Length == y.Length);
        fixed (float* pa = a, py = y) Run<TOp, Each, Same, Same, Sum>(pa, &b, &c, py, y.Length);
    }

    public static void Zip3Add<TOp>(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> c, Span<float> y)
        where TOp : struct, ITernary
    {
        Debug.Assert(a.Length == y.Length && b.Length == y.Length && c.Length == y.Length);
        fixed (float* pa = a, pb = b, pc = c, py = y) Run<TOp, Each, Each, Each, Sum>(pa, pb, pc, py, y.Length);
    }

    public static void Zip3Add<TOp>(ReadOnlySpan<float> a, ReadOnlySpan<float> b, float c, Span<float> y)
        where TOp : struct, ITernary
    {
        Debug.Assert(a.Length == y.Length && b.Length == y.Length);
        fixed (float* pa = a, pb = b, py = y) Run<TOp, Each, Each, Same, Sum>(pa, pb, &c, py, y.Length);
    }

    private static void Run<TOp, TA, TB, TC, TStore>(float* a, float* b, float* c, float* y, int n)
        where TOp : struct, ITernary
        where TA : struct, IOperand
        where TB : struct, IOperand
        where TC : struct, IOperand
        where TStore : struct, IStore
    {
        if (n == 0) return; // a pointer to nothing is null, and the operands are read before the loop
        var loop = new Loop<TOp, TA, TB, TC, TStore>(a, b, c, y, n);
        int parts = ThreadTeam.PartsOf(n);
        if (parts == 1) Isa.Run(ref loop);
        else RunParallel(ref loop, parts);
    }

    // Apart, so that a program without long arrays does not compile it for each of its functions.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunParallel<TLoop>(ref TLoop loop, int parts) where TLoop : unmanaged, IParallelKernel =>
        ThreadTeam.Run(ref loop, parts);

    // Scalar equivalent, for i in 0..n:
    //   y[i] = (adding ? y[i] : 0) + f(a[i or 0], b[i or 0], c[i or 0])
    // Lane j of a vector at i holds element i + j. The tail is one partial vector, so that every element goes through
    // the
    // same instructions wherever it stands.
    private readonly struct Loop<TOp, TA, TB, TC, TStore>(float* first, float* second, float* third, float* target, int length)
        : ISimdKernel, IParallelKernel
        where TOp : struct, ITernary
        where TA : struct, IOperand
        where TB : struct, IOperand
        where TC : struct, IOperand
        where TStore : struct, IStore
    {
        // Whole cache lines of y, where it begins with one; every vector but the last of all is whole.
        public void Run(int part, int parts)
        {
            int begin = Begin(part, parts), end = Begin(part + 1, parts);
            var loop = new Loop<TOp, TA, TB, TC, TStore>(
                TA.IsSame ? first : first + begin, TB.IsSame ? second : second + begin, TC.IsSame ? third : third + begin,
                target + begin, end - begin);
            Isa.Run(ref loop);
        }

        private int Begin(int part, int parts) =>
            part == parts ? length : (int)((long)length * part / parts) / GemmTile.FloatsPerLine * GemmTile.FloatsPerLine;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<T>() where T : unmanaged, ISimd<T>
        {
            float* a = first, b = second, c = third, y = target; // locals: a store to y must not reload them
            int n = length;
            T a0 = TA.IsSame ? T.Create(*a) : T.Zero;
            T b0 = TB.IsSame ? T.Create(*b) : T.Zero;
            T c0 = TC.IsSame ? T.Create(*c) : T.Zero;
            int i = 0;
            for (; i <= n - T.Count; i += T.Count)
            {
                T r = TOp.Invoke(
                    TA.IsSame ? a0 : T.Load(a + i), TB.IsSame ? b0 : T.Load(b + i), TC.IsSame ? c0 : T.Load(c + i));
                if (TStore.Adds) r = T.Load(y + i) + r;
                r.Store(y + i);
            }

            if (i < n)
            {
                int rest = n - i;
                T r = TOp.Invoke(
                    TA.IsSame ? a0 : T.LoadPartial(a + i, rest),
                    TB.IsSame ? b0 : T.LoadPartial(b + i, rest),
                    TC.IsSame ? c0 : T.LoadPartial(c + i, rest));
                if (TStore.Adds) r = T.LoadPartial(y + i, rest) + r;
                r.StorePartial(y + i, rest);
            }
        }
    }

    // ---- The form of a loop, as types, so that every combination is compiled without a branch ----------------------

    private interface IStore
    {
        static abstract bool Adds { get; }
    }

    private readonly struct Set : IStore
    {
        public static bool Adds => false;
    }

    private readonly struct Sum : IStore
    {
        public static bool Adds => true;
    }

    private readonly struct First<TOp> : ITernary where TOp : struct, IUnary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Invoke<T>(T a, T b, T c) where T : unmanaged, ISimd<T> => TOp.Invoke(a);
    }
}
