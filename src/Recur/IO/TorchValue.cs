using System.Globalization;
using System.Numerics;
using System.Text;

namespace Recur.IO;

/// <summary>A value of a PyTorch file: a dictionary, list, number, text, tensor, ...</summary>
/// <remarks>
/// <code>
/// TorchValue checkpoint = TorchFile.Load("checkpoint.pt");
/// long epoch = checkpoint["epoch"].ToInt64();
/// double rate = checkpoint["optimizer"]["param_groups"][0]["lr"].ToDouble();
/// Tensor w = checkpoint["model"]["rnn.weight_ih_l0"].ToTensor();
/// foreach (var (name, tensor) in checkpoint.Tensors()) Console.WriteLine($"{name} {tensor}");
///
/// TorchFile.Save("out.pt", TorchValue.Dictionary(("epoch", 3), ("model", TorchValue.Dictionary(model.StateDict()))));
/// </code>
/// </remarks>
public sealed class TorchValue
{
    private static readonly Dictionary<TorchValue, TorchValue> noEntries = [];

    private readonly string? file;
    private object? content; // string, byte[], BigInteger, list, dictionary or TorchTensor, as Kind says

    internal TorchValue(TorchKind kind, object? content = null, long bits = 0, string? file = null)
    {
        Kind = kind;
        this.content = content;
        Bits = bits;
        this.file = file;
    }

    /// <summary>What it is.</summary>
    public TorchKind Kind { get; }

    /// <summary>Python's None.</summary>
    public static TorchValue None { get; } = new(TorchKind.None);

    /// <summary>A truth value.</summary>
    public static implicit operator TorchValue(bool value) => new(TorchKind.Boolean, bits: value ? 1 : 0);

    /// <summary>A whole number.</summary>
    public static implicit operator TorchValue(long value) => new(TorchKind.Integer, bits: value);

    /// <summary>A whole number.</summary>
    public static implicit operator TorchValue(int value) => new(TorchKind.Integer, bits: value);

    /// <summary>A number.</summary>
    public static implicit operator TorchValue(double value) =>
        new(TorchKind.Number, bits: BitConverter.DoubleToInt64Bits(value));

    /// <summary>A text.</summary>
    public static implicit operator TorchValue(string value) => new(TorchKind.Text, value);

    /// <summary>A tensor; it is not copied.</summary>
    public static implicit operator TorchValue(Tensor value) => new(TorchKind.Tensor, new TorchTensor(value));

    /// <summary>A list.</summary>
    public static TorchValue List(params IEnumerable<TorchValue> items) =>
        new(TorchKind.List, new List<TorchValue>(items));

    /// <summary>A tuple.</summary>
    public static TorchValue Tuple(params IEnumerable<TorchValue> items) =>
        new(TorchKind.Tuple, new List<TorchValue>(items));

    /// <summary>A dictionary with texts as keys.</summary>
    /// <exception cref="ArgumentException">A key comes twice.</exception>
    public static TorchValue Dictionary(params IEnumerable<(string Key, TorchValue Value)> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        return Dictionary(entries.Select(e => KeyValuePair.Create((TorchValue)e.Key, e.Value)));
    }

    /// <summary>A dictionary with any keys that Python could have: texts, numbers, truth values.</summary>
    /// <exception cref="ArgumentException">A key comes twice, or cannot be one.</exception>
    public static TorchValue Dictionary(IEnumerable<KeyValuePair<TorchValue, TorchValue>> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var map = new OrderedDictionary<TorchValue, TorchValue>(TorchKeyComparer.Instance);
        foreach ((TorchValue key, TorchValue value) in entries)
        {
            if (!TorchKeyComparer.IsKey(key))
                throw new ArgumentException($"TorchValue.Dictionary: {key} cannot be a key.");
            if (!map.TryAdd(key, value))
                throw new ArgumentException($"TorchValue.Dictionary: the key {key} comes twice.");
        }

        return new TorchValue(TorchKind.Dictionary, map);
    }

    /// <summary>A dictionary of tensors, such as a module's state dictionary.</summary>
    public static TorchValue Dictionary(IEnumerable<KeyValuePair<string, Tensor>> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        return Dictionary(tensors.Select(t => (t.Key, (TorchValue)t.Value)));
    }

    // ---- Reading -------------------------------------------------------------------------------------------------

    /// <summary>The truth value.</summary>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public bool ToBoolean() => Kind == TorchKind.Boolean ? Bits != 0 : throw Wrong("a truth value");

    /// <summary>The whole number.</summary>
    /// <exception cref="ModelFormatException">It is something else, or does not fit into 64 bits.</exception>
    public long ToInt64() => Kind == TorchKind.Integer && content is null
        ? Bits
        : throw Wrong(Kind == TorchKind.Integer ? "a whole number of 64 bits" : "a whole number");

    /// <summary>The number, or the whole number as one.</summary>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public double ToDouble() => Kind switch
    {
        TorchKind.Number => BitConverter.Int64BitsToDouble(Bits),
        TorchKind.Integer => Big is { } big ? (double)big : Bits,
        _ => throw Wrong("a number"),
    };

    /// <summary>The text, or the name.</summary>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public string ToText() => Kind is TorchKind.Text or TorchKind.Name ? TextOrName : throw Wrong("a text");

    /// <summary>A copy of the bytes.</summary>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public byte[] ToBytes()
    {
        if (Kind != TorchKind.Bytes) throw Wrong("bytes");
        // Protocol 2 has no bytes: they are a text, and every character of it is one.
        return content is string text ? Encoding.Latin1.GetBytes(text) : [.. (byte[])content!];
    }

    /// <summary>The tensor as the file describes it.</summary>
    /// <exception cref="ModelFormatException">It is something else.</exception>
    public TorchTensor AsTensor() => content as TorchTensor ?? throw Wrong("a tensor");

    /// <summary>A copy of the tensor as float32: <see cref="TorchTensor.ToTensor()"/>.</summary>
    /// <exception cref="ModelFormatException">It is no tensor, or one that float32 cannot hold.</exception>
    public Tensor ToTensor() => AsTensor().ToTensor();

    /// <summary>The number of items or entries; 0 of what is no collection.</summary>
    public int Count => content switch
    {
        IReadOnlyList<TorchValue> list => list.Count,
        OrderedDictionary<TorchValue, TorchValue> map => map.Count,
        _ => 0,
    };

    /// <summary>The items of a list, tuple or set; empty for anything else.</summary>
    public IReadOnlyList<TorchValue> Items => content as IReadOnlyList<TorchValue> ?? [];

    /// <summary>The entries of a dictionary; empty for anything else.</summary>
    public IReadOnlyCollection<KeyValuePair<TorchValue, TorchValue>> Entries =>
        content as OrderedDictionary<TorchValue, TorchValue>
        ?? (IReadOnlyCollection<KeyValuePair<TorchValue, TorchValue>>)noEntries;

    /// <summary>The value under a key of a dictionary.</summary>
    /// <exception cref="ModelFormatException">It is no dictionary, or has no such key; the keys it has are
    /// named.</exception>
    public TorchValue this[string key] => TryGetValue(key, out TorchValue? value) ? value : throw Missing($"\"{key}\"");

    /// <summary>An item of a list or tuple, or the value under a number that is a key.</summary>
    /// <exception cref="ModelFormatException">There is none.</exception>
    public TorchValue this[long index]
    {
        get
        {
            if (content is IReadOnlyList<TorchValue> list && index >= 0 && index < list.Count) return list[(int)index];
            return TryGetValue((TorchValue)index, out TorchValue? value) ? value : throw Missing($"{index}");
        }
    }

    /// <summary>The value under a key, if it is a dictionary and has it.</summary>
    public bool TryGetValue(
        string key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TorchValue? value) =>
        TryGetValue((TorchValue)key, out value);

    /// <summary>All tensors in it, by the path of keys and places that leads to them, such as
    /// <c>model.rnn.weight_ih_l0</c> or <c>optimizer.state.0.exp_avg</c>, in the order of the file.</summary>
    /// <param name="prefix">Takes only names that begin so, and leaves this beginning out.</param>
    public IReadOnlyList<(string Name, TorchTensor Tensor)> Tensors(string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(prefix);
        var tensors = new List<(string, TorchTensor)>();
        foreach ((string name, TorchValue value) in TorchFlatten.Leaves(this))
        {
            if (value.content is TorchTensor tensor && name.StartsWith(prefix, StringComparison.Ordinal))
                tensors.Add((name[prefix.Length..], tensor));
        }

        return tensors;
    }

    /// <summary>A short form for people: numbers and texts as Python writes them, collections by their
    /// size.</summary>
    public override string ToString() => Kind switch
    {
        TorchKind.None => "None",
        TorchKind.Boolean => Bits != 0 ? "True" : "False",
        TorchKind.Integer => Big?.ToString(CultureInfo.InvariantCulture) ?? Bits.ToString(),
        TorchKind.Number => BitConverter.Int64BitsToDouble(Bits).ToString("R", CultureInfo.InvariantCulture),
        TorchKind.Text => SafetensorsHeader.Quote(TextOrName),
        TorchKind.Name => TextOrName,
        TorchKind.Tensor => AsTensor().ToString(),
        TorchKind.Tuple when Count <= TorchKeyComparer.LongestTuple
            && Items.All(i => i.Count == 0) => $"({string.Join(", ", Items)}{(Count == 1 ? "," : "")})",
        TorchKind.Bytes => $"{(content is string text ? text.Length : ((byte[])content!).Length)} bytes",
        TorchKind.Dictionary => $"a dictionary of {Count}",
        _ => $"a {Kind.ToString().ToLowerInvariant()} of {Count}",
    };

    // ---- For the readers and writers ------------------------------------------------------------------------------

    internal string? File => file;

    internal long Bits { get; }

    internal BigInteger? Big => content as BigInteger?;

    internal string TextOrName => (string)content!;

    internal object? Content => content;

    internal List<TorchValue> MutableItems => (List<TorchValue>)(content ??= new List<TorchValue>());

    internal OrderedDictionary<TorchValue, TorchValue> MutableEntries => (OrderedDictionary<TorchValue, TorchValue>)
        (content ??= new OrderedDictionary<TorchValue, TorchValue>(TorchKeyComparer.Instance));

    private bool TryGetValue(
        TorchValue key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TorchValue? value)
    {
        value = null;
        return content is OrderedDictionary<TorchValue, TorchValue> map && map.TryGetValue(key, out value);
    }

    private string Subject => file ?? "TorchValue";

    internal ModelFormatException Wrong(string wanted) =>
        new($"{Subject}: {wanted} was expected but {ToString()} is there.");

    private ModelFormatException Missing(string key)
    {
        const int shown = 10;
        if (Kind != TorchKind.Dictionary)
            return new($"{Subject}: {key} was asked of {ToString()}, which has no such item.");
        string keys = string.Join(", ", Entries.Take(shown).Select(e => e.Key.ToString()));
        string more = Count > shown ? $" and {Count - shown} more" : "";
        return new($"{Subject}: there is no {key} in the dictionary; its keys are {keys}{more}.");
    }
}
