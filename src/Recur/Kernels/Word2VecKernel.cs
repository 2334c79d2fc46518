using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Recur.Kernels;

/// <summary>What all threads share while word vectors are trained: plain numbers and memory that stays where it
/// is.</summary>
internal unsafe struct Word2VecPlan
{
    /// <summary>The words' vectors [V, Stride], on 64 bytes; the columns behind the vector's size are zero.</summary>
    public float* Input;

    /// <summary>Output rows [V, Stride] of negative sampling; null without.</summary>
    public float* Output;

    /// <summary>Rows [V - 1, Stride] of the inner nodes of the Huffman tree; null without.</summary>
    public float* Tree;

    /// <summary>Floats of a row, a multiple of 16.</summary>
    public int Stride;

    /// <summary>The words to draw negatives from: an alias table [V], <see cref="AliasTable"/>.</summary>
    public ulong* Alias;

    public int Words;

    /// <summary>A word is kept when 32 random bits are not above its number [V]; null to keep all.</summary>
    public uint* Keep;

    /// <summary>The path of word w from the root: entries PathStarts[w] to PathStarts[w + 1], each the inner node · 2 + the
    /// turn, 1 to the right.</summary>
    public int* Paths, PathStarts;

    public int Negative, Window;

    public bool SkipGram, ShrinkWindows, CbowMean;
}

/// <summary>Memory of one thread, for <see cref="Word2VecKernel"/>.</summary>
internal unsafe struct Word2VecScratch
{
    /// <summary>[length of the piece + 1] the words that sub-sampling kept.</summary>
    public int* Kept;

    /// <summary>[2·Window] rows of the neighbours.</summary>
    public float** Neighbours;

    /// <summary>[2, OutputsAtMost] rows of this word and of the next.</summary>
    public float** Outputs;

    /// <summary>[2·Window + 2, LogisticStep.Row], on 64 bytes.</summary>
    public float* Products;

    /// <summary>[2, Stride], on 64 bytes: CBOW's input.</summary>
    public float* Hidden;

    /// <summary>[2, LogisticStep.Row] for the first rows of negative sampling, then the same for the others, then for
    /// tree nodes.</summary>
    public float* Labels;
}

/// <summary>Trains on a piece of a corpus: whole sentences of ids, each closed by -1.</summary>
/// <remarks>
/// Mikolov and others 2013, "Distributed Representations of Words and Phrases and their Compositionality"; what is drawn
/// and in which order windows come is gensim's and word2vec's. Skip-gram takes the neighbours' vectors one by one
/// as inputs, CBOW their sum or mean; the output rows are those of the word in the middle and of negatives drawn once for its
/// window, and the nodes of its path in the tree. The rows of the next word are fetched while this one is computed.
/// </remarks>
internal unsafe struct Word2VecKernel(Word2VecPlan* plan, Word2VecScratch* scratch) : ISimdKernel
{
    /// <summary>The longest path of a tree whose counts add up to less than 2^63 (they grow like Fibonacci's
    /// numbers).</summary>
    public const int PathAtMost = 92;

    /// <summary>Neighbours that take the nodes of a path at a time. Nodes near the root are in most paths; with the
    /// gradients of up to ten neighbours added up at once the analogies lost a point against gensim's (20.3 and 21.4 %
    /// of them, with four at a time 20.9), for a tenth of the time.</summary>
    internal const int InputsPerPath = 4;

    private const int FloatsPerLine = 16;

    private readonly Word2VecPlan* plan = plan;
    private readonly Word2VecScratch* scratch = scratch;
    private int kept;
    private ulong random;

    // ---- Set for a piece ----

    public int* Ids;
    public int Length;
    public float FirstAlpha, LastAlpha;
    public ulong Seed;

    // ---- Results of a piece ----

    /// <summary>The sum of the losses, and of how many predictions: pairs in skip-gram, words in CBOW.</summary>
    public double Loss;
    public long Predictions;

    /// <summary>Output rows a word can have.</summary>
    public static int OutputsAtMost(int negative) => PathAtMost + 1 + negative;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<T>() where T : unmanaged, ISimd<T>
    {
        random = Seed;
        Predictions = 0;
        Subsample();
        LogisticLoss<T> loss = LogisticLoss<T>.Empty;
        float slope = kept > 0 ? (LastAlpha - FirstAlpha) / kept : 0f;
        int* words = scratch->Kept;
        int start = 0, end = 0; // of the sentence
        int next = 0, half = OutputsAtMost(plan->Negative), turn = 0;
        int pathLength = 0, nextPathLength = kept > 0 ? Prepare(words[0], scratch->Outputs) : 0;
        for (int i = 0; i < kept; i = next)
        {
            if (i >= end)
            {
                start = i;
                for (end = i; words[end] >= 0;) end++;
            }

            float** outputs = scratch->Outputs + turn * half;
            turn ^= 1;
            pathLength = nextPathLength;
            next = words[i + 1] >= 0 ? i + 1 : i + 2;
            if (next < kept)
            {
                nextPathLength = Prepare(words[next], scratch->Outputs + turn * half);
                int far = next + plan->Window;
                if (far < kept && words[far] >= 0) Prefetch(plan->Input + (nint)words[far] * plan->Stride);
            }

            int window = plan->Window;
            if (plan->ShrinkWindows) window = 1 + SplitMix.Below((uint)SplitMix.Next(ref random), window);
            int count = Neighbours(words, i, Math.Max(start, i - window), Math.Min(end, i + window + 1));
            if (count == 0) continue;
            float alpha = FirstAlpha + slope * i;
            if (plan->SkipGram)
            {
                Predictions += count;
                Learn(scratch->Neighbours, count, outputs, pathLength, words[i], alpha, ref loss);
            }
            else
            {
                Predictions++;
                Cbow(count, outputs, pathLength, words[i], alpha, ref loss);
            }
        }

        Loss = loss.Total;
    }

    // Copies the ids to Kept without those that chance drops, and without sentences left empty. A word's own number
    // decides: 0xFFFFFFFF keeps it always.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Subsample()
    {
        int* to = scratch->Kept;
        uint* keep = plan->Keep;
        ulong state = random;
        int n = 0;
        for (int i = 0; i < Length; i++)
        {
            int id = Ids[i];
            if (id < 0)
            {
                if (n > 0 && to[n - 1] >= 0) to[n++] = id;
                continue;
            }

            if (keep != null && keep[id] != uint.MaxValue && (uint)SplitMix.Next(ref state) > keep[id]) continue;
            to[n++] = id;
        }

        to[n] = -1; // whoever looks one further finds an end
        random = state;
        kept = n;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Neighbours(int* words, int middle, int from, int to)
    {
        float** rows = scratch->Neighbours;
        int n = 0;
        nint stride = plan->Stride;
        float* input = plan->Input;
        for (int j = from; j < middle; j++) rows[n++] = input + words[j] * stride;
        for (int j = middle + 1; j < to; j++) rows[n++] = input + words[j] * stride;
        return n;
    }

    // Writes the output rows of a word, those of its path first, and asks for them. Returns the path's length.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Prepare(int word, float** outputs)
    {
        int n = 0;
        nint stride = plan->Stride;
        if (plan->Tree != null)
        {
            int* paths = plan->Paths;
            for (int k = plan->PathStarts[word]; k < plan->PathStarts[word + 1]; k++)
            {
                outputs[n] = plan->Tree + (paths[k] >> 1) * stride;
                Prefetch(outputs[n++]);
            }
        }

        int path = n;
        if (plan->Negative == 0) return path;
        outputs[n] = plan->Output + word * stride;
        Prefetch(outputs[n++]);
        ulong state = random;
        for (int k = 0; k < plan->Negative; k++)
        {
            outputs[n] = plan->Output + AliasTable.Draw(plan->Alias, plan->Words, SplitMix.Next(ref state)) * stride;
            Prefetch(outputs[n++]);
        }

        random = state;
        return path;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Prefetch(float* row)
    {
        if (!Sse.IsSupported) return;
        for (int i = 0; i < plan->Stride; i += FloatsPerLine) Sse.Prefetch0(row + i);
    }

    // The mean or sum h of the neighbours is the input. What it changes by is added to each of them, divided by their
    // number when h is the sum: gensim's and word2vec's convention, which for the mean is not the gradient but that times
    // the number.
    private void Cbow<T>(int count, float** outputs, int pathLength, int word, float alpha, ref LogisticLoss<T> loss)
        where T : unmanaged, ISimd<T>
    {
        float* h = scratch->Hidden, before = h + plan->Stride;
        float** rows = scratch->Neighbours;
        Sum<T>(rows, count, plan->Stride, plan->CbowMean ? 1f / count : 1f, h, before);
        Learn(&h, 1, outputs, pathLength, word, alpha, ref loss);
        Spread<T>(rows, count, plan->Stride, plan->CbowMean ? 1f : 1f / count, h, before);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum<T>(float** rows, int count, nint stride, float scale, float* h, float* copy)
        where T : unmanaged, ISimd<T>
    {
        for (nint c = 0; c < stride; c += T.Count)
        {
            T sum = T.Load(rows[0] + c);
            for (int i = 1; i < count; i++) sum += T.Load(rows[i] + c);
            sum *= T.Create(scale);
            sum.Store(h + c);
            sum.Store(copy + c);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Spread<T>(float** rows, int count, nint stride, float scale, float* h, float* before)
        where T : unmanaged, ISimd<T>
    {
        for (nint c = 0; c < stride; c += T.Count)
        {
            T change = (T.Load(h + c) - T.Load(before + c)) * T.Create(scale);
            for (int i = 0; i < count; i++) (T.Load(rows[i] + c) + change).Store(rows[i] + c);
        }
    }

    // One step for every few output rows, each with the input rows as the step before left them.
    private void Learn<T>(
        float** x, int m, float** outputs, int pathLength, int word, float alpha, ref LogisticLoss<T> loss)
        where T : unmanaged, ISimd<T>
    {
        if (pathLength > 0)
        {
            int* path = plan->Paths + plan->PathStarts[word];
            int parts = (m + InputsPerPath - 1) / InputsPerPath;
            for (int done = 0, part = 0; part < parts; part++)
            {
                int size = (m - done) / (parts - part);
                LearnPath(x + done, size, outputs, pathLength, path, alpha, ref loss);
                done += size;
            }
        }

        int n = plan->Negative + 1;
        if (n == 1) return;
        float* labels = scratch->Labels;
        float** rest = outputs + pathLength;
        float* target = rest[0];
        int steps = (n + LogisticStep.MaxOutputs - 1) / LogisticStep.MaxOutputs;
        for (int done = 0, step = 0; step < steps; step++)
        {
            int size = (n - done) / (steps - step);
            uint skip = 0; // a negative that is the word itself
            for (int k = step == 0 ? 1 : 0; k < size; k++)
                if (rest[done + k] == target) skip |= 1u << k;
            Step(x, m, rest + done, size, labels, skip, alpha, ref loss);
            done += size;
            labels = scratch->Labels + 2 * LogisticStep.Row;
        }
    }

    private void LearnPath<T>(
        float** x, int m, float** nodes, int n, int* path, float alpha, ref LogisticLoss<T> loss)
        where T : unmanaged, ISimd<T>
    {
        float* labels = scratch->Labels + 4 * LogisticStep.Row;
        int steps = (n + LogisticStep.MaxOutputs - 1) / LogisticStep.MaxOutputs;
        for (int done = 0, step = 0; step < steps; step++)
        {
            int size = (n - done) / (steps - step);
            for (int k = 0; k < LogisticStep.Row; k++)
            {
                float label = k < size ? 1 - (path[done + k] & 1) : 0; // left is 1, as in word2vec
                labels[k] = labels[LogisticStep.Row + k] = label;
            }

            Step(x, m, nodes + done, size, labels, 0, alpha, ref loss);
            done += size;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Step<T>(
        float** x, int m, float** o, int n, float* labels, uint skip, float alpha, ref LogisticLoss<T> loss)
        where T : unmanaged, ISimd<T>
    {
        nint stride = plan->Stride;
        float* g = scratch->Products;
        switch (n)
        {
            case 6: LogisticStep.Run<T, N6>(x, m, o, labels, skip, alpha, stride, g, ref loss); break;
            case 5: LogisticStep.Run<T, N5>(x, m, o, labels, skip, alpha, stride, g, ref loss); break;
            case 4: LogisticStep.Run<T, N4>(x, m, o, labels, skip, alpha, stride, g, ref loss); break;
            case 3: LogisticStep.Run<T, N3>(x, m, o, labels, skip, alpha, stride, g, ref loss); break;
            case 2: LogisticStep.Run<T, N2>(x, m, o, labels, skip, alpha, stride, g, ref loss); break;
            default: LogisticStep.Run<T, N1>(x, m, o, labels, skip, alpha, stride, g, ref loss); break;
        }
    }
}
