using System.Text;
using Recur.IO;

namespace Recur.Tests.IO;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Write_NewAndExistingFile_HoldsTheContentAlone()
    {
        Write("a.txt", "a longer first text");
        Write("a.txt", "second");
        Assert.Equal("second", File.ReadAllText(folder["a.txt"]));
        Assert.Equal(["a.txt"], folder.Files());
    }

    [Fact]
    public void Write_WriterClosesTheStream_Works()
    {
        AtomicFile.Write(folder["a.txt"], stream =>
        {
            using var text = new StreamWriter(stream);
            text.Write("closed");
        });
        Assert.Equal("closed", File.ReadAllText(folder["a.txt"]));
    }

    [Fact]
    public void Write_ActionThrows_LeavesTheTargetUntouched()
    {
        Write("a.txt", "old");
        var error = Assert.Throws<FormatException>(() => AtomicFile.Write(folder["a.txt"], stream =>
        {
            stream.Write("half"u8);
            stream.Flush();
            throw new FormatException("no");
        }));
        Assert.Equal("no", error.Message);
        Assert.Equal("old", File.ReadAllText(folder["a.txt"]));
        Assert.Equal(["a.txt"], folder.Files());
        Assert.Throws<FormatException>(() => AtomicFile.Write(folder["b.txt"], _ => throw new FormatException("no")));
        Assert.Equal(["a.txt"], folder.Files());
    }

    [Fact]
    public void Write_WhileWriting_TheTargetIsStillTheOldOne()
    {
        Write("a.txt", "old");
        AtomicFile.Write(folder["a.txt"], stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            Assert.Equal("old", File.ReadAllText(folder["a.txt"]));
            Assert.Equal([$".a.txt.{Environment.ProcessId}.tmp", "a.txt"], folder.Files());
        });
        Assert.Equal("new", File.ReadAllText(folder["a.txt"]));
    }

    [Fact]
    public void Write_LeftoversOfKilledProcess_AreRemoved()
    {
        const int noProcess = int.MaxValue; // above every system's largest number
        string[] leftovers = [$".a.txt.{noProcess}.tmp", $".a.txt.{Environment.ProcessId}.tmp"];
        string[] others = [$".b.txt.{noProcess}.tmp", ".a.txt.mine.tmp", ".a.txt.1.tmp", "a.txt.tmp"]; // process 1 always runs
        foreach (string name in leftovers.Concat(others)) File.WriteAllText(folder[name], "half");
        Write("a.txt", "whole");
        Assert.Equal([.. others.Append("a.txt").Order(StringComparer.Ordinal)], folder.Files());
    }

    [Fact]
    public void Write_SameTargetAtTheSameTime_SaysSo()
    {
        AtomicFile.Write(folder["a.txt"], stream =>
        {
            stream.Write("outer"u8);
            var error = Assert.Throws<IOException>(() => Write("a.txt", "inner"));
            Assert.StartsWith($"{folder["a.txt"]}: cannot be written: the process cannot access", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(".tmp", error.Message, StringComparison.Ordinal);
        });
        Assert.Equal("outer", File.ReadAllText(folder["a.txt"]));
    }

    [Fact]
    public void Write_ImpossibleTargets_AreOneSentence()
    {
        var noFolder = Assert.Throws<DirectoryNotFoundException>(() => Write("no/a.txt", ""));
        Assert.Equal($"{folder["no/a.txt"]}: the folder {folder["no"]} does not exist.", noFolder.Message);

        Directory.CreateDirectory(folder["d"]);
        Assert.Equal($"{folder["d"]}: is a directory, not a file.", Assert.Throws<IOException>(() => Write("d", "")).Message);

        Write("r.txt", "old");
        File.SetAttributes(folder["r.txt"], FileAttributes.ReadOnly);
        Assert.Equal($"{folder["r.txt"]}: the file is read-only.", Assert.Throws<IOException>(() => Write("r.txt", "")).Message);
        Assert.Equal("old", File.ReadAllText(folder["r.txt"]));
        File.SetAttributes(folder["r.txt"], FileAttributes.Normal);
    }

    [Fact]
    public void Write_Link_IsFollowed()
    {
        if (OperatingSystem.IsWindows()) return; // links need a privilege there
        Directory.CreateDirectory(folder["d"]);
        Write("d/real.txt", "old");
        File.CreateSymbolicLink(folder["link.txt"], folder["d/real.txt"]);
        Write("link.txt", "new");
        Assert.Equal("new", File.ReadAllText(folder["d/real.txt"]));
        Assert.NotNull(new FileInfo(folder["link.txt"]).LinkTarget);
    }

    [Fact]
    public void Write_ExistingPermissions_AreKept()
    {
        if (OperatingSystem.IsWindows()) return;
        Write("a.txt", "old");
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite;
        File.SetUnixFileMode(folder["a.txt"], mode);
        Write("a.txt", "new");
        Assert.Equal(mode, File.GetUnixFileMode(folder["a.txt"]));
    }

    [Fact]
    public void Write_Device_IsWrittenNotReplaced()
    {
        if (!File.Exists("/dev/full")) return;
        var error = Assert.Throws<IOException>(() => AtomicFile.Write("/dev/full", stream => stream.Write("text"u8)));
        Assert.Equal("/dev/full: cannot be written: the disk is full.", error.Message);
    }

    private void Write(string name, string text) => AtomicFile.Write(folder[name], stream => stream.Write(Encoding.UTF8.GetBytes(text)));
}
