using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Recur.Peers;

/// <summary>Writes an ONNX model into memory: just the parts of onnx.proto that a recurrent model and a product
/// need.</summary>
/// <remarks>Field numbers are those of onnx.proto (IR version 8, operator set 14).</remarks>
internal sealed class OnnxGraph
{
    private const int Float32 = 1, Int32 = 6, Int64 = 7;
    private readonly ProtoWriter graph = new();

    /// <summary>A float32 input of the graph.</summary>
    public string Input(string name, params ReadOnlySpan<int> shape)
    {
        graph.Message(11, ValueInfo(name, shape));
        return name;
    }

    /// <summary>A float32 output of the graph.</summary>
    public void Output(string name, params ReadOnlySpan<int> shape) => graph.Message(12, ValueInfo(name, shape));

    /// <summary>A float32 constant.</summary>
    public string Constant(string name, ReadOnlySpan<float> values, params ReadOnlySpan<int> shape) =>
        Constant(name, Float32, MemoryMarshal.AsBytes(values), shape);

    /// <summary>An int32 constant.</summary>
    public string Constant(string name, ReadOnlySpan<int> values) =>
        Constant(name, Int32, MemoryMarshal.AsBytes(values), [values.Length]);

    /// <summary>An int64 constant.</summary>
    public string Constant(string name, ReadOnlySpan<long> values) =>
        Constant(name, Int64, MemoryMarshal.AsBytes(values), [values.Length]);

    private string Constant(string name, int type, ReadOnlySpan<byte> data, ReadOnlySpan<int> shape)
    {
        var tensor = new ProtoWriter();
        foreach (int d in shape) tensor.Varint(1, d);
        tensor.Varint(2, type).Text(8, name).Bytes(9, data);
        graph.Message(5, tensor);
        return name;
    }

    /// <summary>A node; an optional input that is absent is an empty string.</summary>
    public void Node(
        string op, ReadOnlySpan<string> inputs, ReadOnlySpan<string> outputs,
        params ReadOnlySpan<OnnxAttribute> attributes)
    {
        var node = new ProtoWriter();
        foreach (string name in inputs) node.Text(1, name);
        foreach (string name in outputs) node.Text(2, name);
        node.Text(4, op);
        foreach (OnnxAttribute a in attributes) node.Message(5, a.Write());
        graph.Message(1, node);
    }

    /// <summary>The whole model, as a file would hold it.</summary>
    public byte[] ToArray()
    {
        graph.Text(2, "recur");
        ProtoWriter operators = new ProtoWriter().Text(1, "").Varint(2, 14);
        return new ProtoWriter().Varint(1, 8).Text(2, "recur").Message(7, graph).Message(8, operators).ToArray();
    }

    private static ProtoWriter ValueInfo(string name, ReadOnlySpan<int> shape)
    {
        var dimensions = new ProtoWriter();
        foreach (int d in shape) dimensions.Message(1, new ProtoWriter().Varint(1, d));
        ProtoWriter tensorType = new ProtoWriter().Varint(1, Float32).Message(2, dimensions);
        return new ProtoWriter().Text(1, name).Message(2, new ProtoWriter().Message(1, tensorType));
    }
}

/// <summary>An attribute of an ONNX node.</summary>
internal readonly record struct OnnxAttribute(string Name, object Value)
{
    public ProtoWriter Write()
    {
        ProtoWriter a = new ProtoWriter().Text(1, Name);
        switch (Value)
        {
            case long i: a.Varint(3, i).Varint(20, 2); break;
            case string s: a.Text(4, s).Varint(20, 3); break;
            case long[] ints:
                foreach (long i in ints) a.Varint(8, i);
                a.Varint(20, 7);
                break;
            case string[] strings:
                foreach (string s in strings) a.Text(9, s);
                a.Varint(20, 8);
                break;
            default: throw new NotSupportedException($"OnnxAttribute: {Name} is a {Value.GetType().Name}.");
        }

        return a;
    }
}

/// <summary>Protocol buffers' wire format: tag = field number · 8 + wire type (0 varint, 2 length and
/// bytes).</summary>
internal sealed class ProtoWriter
{
    private readonly ArrayBufferWriter<byte> bytes = new();

    public ProtoWriter Varint(int field, long value)
    {
        Raw((ulong)field << 3);
        Raw((ulong)value);
        return this;
    }

    public ProtoWriter Bytes(int field, ReadOnlySpan<byte> value)
    {
        Raw(((ulong)field << 3) | 2);
        Raw((ulong)value.Length);
        bytes.Write(value);
        return this;
    }

    public ProtoWriter Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public ProtoWriter Message(int field, ProtoWriter value) => Bytes(field, value.ToArray());

    public byte[] ToArray() => bytes.WrittenSpan.ToArray();

    private void Raw(ulong value)
    {
        for (; value >= 0x80; value >>= 7) bytes.Write([(byte)(value | 0x80)]);
        bytes.Write([(byte)value]);
    }
}
