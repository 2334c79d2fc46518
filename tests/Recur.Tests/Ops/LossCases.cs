using Recur.Nn;

namespace Recur.Tests.Ops;

/// <summary>The rows of <see cref="OpCases"/> for losses.</summary>
internal static class LossCases
{
    private static readonly int[] Classes = [1, 4, 0, 4, 2, 3], Ignored = [1, -100, 0, 4, -100, 3];
    private static readonly int[] Many = [.. Classes.Select(c => c * 9)];
    private static readonly Tensor Grid = Tensor.From([.. Enumerable.Range(0, 42).Select(i => i * 3f % 5f)], [2, 3, 7]);
    private static readonly Tensor Weight = Tensor.From([0.5f, 1.5f, 0.75f, 1.25f, 2f]);
    private static readonly Tensor Ends = Tensor.From([0f, 1f, 1f, 0.25f]);
    private static readonly Tensor FourWeights = Tensor.From([0.5f, 1.5f, 0.75f, 1.25f], [4, 1]);

    private static Tensor Of(params ReadOnlySpan<int> sizes) => Tensor.Zeros(new Shape(sizes));

    public static readonly OpCase[] All =
    [
        // numbers
        new("mse_mean", x => Losses.Mse(x[0], x[1]))
        {
            Error = (() => Losses.Mse(Of(59, 1), Of(59)),
                "Losses.Mse: target must be [59, 1] (the shape of input) but was [59]."),
        },
        new("mse_sum", x => Losses.Mse(x[0], x[1], Reduction.Sum)),
        new("mse_none", x => Losses.Mse(x[0], x[1], Reduction.None))
        {
            Error = (() => Losses.Mse(Of(2), Of(2), Reduction.BatchMean),
                "Losses.Mse: reduction must be None, Mean or Sum but was BatchMean."),
        },
        new("l1_mean", x => Losses.L1(x[0], x[1]))
        {
            Error = (() => Losses.L1(Of(2), Of(1)), "Losses.L1: target must be [2] (the shape of input) but was [1]."),
        },
        new("l1_sum", x => Losses.L1(x[0], x[1], Reduction.Sum)),
        new("l1_none", x => Losses.L1(x[0], x[1], Reduction.None)),
        new("smooth_l1_mean", x => Losses.SmoothL1(x[0], x[1]))
        {
            Error = (() => Losses.SmoothL1(Of(2), Of(2), -1f),
                "Losses.SmoothL1: beta must not be negative but was -1."),
        },
        new("smooth_l1_sum", x => Losses.SmoothL1(x[0], x[1], 0.5f, Reduction.Sum)),
        new("smooth_l1_none", x => Losses.SmoothL1(x[0], x[1], 2f, Reduction.None)),
        new("smooth_l1_beta_0", x => Losses.SmoothL1(x[0], x[1], 0f)),
        new("huber_mean", x => Losses.Huber(x[0], x[1]))
        {
            Error = (() => Losses.Huber(Of(2), Of(2), 0f), "Losses.Huber: delta must be greater than 0 but was 0."),
        },
        new("huber_sum", x => Losses.Huber(x[0], x[1], 0.5f, Reduction.Sum)),
        new("huber_none", x => Losses.Huber(x[0], x[1], 2f, Reduction.None)),
        new("quantile_mean", x => Losses.Quantile(x[0], x[1], 0.9f))
        {
            Error = (() => Losses.Quantile(Of(2), Of(2), 1f),
                "Losses.Quantile: quantile must be between 0 and 1 but was 1."),
        },
        new("quantile_sum", x => Losses.Quantile(x[0], x[1], 0.1f, Reduction.Sum)),
        new("quantile_none", x => Losses.Quantile(x[0], x[1], 0.5f, Reduction.None)),
        new("gaussian_nll_mean", x => Losses.GaussianNll(x[0], x[1], x[2]))
        {
            Error = (() => Losses.GaussianNll(Of(4, 3), Of(4, 3), Of(3)),
                "Losses.GaussianNll: variance must be [4, 3] (the shape of input), [4, 1] or [4] but was [3]."),
        },
        new("gaussian_nll_sum", x => Losses.GaussianNll(x[0], x[1], x[2], full: true, reduction: Reduction.Sum))
        {
            Error = (() => Losses.GaussianNll(Of(2), Of(2), Of(2), eps: 0f),
                "Losses.GaussianNll: eps must be greater than 0 but was 0."),
        },
        new("gaussian_nll_none", x => Losses.GaussianNll(x[0], x[1], x[2], full: true, reduction: Reduction.None))
        {
            Error = (() => Losses.GaussianNll(Of(2), Of(2), Tensor.From([1f, -0.5f])),
                "Losses.GaussianNll: variance must not be negative but has an element -0.5."),
        },
        new("gaussian_nll_eps", x => Losses.GaussianNll(x[0], x[1], x[2], eps: 1f)) { Smooth = false },

        // probabilities of two outcomes
        new("bce_mean", x => Losses.BinaryCrossEntropy(x[0], x[1]))
        {
            Error = (() => Losses.BinaryCrossEntropy(Tensor.From([0.5f, 1.5f]), Of(2)),
                "Losses.BinaryCrossEntropy: input must be probabilities in [0, 1] but has elements from 0.5 to 1.5; " +
                "for logits use BinaryCrossEntropyWithLogits."),
        },
        new("bce_sum", x => Losses.BinaryCrossEntropy(x[0], x[1], reduction: Reduction.Sum)),
        new("bce_none", x => Losses.BinaryCrossEntropy(x[0], x[1], reduction: Reduction.None)),
        new("bce_weight", x => Losses.BinaryCrossEntropy(x[0], x[1], Weight))
        {
            Error = (() => Losses.BinaryCrossEntropy(Of(4, 5), Of(4, 5), Of(4)),
                "Losses.BinaryCrossEntropy: weight must be of a shape that broadcasts to [4, 5] (input) but was [4]."),
        },
        new("bce_ends", x => Losses.BinaryCrossEntropy(x[0], Ends, reduction: Reduction.None)) { Smooth = false },
        new("bce_logits_mean", x => Losses.BinaryCrossEntropyWithLogits(x[0], x[1])),
        new("bce_logits_sum", x => Losses.BinaryCrossEntropyWithLogits(x[0], x[1], reduction: Reduction.Sum)),
        new("bce_logits_none", x => Losses.BinaryCrossEntropyWithLogits(x[0], x[1], reduction: Reduction.None)),
        new("bce_logits_large", x => Losses.BinaryCrossEntropyWithLogits(x[0], x[1], reduction: Reduction.None))
        {
            Smooth = false,
        },
        new("bce_logits_weight", x => Losses.BinaryCrossEntropyWithLogits(x[0], x[1], Weight)),
        new("bce_logits_pos_weight", x => Losses.BinaryCrossEntropyWithLogits(x[0], x[1], posWeight: Weight))
        {
            Error = (() => Losses.BinaryCrossEntropyWithLogits(Of(4), Of(4), posWeight: Of(2, 4)),
                "Losses.BinaryCrossEntropyWithLogits: posWeight must be of a shape that broadcasts to " +
                "[4] (input) but was [2, 4]."),
        },
        new("bce_logits_both",
            x => Losses.BinaryCrossEntropyWithLogits(x[0], x[1], Weight, FourWeights, Reduction.Sum)),

        // distributions
        new("kl_div_mean", x => Losses.KlDiv(x[0], x[1])),
        new("kl_div_batch_mean", x => Losses.KlDiv(x[0], x[1], Reduction.BatchMean)),
        new("kl_div_sum", x => Losses.KlDiv(x[0], x[1], Reduction.Sum)),
        new("kl_div_none_log", x => Losses.KlDiv(x[0], x[1], Reduction.None, logTarget: true)),

        // classes
        new("cross_entropy_mean", x => Losses.CrossEntropy(x[0], Classes))
        {
            Error = (() => Losses.CrossEntropy(Of(3, 5), [0, 5, 1]),
                "Losses.CrossEntropy: target 5 at position 1 is not one of the classes 0 to 4."),
        },
        new("cross_entropy_sum", x => Losses.CrossEntropy(x[0], Classes, reduction: Reduction.Sum))
        {
            Error = (() => Losses.CrossEntropy(Of(3, 5), [0, 1]),
                "Losses.CrossEntropy: target must have 3 classes, one for each position of input [3, 5], but has 2."),
        },
        new("cross_entropy_none", x => Losses.CrossEntropy(x[0], Classes, reduction: Reduction.None))
        {
            Error = (() => Losses.CrossEntropy(Of(3, 5), Of(5)),
                "Losses.CrossEntropy: target must be [3] (classes) or [3, 5] (probabilities) but was [5]."),
        },
        new("cross_entropy_many", x => Losses.CrossEntropy(x[0], Many)),
        new("cross_entropy_large", x => Losses.CrossEntropy(x[0], [0, 1])) { Smooth = false },
        new("cross_entropy_weight", x => Losses.CrossEntropy(x[0], Classes, Weight))
        {
            Error = (() => Losses.CrossEntropy(Of(3, 5), [0, 1, 2], Of(3)),
                "Losses.CrossEntropy: weight must be [5] (one for each class of input [3, 5]) but was [3]."),
        },
        new("cross_entropy_ignore", x => Losses.CrossEntropy(x[0], Ignored)),
        new("cross_entropy_ignore_none",
            x => Losses.CrossEntropy(x[0], Classes, ignoreIndex: 4, reduction: Reduction.None)),
        new("cross_entropy_smooth", x => Losses.CrossEntropy(x[0], Classes, labelSmoothing: 0.1f))
        {
            Error = (() => Losses.CrossEntropy(Of(1, 5), [0], labelSmoothing: 1.5f),
                "Losses.CrossEntropy: labelSmoothing must be in [0, 1] but was 1.5."),
        },
        new("cross_entropy_all", x => Losses.CrossEntropy(x[0], Ignored, Weight, labelSmoothing: 0.2f)),
        new("cross_entropy_all_sum",
            x => Losses.CrossEntropy(x[0], Ignored, Weight, reduction: Reduction.Sum, labelSmoothing: 0.2f)),
        new("cross_entropy_grid", x => Losses.CrossEntropy(x[0], Grid))
        {
            Error = (() => Losses.CrossEntropy(Of(3, 5), Tensor.From([0f, 1.5f, 2f])),
                "Losses.CrossEntropy: target 1.5 at position 1 is not one of the classes 0 to 4."),
        },
        new("cross_entropy_grid_all", x => Losses.CrossEntropy(x[0], Grid, Weight, 2, Reduction.None, 0.3f)),
        new("cross_entropy_one", x => Losses.CrossEntropy(x[0], [3], Weight))
        {
            Error = (() => Losses.CrossEntropy(Of(), [0]),
                "Losses.CrossEntropy: input must be [C] or [N, C, ...] but was []."),
        },
        new("cross_entropy_probabilities", x => Losses.CrossEntropy(x[0], x[1])),
        new("cross_entropy_probabilities_sum", x => Losses.CrossEntropy(x[0], x[1], reduction: Reduction.Sum)),
        new("cross_entropy_probabilities_all", x => Losses.CrossEntropy(x[0], x[1], Weight, labelSmoothing: 0.2f)),
        new("cross_entropy_probabilities_none",
            x => Losses.CrossEntropy(x[0], x[1], Weight, reduction: Reduction.None)),
        new("cross_entropy_probabilities_grid", x => Losses.CrossEntropy(x[0], x[1], Weight, labelSmoothing: 0.1f)),
        new("nll_mean", x => Losses.Nll(x[0], Classes))
        {
            Error = (() => Losses.Nll(Of(3, 5), [0, -1, 1]),
                "Losses.Nll: target -1 at position 1 is not one of the classes 0 to 4."),
        },
        new("nll_sum", x => Losses.Nll(x[0], Classes, reduction: Reduction.Sum)),
        new("nll_none", x => Losses.Nll(x[0], Ignored, Weight, reduction: Reduction.None)),
        new("nll_weight", x => Losses.Nll(x[0], Ignored, Weight)),
        new("nll_grid", x => Losses.Nll(x[0], Grid, Weight, 2))
        {
            Error = (() => Losses.Nll(Of(3, 5), Of(3, 5)), "Losses.Nll: target must be [3] (classes) but was [3, 5]."),
        },
        new("nll_one", x => Losses.Nll(x[0], [3])),
    ];
}
