using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>A number of an update rule's options that the JIT knows, so that each choice has a loop of its
/// own.</summary>
internal interface IFlag
{
    static abstract bool Value { get; }
}

internal readonly struct On : IFlag
{
    public static bool Value => true;
}

internal readonly struct Off : IFlag
{
    public static bool Value => false;
}

/// <summary>The update of one optimizer: the numbers of one step, and what they do to one vector of elements.</summary>
internal interface IUpdateRule
{
    /// <summary>How many state buffers are read and written, 0 to 3.</summary>
    static abstract int Buffers { get; }

    /// <summary>Changes the parameter x after its gradient g, and its state a, b, c in the order of the optimizer's
    /// buffers; those it does not have are zero and forgotten.</summary>
    void Update<T>(ref T x, T g, ref T a, ref T b, ref T c) where T : unmanaged, ISimd<T>;
}

/// <summary>The one loop of all optimizers: one pass over parameter, gradient and state.</summary>
/// <remarks>Products and sums are rounded one by one, never fused, and square roots and quotients are exact in
/// hardware: every vector width gives the same bits, and the tail of less than one vector goes through the same
/// instructions.</remarks>
internal static unsafe class OptimizerKernels
{
    // Applies the rule to every element.
    //   p [n]        in/out   parameter
    //   g [n]        in       gradient
    //   a, b, c [n]  in/out   state, as many as the rule has buffers; the others are empty
    // No overlap. Cost: 12 bytes moved per element, 8 more per buffer, and the rule's arithmetic.
    public static void Run<TRule>(
        in TRule rule, Span<float> p, ReadOnlySpan<float> g, Span<float> a = default, Span<float> b = default,
        Span<float> c = default)
        where TRule : unmanaged, IUpdateRule
    {
        Debug.Assert(g.Length == p.Length && TRule.Buffers is >= 0 and <= 3);
        Debug.Assert(a.Length == (TRule.Buffers > 0 ? p.Length : 0));
        Debug.Assert(b.Length == (TRule.Buffers > 1 ? p.Length : 0));
        Debug.Assert(c.Length == (TRule.Buffers > 2 ? p.Length : 0));
        fixed (float* pp = p, pg = g, pa = a, pb = b, pc = c)
        {
            var job = new Job<TRule>(rule, pp, pg, pa, pb, pc, p.Length);
            ThreadTeam.Run(ref job, ThreadTeam.PartsOf(p.Length));
        }
    }

    // What does not fit into a core's caches comes from memory, where two cores get half as much again as one.
    private readonly struct Job<TRule>(TRule rule, float* p, float* g, float* a, float* b, float* c, int n)
        : IParallelKernel
        where TRule : unmanaged, IUpdateRule
    {
        public void Run(int part, int parts)
        {
            nint first = Begin(part, parts), length = Begin(part + 1, parts) - first;
            var loop = new Loop<TRule>(
                rule, p + first, g + first, At(a, first), At(b, first), At(c, first), (int)length);
            Isa.Run(ref loop);
        }

        private nint Begin(int part, int parts) => part == parts ? n : (nint)((long)n * part / parts) & ~15;

        private static float* At(float* state, nint first) => state == null ? null : state + first;
    }

    private readonly struct Loop<TRule>(TRule rule, float* p, float* g, float* a, float* b, float* c, int n)
        : ISimdKernel
        where TRule : unmanaged, IUpdateRule
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<T>() where T : unmanaged, ISimd<T>
        {
            float* pp = p, pg = g, pa = a, pb = b, pc = c;
            int end = n, i = 0;
            TRule r = rule;
            for (; i <= end - T.Count; i += T.Count)
            {
                T x = T.Load(pp + i);
                T va = TRule.Buffers > 0 ? T.Load(pa + i) : T.Zero;
                T vb = TRule.Buffers > 1 ? T.Load(pb + i) : T.Zero;
                T vc = TRule.Buffers > 2 ? T.Load(pc + i) : T.Zero;
                r.Update(ref x, T.Load(pg + i), ref va, ref vb, ref vc);
                if (TRule.Buffers > 0) va.Store(pa + i);
                if (TRule.Buffers > 1) vb.Store(pb + i);
                if (TRule.Buffers > 2) vc.Store(pc + i);
                x.Store(pp + i);
            }

            if (i < end)
            {
                int rest = end - i;
                T x = T.LoadPartial(pp + i, rest);
                T va = TRule.Buffers > 0 ? T.LoadPartial(pa + i, rest) : T.Zero;
                T vb = TRule.Buffers > 1 ? T.LoadPartial(pb + i, rest) : T.Zero;
                T vc = TRule.Buffers > 2 ? T.LoadPartial(pc + i, rest) : T.Zero;
                r.Update(ref x, T.LoadPartial(pg + i, rest), ref va, ref vb, ref vc);
                if (TRule.Buffers > 0) va.StorePartial(pa + i, rest);
                if (TRule.Buffers > 1) vb.StorePartial(pb + i, rest);
                if (TRule.Buffers > 2) vc.StorePartial(pc + i, rest);
                x.StorePartial(pp + i, rest);
            }
        }
    }
}
