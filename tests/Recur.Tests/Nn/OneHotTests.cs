using Recur.Nn;

namespace Recur.Tests.Nn;

[Collection(AloneCollection.Name)] // an embedding draws from the process's generator
public sealed class OneHotTests
{
    // torch.nn.functional.one_hot(torch.tensor([[1, 0, 3], [2, 2, 0]]), 4)
    private static readonly float[] Torch = [0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0];

    [Fact]
    public void Encode_AnyForm_IsTorchs()
    {
        int[] indices = [1, 0, 3, 2, 2, 0];
        Tensor x = OneHot.Encode(indices, [2, 3], numClasses: 4);
        Assert.Equal([2, 3, 4], x.Shape);
        Assert.Equal(Torch, x.ToArray());
        Assert.Equal(Torch, OneHot.Encode(indices).ToArray()); // the largest index is 3
        Assert.Equal([6, 4], OneHot.Encode(indices, 4).Shape);
        Tensor ofTensor = OneHot.Encode(Tensor.From([1, 0, 3, 2, 2, 0], [2, 3]));
        Assert.Equal([2, 3, 4], ofTensor.Shape);
        Assert.Equal(Torch, ofTensor.ToArray());
        Assert.Equal([0, 0, 1, 0, 0], OneHot.Encode(Tensor.Scalar(2), 5).ToArray());
        Assert.Equal([0, 3], OneHot.Encode([], 3).Shape);
    }

    [Fact]
    public void Decode_Encoded_GivesTheIndicesBack()
    {
        int[] indices = [1, 0, 3, 2, 2, 0];
        Assert.Equal(indices, OneHot.Decode(OneHot.Encode(indices, [2, 3], 5)));
        Assert.Equal([1], OneHot.Decode(Tensor.From([0, 1, 0])));
        Assert.Empty(OneHot.Decode(Tensor.Zeros([0, 3])));
    }

    [Fact]
    public void Encode_TimesWeight_IsTheEmbedding()
    {
        Rng.Seed(0);
        var embedding = new Embedding(5, 3);
        int[] ids = [4, 0, 2, 2];
        Assert.Equal(
            embedding.Forward(ids, [2, 2]).ToArray(), OneHot.Encode(ids, [2, 2], 5).MatMul(embedding.Weight).ToArray());
    }

    [Fact]
    public void Encode_WrongIndices_NamesThePosition()
    {
        Says("OneHot.Encode: index 4 at position 1 is not one of the classes 0 to 2.", () => OneHot.Encode([0, 4], 3));
        Says("OneHot.Encode: index -1 at position 2 is not one of the classes 0 to 7.",
            () => OneHot.Encode([0, 7, -1]));
        Says("OneHot.Encode: indices must be whole numbers but 1.5 is at position 1.",
            () => OneHot.Encode(Tensor.From([1f, 1.5f])));
        Says("OneHot.Encode: indices must be whole numbers but NaN is at position 0.",
            () => OneHot.Encode(Tensor.From([float.NaN]), 3));
        Says("OneHot.Encode: numClasses must be given where there are no indices.", () => OneHot.Encode([]));
        Says("OneHot.Encode: numClasses must be given for an index as large as 2147483647.",
            () => OneHot.Encode([int.MaxValue]));
        Says("OneHot.Encode: numClasses must be at least 1 but was 0.", () => OneHot.Encode([0], 0));
        Says("OneHot.Encode: [2, 2] needs 4 indices but 3 came.", () => OneHot.Encode([0, 1, 2], [2, 2], 3));
        Says("OneHot.Encode: indices must be of at most 7 dimensions but was [1, 1, 1, 1, 1, 1, 1, 1].",
            () => OneHot.Encode([0], [1, 1, 1, 1, 1, 1, 1, 1], 1));
    }

    [Fact]
    public void Decode_OtherRows_AreRefused()
    {
        const string each = "OneHot.Decode: each row of oneHot must have a single 1 and zeros but row ";
        Says(each + "1 has no 1.", () => OneHot.Decode(Tensor.From([1, 0, 0, 0], [2, 2])));
        Says(each + "0 has 0.5 at 0 besides the 1 at 1.", () => OneHot.Decode(Tensor.From([0.5f, 1, 0], [1, 3])));
        Says(each + "0 has 1 at 2 besides the 1 at 1.", () => OneHot.Decode(Tensor.From([0, 1, 1], [1, 3])));
        Says(each + "0 has NaN at 1 besides the 1 at 0.", () => OneHot.Decode(Tensor.From([1, float.NaN])));
        Says("OneHot.Decode: oneHot must be [*, V] with V of at least 1 but was [].",
            () => OneHot.Decode(Tensor.Scalar(1)));
    }

    [Fact]
    public void BatchLayout_ThereAndBack_MovesValuesAndGradients()
    {
        Tensor x = Tensor.From([.. Enumerable.Range(0, 12).Select(i => (float)i)], [2, 3, 2]); // [T, N, V]
        x.RequireGrad();
        Tensor y = BatchLayout.ToBatchFirst(x);
        Assert.Equal([3, 2, 2], y.Shape);
        Assert.Equal([0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11], y.ToArray()); // torch's x.transpose(0, 1)
        Assert.Equal(x.ToArray(), BatchLayout.ToTimeFirst(y).ToArray());

        Tensor w = Tensor.From([.. Enumerable.Range(0, 12).Select(i => i * 0.5f)], [3, 2, 2]);
        (y * w).Sum().Backward();
        Assert.Equal(BatchLayout.ToTimeFirst(w).ToArray(), x.Grad!.Value.ToArray());

        Says("BatchLayout.ToBatchFirst: timeFirst must be [T, N, ...] but was [4].",
            () => BatchLayout.ToBatchFirst(Tensor.Zeros([4])));
        Says("BatchLayout.ToTimeFirst: batchFirst must be [N, T, ...] but was [].",
            () => BatchLayout.ToTimeFirst(Tensor.Scalar(0)));
    }

    [Fact]
    public void BatchLayout_OfARecurrentLayer_GivesTheSame()
    {
        Rng.Seed(0);
        var timeFirst = new Gru(4, 5);
        var batchFirst = new Gru(4, 5, batchFirst: true);
        batchFirst.LoadStateDict(timeFirst.StateDict());
        Tensor x = OneHot.Encode([3, 0, 1, 2, 2, 1], [3, 2], 4);
        Tensor expected = BatchLayout.ToBatchFirst(timeFirst.Forward(x).Output);
        Assert.Equal(expected.ToArray(), batchFirst.Forward(BatchLayout.ToBatchFirst(x)).Output.ToArray());
    }

    private static void Says(string sentence, Func<object> action) =>
        Assert.Equal(sentence, Assert.ThrowsAny<ArgumentException>(() => action()).Message);
}
