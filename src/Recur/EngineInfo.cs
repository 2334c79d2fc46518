using System.Reflection;
using Recur.Kernels;

namespace Recur;

/// <summary>What the engine in this process is and runs with, for logs and bug reports.</summary>
public static class EngineInfo
{
    /// <summary>The library's version, such as <c>0.1.0</c>.</summary>
    public static string Version { get; } = ReadVersion();

    /// <summary>The width of the vectors the kernels use, in bits: 512, 256, 128, or 32 for scalar code.</summary>
    /// <remarks>The widest the processor has, or what the environment variable RECUR_ISA (scalar, 128, 256, 512)
    /// says.</remarks>
    public static int VectorBits => Isa.Current switch
    {
        IsaLevel.Vector512 => 512,
        IsaLevel.Vector256 => 256,
        IsaLevel.Vector128 => 128,
        _ => 32,
    };

    /// <summary>The instruction set in use, in words, such as <c>AVX-512 (512-bit vectors)</c>.</summary>
    public static string InstructionSet => Isa.Describe(Isa.Current);

    private static string ReadVersion()
    {
        Assembly library = typeof(EngineInfo).Assembly;
        string text = library.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        int build = text.IndexOf('+', StringComparison.Ordinal); // what follows is the commit
        return build < 0 ? text : text[..build];
    }
}
