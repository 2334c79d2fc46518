using System.IO.MemoryMappedFiles;
using Recur.IO;

namespace Recur.Text;

/// <summary>The bytes of a file as memory, read-only. Unmapped when it is disposed or nobody refers to it any
/// more.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedViewAccessor? view;

    private MappedFile(string name, MemoryMappedViewAccessor? view, long length)
    {
        this.view = view;
        Name = name;
        Length = length;
        // Not AcquirePointer: it would keep the handle from unmapping when nobody refers to this any more.
        if (view is not null) Start = (byte*)view.SafeMemoryMappedViewHandle.DangerousGetHandle() + view.PointerOffset;
    }

    /// <summary>The file's name without its folder, as error texts say it.</summary>
    public string Name { get; }

    /// <summary>Valid as long as this object is referred to and not disposed.</summary>
    public byte* Start { get; private set; }

    public long Length { get; }

    /// <exception cref="IOException">The file does not exist, or is none that can be mapped.</exception>
    public static MappedFile Open(string path)
    {
        using FileStream file = SafetensorsFile.OpenForReading(path);
        string name = Path.GetFileName(path);
        if (!file.CanSeek)
            throw new IOException($"{path}: must be a file that can be read at any place, not a pipe or a device.");
        long length = RandomAccess.GetLength(file.SafeFileHandle);
        if (length == 0) return new MappedFile(name, null, 0);
        using MemoryMappedFile mapping = MemoryMappedFile.CreateFromFile(
            file.SafeFileHandle, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None,
            leaveOpen: true);
        return new MappedFile(name, mapping.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read), length);
    }

    public void Dispose()
    {
        Start = null;
        view?.Dispose();
    }
}
