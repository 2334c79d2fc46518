using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Recur.Kernels;

/// <summary>The update rules of the optimizers, one pass over parameter, gradient and state.</summary>
/// <remarks>
/// Products and sums are rounded one by one, never fused, and square roots and quotients are exact in hardware: every vector
/// width and the scalar tail give the same bits. <c>lanes</c> bounds the width (16, 8, 4 or 1), so that tests can walk them.
/// </remarks>
internal static class OptimizerKernels
{
    /// <summary>The widest vectors the processor has.</summary>
    public const int AllLanes = 16;

    /// <summary>The numbers of one Adam step, rounded to float once as PyTorch's kernels do.</summary>
    public struct AdamStep
    {
        public float Beta1, OneMinusBeta1, Beta2, OneMinusBeta2;
        public float WeightDecay;        // added to the gradient as decay · p (Adam)
        public float Shrink;             // p is first multiplied by it: 1 - lr · decay (AdamW), or 1
        public float Bias2Sqrt, Eps, NegativeStepSize; // √(1 - β2^t), ε, -lr / (1 - β1^t)
    }

    // p ← Shrink · p;  g' = g + WeightDecay · p;  m ← β1 m + (1-β1) g';  v ← β2 v + (1-β2) g' g'
    // p ← p + NegativeStepSize · m / (√v / Bias2Sqrt + ε)
    //   p, m, v [n]  in/out      g [n]  in
    // No overlap. Cost: 28 bytes moved per element.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Adam(Span<float> p, ReadOnlySpan<float> g, Span<float> m, Span<float> v, in AdamStep s, int lanes = AllLanes)
    {
        int n = p.Length;
        ref float pr = ref MemoryMarshal.GetReference(p), gr = ref MemoryMarshal.GetReference(g[..n]);
        ref float mr = ref MemoryMarshal.GetReference(m[..n]), vr = ref MemoryMarshal.GetReference(v[..n]);
        AdamStep step = s;
        nuint i = 0, end = (nuint)n;
        if (Vector512.IsHardwareAccelerated && lanes >= 16)
        {
            for (; i + 16 <= end; i += 16)
            {
                Vector512<float> x = Vector512.LoadUnsafe(ref pr, i) * step.Shrink;
                Vector512<float> d = Vector512.LoadUnsafe(ref gr, i) + x * step.WeightDecay;
                Vector512<float> a = Vector512.LoadUnsafe(ref mr, i) * step.Beta1 + d * step.OneMinusBeta1;
                Vector512<float> b = Vector512.LoadUnsafe(ref vr, i) * step.Beta2 + d * step.OneMinusBeta2 * d;
                a.StoreUnsafe(ref mr, i);
                b.StoreUnsafe(ref vr, i);
                Vector512<float> denominator = Vector512.Sqrt(b) / Vector512.Create(step.Bias2Sqrt) + Vector512.Create(step.Eps);
                (x + a * step.NegativeStepSize / denominator).StoreUnsafe(ref pr, i);
            }
        }

        if (Vector256.IsHardwareAccelerated && lanes >= 8)
        {
            for (; i + 8 <= end; i += 8)
            {
                Vector256<float> x = Vector256.LoadUnsafe(ref pr, i) * step.Shrink;
                Vector256<float> d = Vector256.LoadUnsafe(ref gr, i) + x * step.WeightDecay;
                Vector256<float> a = Vector256.LoadUnsafe(ref mr, i) * step.Beta1 + d * step.OneMinusBeta1;
                Vector256<float> b = Vector256.LoadUnsafe(ref vr, i) * step.Beta2 + d * step.OneMinusBeta2 * d;
                a.StoreUnsafe(ref mr, i);
                b.StoreUnsafe(ref vr, i);
                Vector256<float> denominator = Vector256.Sqrt(b) / Vector256.Create(step.Bias2Sqrt) + Vector256.Create(step.Eps);
                (x + a * step.NegativeStepSize / denominator).StoreUnsafe(ref pr, i);
            }
        }

        if (Vector128.IsHardwareAccelerated && lanes >= 4)
        {
            for (; i + 4 <= end; i += 4)
            {
                Vector128<float> x = Vector128.LoadUnsafe(ref pr, i) * step.Shrink;
                Vector128<float> d = Vector128.LoadUnsafe(ref gr, i) + x * step.WeightDecay;
                Vector128<float> a = Vector128.LoadUnsafe(ref mr, i) * step.Beta1 + d * step.OneMinusBeta1;
                Vector128<float> b = Vector128.LoadUnsafe(ref vr, i) * step.Beta2 + d * step.OneMinusBeta2 * d;
                a.StoreUnsafe(ref mr, i);
                b.StoreUnsafe(ref vr, i);
                Vector128<float> denominator = Vector128.Sqrt(b) / Vector128.Create(step.Bias2Sqrt) + Vector128.Create(step.Eps);
                (x + a * step.NegativeStepSize / denominator).StoreUnsafe(ref pr, i);
            }
        }

        for (; i < end; i++)
        {
            float x = Unsafe.Add(ref pr, i) * step.Shrink;
            float d = Unsafe.Add(ref gr, i) + x * step.WeightDecay;
            float a = Unsafe.Add(ref mr, i) * step.Beta1 + d * step.OneMinusBeta1;
            float b = Unsafe.Add(ref vr, i) * step.Beta2 + d * step.OneMinusBeta2 * d;
            Unsafe.Add(ref mr, i) = a;
            Unsafe.Add(ref vr, i) = b;
            Unsafe.Add(ref pr, i) = x + a * step.NegativeStepSize / (MathF.Sqrt(b) / step.Bias2Sqrt + step.Eps);
        }
    }

    /// <summary>The numbers of one Sgd step.</summary>
    public struct SgdStep
    {
        public float WeightDecay, Momentum, OneMinusDampening, NegativeLearningRate;
        public bool Nesterov;
    }

    // g' = g + WeightDecay · p;  p ← p - lr · g'
    //   p [n]  in/out      g [n]  in
    public static void Sgd(Span<float> p, ReadOnlySpan<float> g, in SgdStep s)
    {
        int n = p.Length;
        ref float pr = ref MemoryMarshal.GetReference(p), gr = ref MemoryMarshal.GetReference(g[..n]);
        SgdStep step = s;
        nuint i = 0, end = (nuint)n, width = (nuint)Vector<float>.Count;
        for (; i + width <= end; i += width)
        {
            Vector<float> x = Vector.LoadUnsafe(ref pr, i);
            Vector<float> d = Vector.LoadUnsafe(ref gr, i) + x * step.WeightDecay;
            (x + d * step.NegativeLearningRate).StoreUnsafe(ref pr, i);
        }

        for (; i < end; i++)
        {
            float x = Unsafe.Add(ref pr, i);
            float d = Unsafe.Add(ref gr, i) + x * step.WeightDecay;
            Unsafe.Add(ref pr, i) = x + d * step.NegativeLearningRate;
        }
    }

    // g' = g + WeightDecay · p;  b ← Momentum · b + (1-dampening) g', on the first step b ← g'
    // p ← p - lr · b, with Nesterov p ← p - lr (g' + Momentum · b)
    //   p, b [n]  in/out      g [n]  in
    public static void SgdMomentum(Span<float> p, ReadOnlySpan<float> g, Span<float> b, bool first, in SgdStep s)
    {
        int n = p.Length;
        ref float pr = ref MemoryMarshal.GetReference(p), gr = ref MemoryMarshal.GetReference(g[..n]);
        ref float br = ref MemoryMarshal.GetReference(b[..n]);
        SgdStep step = s;
        // On the first step 0 · b + 1 · g' is g': the buffer starts as zeros and stays finite.
        float keep = first ? 0f : step.Momentum, take = first ? 1f : step.OneMinusDampening;
        nuint i = 0, end = (nuint)n, width = (nuint)Vector<float>.Count;
        for (; i + width <= end; i += width)
        {
            Vector<float> x = Vector.LoadUnsafe(ref pr, i);
            Vector<float> d = Vector.LoadUnsafe(ref gr, i) + x * step.WeightDecay;
            Vector<float> buffer = Vector.LoadUnsafe(ref br, i) * keep + d * take;
            buffer.StoreUnsafe(ref br, i);
            if (step.Nesterov) buffer = d + buffer * step.Momentum;
            (x + buffer * step.NegativeLearningRate).StoreUnsafe(ref pr, i);
        }

        for (; i < end; i++)
        {
            float x = Unsafe.Add(ref pr, i);
            float d = Unsafe.Add(ref gr, i) + x * step.WeightDecay;
            float buffer = Unsafe.Add(ref br, i) * keep + d * take;
            Unsafe.Add(ref br, i) = buffer;
            if (step.Nesterov) buffer = d + buffer * step.Momentum;
            Unsafe.Add(ref pr, i) = x + buffer * step.NegativeLearningRate;
        }
    }
}
