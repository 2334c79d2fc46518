using System.Text.Json;
using Recur.Autograd;

namespace Recur.Tests.Ops;

/// <summary>What every row of <see cref="OpCases"/> must fulfil.</summary>
[Collection(AloneCollection.Name)]
public sealed class OpCaseTests
{
    private static readonly JsonDocument Fixtures = Fixture.Open("ops.json");

    public static TheoryData<string> Names => [.. OpCases.All.Select(c => c.Name)];

    public static TheoryData<string> NamesWithError => [.. OpCases.All.Where(c => c.Error is not null).Select(c => c.Name)];

    public static TheoryData<string> SmoothNames => [.. OpCases.All.Where(c => c.Smooth).Select(c => c.Name)];

    private static OpCase Case(string name) => OpCases.All.Single(c => c.Name == name);

    private static JsonElement Row(string name) => Fixtures.RootElement.GetProperty(name);

    private static Tensor Read(JsonElement tensor) => Tensor.From(tensor.Floats("values"), new Shape(tensor.Ints("shape")));

    private static Tensor[] Inputs(string name) => [.. Row(name).GetProperty("inputs").EnumerateArray().Select(i => Read(i).RequireGrad())];

    [Fact]
    public void OpCases_Names_AreThoseOfTheFixture() =>
        Assert.Equal(Fixtures.RootElement.EnumerateObject().Select(p => p.Name).Order(), OpCases.All.Select(c => c.Name).Order());

    [Theory, MemberData(nameof(Names))]
    public void ForwardAndBackward_EveryVectorWidth_MatchTorch(string name) => IsaSweep.ForEach(level =>
    {
        OpCase row = Case(name);
        Tensor[] inputs = Inputs(name);
        Tensor y = row.Function(inputs);
        Tensor expected = Read(Row(name).GetProperty("result"));
        Assert.Equal(expected.Shape, y.Shape);
        FixtureExtensions.AssertClose(expected.Span, y.Span, row.Tolerance, $"{name} at {level}");

        y.Backward(Read(Row(name).GetProperty("start")));
        int i = 0;
        foreach (JsonElement gradient in Row(name).GetProperty("gradients").EnumerateArray())
        {
            Tensor actual = inputs[i].Grad ?? Tensor.Zeros(inputs[i].Shape);
            FixtureExtensions.AssertClose(Read(gradient).Span, actual.Span, row.Tolerance, $"{name} at {level}, gradient of input {i++}");
        }
    });

    [Theory, MemberData(nameof(SmoothNames))]
    public void Backward_Case_MatchesFiniteDifferences(string name) => GradCheck.Run(Case(name).Function, Inputs(name)).ThrowIfFailed();

    [Theory, MemberData(nameof(Names))]
    public void Forward_NoGrad_SameValuesUntracked(string name)
    {
        Tensor[] inputs = Inputs(name);
        float[] tracked = Case(name).Function(inputs).ToArray();
        using (GradMode.NoGrad())
        {
            Tensor y = Case(name).Function(inputs);
            Assert.False(y.RequiresGrad);
            Assert.Equal(tracked, y.ToArray());
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Backward_Twice_GradientsAddUp(string name)
    {
        Tensor[] inputs = Inputs(name);
        Tensor start = Read(Row(name).GetProperty("start"));
        Case(name).Function(inputs).Backward(start);
        float[][] once = [.. inputs.Select(x => x.Grad!.Value.ToArray())];
        Case(name).Function(inputs).Backward(start);
        for (int i = 0; i < inputs.Length; i++)
        {
            // Not always twice the same bits: an operation may add several shares to what is there.
            float[] twice = [.. once[i].Select(g => g + g)];
            FixtureExtensions.AssertClose(twice, inputs[i].Grad!.Value.Span, OpCase.EightUlp, name);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Backward_OneInputTracked_OthersGetNothing(string name)
    {
        Tensor start = Read(Row(name).GetProperty("start"));
        for (int tracked = 0; tracked < Inputs(name).Length; tracked++)
        {
            Tensor[] inputs = Inputs(name);
            for (int i = 0; i < inputs.Length; i++) inputs[i].RequireGrad(i == tracked);
            Case(name).Function(inputs).Backward(start);
            Tensor expected = Read(Row(name).GetProperty("gradients")[tracked]);
            for (int i = 0; i < inputs.Length; i++)
            {
                if (i != tracked) Assert.Null(inputs[i].Grad);
                else FixtureExtensions.AssertClose(expected.Span, inputs[i].Grad!.Value.Span, Case(name).Tolerance, name);
            }
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Step_WarmedUp_AllocatesNothing(string name)
    {
        OpCase row = Case(name);
        Tensor[] inputs = Inputs(name);
        Tensor start = Read(Row(name).GetProperty("start"));
        for (int i = 0; i < 3; i++) row.Function(inputs).Backward(start);
        Assert.Equal(0, AllocationMeter.Of(3, () => row.Function(inputs).Backward(start)));
    }

    [Theory, MemberData(nameof(NamesWithError))]
    public void Apply_WrongArguments_SaysWhatIsWrong(string name)
    {
        (Action call, string text) = Case(name).Error!.Value;
        Assert.Equal(text, Assert.ThrowsAny<ArgumentException>(call).Message);
    }
}
