using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Recur.IO;

/// <summary>Writes values as a pickle of protocol 2, with no other names than PyTorch's <c>weights_only</c>
/// knows.</summary>
internal sealed class PickleWriter(Func<TorchTensor, string> keyOf)
{
    private static readonly Dictionary<SafetensorsDataType, string> storageNames =
        PickleNames.Storages.ToDictionary(s => s.Value, s => s.Key);

    private static readonly UTF8Encoding strictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ArrayBufferWriter<byte> output = new();

    /// <summary>Whether tensors of a type can be written.</summary>
    public static bool Knows(SafetensorsDataType type) => storageNames.ContainsKey(type);

    public byte[] Write(TorchValue value)
    {
        PutByte(0x80);
        PutByte(2);
        Put(value, 0);
        PutByte((byte)'.');
        return output.WrittenSpan.ToArray();
    }

    private void Put(TorchValue value, int depth)
    {
        if (depth > PickleCheck.MaxDepth)
            throw new ArgumentException(
                $"TorchFile.Save: the values are nested deeper than {PickleCheck.MaxDepth} levels.");
        switch (value.Kind)
        {
            case TorchKind.None: PutByte((byte)'N'); break;
            case TorchKind.Boolean: PutByte(value.Bits != 0 ? (byte)0x88 : (byte)0x89); break;
            case TorchKind.Integer: PutInteger(value.Big ?? value.Bits); break;
            case TorchKind.Number:
                PutByte((byte)'G');
                Span<byte> bits = stackalloc byte[8];
                BinaryPrimitives.WriteInt64BigEndian(bits, value.Bits);
                output.Write(bits);
                break;
            case TorchKind.Text or TorchKind.Name: PutText(value.TextOrName); break;
            case TorchKind.Bytes: PutBytes(value.ToBytes()); break;
            case TorchKind.List:
                output.Write("]("u8);
                PutAll(value.Items, depth);
                PutByte((byte)'e');
                break;
            case TorchKind.Tuple:
                if (value.Count == 0)
                {
                    PutByte((byte)')');
                    break;
                }

                PutByte((byte)'(');
                PutAll(value.Items, depth);
                PutByte((byte)'t');
                break;
            case TorchKind.Set: // its items, as a list: weights_only of PyTorch 1.13 has no sets
                output.Write("]("u8);
                PutAll(value.Items, depth);
                PutByte((byte)'e');
                break;
            case TorchKind.Dictionary:
                output.Write("}("u8);
                foreach ((TorchValue key, TorchValue item) in value.Entries)
                {
                    Put(key, depth + 1);
                    Put(item, depth + 1);
                }

                PutByte((byte)'u');
                break;
            default: PutTensor(value.AsTensor()); break;
        }
    }

    private void PutByte(byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }

    private void PutAll(IReadOnlyList<TorchValue> items, int depth)
    {
        foreach (TorchValue item in items) Put(item, depth + 1);
    }

    /// <summary>_rebuild_tensor_v2(storage, 0, size, stride, requires_grad, OrderedDict()), row-major.</summary>
    private void PutTensor(TorchTensor tensor)
    {
        if (!storageNames.TryGetValue(tensor.DataType, out string? storage))
            throw new ArgumentException(
                $"TorchFile.Save: PyTorch before 2.3 has no tensors of {tensor.DataTypeName}; convert it first.");
        long[] size = [.. tensor.Dimensions];
        PutGlobal("torch._utils", "_rebuild_tensor_v2");
        output.Write("(("u8);
        PutText("storage");
        PutGlobal("torch", storage["torch.".Length..]);
        PutText(keyOf(tensor));
        PutText("cpu");
        PutInteger(tensor.ElementCount);
        output.Write("tQ"u8);
        PutInteger(0);
        PutLongs(size);
        PutLongs(TorchTensor.RowMajor(size));
        PutByte(tensor.RequiresGrad ? (byte)0x88 : (byte)0x89);
        PutGlobal("collections", "OrderedDict");
        output.Write(")RtR"u8);
    }

    private void PutLongs(long[] values)
    {
        if (values.Length == 0)
        {
            PutByte((byte)')');
            return;
        }

        PutByte((byte)'(');
        foreach (long v in values) PutInteger(v);
        PutByte((byte)'t');
    }

    private void PutGlobal(string module, string name) => output.Write(Encoding.ASCII.GetBytes($"c{module}\n{name}\n"));

    private void PutInteger(BigInteger value)
    {
        Span<byte> bytes = stackalloc byte[5];
        if (value >= int.MinValue && value <= int.MaxValue)
        {
            bytes[0] = (byte)'J';
            BinaryPrimitives.WriteInt32LittleEndian(bytes[1..], (int)value);
            output.Write(bytes);
            return;
        }

        byte[] digits = value.ToByteArray();
        PutByte(0x8a);
        PutByte((byte)digits.Length);
        output.Write(digits);
    }

    private void PutText(string text)
    {
        byte[] bytes;
        try
        {
            bytes = strictUtf8.GetBytes(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException("TorchFile.Save: a text is not valid Unicode.", e);
        }

        Span<byte> head = stackalloc byte[5];
        head[0] = (byte)'X';
        BinaryPrimitives.WriteInt32LittleEndian(head[1..], bytes.Length);
        output.Write(head);
        output.Write(bytes);
    }

    /// <summary>Protocol 2 has no bytes: Python calls _codecs.encode on a text.</summary>
    private void PutBytes(byte[] bytes)
    {
        PutGlobal("_codecs", "encode");
        PutByte((byte)'(');
        PutText(Encoding.Latin1.GetString(bytes));
        PutText("latin1");
        output.Write("tR"u8);
    }
}
