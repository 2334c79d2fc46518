using System.Text;
using Recur.IO;
using static Recur.Tests.IO.PickleBytes;

namespace Recur.Tests.IO;

/// <summary>Malicious and damaged pickles, in an archive and in a legacy file: each ends in its sentence.</summary>
public sealed class PickleTests
{
    private const string NotOnTheList = "which is not on the list of what a model file may hold; nothing was run.";

    public static TheoryData<string, byte[], string> Wrong
    {
        get
        {
            byte[] billionLaughs = Join("(", Unicode("lol"), "tq\00");
            for (int i = 0; i < 40; i++) billionLaughs = Join(billionLaughs, "(", "h", i, "h", i, "h", i, "tq", i + 1, "0");
            billionLaughs = Join(billionLaughs, "h", 40);
            byte[] deep = Join(string.Concat(Enumerable.Repeat("]", 1)), string.Concat(Enumerable.Repeat("\u0085", 5000)));
            byte[] bigName = Unicode(new string('n', 4097));
            byte[] longLists = Join("](", string.Concat(Enumerable.Repeat("N", 1000)), "eq\0");
            byte[] copies = Join("](K\u0001K\u0002\u0086", string.Concat(Enumerable.Repeat("2", 2000)), "eq\0]");
            for (int i = 0; i < 100; i++) copies = Join(copies, Global("collections", "OrderedDict"), "h\0\u0085Ra");
            return new()
            {
                { "os.system", Pickle(Global("posix", "system"), Unicode("id"), 0x85, "R"), $"the pickle asks for \"posix.system\", {NotOnTheList}" },
                { "os", Pickle(Global("os", "system"), Unicode("id"), 0x85, "R"), $"the pickle asks for \"os.system\", {NotOnTheList}" },
                { "eval", Pickle(Global("__builtin__", "eval"), Unicode("1"), 0x85, "R"), $"the pickle asks for \"__builtin__.eval\", {NotOnTheList}" },
                { "eval 4", [0x80, 4, .. Join(Unicode("builtins"), Unicode("eval"), 0x93, Unicode("1"), 0x85, "R.")], $"the pickle asks for \"builtins.eval\", {NotOnTheList}" },
                { "getattr", Pickle(Global("builtins", "getattr")), $"the pickle asks for \"builtins.getattr\", {NotOnTheList}" },
                { "import", Pickle(Global("builtins", "__import__")), $"the pickle asks for \"builtins.__import__\", {NotOnTheList}" },
                { "subprocess", Pickle(Global("subprocess", "Popen")), $"the pickle asks for \"subprocess.Popen\", {NotOnTheList}" },
                { "torch.load", Pickle(Global("torch", "load")), $"the pickle asks for \"torch.load\", {NotOnTheList}" },
                { "terminal", Pickle(Global("a\u001b[31m", "b")), $"the pickle asks for \"a?[31m.b\", {NotOnTheList}" },
                { "nested", Pickle(Global("collections", "OrderedDict"), ")R", Global("torch._utils", "_rebuild_tensor_v2"), "((", Global("posix", "system"), Unicode("id"), 0x85, "Rttb"), $"the pickle asks for \"posix.system\", {NotOnTheList}" },
                { "call result", Pickle(Global("collections", "OrderedDict"), ")R)R"), "the pickle calls a dictionary of 0." },
                { "call text", Pickle(Unicode("os.system"), Unicode("id"), 0x85, "R"), "the pickle calls \"os.system\"." },
                { "call type", Pickle(Global("torch", "float32"), ")R"), "the pickle calls torch.float32 in a way that is not known." },
                { "call dict", Pickle(Global("builtins", "dict"), ")R"), "the pickle calls builtins.dict in a way that is not known." },
                { "new", Pickle(Global("torch", "Tensor"), ")", 0x81), "the pickle calls torch.Tensor in a way that is not known." },
                { "arguments", Pickle(Global("torch", "Size"), "]R"), "the pickle calls torch.Size without a tuple of arguments." },
                { "from type", Pickle(Global("torch._tensor", "_rebuild_from_type_v2"), "(", Global("collections", "OrderedDict"), Global("torch", "Tensor"), ")}tR"), "the pickle calls torch._tensor._rebuild_from_type_v2 in a way that is not known." },
                { "setstate", Pickle("]}", Unicode("__setstate__"), Global("torch", "float32"), "sb"), "the pickle sets the state of a list of 0 (as __setstate__ would), which is not allowed; nothing was run." },
                { "state", Pickle(Global("torch", "Tensor"), "}b"), "the pickle sets the state of torch.Tensor (as __setstate__ would), which is not allowed; nothing was run." },
                { "contains itself", Pickle("]q\0h\0a"), "a value of the pickle contains itself." },
                { "tuple itself", Pickle("]q\0h\0\u0085a"), "a value of the pickle contains itself." },
                { "dict itself", Pickle("}q\0", Unicode("me"), "h\0s"), "a value of the pickle contains itself." },
                { "billion laughs", Pickle(billionLaughs), "the values of the pickle share each other so often that they would be too many written out." },
                { "copies", Pickle(copies), "the pickle copies its values over and over." },
                { "deep", Pickle(deep), "the values of the pickle are nested deeper than 100 levels." },
                { "long key", Pickle("}", bigName, "Ns"), "the pickle has a key of 4097 characters but at most 4096 are read." },
                { "list key", Pickle("}]Ns"), "the pickle has a list of 0 as a key, which is not supported." },
                { "text", Pickle("X", 255, 255, 255, 127, "ab"), "the pickle announces 2147483647 bytes where 3 are left; it is cut off." },
                { "text 8", Pickle(0x8d, 255, 255, 255, 255, 255, 255, 255, 255), "the pickle announces 18446744073709551615 bytes where 1 are left; it is cut off." },
                { "utf-8", Pickle(0x8c, 1, 255), "a text in the pickle is not valid UTF-8." },
                { "bytes", Pickle("B", 255, 255, 255, 255), "the pickle announces 4294967295 bytes where 1 are left; it is cut off." },
                { "long", Pickle(0x8b, 255, 255, 255, 255), "the pickle has a whole number of 4294967295 bytes but at most 128 are read." },
                { "name", Pickle("c", new string('a', 2000)), "the pickle has a name of more than 1024 bytes." },
                { "memo", Pickle("h\u0005"), "the pickle asks for the value 5 that it has not stored; it is damaged." },
                { "empty", Pickle(), "the pickle takes a value from an empty stack; it is damaged." },
                { "mark", Pickle("t"), "the pickle takes a value from an empty stack; it is damaged." },
                { "below mark", Pickle("N(\u0085"), "the pickle takes a value from an empty stack; it is damaged." },
                { "two", Pickle("NN"), "the pickle leaves values behind at its end; it is damaged." },
                { "odd", Pickle("}(Nu"), "the pickle sets a key without a value; it is damaged." },
                { "append", Pickle("}Na"), "the pickle appends to a dictionary of 0." },
                { "set", Pickle("]NNs"), "the pickle sets a key of a list of 0." },
                { "protocol 1", [(byte)']', (byte)'.'], "the pickle does not begin with its protocol's number; protocols 2 to 5 are known." },
                { "protocol 6", [0x80, 6, (byte)'N', (byte)'.'], "the pickle has protocol 6 but 2 to 5 are known." },
                { "int", Pickle("I1\n"), "the pickle has the instruction INT of protocol 0, which no model file needs." },
                { "inst", Pickle("(ios\nsystem\n"), "the pickle has the instruction INST of protocol 0, which no model file needs." },
                { "obj", Pickle("(", Global("torch", "Size"), "o"), "the pickle has the instruction OBJ, which no model file needs." },
                { "ext", Pickle(0x82, 1), "the pickle has the instruction EXT, which no model file needs." },
                { "newobj_ex", Pickle(0x92), "the pickle has the instruction NEWOBJ_EX, which no model file needs." },
                { "buffer", Pickle(0x97), "the pickle has the instruction NEXT_BUFFER, which no model file needs." },
                { "unknown", Pickle(0xff), "the pickle has the instruction 0xff, which no model file needs." },
                { "persistent", Pickle("NQ"), "a reference to a storage in the pickle has a form that is not known." },
                { "complex", Pickle(Global("torch", "ComplexDoubleStorage")), "the pickle asks for \"torch.ComplexDoubleStorage\": complex numbers are not supported." },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Load_WrongPickle_SaysWhy(string what, byte[] pickle, string sentence)
    {
        Assert.Equal($"{what}.pt: {sentence}", MessageOf(Archive(pickle), what + ".pt"));
        if (pickle[0] != 0x80) return; // the legacy form is recognised by it
        // What is cut off there is followed by the list of storages.
        if (sentence.Contains("left; it is cut off")) MessageOf(Legacy(pickle), what + ".pt");
        else Assert.Equal($"{what}.pt: {sentence}", MessageOf(Legacy(pickle), what + ".pt"));
    }

    // A storage of three float32, and what the view of it must say.
    public static TheoryData<byte[], string> WrongTensors => new()
    {
        { Tensor(Storage("0", 3), 0, [4], [1]), "a tensor [4] with strides [1] at element 0 does not lie in its storage of 3 elements." },
        { Tensor(Storage("0", 3), 1, [3], [1]), "a tensor [3] with strides [1] at element 1 does not lie in its storage of 3 elements." },
        { Tensor(Storage("0", 3), -1, [1], [1]), "a tensor [1] with strides [1] at element -1 does not lie in its storage of 3 elements." },
        { Tensor(Storage("0", 3), 4, [0], [1]), "a tensor [0] with strides [1] at element 4 does not lie in its storage of 3 elements." },
        { Tensor(Storage("0", 3), 0, [2], [long.MaxValue]), "a tensor [2] with strides [9223372036854775807] at element 0 does not lie in its storage of 3 elements." },
        { Tensor(Storage("0", 3), long.MaxValue, [2, 2], [long.MaxValue, long.MaxValue]), "a tensor [2, 2] with strides [9223372036854775807, 9223372036854775807] at element 9223372036854775807 does not lie in its storage of 3 elements." },
        { Tensor(Storage("0", 3), 0, [-1], [1]), "a tensor has the negative dimension -1." },
        { Tensor(Storage("0", 3), 0, [1], [-1]), "a tensor has the negative stride -1." },
        { Tensor(Storage("0", 3), 0, [1, 2], [1]), "a tensor has 2 dimensions but 1 strides." },
        { Tensor(Storage("0", 3), 0, [1L << 32, 1L << 32], [0, 0]), "a tensor [4294967296, 4294967296] has more elements than any file can hold." },
        { Tensor(Storage("0", 3), 0, [1L << 40], [0]), "the tensors have 1099511627776 more elements written out than the 4205280 that a file of this size may have." },
        { Tensor(Storage("0", 4), 0, [1], [1]), "the storage \"data/0\" must have 16 bytes (4 elements of F32) but has 12." },
        { Tensor(Storage("0", long.MaxValue), 0, [1], [1]), "the storage \"data/0\" must have 36893488147419103228 bytes (9223372036854775807 elements of F32) but has 12." },
        { Tensor(Storage("1", 3), 0, [1], [1]), "the storage \"data/1\" is missing in the archive." },
        { Tensor(Storage("0", -1), 0, [1], [1]), "a reference to a storage in the pickle has a form that is not known." },
        { Tensor(Storage("0", 3, "float32"), 0, [1], [1]), "a reference to a storage in the pickle has a form that is not known." },
        { Join(Storage("0", 3), Storage("0", 3, "IntStorage"), 0x86), "the storage \"0\" is described in two ways." },
        { Tensor(Tensor(Storage("0", 3), 0, [1], [1]), 0, [1], [1]), "the pickle calls torch._utils._rebuild_tensor_v2 in a way that is not known." },
    };

    [Theory]
    [MemberData(nameof(WrongTensors))]
    public void Load_WrongTensor_SaysWhy(byte[] value, string sentence)
    {
        byte[] file = Archive(Pickle(value), ("data/0", new byte[12]));
        // The bound of elements depends on the file's length.
        sentence = sentence.Replace("4205280", $"{(1 << 22) + 16 * file.Length}");
        Assert.Equal("x.pt: " + sentence, MessageOf(file, "x.pt"));
    }

    /// <summary>A tensor that a thousand names share is read once.</summary>
    [Fact]
    public void Load_TensorExpandedManyTimes_IsRefusedBeforeItIsMade()
    {
        byte[] one = Join(Tensor(Storage("0", 1), 0, [1 << 20], [0]), "q\0");
        byte[] shared = Join("](", one, string.Concat(Enumerable.Repeat("h\0", 1000)), "e");
        byte[] file = Archive(Pickle(shared), ("data/0", new byte[4]));
        Assert.Equal(
            $"x.pt: the tensors have {1001 << 20} more elements written out than the {(1 << 22) + 16 * file.Length} that " +
            "a file of this size may have.", MessageOf(file, "x.pt"));

        Assert.Equal(1 << 20, TorchFile.Load(new MemoryStream(Archive(Pickle(one), ("data/0", new byte[4]))), "x").ToTensor().Length);
    }

    [Fact]
    public void Load_EveryInstruction_IsUnderstood()
    {
        TorchValue v = TorchFile.Load(new MemoryStream(Archive(Pickle(
            "(NK\u0007M\u0001\u0001J", 255, 255, 255, 255, 0x8a, 0, 0x8b, 2, 0, 0, 0, 0, 0x80, "G", new byte[] { 0x3f, 0xf8, 0, 0, 0, 0, 0, 0 },
            "U\u0001a", "T", 1, 0, 0, 0, "b", "C\u0001c", 0x8e, 1, 0, 0, 0, 0, 0, 0, 0, "d", 0x96, 0, 0, 0, 0, 0, 0, 0, 0, "(K\u0001K\u0002d", "(N1", "N20",
            "(K\u0001l", 0x8f, "(K\u0001", 0x90, "(K\u0001", 0x91, "(0N", "]Na", "r", 1, 1, 0, 0, "j", 1, 1, 0, 0, 0x94, "h\u0001", 0x95, 0, 0, 0, 0, 0, 0, 0, 0, "t"))), "x");
        Assert.Equal(
            "None 7 257 -1 0 -32768 1.5 \"a\" \"b\" 1 bytes 1 bytes 0 bytes a dictionary of 1 None a list of 1 a set of 1 a set of 1 None a list of 1 a list of 1 a list of 1",
            string.Join(' ', v.Items));
        Assert.Equal("c", Encoding.ASCII.GetString(v[9].ToBytes()));
        Assert.Equal(2, v[12][1].ToInt64());
    }

    private static string MessageOf(byte[] file, string name)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<ModelFormatException>(() => TorchFile.Load(new MemoryStream(file), name));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256L * file.Length + (1 << 20));
        return error.Message;
    }
}
