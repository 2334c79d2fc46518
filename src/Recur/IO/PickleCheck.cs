namespace Recur.IO;

/// <summary>Looks through what a pickle gave before anybody walks over it: values can be shared, so that a few bytes
/// can stand for a tree without end.</summary>
/// <remarks>For every collection it computes once, without recursion, how deep it is, how many values it has when every
/// shared part is written out, how long the dotted names in it are together, and how many elements its tensors
/// have.</remarks>
internal sealed class PickleCheck
{
    /// <summary>Deeper than any checkpoint; PyTorch's own structures have five or six levels.</summary>
    public const int MaxDepth = 100;

    /// <summary>What sharing may add to a file of any length.</summary>
    public const long FreeValues = 1 << 16, FreeCharacters = 1 << 20, FreeElements = 1 << 22;

    private const long CharactersPerByte = 64, ElementsPerByte = 16;

    private readonly FileBytes file;
    private readonly Dictionary<object, Measure> done = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<object> open = new(ReferenceEqualityComparer.Instance);

    private PickleCheck(FileBytes file) => this.file = file;

    /// <summary>Sums over everything below a collection; they stop growing before they could overflow.</summary>
    private record struct Measure(int Depth, long Values, long Leaves, long Characters, long Elements)
    {
        private const long Most = long.MaxValue / 4;

        public void Add(Measure part, int nameLength)
        {
            Depth = Math.Max(Depth, part.Depth + 1);
            Values = Math.Min(Most, Values + part.Values);
            Leaves = Math.Min(Most, Leaves + part.Leaves);
            Elements = Math.Min(Most, Elements + part.Elements);
            Int128 names = Characters + part.Characters + (Int128)part.Leaves * (nameLength + 1);
            Characters = (long)Int128.Min(Most, names);
        }
    }

    private sealed class Frame(object content, IEnumerator<(TorchValue Value, int NameLength)> children)
    {
        public readonly object Content = content;
        public readonly IEnumerator<(TorchValue Value, int NameLength)> Children = children;
        public Measure Sum = new(1, 1, 0, 0, 0);
    }

    public static void Check(FileBytes file, TorchValue root, long pickleLength)
    {
        Measure m = new PickleCheck(file).Walk(root);
        if (m.Values > FreeValues + pickleLength || m.Characters > FreeCharacters + CharactersPerByte * pickleLength)
            file.Fail("the values of the pickle share each other so often that they would be too many written out");
        Int128 most = FreeElements + (Int128)file.Length * ElementsPerByte;
        if (m.Elements > most)
            file.Fail(
                $"the tensors have {(m.Elements >= long.MaxValue / 4 ? "far" : m.Elements)} more elements written " +
                $"out than the {most} that a file of this size may have");
    }

    private Measure Walk(TorchValue root)
    {
        var frames = new Stack<Frame>();
        var top = default(Measure);
        Visit(root, frames, ref top, 0);
        while (frames.TryPeek(out Frame? frame))
        {
            if (frame.Children.MoveNext())
            {
                (TorchValue child, int nameLength) = frame.Children.Current;
                Visit(child, frames, ref frame.Sum, nameLength);
                continue;
            }

            frames.Pop();
            open.Remove(frame.Content);
            done[frame.Content] = frame.Sum;
            // The child that was waited for: its sum joins the parent's now.
            if (frames.TryPeek(out Frame? parent)) parent.Sum.Add(frame.Sum, parent.Children.Current.NameLength);
            else top = frame.Sum;
            if (frame.Sum.Depth > MaxDepth) FailDeep();
        }

        return top;
    }

    private void Visit(TorchValue value, Stack<Frame> frames, ref Measure sum, int nameLength)
    {
        if (value.Kind is not (TorchKind.List or TorchKind.Tuple or TorchKind.Set or TorchKind.Dictionary)
            || value.Content is not { } content)
        {
            long elements = value.Content is TorchTensor tensor ? tensor.ElementCount : 0;
            sum.Add(new Measure(0, 1, 1, 0, elements), nameLength);
        }
        else if (done.TryGetValue(content, out Measure known))
        {
            sum.Add(known, nameLength);
        }
        else
        {
            if (!open.Add(content)) file.Fail("a value of the pickle contains itself");
            if (frames.Count >= MaxDepth) FailDeep();
            frames.Push(new Frame(content, Children(content).GetEnumerator()));
        }
    }

    private void FailDeep() => file.Fail($"the values of the pickle are nested deeper than {MaxDepth} levels");

    private static IEnumerable<(TorchValue Value, int NameLength)> Children(object content)
    {
        if (content is OrderedDictionary<TorchValue, TorchValue> map)
        {
            foreach ((TorchValue key, TorchValue value) in map) yield return (value, TorchFlatten.NameOf(key).Length);
            yield break;
        }

        const int digits = 10;
        foreach (TorchValue item in (List<TorchValue>)content) yield return (item, digits);
    }
}
