using Recur.IO;

namespace Recur.Tests.IO;

/// <summary>Damaged and hostile files: every rule of the format has a sentence of its own.</summary>
public sealed class SafetensorsFormatTests
{
    // The header, the number of data bytes that follow it, and the sentence behind "bad.safetensors: ".
    public static TheoryData<string, int, string> WrongHeaders => new()
    {
        { "", 0, "the header must be a JSON object that starts with { at byte 8; this is not a safetensors file." },
        { "[]", 0, "the header must be a JSON object that starts with { at byte 8; this is not a safetensors file." },
        { " {}", 0, "the header must be a JSON object that starts with { at byte 8; this is not a safetensors file." },
        { "{", 0, "the header is not valid JSON near its byte 1." },
        { "{}x", 0, "the header is not valid JSON near its byte 2." },
        { "{\"a\":}", 0, "the header is not valid JSON near its byte 5." },
        { "{\"a\":1}", 0, "\"a\" must be an object but is a number." },
        { "{\"a\":[[[[[[]]]]]]}", 0, "\"a\" must be an object but is an array." },
        { "{\"a\":null}", 0, "\"a\" must be an object but is null." },
        { "{\"a\":{}}", 0, "\"a\" has no dtype." },
        { """{"a":{"dtype":"U8"}}""", 0, "\"a\" has no shape." },
        { """{"a":{"dtype":"U8","shape":[]}}""", 1, "\"a\" has no data_offsets." },
        { """{"a":{"dtype":5,"shape":[1],"data_offsets":[0,1]}}""", 1, "\"a\": dtype must be a string but is a number." },
        { """{"a":{"dtype":"Q8","shape":[1],"data_offsets":[0,1]}}""", 1, "\"a\" has the unknown dtype \"Q8\"." },
        { """{"a":{"dtype":"u8","shape":[1],"data_offsets":[0,1]}}""", 1, "\"a\" has the unknown dtype \"u8\"." },
        { """{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}""", 1, "\"a\" has a field twice." },
        { """{"a":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}}""", 1, "\"a\" has a field twice." },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"data_offsets":[0,1]}}""", 1, "\"a\" has a field twice." },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"strides":[1]}}""", 1, "\"a\" has the unknown field \"strides\"." },
        { """{"a":{"dtype":"U8","shape":1,"data_offsets":[0,1]}}""", 1, "\"a\": shape must be an array but is a number." },
        { """{"a":{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}}""", 1, "\"a\": shape may hold only numbers but holds a string." },
        { """{"a":{"dtype":"U8","shape":[[1]],"data_offsets":[0,1]}}""", 1, "\"a\": shape may hold only numbers but holds an array." },
        { """{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}""", 1, "\"a\": shape may hold only whole numbers from 0 to 2^63-1 but holds \"-1\"." },
        { """{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}""", 1, "\"a\": shape may hold only whole numbers from 0 to 2^63-1 but holds \"1.5\"." },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}""", 1, "\"a\": data_offsets may hold only whole numbers from 0 to 2^63-1 but holds \"-1\"." },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,9223372036854775808]}}""", 1, "\"a\": data_offsets may hold only whole numbers from 0 to 2^63-1 but holds \"9223372036854775808\"." },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}""", 1, "\"a\": data_offsets must be two numbers but there are 1." },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}""", 1, "\"a\": data_offsets may hold at most 2 numbers." },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[2,1]}}""", 2, "\"a\" begins at byte 2, behind its end at 1." },
        { """{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}""", 2, "\"a\" ends at byte 3 but the file holds only 2 bytes of data." },
        { """{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,20]}}""", 20, "\"a\" must take 24 bytes (F32 [2, 3]) but its data_offsets span 20." },
        { """{"a":{"dtype":"F32","shape":[],"data_offsets":[0,0]}}""", 0, "\"a\" must take 4 bytes (F32 []) but its data_offsets span 0." },
        { """{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}""", 2, "\"a\" does not end at a whole byte: F4 takes 4 bits." },
        { """{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "\"a\" has more elements than any file can hold." },
        { """{"a":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807,9223372036854775807],"data_offsets":[0,0]}}""", 0, "\"a\" has more elements than any file can hold." },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "the name \"a\" appears twice in the header." },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "the name \"a\" appears twice in the header." },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3, "\"b\" overlaps \"a\": it begins at byte 1 but the other ends at 2." },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}""", 3, "there is a hole in the data: bytes 1 to 2 belong to no tensor." },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "there is a hole in the data: bytes 0 to 1 belong to no tensor." },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 3, "the tensors end at byte 1 of the data but the file goes on to byte 3." },
        { "{}", 1, "the tensors end at byte 0 of the data but the file goes on to byte 1." },
        { """{"__metadata__":5}""", 0, "__metadata__ must be an object of strings but is a number." },
        { """{"__metadata__":{"a":5}}""", 0, "__metadata__ may hold only strings but \"a\" is a number." },
        { """{"__metadata__":{"a":{"b":"c"}}}""", 0, "__metadata__ may hold only strings but \"a\" is an object." },
        { """{"__metadata__":{"a":"1","a":"2"}}""", 0, "\"a\" appears twice in __metadata__." },
        { """{"__metadata__":{},"__metadata__":{}}""", 0, "the name __metadata__ appears twice in the header." },
        { """{"__metadata__":{"a":"\ud800"}}""", 0, "a text in __metadata__ in the header is not valid Unicode." },
        { """{"a":{"\ud800":1}}""", 0, "a field in the header is not valid Unicode." },
        { """{"\ud800":{}}""", 0, "a name in the header is not valid Unicode." },
        { "{\"a\\u001b[31m\":1}", 0, "\"a?[31m\" must be an object but is a number." },
    };

    [Theory]
    [MemberData(nameof(WrongHeaders))]
    public void Open_WrongHeader_SaysWhy(string header, int dataLength, string sentence)
    {
        byte[] file = Raw.File(header, new byte[dataLength]);
        Assert.Equal($"bad.safetensors: {sentence}", MessageOf(file));
    }

    public static TheoryData<byte[], string> WrongFiles => new()
    {
        { [], "a safetensors file has at least 8 bytes but this one has 0." },
        { [2, 0, 0, 0, 0, 0, 0], "a safetensors file has at least 8 bytes but this one has 7." },
        { Raw.File("{}"u8.ToArray(), [], 3), "the header announces 3 bytes but only 2 follow; the file is cut off." },
        { Raw.File("{}"u8.ToArray(), [], 100_000_000), "the header announces 100000000 bytes but only 2 follow; the file is cut off." },
        { Raw.File("{}"u8.ToArray(), [], 100_000_001), "the header may have at most 100,000,000 bytes but announces 100000001; this is not a safetensors file." },
        { Raw.File("{}"u8.ToArray(), [], ulong.MaxValue), "the header may have at most 100,000,000 bytes but announces 18446744073709551615; this is not a safetensors file." },
        { Raw.File([.. "{\"a"u8, 0xff, .. "\":1}"u8], []), "the header is not valid UTF-8." },
        { Raw.File("{}\0\0"u8.ToArray(), []), "the header is not valid JSON near its byte 2." },
    };

    [Theory]
    [MemberData(nameof(WrongFiles))]
    public void Open_WrongFile_SaysWhy(byte[] file, string sentence) => Assert.Equal($"bad.safetensors: {sentence}", MessageOf(file));

    [Fact]
    public void Open_FileCutAnywhere_IsRefused()
    {
        var stream = new MemoryStream();
        Safetensors.Save(stream, [("a", Tensor.Ones([3])), ("b", Tensor.Ones([2, 2]))]);
        byte[] file = stream.ToArray();
        for (int length = 0; length < file.Length; length++) MessageOf(file[..length]);
        MessageOf([.. file, 0]);
    }

    /// <summary>A deep header must end in a sentence, not in a stack overflow.</summary>
    [Theory]
    [InlineData("{\"a\":", "bad.safetensors: \"a\" has the unknown field \"a\".")]
    [InlineData("[", "bad.safetensors: the header must be a JSON object that starts with { at byte 8; this is not a safetensors file.")]
    [InlineData("{\"a\":{\"shape\":[[", "bad.safetensors: \"a\": shape may hold only numbers but holds an array.")]
    public void Open_DeepHeader_IsRefused(string open, string sentence) =>
        Assert.Equal(sentence, MessageOf(Raw.File(string.Concat(Enumerable.Repeat(open, 100_000)), [])));

    [Fact]
    public void Open_ShapeOfManyDimensions_IsRefusedBeforeItGrows()
    {
        string shape = string.Join(',', Enumerable.Repeat("1", 100_000));
        byte[] file = Raw.File($$$"""{"a":{"dtype":"U8","shape":[{{{shape}}}],"data_offsets":[0,1]}}""", [1]);
        Assert.Equal("bad.safetensors: \"a\": shape may hold at most 64 numbers.", MessageOf(file));
    }

    [Fact]
    public void Open_LongName_IsShortenedInTheText()
    {
        string name = new('n', 100_000);
        Assert.Equal($"bad.safetensors: \"{name[..80]}...\" must be an object but is null.", MessageOf(Raw.File($$"""{"{{name}}":null}""", [])));
    }

    public static TheoryData<string, byte[], string> Unconvertible => new()
    {
        { """{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}""", new byte[8], "\"a\" is C64, which cannot be read as float32." },
        { """{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}""", new byte[1], "\"a\" is F4, which cannot be read as float32." },
        { """{"a":{"dtype":"F6_E2M3","shape":[0],"data_offsets":[0,0]}}""", [], "\"a\" is F6_E2M3, which cannot be read as float32." },
        { """{"a":{"dtype":"I64","shape":[2],"data_offsets":[0,16]}}""", [0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0], "\"a\" (I64) holds 16777217, which float32 cannot represent." },
        { """{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}""", [0, 0, 0, 0, 0, 0, 0, 0x80], "\"a\" (I64) holds -9223372036854775808, which float32 cannot represent." },
        { """{"a":{"dtype":"U64","shape":[1],"data_offsets":[0,8]}}""", [255, 255, 255, 255, 255, 255, 255, 255], "\"a\" (U64) holds 18446744073709551615, which float32 cannot represent." },
        { """{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}""", [1], "\"a\" has 9 dimensions but at most 8 are supported." },
        { """{"a":{"dtype":"U8","shape":[4294967296,0],"data_offsets":[0,0]}}""", [], "\"a\" [4294967296, 0] is larger than a tensor can be (2147483591 elements)." },
    };

    [Theory]
    [MemberData(nameof(Unconvertible))]
    public void Load_WhatATensorCannotHold_SaysWhy(string header, byte[] data, string sentence)
    {
        var error = Assert.Throws<ModelFormatException>(() => Safetensors.Load(new MemoryStream(Raw.File(header, data)), "bad.safetensors"));
        Assert.Equal($"bad.safetensors: {sentence}", error.Message);
    }

    [Fact]
    public void Read_WrongKind_SaysWhy()
    {
        byte[] bytes = Raw.File("""{"f":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"i":{"dtype":"U64","shape":[1],"data_offsets":[4,12]}}""",
            [0, 0, 0x80, 0x3f, 255, 255, 255, 255, 255, 255, 255, 255]);
        using var file = SafetensorsFile.Open(new MemoryStream(bytes), "x");
        Assert.Equal([1.0], file.ReadDouble("f"));
        Assert.Equal("x: \"f\" is F32, which cannot be read as int64.", Assert.Throws<ModelFormatException>(() => file.ReadInt64("f")).Message);
        Assert.Equal("x: \"i\" is U64, which cannot be read as float64.", Assert.Throws<ModelFormatException>(() => file.ReadDouble("i")).Message);
        Assert.Equal("x: \"i\" (U64) holds 18446744073709551615, which int64 cannot represent.", Assert.Throws<ModelFormatException>(() => file.ReadInt64("i")).Message);
        Assert.Equal("x: there is no tensor \"g\".", Assert.Throws<ModelFormatException>(() => file.ReadTensor("g")).Message);
    }

    private static string MessageOf(byte[] file) =>
        Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(new MemoryStream(file), "bad.safetensors").Dispose()).Message;
}
