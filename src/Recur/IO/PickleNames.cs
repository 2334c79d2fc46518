using System.Collections.Frozen;

namespace Recur.IO;

/// <summary>The names that a pickle may ask for. Every other name is refused, whatever it is.</summary>
internal static class PickleNames
{
    /// <summary>The element types by the class of their storage, such as <c>torch.FloatStorage</c>.</summary>
    public static readonly FrozenDictionary<string, SafetensorsDataType> Storages =
        new Dictionary<string, SafetensorsDataType>
        {
            ["torch.DoubleStorage"] = SafetensorsDataType.F64,
            ["torch.FloatStorage"] = SafetensorsDataType.F32,
            ["torch.HalfStorage"] = SafetensorsDataType.F16,
            ["torch.BFloat16Storage"] = SafetensorsDataType.BF16,
            ["torch.LongStorage"] = SafetensorsDataType.I64,
            ["torch.IntStorage"] = SafetensorsDataType.I32,
            ["torch.ShortStorage"] = SafetensorsDataType.I16,
            ["torch.CharStorage"] = SafetensorsDataType.I8,
            ["torch.ByteStorage"] = SafetensorsDataType.U8,
            ["torch.BoolStorage"] = SafetensorsDataType.Bool,
        }.ToFrozenDictionary();

    /// <summary>Storages whose elements have no type of their own.</summary>
    public static readonly FrozenSet<string> UntypedStorages = FrozenSet.Create(
        "torch.UntypedStorage", "torch._UntypedStorage", "torch.storage.UntypedStorage",
        "torch.storage._UntypedStorage");

    /// <summary>The element types by name.</summary>
    public static readonly FrozenDictionary<string, SafetensorsDataType> Types =
        new Dictionary<string, SafetensorsDataType>
        {
            ["torch.float64"] = SafetensorsDataType.F64,
            ["torch.float32"] = SafetensorsDataType.F32,
            ["torch.float16"] = SafetensorsDataType.F16,
            ["torch.bfloat16"] = SafetensorsDataType.BF16,
            ["torch.int64"] = SafetensorsDataType.I64,
            ["torch.int32"] = SafetensorsDataType.I32,
            ["torch.int16"] = SafetensorsDataType.I16,
            ["torch.int8"] = SafetensorsDataType.I8,
            ["torch.uint64"] = SafetensorsDataType.U64,
            ["torch.uint32"] = SafetensorsDataType.U32,
            ["torch.uint16"] = SafetensorsDataType.U16,
            ["torch.uint8"] = SafetensorsDataType.U8,
            ["torch.bool"] = SafetensorsDataType.Bool,
            ["torch.float8_e4m3fn"] = SafetensorsDataType.F8E4M3,
            ["torch.float8_e5m2"] = SafetensorsDataType.F8E5M2,
            ["torch.float8_e4m3fnuz"] = SafetensorsDataType.F8E4M3Fnuz,
            ["torch.float8_e5m2fnuz"] = SafetensorsDataType.F8E5M2Fnuz,
            ["torch.float8_e8m0fnu"] = SafetensorsDataType.F8E8M0,
        }.ToFrozenDictionary();

    private static readonly FrozenSet<string> others = FrozenSet.Create(
        "collections.OrderedDict", "collections.defaultdict", "collections.Counter", "_codecs.encode",
        "torch.Size", "torch.device", "torch.Tensor", "torch.nn.parameter.Parameter",
        "torch.storage.TypedStorage", "torch.storage._TypedStorage",
        "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3",
        "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state",
        "torch._tensor._rebuild_from_type_v2",
        "torch.complex32", "torch.complex64", "torch.complex128", "torch.quint8", "torch.qint8", "torch.qint32",
        "torch.strided", "torch.contiguous_format", "torch.preserve_format", "torch.channels_last",
        "numpy.dtype", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar");

    // Python 2, and protocol 2 of Python 3, call the module __builtin__.
    private static readonly FrozenSet<string> builtins = FrozenSet.Create(
        "set", "frozenset", "bytearray", "dict", "list", "tuple", "int", "long", "float", "bool", "str");

    /// <summary>The sentence that refuses a name, without the file and the full stop; null when it may come.</summary>
    public static string? Refusal(string full)
    {
        if (others.Contains(full) || Storages.ContainsKey(full) || UntypedStorages.Contains(full)
            || Types.ContainsKey(full) || IsBuiltin(full))
            return null;
        string quoted = SafetensorsHeader.Quote(full);
        return full switch
        {
            "torch.ComplexFloatStorage" or "torch.ComplexDoubleStorage" or "torch.ComplexHalfStorage" =>
                $"the pickle asks for {quoted}: complex numbers are not supported",
            "torch._utils._rebuild_qtensor" or "torch.QInt8Storage" or "torch.QUInt8Storage" or "torch.QInt32Storage"
                or "torch.QUInt4x2Storage" or "torch.QUInt2x4Storage" =>
                $"the pickle asks for {quoted}: quantized tensors are not supported; save tensor.dequantize()",
            "torch._utils._rebuild_sparse_tensor" or "torch._utils._rebuild_sparse_csr_tensor" =>
                $"the pickle asks for {quoted}: sparse tensors are not supported; save tensor.to_dense()",
            "torch._utils._rebuild_meta_tensor_no_storage" =>
                $"the pickle asks for {quoted}: tensors of the device meta hold no numbers",
            _ => $"the pickle asks for {quoted}, which is not on the list of what a model file may hold; nothing was "
                + "run" + (full.StartsWith("torch.nn.", StringComparison.Ordinal)
                    ? " (a whole module was saved: save its state_dict() instead)" : ""),
        };
    }

    /// <summary>Whether it is a type of Python itself that the list allows.</summary>
    public static bool IsBuiltin(string full) => BuiltinOf(full) is { } name && builtins.Contains(name);

    /// <summary>The name behind the module of Python's own types; null for another module's.</summary>
    public static string? BuiltinOf(string full) =>
        full.StartsWith("builtins.", StringComparison.Ordinal) ? full["builtins.".Length..]
        : full.StartsWith("__builtin__.", StringComparison.Ordinal) ? full["__builtin__.".Length..] : null;
}
