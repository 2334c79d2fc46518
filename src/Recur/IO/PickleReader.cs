using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Text;

namespace Recur.IO;

/// <summary>Reads Python's pickles of protocols 2 to 5 without Python: data comes as <see cref="TorchValue"/>, names
/// only from a list (<see cref="PickleNames"/>), and nothing is ever run.</summary>
/// <remarks>
/// <para>Format: CPython's Lib/pickletools.py describes every instruction. A pickle is a program for a stack machine;
/// its dangerous instructions are those that fetch any Python object by name (GLOBAL, STACK_GLOBAL) and call it (REDUCE,
/// NEWOBJ, BUILD). Here a name that is not on the list ends reading when it is fetched, before anything could be
/// called; what is on the list has a meaning of its own in <see cref="PickleCalls"/>.</para>
/// <para>Memory: an instruction makes at most one value of fixed size, or copies bytes that stand in the file, so that
/// memory is bounded by a multiple of the pickle's length. That the values do not contain themselves and are not
/// endless when written out is checked at the end (<see cref="PickleCheck"/>). There is no recursion.</para>
/// </remarks>
internal sealed class PickleReader
{
    private const int LowestProtocol = 2, HighestProtocol = 5, LongestInteger = 128;

    private static readonly TorchValue yes = true, no = false;

    private readonly FileBytes file;
    private readonly PickleInput input;
    private readonly PickleCalls calls;
    private readonly Func<TorchValue, TorchValue>? persistent;
    private readonly List<TorchValue> stack = [];
    private readonly List<int> marks = [];
    private readonly Dictionary<uint, TorchValue> memo = [];
    private readonly Dictionary<string, TorchValue> names = [];

    private PickleReader(FileBytes file, PickleInput input, Func<TorchValue, TorchValue>? persistent)
    {
        this.file = file;
        this.input = input;
        this.persistent = persistent;
        calls = new PickleCalls(file, input);
    }

    /// <summary>Reads one pickle.</summary>
    /// <param name="file">The file it is in.</param>
    /// <param name="offset">Its first byte.</param>
    /// <param name="length">The most bytes it can have; on return what it has.</param>
    /// <param name="persistent">Finds what is stored outside of the pickle: storages.</param>
    public static TorchValue Read(
        FileBytes file, long offset, ref long length, Func<TorchValue, TorchValue>? persistent = null)
    {
        var bytes = new PickleInput(file, offset, length);
        TorchValue value = new PickleReader(file, bytes, persistent).Run();
        length = bytes.Consumed;
        PickleCheck.Check(file, value, length);
        return value;
    }

    private TorchValue Run()
    {
        if (input.ReadByte() != 0x80)
            input.Fail("does not begin with its protocol's number; protocols 2 to 5 are known");
        int protocol = input.ReadByte();
        if (protocol is < LowestProtocol or > HighestProtocol)
            input.Fail($"has protocol {protocol} but {LowestProtocol} to {HighestProtocol} are known");
        while (true)
        {
            byte code = input.ReadByte();
            if (code == (byte)'.') break;
            Step(code);
        }

        TorchValue value = Pop();
        if (stack.Count != 0) input.Fail("leaves values behind at its end; it is damaged");
        return value;
    }

    private void Step(byte code)
    {
        switch (code)
        {
            // ---- Scalars
            case (byte)'N': Push(TorchValue.None); break;
            case 0x88: Push(yes); break;
            case 0x89: Push(no); break;
            case (byte)'K': Push(Integer(input.ReadByte())); break;
            case (byte)'M': Push(Integer(input.ReadUInt16())); break;
            case (byte)'J': Push(Integer((int)input.ReadUInt32())); break;
            case 0x8a: Push(LongInteger(input.ReadByte())); break;
            case 0x8b: Push(LongInteger(input.ReadUInt32())); break;
            case (byte)'G':
                Push(New(TorchKind.Number, bits: BitConverter.DoubleToInt64Bits(input.ReadDouble())));
                break;

            // ---- Texts and bytes; the texts of Python 2 (T, U) are texts too
            case (byte)'X': PushText(input.ReadUInt32()); break;
            case 0x8c: PushText(input.ReadByte()); break;
            case 0x8d: PushText(input.ReadUInt64()); break;
            case (byte)'T': PushLatin(input.ReadUInt32()); break;
            case (byte)'U': PushLatin(input.ReadByte()); break;
            case (byte)'B': PushBytes(input.ReadUInt32()); break;
            case (byte)'C': PushBytes(input.ReadByte()); break;
            case 0x8e or 0x96: PushBytes(input.ReadUInt64()); break;

            // ---- Collections
            case (byte)'(': marks.Add(stack.Count); break;
            case (byte)'0': if (!PopEmptyMark()) Pop(); break;
            case (byte)'1': PopToMark(); break;
            case (byte)'2': Push(Peek()); break;
            case (byte)']': Push(New(TorchKind.List)); break;
            case (byte)'}': Push(New(TorchKind.Dictionary)); break;
            case 0x8f: Push(New(TorchKind.Set)); break;
            case (byte)')': Push(New(TorchKind.Tuple)); break;
            case 0x85 or 0x86 or 0x87: Push(PopTuple(code - 0x84)); break;
            case (byte)'t': Push(New(TorchKind.Tuple, PopToMark())); break;
            case (byte)'l': Push(New(TorchKind.List, PopToMark())); break;
            case 0x91: Push(New(TorchKind.Set, PopToMark())); break;
            case (byte)'d':
                List<TorchValue> pairs = PopToMark();
                Push(New(TorchKind.Dictionary));
                SetItems(pairs);
                break;
            case (byte)'a': Append(Pop()); break;
            case (byte)'e': Extend(PopToMark(), TorchKind.List); break;
            case 0x90: Extend(PopToMark(), TorchKind.Set); break;
            case (byte)'s':
                TorchValue value = Pop(), key = Pop();
                SetItem(key, value);
                break;
            case (byte)'u': SetItems(PopToMark()); break;

            // ---- What was there before
            case (byte)'q': memo[input.ReadByte()] = Peek(); break;
            case (byte)'r': memo[input.ReadUInt32()] = Peek(); break;
            case 0x94: memo[(uint)memo.Count] = Peek(); break;
            case (byte)'h': PushMemo(input.ReadByte()); break;
            case (byte)'j': PushMemo(input.ReadUInt32()); break;

            // ---- Names, calls and what is outside
            case (byte)'c': Push(Name(input.ReadLine(), input.ReadLine())); break;
            case 0x93:
                TorchValue name = Pop(), module = Pop();
                if (module.Kind != TorchKind.Text || name.Kind != TorchKind.Text)
                    input.Fail("has a name that is not a text");
                Push(Name(module.TextOrName, name.TextOrName));
                break;
            case (byte)'R' or 0x81:
                TorchValue arguments = Pop(), function = Pop();
                Push(calls.Call(function, arguments));
                break;
            case (byte)'b':
                TorchValue state = Pop();
                calls.Build(Peek(), state);
                break;
            case (byte)'Q':
                TorchValue id = Pop();
                if (persistent is null) input.Fail("refers to a storage where none can be");
                Push(persistent(id));
                break;
            case 0x95: input.ReadUInt64(); break; // FRAME: how far a reader may read ahead

            default:
                input.Fail($"has the instruction {Describe(code)}, which no model file needs");
                break;
        }
    }

    /// <summary>Instructions that exist and are refused.</summary>
    private static string Describe(byte code) => code switch
    {
        (byte)'I' => "INT of protocol 0",
        (byte)'L' => "LONG of protocol 0",
        (byte)'F' => "FLOAT of protocol 0",
        (byte)'S' => "STRING of protocol 0",
        (byte)'V' => "UNICODE of protocol 0",
        (byte)'P' => "PERSID of protocol 0",
        (byte)'p' => "PUT of protocol 0",
        (byte)'g' => "GET of protocol 0",
        (byte)'i' => "INST of protocol 0",
        (byte)'o' => "OBJ",
        0x80 => "PROTO in its middle",
        0x82 or 0x83 or 0x84 => "EXT",
        0x92 => "NEWOBJ_EX",
        0x97 => "NEXT_BUFFER",
        0x98 => "READONLY_BUFFER",
        _ => $"0x{code:x2}",
    };

    // ---- Values --------------------------------------------------------------------------------------------------

    private TorchValue New(TorchKind kind, object? content = null, long bits = 0) =>
        new(kind, content, bits, file.Name);

    private TorchValue Integer(long value) => New(TorchKind.Integer, bits: value);

    /// <summary>Two's complement of any length.</summary>
    private TorchValue LongInteger(uint length)
    {
        if (length > LongestInteger)
            input.Fail($"has a whole number of {length} bytes but at most {LongestInteger} are read");
        var value = new BigInteger(input.ReadBytes(length));
        return value >= long.MinValue && value <= long.MaxValue
            ? Integer((long)value)
            : New(TorchKind.Integer, value);
    }

    private void PushText(ulong length) => Push(New(TorchKind.Text, input.ReadText(length)));

    private void PushLatin(uint length) =>
        Push(New(TorchKind.Text, Encoding.Latin1.GetString(input.ReadBytes(length))));

    private void PushBytes(ulong length) => Push(New(TorchKind.Bytes, input.ReadBytes(length)));

    private TorchValue Name(string module, string name)
    {
        string full = $"{module}.{name}";
        if (names.TryGetValue(full, out TorchValue? known)) return known;
        if (PickleNames.Refusal(full) is { } reason) file.Fail(reason);
        return names[full] = New(TorchKind.Name, full);
    }

    // ---- The stack -----------------------------------------------------------------------------------------------

    private int Floor => marks.Count > 0 ? marks[^1] : 0;

    private void Push(TorchValue value) => stack.Add(value);

    private TorchValue Peek()
    {
        if (stack.Count <= Floor) FailEmpty();
        return stack[^1];
    }

    private TorchValue Pop()
    {
        TorchValue value = Peek();
        stack.RemoveAt(stack.Count - 1);
        return value;
    }

    private bool PopEmptyMark()
    {
        if (marks.Count == 0 || stack.Count > marks[^1]) return false;
        marks.RemoveAt(marks.Count - 1);
        return true;
    }

    private List<TorchValue> PopToMark()
    {
        if (marks.Count == 0) FailEmpty();
        int mark = marks[^1];
        marks.RemoveAt(marks.Count - 1);
        List<TorchValue> items = stack.GetRange(mark, stack.Count - mark);
        stack.RemoveRange(mark, stack.Count - mark);
        return items;
    }

    private TorchValue PopTuple(int count)
    {
        if (stack.Count - count < Floor) FailEmpty();
        List<TorchValue> items = stack.GetRange(stack.Count - count, count);
        stack.RemoveRange(stack.Count - count, count);
        return New(TorchKind.Tuple, items);
    }

    private void PushMemo(uint place)
    {
        if (!memo.TryGetValue(place, out TorchValue? value))
            input.Fail($"asks for the value {place} that it has not stored; it is damaged");
        Push(value);
    }

    [DoesNotReturn]
    private void FailEmpty() => input.Fail("takes a value from an empty stack; it is damaged");

    // ---- Collections ---------------------------------------------------------------------------------------------

    private void Append(TorchValue item)
    {
        TorchValue list = Peek();
        if (list.Kind != TorchKind.List) input.Fail($"appends to {list}");
        list.MutableItems.Add(item);
    }

    private void Extend(List<TorchValue> items, TorchKind kind)
    {
        TorchValue list = Peek();
        if (list.Kind != kind) input.Fail($"appends to {list}");
        list.MutableItems.AddRange(items);
    }

    private void SetItems(List<TorchValue> pairs)
    {
        if (pairs.Count % 2 != 0) input.Fail("sets a key without a value; it is damaged");
        for (int i = 0; i < pairs.Count; i += 2) SetItem(pairs[i], pairs[i + 1]);
        if (pairs.Count == 0 && Peek().Kind != TorchKind.Dictionary) input.Fail($"sets a key of {Peek()}");
    }

    private void SetItem(TorchValue key, TorchValue value)
    {
        TorchValue map = Peek();
        if (map.Kind != TorchKind.Dictionary) input.Fail($"sets a key of {map}");
        calls.CheckKey(key);
        map.MutableEntries[key] = value;
    }
}
