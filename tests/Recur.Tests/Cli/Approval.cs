using Recur.Tests.Repository;

namespace Recur.Tests.Cli;

/// <summary>Compares text with an approved file under Approved/.</summary>
internal static class Approval
{
    /// <summary>Fails when the text is not the approved one, and leaves it beside it as NAME.received.txt: to approve,
    /// rename that.</summary>
    public static void Verify(string name, string text)
    {
        // Not by CallerFilePath: a deterministic build (CI=true) replaces the folders in it.
        string folder = Path.Combine(RepositoryFiles.Root, "tests", "Recur.Tests", "Approved");
        string approved = Path.Combine(folder, name + ".txt"), received = Path.Combine(folder, name + ".received.txt");
        string expected = File.Exists(approved) ? File.ReadAllText(approved).ReplaceLineEndings("\n") : "";
        if (expected == text)
        {
            File.Delete(received);
            return;
        }

        File.WriteAllText(received, text);
        Assert.Fail($"Approved/{name}.txt is not what came; compare it with Approved/{name}.received.txt, and rename "
            + "that if it is right.");
    }
}
