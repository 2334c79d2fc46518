using System.Runtime.InteropServices;

namespace Recur.Text;

/// <summary>Memory outside the garbage collector's, so that giving it back means giving it back: for budgets.</summary>
internal sealed unsafe class NativeBlock : SafeHandle
{
    /// <summary>Zeros.</summary>
    public NativeBlock(long bytes) : base(0, ownsHandle: true) =>
        SetHandle((nint)NativeMemory.AllocZeroed((nuint)Math.Max(1, bytes)));

    public override bool IsInvalid => handle == 0;

    /// <summary>The first byte; valid until the block is disposed of or collected.</summary>
    public void* Start => (void*)handle;

    /// <summary>Gives back what lies behind so many bytes.</summary>
    public void Shrink(long bytes) => SetHandle((nint)NativeMemory.Realloc((void*)handle, (nuint)Math.Max(1, bytes)));

    protected override bool ReleaseHandle()
    {
        NativeMemory.Free((void*)handle);
        return true;
    }
}
