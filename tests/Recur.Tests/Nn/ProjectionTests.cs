using Recur.Autograd;
using Recur.Nn;

namespace Recur.Tests.Nn;

/// <summary>Lstm with a projection; its values are compared with PyTorch's by Recur.ParityTests.</summary>
[Collection(AloneCollection.Name)]
public sealed class ProjectionTests
{
    [Fact]
    public void NamedParameters_NamesShapesAndOrder_AreThoseOfTorch()
    {
        var lstm = new Lstm(6, 8, numLayers: 2, bidirectional: true, projSize: 3);
        string[] names = [.. lstm.NamedParameters().Select(p => $"{p.Name} {p.Value.Shape}")];
        string[] Layer(string suffix, int inputs) =>
        [
            $"weight_ih{suffix} [32, {inputs}]", $"weight_hh{suffix} [32, 3]", $"bias_ih{suffix} [32]", $"bias_hh{suffix} [32]",
            $"weight_hr{suffix} [3, 8]",
        ];
        Assert.Equal([.. Layer("_l0", 6), .. Layer("_l0_reverse", 6), .. Layer("_l1", 6), .. Layer("_l1_reverse", 6)], names);
    }

    // h' = W_hr (o ∘ tanh c'). A W_hr that selects the first P units makes the plain network whose W_hh ignores the others; that
    // one is compared with PyTorch elsewhere.
    [Fact]
    public void Forward_ProjectionThatSelectsUnits_EqualsAPlainLayerThatIgnoresTheRest()
    {
        const int h = 5, p = 4;
        var projected = new Lstm(3, h, projSize: p);
        var plain = new Lstm(3, h);
        Tensor wHr = projected.StateDict()["weight_hr_l0"];
        wHr.MutableSpan.Clear();
        for (int i = 0; i < p; i++) wHr.MutableSpan[i * h + i] = 1f;
        foreach (string name in (string[])["weight_ih_l0", "bias_ih_l0", "bias_hh_l0"])
            plain.StateDict()[name].CopyFrom(projected.StateDict()[name]);
        Tensor narrow = projected.StateDict()["weight_hh_l0"], wide = plain.StateDict()["weight_hh_l0"];
        wide.MutableSpan.Clear();
        for (int r = 0; r < 4 * h; r++) narrow.Span.Slice(r * p, p).CopyTo(wide.MutableSpan[(r * h)..]);

        Tensor x = RnnCase.Normal([6, 2, 3]);
        Tensor expected = plain.Forward(x).Output, actual = projected.Forward(x).Output;
        for (int row = 0; row < 12; row++)
            FixtureExtensions.AssertClose(expected.Span.Slice(row * h, p), actual.Span.Slice(row * p, p), 1e-6, $"row {row}");
    }

    [Fact]
    public void Backward_MatchesFiniteDifferences()
    {
        var lstm = new Lstm(2, 4, numLayers: 2, bidirectional: true, projSize: 2);
        Tensor x = RnnCase.Normal([3, 2, 2]).RequireGrad();
        Tensor h0 = RnnCase.Normal([4, 2, 2]).RequireGrad(), c0 = RnnCase.Normal([4, 2, 4]).RequireGrad();
        GradCheck.Run(
            _ =>
            {
                (Tensor y, (Tensor hn, Tensor cn)) = lstm.Forward(x, (h0, c0));
                return Tensor.Concat([y.Reshape(-1), hn.Reshape(-1) * 2f, cn.Reshape(-1) * 3f]);
            },
            [x, h0, c0, .. lstm.Parameters()]).ThrowIfFailed();
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    [InlineData(5)]
    public void Constructor_ProjSizeOutOfRange_SaysWhatWasExpected(int projSize) => Assert.Equal(
        $"Lstm: projSize must be in 0..3 (less than HiddenSize = 4; 0 means no projection) but was {projSize}. (Parameter 'projSize')",
        Assert.Throws<ArgumentOutOfRangeException>(() => new Lstm(3, 4, projSize: projSize)).Message);

    [Fact]
    public void Forward_WrongStates_SayWhichWidthIsMeant()
    {
        var lstm = new Lstm(3, 4, projSize: 2);
        Tensor x = Tensor.Zeros([5, 1, 3]);
        Assert.Equal(
            "Lstm.Forward: state.H must be [1, 1, 2] (NumLayers = 1, N = 1, ProjSize = 2) but was [1, 1, 4].",
            Assert.Throws<ShapeException>(() => lstm.Forward(x, (Tensor.Zeros([1, 1, 4]), Tensor.Zeros([1, 1, 4])))).Message);
        Assert.Equal(
            "Lstm.Forward: state.C must be [1, 1, 4] (NumLayers = 1, N = 1, HiddenSize = 4) but was [1, 1, 2].",
            Assert.Throws<ShapeException>(() => lstm.Forward(x, (Tensor.Zeros([1, 1, 2]), Tensor.Zeros([1, 1, 2])))).Message);
    }
}
