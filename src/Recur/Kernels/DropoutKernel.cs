using System.Numerics;
using System.Runtime.InteropServices;

namespace Recur.Kernels;

/// <summary>Products with a mask that already holds 0 or 1/(1-p).</summary>
internal static class DropoutKernel
{
    // y = x ∘ mask
    //   x, mask [n]  in      y [n]  out, may be x
    public static void Multiply(ReadOnlySpan<float> x, ReadOnlySpan<float> mask, Span<float> y)
    {
        mask = mask[..x.Length];
        y = y[..x.Length];
        ref float xs = ref MemoryMarshal.GetReference(x), ms = ref MemoryMarshal.GetReference(mask), ys = ref MemoryMarshal.GetReference(y);
        int i = 0;
        for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
            (Vector.LoadUnsafe(ref xs, (nuint)i) * Vector.LoadUnsafe(ref ms, (nuint)i)).StoreUnsafe(ref ys, (nuint)i);
        for (; i < x.Length; i++) y[i] = x[i] * mask[i];
    }

    // dx += dy ∘ mask
    //   dy, mask [n]  in      dx [n]  in/out
    public static void AddProduct(ReadOnlySpan<float> dy, ReadOnlySpan<float> mask, Span<float> dx)
    {
        mask = mask[..dy.Length];
        dx = dx[..dy.Length];
        ref float ds = ref MemoryMarshal.GetReference(dy), ms = ref MemoryMarshal.GetReference(mask), xs = ref MemoryMarshal.GetReference(dx);
        int i = 0;
        for (; i <= dy.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> product = Vector.LoadUnsafe(ref ds, (nuint)i) * Vector.LoadUnsafe(ref ms, (nuint)i);
            (Vector.LoadUnsafe(ref xs, (nuint)i) + product).StoreUnsafe(ref xs, (nuint)i);
        }

        for (; i < dy.Length; i++) dx[i] += dy[i] * mask[i];
    }

    // mask ← mask · scale: turns zeros and ones into zeros and 1/(1-p)
    //   mask [n]  in/out
    public static void Scale(Span<float> mask, float scale)
    {
        for (int i = 0; i < mask.Length; i++) mask[i] *= scale;
    }
}
