using System.Buffers.Binary;
using System.Text;

namespace Recur.IO;

/// <summary>What a pickle may call, and what the call means here: tensors are described, collections are made, a scalar
/// of NumPy is a number.</summary>
internal sealed class PickleCalls(FileBytes file, PickleInput input)
{
    private const int MaxRank = 64;

    // What a call copies is counted: arguments can be shared, so that a short pickle could ask for many long copies.
    private long copied;

    /// <summary>The value of a call.</summary>
    public TorchValue Call(TorchValue function, TorchValue arguments)
    {
        if (function.Kind != TorchKind.Name) input.Fail($"calls {function}");
        if (arguments.Kind != TorchKind.Tuple) input.Fail($"calls {function} without a tuple of arguments");
        string name = function.TextOrName;
        IReadOnlyList<TorchValue> a = arguments.Items;
        switch (name)
        {
            case "collections.OrderedDict": return OrderedDict(name, a);
            case "collections.Counter": return a is [{ Kind: TorchKind.Dictionary } d] ? d : Empty(name, a);
            case "collections.defaultdict":
                if (a.Count > 1 || (a.Count == 1 && a[0].Kind is not TorchKind.Name and not TorchKind.None))
                    WrongArguments(name);
                return New(TorchKind.Dictionary);
            case "torch.Size": return a is [{ Kind: TorchKind.Tuple } size] ? size : Wrong(name);
            case "torch.device": return Device(name, a);
            case "_codecs.encode": return Latin(name, a, "latin1");
            case "torch._utils._rebuild_tensor" when a.Count == 4: return Rebuild(name, a, null);
            case "torch._utils._rebuild_tensor_v2" when a.Count is 6 or 7: return Rebuild(name, a, null);
            case "torch._utils._rebuild_tensor_v3" when a.Count is 7 or 8: return Rebuild(name, a, a[6]);
            case "torch._utils._rebuild_parameter" when a.Count == 3: return Parameter(name, a);
            case "torch._utils._rebuild_parameter_with_state" when a.Count == 4: return Parameter(name, a);
            case "torch._tensor._rebuild_from_type_v2" when a.Count == 4: return FromType(name, a);
            case "numpy.dtype" when a.Count == 3 && a[0].Kind == TorchKind.Text:
                return New(TorchKind.Name, "numpy.dtype." + a[0].TextOrName);
            case "numpy.core.multiarray.scalar" or "numpy._core.multiarray.scalar": return Scalar(name, a);
        }

        return PickleNames.BuiltinOf(name) switch
        {
            "set" or "frozenset" when a is [{ Kind: TorchKind.List }] => New(TorchKind.Set, a[0].Content),
            "set" or "frozenset" when a.Count == 0 => New(TorchKind.Set),
            "bytearray" when a is [{ Kind: TorchKind.Bytes } bytes] => bytes,
            "bytearray" when a.Count == 0 => New(TorchKind.Bytes, Array.Empty<byte>()),
            "bytearray" => Latin(name, a, "latin-1"),
            _ => Wrong(name),
        };
    }

    /// <summary>BUILD: attributes of a dictionary or a tensor (such as a state dictionary's <c>_metadata</c>) are left
    /// out; nothing else may have any.</summary>
    public void Build(TorchValue target, TorchValue state)
    {
        if (target.Kind is TorchKind.Dictionary or TorchKind.Tensor && state.Kind == TorchKind.Dictionary) return;
        if (target.Kind == TorchKind.Name && target.TextOrName.StartsWith("numpy.dtype.", StringComparison.Ordinal)
            && state.Kind == TorchKind.Tuple && state.Count > 1)
        {
            if (state[1] is { Kind: TorchKind.Text, TextOrName: "<" or "|" or "=" }) return;
            input.Fail($"holds a number of NumPy in the byte order {state[1]}, which is not supported");
        }

        input.Fail($"sets the state of {target} (as __setstate__ would), which is not allowed; nothing was run");
    }

    /// <summary>Fails when a value cannot be a key.</summary>
    public void CheckKey(TorchValue key)
    {
        if (TorchKeyComparer.IsKey(key)) return;
        if (key.Kind == TorchKind.Text)
            input.Fail(
                $"has a key of {key.TextOrName.Length} characters but at most {TorchKeyComparer.LongestText} are read");
        input.Fail($"has {key} as a key, which is not supported");
    }

    private TorchValue New(TorchKind kind, object? content = null, long bits = 0) =>
        new(kind, content, bits, file.Name);

    private TorchValue Wrong(string name)
    {
        WrongArguments(name);
        return TorchValue.None;
    }

    private void WrongArguments(string name) => input.Fail($"calls {name} in a way that is not known");

    private TorchValue Empty(string name, IReadOnlyList<TorchValue> a) =>
        a.Count == 0 ? New(TorchKind.Dictionary) : Wrong(name);

    private void Charge(int count)
    {
        copied += count;
        if (copied > input.Length) input.Fail("copies its values over and over");
    }

    /// <summary>Without arguments; Python 2 gave a list of pairs.</summary>
    private TorchValue OrderedDict(string name, IReadOnlyList<TorchValue> a)
    {
        if (a is not [{ Kind: TorchKind.List } pairs]) return Empty(name, a);
        Charge(pairs.Count);
        TorchValue map = New(TorchKind.Dictionary);
        foreach (TorchValue pair in pairs.Items)
        {
            if (pair.Kind is not TorchKind.List and not TorchKind.Tuple || pair.Count != 2) WrongArguments(name);
            CheckKey(pair.Items[0]);
            map.MutableEntries[pair.Items[0]] = pair.Items[1];
        }

        return map;
    }

    private TorchValue Device(string name, IReadOnlyList<TorchValue> a)
    {
        const int longest = 64;
        if (a.Count is 0 or > 2 || a[0].Kind != TorchKind.Text || a[0].TextOrName.Length > longest) return Wrong(name);
        string device = a[0].TextOrName;
        return New(TorchKind.Name, a.Count == 1 ? device : $"{device}:{a[1].ToInt64()}");
    }

    /// <summary>The bytes of protocol 2: a text whose characters are bytes. It is kept as the text.</summary>
    private TorchValue Latin(string name, IReadOnlyList<TorchValue> a, string encoding) =>
        a.Count == 2 && a[0].Kind == TorchKind.Text && a[1].Kind == TorchKind.Text && a[1].TextOrName == encoding
            ? New(TorchKind.Bytes, a[0].TextOrName)
            : Wrong(name);

    // ---- Tensors -------------------------------------------------------------------------------------------------

    /// <summary>(storage, offset, size, stride, requires_grad, hooks[, dtype][, metadata]).</summary>
    private TorchValue Rebuild(string name, IReadOnlyList<TorchValue> a, TorchValue? dtype)
    {
        if (a[0].Content is not TorchTensor { IsWholeStorage: true, Storage: { } storage }) return Wrong(name);
        SafetensorsDataType type = storage.Type;
        if (dtype is not null)
        {
            if (dtype.Kind != TorchKind.Name || !PickleNames.Types.TryGetValue(dtype.TextOrName, out type))
                input.Fail($"has a tensor of the type {dtype}, which is not supported");
            if (!storage.IsUntyped) return Wrong(name);
        }

        if (a[1].Kind != TorchKind.Integer) return Wrong(name);
        long[] size = Longs(name, a[2]), stride = Longs(name, a[3]);
        var view = TorchTensor.View(storage, type, a[1].ToInt64(), size, stride);
        bool grad = a.Count > 4 && a[4] is { Kind: TorchKind.Boolean, Bits: not 0 };
        return New(TorchKind.Tensor, grad ? view.WithGrad(true) : view);
    }

    private TorchValue Parameter(string name, IReadOnlyList<TorchValue> a) =>
        a[0].Content is TorchTensor { Storage: not null } tensor && a[1].Kind == TorchKind.Boolean
            ? New(TorchKind.Tensor, tensor.WithGrad(a[1].ToBoolean()))
            : Wrong(name);

    /// <summary>A tensor with attributes: (function, type, arguments, state). The attributes are left out.</summary>
    private TorchValue FromType(string name, IReadOnlyList<TorchValue> a)
    {
        const string rebuild = "torch._utils._rebuild_";
        bool isKnown = a[0].Kind == TorchKind.Name && a[0].TextOrName.StartsWith(rebuild, StringComparison.Ordinal)
            && a[1] is { Kind: TorchKind.Name, TextOrName: "torch.Tensor" or "torch.nn.parameter.Parameter" };
        return isKnown ? Call(a[0], a[2]) : Wrong(name);
    }

    private long[] Longs(string name, TorchValue tuple)
    {
        if (tuple.Kind is not TorchKind.Tuple and not TorchKind.List) WrongArguments(name);
        if (tuple.Count > MaxRank) input.Fail($"has a tensor of {tuple.Count} dimensions but at most {MaxRank} are read");
        var values = new long[tuple.Count];
        for (int i = 0; i < values.Length; i++)
        {
            TorchValue item = tuple.Items[i];
            if (item.Kind != TorchKind.Integer || item.Big is not null) WrongArguments(name);
            values[i] = item.Bits;
        }

        return values;
    }

    // ---- Numbers of NumPy ----------------------------------------------------------------------------------------

    private TorchValue Scalar(string name, IReadOnlyList<TorchValue> a)
    {
        const string prefix = "numpy.dtype.";
        const int longest = 8;
        if (a.Count != 2 || a[0].Kind != TorchKind.Name || a[1].Kind != TorchKind.Bytes) return Wrong(name);
        Span<byte> bytes = stackalloc byte[longest];
        bytes.Clear();
        int length;
        if (a[1].Content is string text)
        {
            length = text.Length;
            if (length <= longest) Encoding.Latin1.GetBytes(text, bytes);
        }
        else
        {
            var raw = (byte[])a[1].Content!;
            length = raw.Length;
            if (length <= longest) raw.CopyTo(bytes);
        }

        string type = a[0].TextOrName;
        if (!type.StartsWith(prefix, StringComparison.Ordinal) || type[^1] - '0' != length) return Wrong(name);
        long bits = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        int unused = 64 - 8 * length;
        return type[prefix.Length..] switch
        {
            "f8" => New(TorchKind.Number, bits: bits),
            "f4" => Number(BitConverter.Int32BitsToSingle((int)bits)),
            "f2" => Number((double)BitConverter.Int16BitsToHalf((short)bits)),
            "i8" or "i4" or "i2" or "i1" => New(TorchKind.Integer, bits: bits << unused >> unused),
            "u4" or "u2" or "u1" => New(TorchKind.Integer, bits: bits),
            "u8" => bits >= 0 ? New(TorchKind.Integer, bits: bits)
                : New(TorchKind.Integer, new System.Numerics.BigInteger((ulong)bits)),
            "b1" => New(TorchKind.Boolean, bits: bits != 0 ? 1 : 0),
            _ => Wrong(name),
        };
    }

    private TorchValue Number(double value) => New(TorchKind.Number, bits: BitConverter.DoubleToInt64Bits(value));
}
