using System.Text.Json.Nodes;
using Recur.Autograd;
using Recur.Nn;
using Recur.Peers;

namespace Recur.Benchmarks.Compare;

/// <summary>A cell that users step over time in a loop of their own, one <see cref="Tensor.Select"/> per step: forward
/// without recording, or forward and backward of the sum of the last h with the gradients of the input and of all
/// parameters.</summary>
internal sealed class CellLoopRow(LayerCase c, bool train)
    : Row($"{c} cell loop {(train ? "forward+backward" : "forward")}")
{
    private Module cell = null!;
    private Tensor[] leaves = [];
    private Tensor x, zeros;

    public override double Flops => c.ForwardFlops * (train ? 3 : 1);

    public override (string Op, JsonObject Options) PyTorchCase => ("cell_loop", c.Options(train));

    public override IReadOnlyList<PeerTensor> Prepare()
    {
        Rng.Seed(0);
        cell = c.Cell.Name switch
        {
            "RNN" => new RnnCell(c.I, c.H),
            "GRU" => new GruCell(c.I, c.H),
            _ => new LstmCell(c.I, c.H),
        };
        float[] values = PeerTensor.Uniform(new Random(1), c.T * c.N * c.I);
        x = Tensor.From(values, [.. c.InputShape]).RequireGrad(train);
        zeros = Tensor.Zeros([c.N, c.H]);
        leaves = [x, .. cell.Parameters()];
        IEnumerable<PeerTensor> states = c.Cell.States.Select(s => PeerTensor.Of(s + "0", zeros));
        return [PeerTensor.Of("x", x), .. states, .. PeerTensor.OfParameters(cell)];
    }

    public override IReadOnlyList<PeerTensor> Compute()
    {
        if (!train)
        {
            using (GradMode.NoGrad()) return States(Loop());
        }

        LstmState last = Loop();
        List<PeerTensor> results = [.. States(last)];
        last.H.Sum().Backward();
        results.Add(PeerTensor.Of("grad.x", x.Grad!.Value));
        results.AddRange(PeerTensor.OfGradients(cell));
        return results;
    }

    private IReadOnlyList<PeerTensor> States(LstmState last) =>
        [.. c.Cell.States.Zip(c.Cell.Final(last), (name, value) => PeerTensor.Of(name + "n", value))];

    public override void Run(int runs)
    {
        if (train)
        {
            for (int i = 0; i < runs; i++)
            {
                foreach (Tensor leaf in leaves) leaf.ZeroGrad();
                Loop().H.Sum().Backward();
            }
        }
        else
        {
            for (int i = 0; i < runs; i++)
                using (GradMode.Inference()) Loop();
        }
    }

    /// <summary>The last states; only the LSTM has a state of its cells.</summary>
    private LstmState Loop()
    {
        Tensor h = zeros, cells = zeros;
        switch (cell)
        {
            case RnnCell rnn:
                for (int t = 0; t < c.T; t++) h = rnn.Forward(x.Select(0, t), h);
                break;
            case GruCell gru:
                for (int t = 0; t < c.T; t++) h = gru.Forward(x.Select(0, t), h);
                break;
            case LstmCell lstm:
                for (int t = 0; t < c.T; t++) (h, cells) = lstm.Forward(x.Select(0, t), (h, cells));
                break;
        }

        return (h, cells);
    }
}
