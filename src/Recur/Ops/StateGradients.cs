using Recur.Autograd;
using Recur.Kernels;

namespace Recur.Ops;

/// <summary>The gradients dLoss/dh_t that a backward pass has left, for whoever listens: what PyTorch would keep as
/// <c>h_t.grad</c> after retain_grad on every state of a loop over cells.</summary>
/// <remarks>
/// The kernels add to the gradient from above what the next step hands back through its product. A GRU hands back more,
/// beside the product: z∘dh. They keep no copy of that, so whoever listens has z copied before the kernel overwrites
/// it:
/// <code>dh_t = dh_t (above, product) + z_next ∘ dh_next</code>
/// T steps of N rows at most; rows are (step, sequence), those of a step from Starts[t] on, one for each step where
/// Starts is null.
/// </remarks>
internal readonly unsafe ref struct StateGradients
{
    /// <summary>Steps, and the width P of a state.</summary>
    public required int T { get; init; }

    public required int Width { get; init; }

    /// <summary>Whether the last step comes first.</summary>
    public required bool Reverse { get; init; }

    /// <summary>[T+1] the first row of every step, or null.</summary>
    public int* Starts { get; init; }

    /// <summary>[rows, P] of stride <see cref="Row"/>: the gradients.</summary>
    public required float* States { get; init; }

    public required nint Row { get; init; }

    /// <summary>Where the rows of z begin in a GRU's columns: the third one.</summary>
    public const int UpdateColumn = 2;

    private int First(int t) => Starts == null ? t : Starts[t];

    private int Count(int t) => First(t + 1) - First(t);

    /// <summary>Adds what a GRU hands on beside the product, last step first.</summary>
    /// <param name="z">[rows, P] the update gates.</param>
    public void AddCarried(ReadOnlySpan<float> z)
    {
        for (int order = T - 2; order >= 0; order--)
        {
            int t = Reverse ? T - 1 - order : order, next = Reverse ? t - 1 : t + 1;
            for (int i = 0; i < Math.Min(Count(t), Count(next)); i++)
                Elementwise.ZipAdd<Multiply>(
                    z.Slice((First(next) + i) * Width, Width), Of(First(next) + i), Of(First(t) + i));
        }
    }

    /// <summary>Tells the norm of every step.</summary>
    /// <param name="listener">Whom.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="norms">[T] scratch.</param>
    public void Tell(IStateGradients listener, int layer, Span<float> norms)
    {
        for (int t = 0; t < T; t++)
        {
            double sum = 0;
            for (int row = First(t); row < First(t + 1); row++) sum += Norms.Sum<Norms.SquareTerm>(Of(row));
            norms[t] = (float)Math.Sqrt(sum);
        }

        listener.Add(layer, Reverse ? 1 : 0, norms);
    }

    private Span<float> Of(int row) => new(States + row * Row, Width);
}
