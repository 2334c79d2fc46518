using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>y = -Σ_c w_c q_c ln softmax(x)_c for every position, or their sum or mean; softmax, logarithm and sum are
/// one pass, and what is saved is three numbers per position.</summary>
internal sealed class CrossEntropyOp : Node
{
    private int[] indices = []; // kept with the pooled node, so that a step of fixed shape allocates nothing
    private ClassLayout layout;
    private CrossEntropyKernel.Setting setting;
    private bool reduced;
    private float divisor;

    /// <summary>Records the op; shapes are the caller's matter.</summary>
    /// <param name="caller">Who complains about a wrong index.</param>
    /// <param name="x">Logits [C], or [N, C] and any further dimensions.</param>
    /// <param name="indices">The class of each position, when they came as integers.</param>
    /// <param name="target">Otherwise the same as whole numbers, or a probability for each class in x's shape.</param>
    /// <param name="weight">[C], or default for 1; gets no gradient.</param>
    /// <param name="ignored">An index whose positions count for nothing.</param>
    /// <param name="smoothing">The share of a target that is spread over all classes.</param>
    /// <param name="sum">Whether the losses of the positions are summed.</param>
    /// <param name="mean">Whether that sum is divided: by the weights of the targets, or the number of positions when
    /// these are probabilities.</param>
    public static Tensor Apply(
        string caller, Tensor x, ReadOnlySpan<int> indices, Tensor target, Tensor weight, int ignored, float smoothing,
        bool sum, bool mean)
    {
        Shape shape = x.Shape;
        bool probabilities = target != default && target.Shape == shape;
        var op = Begin<CrossEntropyOp>([x, probabilities ? target : default, weight]);
        op.layout = ClassLayout.Of(shape);
        op.setting = new()
        {
            Classes = op.layout.Classes,
            Inner = op.layout.Inner,
            Ignored = ignored,
            Smoothing = smoothing,
        };
        op.reduced = sum;
        int n = op.layout.Positions;
        if (!probabilities)
            op.layout.CopyIndices(caller, indices, target == default ? default : target.Span, ignored, ref op.indices);

        Span<float> stats = op.Save(CrossEntropyKernel.Stats * n);
        Tensor y = op.NewOutput(sum ? [] : ClassLayout.WithoutClasses(shape));
        Span<float> losses = sum ? op.Save(n) : y.MutableSpan;
        CrossEntropyKernel.Forward(x.Span, op.Indices(), op.Probabilities(), op.Weight(), op.setting, stats, losses);
        if (sum)
        {
            double d = !mean ? 1 : probabilities ? n : ClassIndices.TotalWeight(op.Indices(), ignored, op.Weight());
            op.divisor = (float)d;
            y.MutableSpan[0] = (float)(Reduce.Sum(losses) / d);
        }

        return op.Record(y);
    }

    // dx_c = (softmax(x)_c Σ w q - w_c q_c) dy      dq_c = -w_c ln softmax(x)_c dy
    protected override void Backward()
    {
        Operand dy = reduced ? OutputGrad()[0] / divisor : OutputGrad();
        bool fresh = false;
        Span<float> dx = NeedsGrad(0) ? InputGrad(0, out fresh) : default;
        Span<float> dq = NeedsGrad(1) ? InputGrad(1) : default;
        CrossEntropyKernel.Backward(
            Input(0).Span, Indices(), Probabilities(), Weight(), setting,
            Saved(0, CrossEntropyKernel.Stats * layout.Positions), dy, dx, fresh, dq);
    }

    private ReadOnlySpan<int> Indices() => HasProbabilities ? default : indices.AsSpan(0, layout.Positions);

    private ReadOnlySpan<float> Probabilities() => HasProbabilities ? Input(1).Span : default;

    private ReadOnlySpan<float> Weight() => Input(2) == default ? default : Input(2).Span;

    private bool HasProbabilities => Input(1) != default;
}
