namespace Recur.Tests.Forecasting;

/// <summary>The repository's data folder, found from the test's own folder upwards.</summary>
internal static class TestData
{
    public static string PathOf(string file)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Recur.slnx")))
                return Path.Combine(folder.FullName, "data", file);
        throw new DirectoryNotFoundException("the repository's root was not found above the tests");
    }
}
