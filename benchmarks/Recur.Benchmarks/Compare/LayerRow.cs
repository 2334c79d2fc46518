using System.Text.Json.Nodes;
using Recur.Autograd;
using Recur.Nn;
using Recur.Peers;

namespace Recur.Benchmarks.Compare;

/// <summary>A recurrent layer over whole sequences: forward in an inference scope, or forward and backward of the sum of
/// its outputs with the gradients of the input and of all parameters.</summary>
internal sealed class LayerRow(LayerCase c, bool train) : Row($"{c} {(train ? "forward+backward" : "forward")}")
{
    private LayerUnderTest layer = null!;
    private Tensor[] leaves = [];
    private Tensor x;

    public override double Flops => c.ForwardFlops * (train ? 3 : 1);

    public override (string Op, JsonObject Options) PyTorchCase => ("layer", c.Options(train));

    public override IReadOnlyList<PeerTensor> Prepare()
    {
        Rng.Seed(0);
        layer = c.Cell.Create(c);
        float[] values = PeerTensor.Uniform(new Random(1), c.T * c.N * c.I);
        x = Tensor.From(values, [.. c.InputShape]).RequireGrad(train);
        leaves = [x, .. layer.Module.Parameters()];
        return [PeerTensor.Of("x", x), .. PeerTensor.OfParameters(layer.Module)];
    }

    public override OnnxSession? OpenOnnx(IReadOnlyList<PeerTensor> tensors, int threads) =>
        train ? null : OnnxLayer.Open(c, tensors, threads);

    public override OneDnn.Layer? OpenOneDnn(OneDnn library, IReadOnlyList<PeerTensor> tensors, int threads) =>
        OneDnn.Has(c) ? library.Open(c, tensors, train, threads) : null;

    public override IReadOnlyList<PeerTensor> Compute()
    {
        if (!train)
        {
            using (GradMode.NoGrad())
            {
                (Tensor y, LstmState final) = layer.Forward(x, null);
                return [PeerTensor.Of("y", y), .. States(final)];
            }
        }

        (Tensor output, LstmState states) = layer.Forward(x, null);
        List<PeerTensor> results = [PeerTensor.Of("y", output), .. States(states)];
        output.Sum().Backward();
        results.Add(PeerTensor.Of("grad.x", x.Grad!.Value));
        results.AddRange(PeerTensor.OfGradients(layer.Module));
        return results;
    }

    private IEnumerable<PeerTensor> States(LstmState final) =>
        c.Cell.States.Zip(c.Cell.Final(final), (name, value) => PeerTensor.Of(name + "n", value));

    public override void Run(int runs)
    {
        if (train)
        {
            for (int i = 0; i < runs; i++)
            {
                foreach (Tensor leaf in leaves)
                {
                    leaf.ZeroGrad();
                    _ = leaf.MutableSpan; // as after an optimizer's step: nothing packed before may be used again
                }

                layer.Forward(x, null).Output.Sum().Backward();
            }
        }
        else
        {
            for (int i = 0; i < runs; i++)
                using (GradMode.Inference()) layer.Forward(x, null);
        }
    }
}
