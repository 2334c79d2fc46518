using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Recur.Kernels;

/// <summary>The update rules of the optimizers, one pass over parameter, gradient and state.</summary>
/// <remarks>Products and sums are rounded one by one, never fused, and square roots and quotients are exact in
/// hardware: every vector
/// width gives the same bits, and the tail of less than one vector goes through the same instructions.</remarks>
internal static unsafe class OptimizerKernels
{
    /// <summary>The numbers of one Adam step, rounded to float once as PyTorch's kernels do.</summary>
    public struct AdamStep
    {
        public float Beta1, OneMinusBeta1, Beta2, OneMinusBeta2;
        public float WeightDecay;        // added to the gradient as decay · p (Adam), or 0
        public float Shrink;             // p is first multiplied by it: 1 - lr · decay (AdamW), or 1
        public float Bias2Sqrt, Eps, NegativeStepSize; // √(1 - β2^t), ε, -lr / (1 - β1^t)
    }

    // p ← Shrink · p;  g' = g + WeightDecay · p;  m ← β1 m + (1-β1) g';  v ← β2 v + (1-β2) g' g'
    // p ← p + NegativeStepSize · m / (√v / Bias2Sqrt + ε)
    //   p, m, v [n]  in/out      g [n]  in
    // No overlap. Cost: 28 bytes moved, a root and two quotients per element.
    public static void Adam(Span<float> p, ReadOnlySpan<float> g, Span<float> m, Span<float> v, in AdamStep step)
    {
        Debug.Assert(g.Length == p.Length && m.Length == p.Length && v.Length == p.Length);
        fixed (float* pp = p, pg = g, pm = m, pv = v)
        fixed (AdamStep* ps = &step)
        {
            var loop = new AdamLoop(pp, pg, pm, pv, ps, p.Length);
            Isa.Run(ref loop);
        }
    }

    private readonly struct AdamLoop(float* p, float* g, float* m, float* v, AdamStep* step, int n) : ISimdKernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<T>() where T : unmanaged, ISimd<T>
        {
            float* pp = p, pg = g, pm = m, pv = v;
            int end = n;
            var c = new AdamConstants<T>(*step);
            int i = 0;
            for (; i <= end - T.Count; i += T.Count)
            {
                T x = T.Load(pp + i), a = T.Load(pm + i), b = T.Load(pv + i);
                c.Update(ref x, T.Load(pg + i), ref a, ref b);
                a.Store(pm + i);
                b.Store(pv + i);
                x.Store(pp + i);
            }

            if (i < end)
            {
                int rest = end - i;
                T x = T.LoadPartial(pp + i, rest), a = T.LoadPartial(pm + i, rest), b = T.LoadPartial(pv + i, rest);
                c.Update(ref x, T.LoadPartial(pg + i, rest), ref a, ref b);
                a.StorePartial(pm + i, rest);
                b.StorePartial(pv + i, rest);
                x.StorePartial(pp + i, rest);
            }
        }
    }

    private readonly struct AdamConstants<T> where T : unmanaged, ISimd<T>
    {
        private readonly T beta1, oneMinusBeta1, beta2, oneMinusBeta2, weightDecay, shrink;
        private readonly T bias2Sqrt, eps, negativeStepSize;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public AdamConstants(in AdamStep s)
        {
            beta1 = T.Create(s.Beta1);
            oneMinusBeta1 = T.Create(s.OneMinusBeta1);
            beta2 = T.Create(s.Beta2);
            oneMinusBeta2 = T.Create(s.OneMinusBeta2);
            weightDecay = T.Create(s.WeightDecay);
            shrink = T.Create(s.Shrink);
            bias2Sqrt = T.Create(s.Bias2Sqrt);
            eps = T.Create(s.Eps);
            negativeStepSize = T.Create(s.NegativeStepSize);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Update(ref T x, T g, ref T m, ref T v)
        {
            x *= shrink;
            g += x * weightDecay;
            m = m * beta1 + g * oneMinusBeta1;
            v = v * beta2 + g * oneMinusBeta2 * g;
            x += m * negativeStepSize / (T.Sqrt(v) / bias2Sqrt + eps);
        }
    }

    // g' = g + WeightDecay · p;  p ← p - lr · g'
    //   p [n]  in/out      g [n]  in
    public static void Sgd(Span<float> p, ReadOnlySpan<float> g, float weightDecay, float negativeLearningRate)
    {
        Debug.Assert(g.Length == p.Length);
        fixed (float* pp = p, pg = g)
        {
            var loop = new SgdLoop(pp, pg, weightDecay, negativeLearningRate, p.Length);
            Isa.Run(ref loop);
        }
    }

    private readonly struct SgdLoop(float* p, float* g, float weightDecay, float negativeLearningRate, int n)
        : ISimdKernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<T>() where T : unmanaged, ISimd<T>
        {
            float* pp = p, pg = g;
            int end = n;
            T decay = T.Create(weightDecay), rate = T.Create(negativeLearningRate);
            int i = 0;
            for (; i <= end - T.Count; i += T.Count)
            {
                T x = T.Load(pp + i);
                (x + (T.Load(pg + i) + x * decay) * rate).Store(pp + i);
            }

            if (i < end)
            {
                T x = T.LoadPartial(pp + i, end - i);
                (x + (T.LoadPartial(pg + i, end - i) + x * decay) * rate).StorePartial(pp + i, end - i);
            }
        }
    }

    /// <summary>The numbers of one Sgd step with momentum.</summary>
    public struct MomentumStep
    {
        public float WeightDecay, NegativeLearningRate;
        public float Keep, Take;   // momentum and 1 - dampening; on the first step 0 and 1
        public float Ahead;        // momentum; used when Nesterov
        public bool Nesterov;
    }

    // g' = g + WeightDecay · p;  b ← Keep · b + Take · g'
    // p ← p - lr · b, with Nesterov p ← p - lr (g' + Ahead · b)
    //   p, b [n]  in/out      g [n]  in
    public static void SgdMomentum(Span<float> p, ReadOnlySpan<float> g, Span<float> b, in MomentumStep step)
    {
        Debug.Assert(g.Length == p.Length && b.Length == p.Length);
        fixed (float* pp = p, pg = g, pb = b)
        fixed (MomentumStep* ps = &step)
        {
            var loop = new MomentumLoop(pp, pg, pb, ps, p.Length);
            Isa.Run(ref loop);
        }
    }

    private readonly struct MomentumLoop(float* p, float* g, float* b, MomentumStep* step, int n) : ISimdKernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<T>() where T : unmanaged, ISimd<T>
        {
            float* pp = p, pg = g, pb = b;
            int end = n;
            bool nesterov = step->Nesterov;
            T decay = T.Create(step->WeightDecay), rate = T.Create(step->NegativeLearningRate);
            T keep = T.Create(step->Keep), take = T.Create(step->Take), ahead = T.Create(step->Ahead);
            int i = 0;
            for (; i <= end - T.Count; i += T.Count)
            {
                T x = T.Load(pp + i);
                T d = T.Load(pg + i) + x * decay;
                T buffer = T.Load(pb + i) * keep + d * take;
                buffer.Store(pb + i);
                (x + (nesterov ? d + buffer * ahead : buffer) * rate).Store(pp + i);
            }

            if (i < end)
            {
                int rest = end - i;
                T x = T.LoadPartial(pp + i, rest);
                T d = T.LoadPartial(pg + i, rest) + x * decay;
                T buffer = T.LoadPartial(pb + i, rest) * keep + d * take;
                buffer.StorePartial(pb + i, rest);
                (x + (nesterov ? d + buffer * ahead : buffer) * rate).StorePartial(pp + i, rest);
            }
        }
    }
}
