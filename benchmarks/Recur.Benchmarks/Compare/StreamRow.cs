using System.Text.Json.Nodes;
using Recur.Nn;
using Recur.Peers;

namespace Recur.Benchmarks.Compare;

/// <summary>One step of a layer with the state carried on, as a program makes it for every new sample of a
/// stream.</summary>
internal sealed class StreamRow(LayerCase c) : Row($"{c} stream")
{
    /// <summary>Steps, with other inputs each, whose outputs must agree before the time runs.</summary>
    private const int CheckSteps = 10;

    private RecurrentSession session = null!;
    private float[] inputs = [], input = [], output = [];
    private float[] onnxInput = []; // ONNX Runtime reads it in every run

    public override double Flops => c.ForwardFlops;

    public override (string Op, JsonObject Options) PyTorchCase => ("stream", c.Options(train: false));

    public override IReadOnlyList<PeerTensor> Prepare()
    {
        Rng.Seed(0);
        var module = (RecurrentLayer)c.Cell.Create(c).Module;
        session = module.CreateSession();
        inputs = PeerTensor.Uniform(new Random(1), CheckSteps * c.I);
        input = inputs[^c.I..]; // what is timed is the last step again and again
        output = new float[c.H];
        return [new("x", [CheckSteps, 1, c.I], inputs), .. PeerTensor.OfParameters(module)];
    }

    public override OnnxSession OpenOnnx(IReadOnlyList<PeerTensor> tensors, int threads)
    {
        onnxInput = new float[c.I];
        PeerTensor[] model =
        [
            new("x", c.InputShape, onnxInput),
            .. c.Cell.States.Select(s => PeerTensor.Zeros(s + "0", c.StateShape(s))),
            .. tensors.Where(t => t.Name != "x"),
        ];
        return OnnxLayer.Open(c with { WithState = true }, model, threads, carriesState: true);
    }

    public override IReadOnlyList<PeerTensor> ComputeOnnx(OnnxSession onnx) => Steps(x =>
    {
        x.CopyTo(onnxInput);
        return onnx.Run()[0].Values;
    });

    public override IReadOnlyList<PeerTensor> Compute() => Steps(x =>
    {
        session.Step(x, output);
        return output;
    });

    private PeerTensor[] Steps(Func<float[], float[]> step)
    {
        float[] y = [.. inputs.Chunk(c.I).SelectMany(step)];
        return [new("y", [CheckSteps, 1, c.H], y)];
    }

    public override void Run(int runs)
    {
        for (int i = 0; i < runs; i++) session.Step(input, output);
    }
}
