using System.Runtime.CompilerServices;

namespace Recur.Autograd;

/// <summary>What a <see cref="Tensor"/> handle points at: memory, shape, gradient and the node that made it.</summary>
internal sealed class TensorCore
{
    public float[] Array;
    public int Offset;
    public Shape Shape;

    /// <summary>Raised when the core's memory goes back to the pool: handles of an older generation are
    /// stale.</summary>
    public int Generation;

    /// <summary>Raised by every write through the public surface, to this tensor or to any view of its memory; packed
    /// copies of
    /// weights compare it.</summary>
    public int Version
    {
        get => (Base ?? this).writes;
        set => (Base ?? this).writes = value;
    }

    private int writes;

    /// <summary>What operations keep beside a weight for as long as its version is the same: its packed
    /// copies.</summary>
    public object? Derived;

    /// <summary>The recorded operation that made this tensor; null for a leaf.</summary>
    public Node? Producer;
    public bool RequiresGrad;

    /// <summary>Backward has passed: values can still be read, but no operation can be recorded on them.</summary>
    public bool Freed;

    /// <summary>For a leaf the accumulated gradient, kept from step to step; for a result a rented one while Backward
    /// runs.</summary>
    public TensorCore? Grad;
    public bool HasGrad;
    public bool IsGradient;

    /// <summary>For a leaf that look-ups with sparse gradients have read: where its gradient can be other than
    /// zero.</summary>
    public TouchedRows? TouchedRows;

    /// <summary>For a view the tensor that owns the memory (never a view itself, so that a check costs the same for a
    /// chain of
    /// 100,000 views), and the generation it had.</summary>
    public TensorCore? Base;
    public int BaseGeneration;

    public TensorCore(in Shape shape, float[] array)
    {
        Shape = shape;
        Array = array;
    }

    public Span<float> Span
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Array, Offset, Shape.ElementCount);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsAlive(int generation) =>
        Generation == generation && (Base is null || Base.Generation == BaseGeneration);

    /// <summary>Shares the memory of <paramref name="source"/> from element <paramref name="offset"/> on.</summary>
    public void ViewOf(TensorCore source, int offset)
    {
        Array = source.Array;
        Offset = source.Offset + offset;
        Base = source.Base ?? source;
        BaseGeneration = source.Base is null ? source.Generation : source.BaseGeneration;
    }
}
