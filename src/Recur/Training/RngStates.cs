using Recur.IO;

namespace Recur.Training;

/// <summary>The states of the generators a run draws from: dropout's <see cref="Rng.Default"/>, and the trainer's own
/// when that is another.</summary>
internal sealed record RngStates(byte[] Default, byte[]? Own)
{
    public static RngStates Capture(Rng own) =>
        new(Rng.Default.GetState(), ReferenceEquals(own, Rng.Default) ? null : own.GetState());

    public void Restore(Rng own)
    {
        Rng.Default.SetState(Default);
        if (!ReferenceEquals(own, Rng.Default) && Own is not null) own.SetState(Own);
    }

    public void Write(SafetensorsWriter writer, string prefix)
    {
        writer.Add(prefix + "default", Default);
        if (Own is not null) writer.Add(prefix + "own", Own);
    }

    public static RngStates Read(SafetensorsFile file, string prefix) =>
        new(ReadOne(file, prefix + "default"), file.Contains(prefix + "own") ? ReadOne(file, prefix + "own") : null);

    private static byte[] ReadOne(SafetensorsFile file, string name)
    {
        byte[] state = file.ReadBytes(name);
        try
        {
            new Rng(0).SetState(state); // a damaged one is reported now, not in the middle of Fit
        }
        catch (ArgumentException e)
        {
            throw new ModelFormatException($"{file.FileName}: {name} is not the state of a generator.", e);
        }

        return state;
    }
}
