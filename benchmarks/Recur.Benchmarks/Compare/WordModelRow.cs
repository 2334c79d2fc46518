using System.Text.Json.Nodes;
using Recur.Optim;
using Recur.Peers;
using Recur.Text;

namespace Recur.Benchmarks.Compare;

/// <summary>A training step of the classic word language model: 10,000 words, vectors of 650, LSTM 650 x 2 layers, 35 steps
/// of 20 streams, cross-entropy, zero-grad, backward, clipping, SGD. Through the public API alone.</summary>
internal sealed class WordModelRow() : Row("word-model step")
{
    private const int Words = 10_000, Size = 650, Layers = 2, T = 35, N = 20;
    private const float LearningRate = 1f, Clip = 0.25f;

    private readonly int[] ids = new int[T * N], targets = new int[T * N];
    private LanguageModel model = null!;
    private LanguageModelState before = null!, after = null!;
    private Sgd sgd = null!;

    public override double Flops =>
        3.0 * 2 * T * N * (Layers * 4.0 * Size * (Size + Size) + (double)Size * Words);

    public override (string Op, JsonObject Options) PyTorchCase => ("word_model", new JsonObject
    {
        ["layers"] = Layers,
        ["learning_rate"] = LearningRate,
        ["clip"] = Clip,
    });

    public override IReadOnlyList<PeerTensor> Prepare()
    {
        Rng.Seed(0);
        Vocabulary vocabulary = Vocabulary.FromCounts(Enumerable.Range(0, Words).Select(i => ($"w{i}", 1L)));
        model = new LanguageModel(vocabulary, new WhitespaceTokenizer(), new LanguageModelOptions
        {
            HiddenSize = Size, NumLayers = Layers, Dropout = 0f, ForgetBias = null,
        });
        sgd = new Sgd(model.Parameters(), LearningRate);
        (before, after) = (model.CreateState(N), model.CreateState(N));
        var random = new Random(1);
        for (int i = 0; i < T * N; i++) (ids[i], targets[i]) = (random.Next(Words), random.Next(Words));
        return
        [
            new("ids", [T, N], [.. ids.Select(i => (float)i)]), new("targets", [T * N], [.. targets.Select(i => (float)i)]),
            .. PeerTensor.OfParameters(model),
        ];
    }

    public override IReadOnlyList<PeerTensor> Compute()
    {
        float loss = Step();
        return [new("loss", [1], [loss]), .. PeerTensor.OfParameters(model)];
    }

    public override void Run(int runs)
    {
        for (int i = 0; i < runs; i++) Step();
    }

    private float Step()
    {
        sgd.ZeroGrad();
        Tensor loss = model.Loss(ids, targets, before, after);
        float value = loss.Item();
        loss.Backward();
        GradientClipping.ClipNorm(model.Parameters(), Clip);
        sgd.Step();
        return value;
    }
}
