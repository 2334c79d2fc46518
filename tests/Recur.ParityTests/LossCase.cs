using System.Text.Json.Nodes;
using Recur.Nn;
using Recur.Peers;

namespace Recur.ParityTests;

/// <summary>A call of a loss with random options on random tensors, here and in PyTorch.</summary>
internal sealed class LossCase
{
    private static readonly string[] Reductions = ["none", "mean", "sum"]; // in the order of Reduction

    private readonly Random random;
    private readonly JsonArray args = [], gradients = [], integers = [];
    private readonly JsonObject keywords = [], tensorKeywords = [];

    /// <summary>What goes to PyTorch.</summary>
    public List<PeerTensor> Tensors { get; } = [];

    /// <summary>The options for peer.py.</summary>
    public JsonObject Options { get; }

    /// <summary>Recur's call, on tensors by name.</summary>
    public Func<Func<string, Tensor>, Tensor> Call { get; }

    /// <summary>The arguments whose gradients are compared.</summary>
    public IEnumerable<string> Gradients => gradients.Select(g => (string)g!);

    public LossCase(string name, Random random)
    {
        this.random = random;
        int kind = random.Next(3);
        var reduction = (Reduction)kind;
        keywords["reduction"] = Reductions[kind];
        Call = name switch
        {
            "cross_entropy" => CrossEntropy(reduction),
            "nll_loss" => Nll(reduction),
            "gaussian_nll_loss" => Gaussian(reduction),
            "binary_cross_entropy" or "binary_cross_entropy_with_logits" => Binary(name, reduction),
            "kl_div" => KlDiv(reduction),
            _ => Regression(name, reduction),
        };
        Options = new JsonObject
        {
            ["name"] = name,
            ["args"] = args,
            ["gradients"] = gradients,
            ["integers"] = integers,
            ["keywords"] = keywords,
            ["tensor_keywords"] = tensorKeywords,
        };
    }

    private void Add(string name, int[] shape, Func<float> element, bool gradient = true, bool integer = false)
    {
        var values = new float[shape.Aggregate(1, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++) values[i] = element();
        Tensors.Add(new PeerTensor(name, shape, values));
        args.Add(name);
        if (gradient) gradients.Add(name);
        if (integer) integers.Add(name);
    }

    private void AddKeyword(string keyword, int[] shape, float low, float high)
    {
        float[] values = [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => Between(low, high))];
        Tensors.Add(new PeerTensor(keyword, shape, values));
        tensorKeywords[keyword] = keyword;
    }

    private float Between(float low, float high) => low + (high - low) * random.NextSingle();

    private int[] AnyShape() => [.. Enumerable.Range(0, random.Next(0, 4)).Select(_ => random.Next(1, 9))];

    private Func<Func<string, Tensor>, Tensor> Regression(string name, Reduction reduction)
    {
        int[] shape = AnyShape();
        Add("x", shape, () => Between(-2, 2));
        Add("t", shape, () => Between(-2, 2));
        float setting = MathF.Round(Between(0.1f, 2f), 3);
        switch (name)
        {
            case "mse_loss": return t => Losses.Mse(t("x"), t("t"), reduction);
            case "l1_loss": return t => Losses.L1(t("x"), t("t"), reduction);
            case "smooth_l1_loss":
                keywords["beta"] = setting;
                return t => Losses.SmoothL1(t("x"), t("t"), setting, reduction);
            case "huber_loss":
                keywords["delta"] = setting;
                return t => Losses.Huber(t("x"), t("t"), setting, reduction);
            default:
                keywords["q"] = setting / 2.1f;
                return t => Losses.Quantile(t("x"), t("t"), setting / 2.1f, reduction);
        }
    }

    private Func<Func<string, Tensor>, Tensor> Gaussian(Reduction reduction)
    {
        int[] shape = [random.Next(1, 6), random.Next(1, 9)];
        Add("x", shape, () => Between(-2, 2));
        Add("t", shape, () => Between(-2, 2));
        Add("v", ((int[][])[shape, [shape[0], 1], [shape[0]]])[random.Next(3)], () => Between(0.05f, 3f));
        bool full = random.Next(2) == 0;
        float eps = random.Next(2) == 0 ? 1e-6f : 0.25f;
        keywords["full"] = full;
        keywords["eps"] = eps;
        return t => Losses.GaussianNll(t("x"), t("t"), t("v"), full, eps, reduction);
    }

    private Func<Func<string, Tensor>, Tensor> Binary(string name, Reduction reduction)
    {
        bool logits = name != "binary_cross_entropy";
        int[] shape = AnyShape();
        Add("x", shape, () => logits ? Between(-6, 6) : Between(0.02f, 0.98f));
        Add("t", shape, () => random.Next(2) == 0 ? random.Next(2) : Between(0, 1));
        int[] last = shape.Length == 0 ? [] : [shape[^1]];
        bool weight = random.Next(2) == 0, positive = logits && random.Next(2) == 0;
        if (weight) AddKeyword("weight", random.Next(2) == 0 ? shape : last, 0.1f, 3f);
        if (positive) AddKeyword("pos_weight", last, 0.2f, 4f);
        if (!logits) return t => Losses.BinaryCrossEntropy(t("x"), t("t"), weight ? t("weight") : null, reduction);
        return t => Losses.BinaryCrossEntropyWithLogits(
            t("x"), t("t"), weight ? t("weight") : null, positive ? t("pos_weight") : null, reduction);
    }

    private Func<Func<string, Tensor>, Tensor> KlDiv(Reduction reduction)
    {
        int[] shape = [random.Next(1, 6), random.Next(1, 9)];
        bool log = random.Next(2) == 0;
        if (random.Next(4) == 0)
        {
            keywords["reduction"] = "batchmean";
            reduction = Reduction.BatchMean;
        }

        keywords["log_target"] = log;
        Add("x", shape, () => Between(-5, 0));
        Add("t", shape, () => log ? Between(-5, 0) : Between(0.01f, 1f));
        return t => Losses.KlDiv(t("x"), t("t"), reduction, log);
    }

    private Func<Func<string, Tensor>, Tensor> CrossEntropy(Reduction reduction)
    {
        (int[] shape, int[] positions, int classes) = ClassShape();
        float smoothing = random.Next(2) == 0 ? 0f : MathF.Round(random.NextSingle(), 2);
        bool weight = random.Next(2) == 0, probabilities = random.Next(3) == 0;
        keywords["label_smoothing"] = smoothing;
        Add("x", shape, () => Between(-8, 8));
        int ignored = -100;
        if (probabilities)
        {
            Add("t", shape, () => Between(0, 1)); // they need not add up to 1
        }
        else
        {
            ignored = AddIndices(positions, classes);
        }

        if (weight) AddKeyword("weight", [classes], 0.1f, 3f);
        return t => Losses.CrossEntropy(
            t("x"), t("t"), weight ? t("weight") : null, ignored, reduction, smoothing);
    }

    private Func<Func<string, Tensor>, Tensor> Nll(Reduction reduction)
    {
        (int[] shape, int[] positions, int classes) = ClassShape();
        bool weight = random.Next(2) == 0;
        Add("x", shape, () => Between(-8, 0));
        int ignored = AddIndices(positions, classes);
        if (weight) AddKeyword("weight", [classes], 0.1f, 3f);
        return t => Losses.Nll(t("x"), t("t"), weight ? t("weight") : null, ignored, reduction);
    }

    private (int[] Shape, int[] Positions, int Classes) ClassShape()
    {
        int classes = random.Next(1, random.Next(3) == 0 ? 300 : 12);
        int[] further = [.. Enumerable.Range(0, random.Next(0, 3)).Select(_ => random.Next(1, 20))];
        if (further.Length == 0 && random.Next(4) == 0) return ([classes], [], classes);
        int n = random.Next(1, 5);
        return ([n, classes, .. further], [n, .. further], classes);
    }

    private int AddIndices(int[] positions, int classes)
    {
        int ignored = random.Next(3) == 0 ? random.Next(classes) : -100;
        keywords["ignore_index"] = ignored;
        Add("t", positions, () => random.Next(6) == 0 ? ignored : random.Next(classes), gradient: false, integer: true);
        return ignored;
    }
}
