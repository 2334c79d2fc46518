using Recur.Peers;

namespace Recur.ParityTests;

/// <summary>Every loss with random options, shapes and values against torch.nn.functional.</summary>
public sealed class LossParityTests(PyTorchOracle pytorch)
{
    private const int Cases = 80;

    public static TheoryData<string> Names =>
    [
        "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "pinball", "gaussian_nll_loss", "binary_cross_entropy",
        "binary_cross_entropy_with_logits", "kl_div", "cross_entropy", "nll_loss",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void ForwardBackward_RandomOptions_MatchesPyTorch(string name)
    {
        var random = new Random(7);
        for (int i = 0; i < Cases; i++)
        {
            var c = new LossCase(name, random);
            Dictionary<string, Tensor> tensors =
                c.Tensors.ToDictionary(t => t.Name, t => Tensor.From(t.Values, new Shape(t.Shape)));
            foreach (string leaf in c.Gradients) tensors[leaf].RequireGrad();
            Tensor y = c.Call(n => tensors[n]);
            var gy = Tensor.From(PeerTensor.Uniform(random, y.Length), y.Shape);
            var results = new List<PeerTensor> { PeerTensor.Of("y", y) };
            y.Backward(gy);
            results.AddRange(c.Gradients.Select(
                n => PeerTensor.Of("grad." + n, tensors[n].Grad ?? Tensor.Zeros(tensors[n].Shape))));
            IReadOnlyList<PeerTensor> expected =
                pytorch.Compute("loss", c.Options, [.. c.Tensors, PeerTensor.Of("gy", gy)]);
            string? difference = Agreement.Check(expected, results);
            Assert.True(difference is null, $"case {i}, {c.Options.ToJsonString()}: {difference}");
        }
    }
}
