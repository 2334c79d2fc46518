using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recur.Kernels;

/// <summary>The vector widths a kernel can run with.</summary>
internal enum IsaLevel
{
    Scalar,
    Vector128,
    Vector256,
    Vector512,
}

/// <summary>Work that is generic over the vector width: a struct that carries the arguments.</summary>
internal interface ISimdKernel
{
    void Run<T>() where T : unmanaged, ISimd<T>;
}

/// <summary>The one place that picks the vector width.</summary>
/// <remarks>The environment variable RECUR_ISA (scalar, 128, 256 or 512) forces one, for tests.</remarks>
internal static class Isa
{
    public const string Variable = "RECUR_ISA";

    /// <summary>The width in use; tests walk <see cref="Available"/> by setting it.</summary>
    public static IsaLevel Current { get; set; } = Pick(Environment.GetEnvironmentVariable(Variable));

    /// <summary>Floats in a vector of the width in use.</summary>
    public static int Lanes => Current switch
    {
        IsaLevel.Vector512 => 16,
        IsaLevel.Vector256 => 8,
        IsaLevel.Vector128 => 4,
        _ => 1,
    };

    /// <summary>The widths this process can run, narrowest first.</summary>
    public static IReadOnlyList<IsaLevel> Available { get; } = [.. Enum.GetValues<IsaLevel>().Where(IsSupported)];

    /// <summary>Runs a kernel with the width in use.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TKernel>(ref TKernel kernel) where TKernel : struct, ISimdKernel, allows ref struct
    {
        // The first tests are constants for the JIT: code for a width that the processor lacks is never compiled.
        if (Vector512.IsHardwareAccelerated && Current == IsaLevel.Vector512) kernel.Run<F32x16>();
        else if (Avx2.IsSupported && Current == IsaLevel.Vector256) kernel.Run<F32x8>();
        else if (Vector128.IsHardwareAccelerated && Current == IsaLevel.Vector128) kernel.Run<F32x4>();
        else kernel.Run<F32x1>();
    }

    internal static bool IsSupported(IsaLevel level) => level switch
    {
        IsaLevel.Vector512 => Vector512.IsHardwareAccelerated && Avx512F.IsSupported,
        IsaLevel.Vector256 => Avx2.IsSupported && Fma.IsSupported, // the tail loads are AVX's; Arm64 has no 256-bit vectors
        IsaLevel.Vector128 => Vector128.IsHardwareAccelerated,
        _ => true,
    };

    /// <summary>The instruction set in words; Arm64's 128-bit vectors have another name than x86's.</summary>
    internal static string Describe(IsaLevel level) => level switch
    {
        IsaLevel.Vector512 => "AVX-512 (512-bit vectors)",
        IsaLevel.Vector256 => "AVX2 and FMA (256-bit vectors)",
        IsaLevel.Vector128 => X86Base.IsSupported ? "SSE (128-bit vectors)" : "128-bit vectors",
        _ => "scalar (no vectors)",
    };

    internal static IsaLevel Pick(string? forced)
    {
        IsaLevel level = forced switch
        {
            null or "" => Enum.GetValues<IsaLevel>().Last(IsSupported),
            "scalar" => IsaLevel.Scalar,
            "128" => IsaLevel.Vector128,
            "256" => IsaLevel.Vector256,
            "512" => IsaLevel.Vector512,
            _ => throw new InvalidOperationException($"{Variable} must be scalar, 128, 256 or 512 but was \"{forced}\"."),
        };
        return IsSupported(level)
            ? level
            : throw new InvalidOperationException($"{Variable} is {forced}, but this processor or runtime cannot run {forced}-bit vectors.");
    }
}
