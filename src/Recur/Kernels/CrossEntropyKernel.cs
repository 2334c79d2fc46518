using System.Diagnostics;

namespace Recur.Kernels;

// Softmax, its logarithm and the sum over the classes in one pass over each position, forward and backward. All arrays
// row-major; a position (o, i) has the logits x[o, :, i].
//   x        [outer, C, inner]  in
//   indices  [outer, inner]     in     the class of each position; empty when there are probabilities
//   q        [outer, C, inner]  in     a probability for every class; empty when there are indices
//   w        [C]                in     a weight for every class; empty for 1
//   stats    [3, positions]     saved  maximum m of the logits, s = Σ e^(x-m), and mass M = Σ_c w_c q'_c
//   loss     [positions]        out
//   dloss    [positions] or one number, in
//   dx       [outer, C, inner]  in/out, or out when fresh;  dq likewise in/out, or empty
//
//   q'_c = (1 - ε) q_c + ε / C          (q_c is 1 for the position's class and 0 elsewhere when there are indices)
//   loss = -Σ_c w_c q'_c (x_c - m - ln s)
//   dx_c = (e^(x_c - m) / s · M - w_c q'_c) dloss       dq_c = -(1 - ε) w_c (x_c - m - ln s) dloss
//
// A position is computed by one thread in one order, so the number of threads changes no bit. Nothing of the size of x
// is
// written forward. Cost: one exponential per logit forward and one backward. With inner > 1 sixteen neighbouring
// positions, one cache line of every class, are turned into rows first.
internal static unsafe class CrossEntropyKernel
{
    public const int Stats = 3;
    private const int Tile = 16;
    private const long ParallelElements = 50_000; // about ten operations each: see docs/architecture.md, "Threads"

    public struct Setting
    {
        public int Classes, Inner, Ignored;
        public float Smoothing;
    }

    public static void Forward(
        ReadOnlySpan<float> x, ReadOnlySpan<int> indices, ReadOnlySpan<float> q, ReadOnlySpan<float> w,
        in Setting setting, Span<float> stats, Span<float> loss)
    {
        Debug.Assert(x.Length == loss.Length * setting.Classes && stats.Length == Stats * loss.Length);
        fixed (float* px = x, pq = q, pw = w, ps = stats, pl = loss)
        fixed (int* pi = indices)
        {
            var job = new Job(setting, loss.Length) { X = px, Indices = pi, Q = pq, W = pw, M = ps, Loss = pl };
            job.Start();
        }
    }

    public static void Backward(
        ReadOnlySpan<float> x, ReadOnlySpan<int> indices, ReadOnlySpan<float> q, ReadOnlySpan<float> w,
        in Setting setting, Span<float> stats, Operand dloss, Span<float> dx, bool fresh, Span<float> dq)
    {
        float same = dloss.Value;
        fixed (float* px = x, pq = q, pw = w, ps = stats, pdx = dx, pdq = dq, pg = dloss.Values)
        fixed (int* pi = indices)
        {
            var job = new Job(setting, stats.Length / Stats)
            {
                X = px,
                Indices = pi,
                Q = pq,
                W = pw,
                M = ps,
                G = dloss.IsSame ? &same : pg,
                GStep = dloss.IsSame ? 0 : 1,
                Dx = pdx,
                Fresh = fresh,
                Dq = pdq,
            };
            job.Start();
        }
    }

    private struct Job(in Setting setting, int positions) : IParallelKernel
    {
        private readonly int classes = setting.Classes, inner = setting.Inner, ignored = setting.Ignored;
        private readonly float smoothing = setting.Smoothing;
        private float weightSum;

        public float* X, Q, W, M, Loss, G, Dx, Dq;
        public int* Indices;
        public int GStep;
        public bool Fresh;

        public void Start()
        {
            if (positions == 0 || classes == 0) return;
            weightSum = W == null ? classes : (float)Reduce.Sum(new ReadOnlySpan<float>(W, classes));
            long most = Math.Min(ThreadTeam.Threads, (long)positions * classes / ParallelElements);
            ThreadTeam.Run(ref this, (int)Math.Clamp(most, 1, Units));
        }

        // What is not divided between threads: a position, or a tile of them.
        private readonly int TilesInRow => (inner + Tile - 1) / Tile;
        private readonly int Units => inner == 1 ? positions : positions / inner * TilesInRow;

        public void Run(int part, int parts)
        {
            int first = (int)((long)Units * part / parts), end = (int)((long)Units * (part + 1) / parts);
            if (inner == 1)
            {
                float* scratch = Workspace.Require(WorkspaceSlot.ClassRows, classes);
                for (int p = first; p < end; p++)
                {
                    long at = (long)p * classes;
                    Position(p, X + at, Q == null ? null : Q + at, Dx == null ? null : Dx + at, Fresh,
                        Dq == null ? null : Dq + at, scratch);
                }
            }
            else
            {
                for (int unit = first; unit < end; unit++) RunTile(unit / TilesInRow, unit % TilesInRow * Tile);
            }
        }

        private void RunTile(int outer, int start)
        {
            int count = Math.Min(Tile, inner - start), size = Tile * classes;
            float* x = Workspace.Require(WorkspaceSlot.ClassRows, 4 * size + classes);
            float* q = x + size, dx = q + size, dq = dx + size, scratch = dq + size;
            long at = (long)outer * classes * inner + start;
            ToRows(X + at, count, x);
            if (Q != null) ToRows(Q + at, count, q);
            if (Dq != null) new Span<float>(dq, size).Clear();
            for (int k = 0; k < count; k++)
            {
                int row = k * classes;
                Position(outer * inner + start + k, x + row, Q == null ? null : q + row, Dx == null ? null : dx + row,
                    fresh: true, Dq == null ? null : dq + row, scratch);
            }

            if (Dx != null) FromRows(dx, count, Dx + at, add: !Fresh);
            if (Dq != null) FromRows(dq, count, Dq + at, add: true);
        }

        private readonly void ToRows(float* source, int count, float* rows)
        {
            for (int c = 0; c < classes; c++)
                for (int k = 0; k < count; k++) rows[k * classes + c] = source[(long)c * inner + k];
        }

        private readonly void FromRows(float* rows, int count, float* target, bool add)
        {
            for (int c = 0; c < classes; c++)
                for (int k = 0; k < count; k++)
                {
                    float* to = target + ((long)c * inner + k);
                    *to = add ? *to + rows[k * classes + c] : rows[k * classes + c];
                }
        }

        // One position, its logits in a row.
        private readonly void Position(int p, float* x, float* q, float* dx, bool fresh, float* dq, float* scratch)
        {
            ReadOnlySpan<float> logits = new(x, classes), probabilities = new(q, q == null ? 0 : classes);
            var work = new Span<float>(scratch, classes);
            if (Loss != null) Loss[p] = ForwardRow(p, logits, probabilities, work);
            Span<float> gradient = new(dx, dx == null ? 0 : classes), second = new(dq, dq == null ? 0 : classes);
            float g = G == null ? 0f : G[p * GStep];
            if (dx != null) BackwardRow(p, logits, probabilities, g, gradient, fresh);
            if (dq != null) BackwardProbabilities(p, logits, g, second, work);
        }

        private readonly float ForwardRow(int p, ReadOnlySpan<float> x, ReadOnlySpan<float> q, Span<float> work)
        {
            float* s = M + positions, mass = s + positions;
            if (Indices != null && Indices[p] == ignored)
            {
                (M[p], s[p], mass[p]) = (0f, 1f, 0f);
                return 0f;
            }

            ReadOnlySpan<float> weights = new(W, W == null ? 0 : classes);
            float m = Reduce.Max(x);
            double sum = Reduce.Sum<ExpOfDeviation>(x, x, m), log = Math.Log(sum);
            double keep = 1.0 - smoothing, total, distance; // Σ w q', Σ w q' (x - m)
            if (Indices != null)
            {
                int t = Indices[p];
                total = keep * (W == null ? 1f : W[t]);
                distance = total * (x[t] - m);
            }
            else
            {
                if (W != null)
                {
                    Elementwise.Zip<Multiply>(weights, q, work);
                    q = work;
                }

                total = keep * Reduce.Sum(q);
                distance = keep * Reduce.Sum<DeviationTimes>(x, q, m);
            }

            if (smoothing != 0f)
            {
                double share = (double)smoothing / classes;
                total += share * weightSum;
                distance += share * (W == null
                    ? Reduce.Sum<Deviation>(x, x, m)
                    : Reduce.Sum<DeviationTimes>(x, weights, m));
            }

            (M[p], s[p], mass[p]) = (m, (float)sum, (float)total);
            return (float)(total * log - distance);
        }

        private readonly void BackwardRow(
            int p, ReadOnlySpan<float> x, ReadOnlySpan<float> q, float g, Span<float> dx, bool fresh)
        {
            if (Indices != null && Indices[p] == ignored)
            {
                if (fresh) dx.Clear();
                return;
            }

            float m = M[p], factor = (float)((double)g * M[2 * positions + p] / M[positions + p]);
            if (fresh) Elementwise.Zip3<ExpDifferenceTimes>(x, m, factor, dx);
            else Elementwise.Zip3Add<ExpDifferenceTimes>(x, m, factor, dx);

            ReadOnlySpan<float> weights = new(W, W == null ? 0 : classes);
            float keep = g * (1f - smoothing);
            if (Indices != null) dx[Indices[p]] -= keep * (W == null ? 1f : W[Indices[p]]);
            else if (W == null) Elementwise.ZipAdd<Multiply>(q, -keep, dx);
            else Elementwise.Zip3Add<Multiply3>(q, weights, -keep, dx);

            if (smoothing == 0f) return;
            float share = g * smoothing / classes;
            if (W == null) Elementwise.Zip<Add>(dx, -share, dx);
            else Elementwise.ZipAdd<Multiply>(weights, -share, dx);
        }

        private readonly void BackwardProbabilities(
            int p, ReadOnlySpan<float> x, float g, Span<float> dq, Span<float> work)
        {
            float keep = g * (1f - smoothing);
            Elementwise.Zip<Subtract>(x, M[p], work);
            Elementwise.Zip<Subtract>(work, MathF.Log(M[positions + p]), work);
            if (W == null) Elementwise.ZipAdd<Multiply>(work, -keep, dq);
            else Elementwise.Zip3Add<Multiply3>(work, new ReadOnlySpan<float>(W, classes), -keep, dq);
        }
    }
}
