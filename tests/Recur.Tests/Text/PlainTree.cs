using Recur.Kernels;
using Recur.Text;

namespace Recur.Tests.Text;

/// <summary>word2vec with hierarchical softmax as one would write it down: double, one thread, no sub-sampling, windows of
/// full length. Neighbours and tree nodes are taken in the kernel's portions, each with the vectors as the one before left
/// them.</summary>
internal sealed class PlainTree(float[] input, Word2VecOptions options, Vocabulary vocabulary)
{
    private readonly int d = options.VectorSize;
    private readonly HuffmanTree tree =
        HuffmanTree.Build([.. Enumerable.Range(0, vocabulary.Count).Select(vocabulary.CountOf)]);

    public double[] Input { get; } = [.. input.Select(v => (double)v)];

    public double[] Nodes { get; } = new double[(vocabulary.Count - 1) * options.VectorSize];

    /// <summary>One pass; returns the mean loss.</summary>
    public double Train(ReadOnlySpan<int> ids)
    {
        double loss = 0;
        int predictions = 0, start = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            if (ids[i] < 0)
            {
                start = i + 1;
                continue;
            }

            double alpha = options.Alpha + (options.MinAlpha - options.Alpha) * i / ids.Length;
            var around = new List<int>();
            for (int j = Math.Max(start, i - options.Window); j <= i + options.Window && ids[j] >= 0; j++)
                if (j != i) around.Add(ids[j]);
            if (around.Count == 0) continue;
            predictions += options.SkipGram ? around.Count : 1;
            loss += options.SkipGram ? SkipGram(ids[i], around, alpha) : Cbow(ids[i], around, alpha);
        }

        return loss / predictions;
    }

    private double SkipGram(int word, List<int> around, double alpha)
    {
        double[][] x = [.. around.Select(a => Input[(a * d)..(a * d + d)])];
        double loss = 0;
        int parts = (x.Length + Word2VecKernel.InputsPerPath - 1) / Word2VecKernel.InputsPerPath, done = 0;
        for (int p = 0; p < parts; p++)
        {
            int size = (x.Length - done) / (parts - p);
            loss += Descend(word, x[done..(done + size)], alpha);
            done += size;
        }

        for (int k = 0; k < x.Length; k++) x[k].CopyTo(Input, around[k] * d);
        return loss;
    }

    private double Cbow(int word, List<int> around, double alpha)
    {
        double scale = options.CbowMean ? 1.0 / around.Count : 1;
        double[] h = [.. Enumerable.Range(0, d).Select(c => scale * around.Sum(a => Input[a * d + c]))];
        double[] before = [.. h];
        double loss = Descend(word, [h], alpha);
        foreach (int a in around)
            for (int c = 0; c < d; c++) Input[a * d + c] += (h[c] - before[c]) * (options.CbowMean ? 1 : 1.0 / around.Count);
        return loss;
    }

    private double Descend(int word, double[][] x, double alpha)
    {
        int[] path = tree.Paths[tree.Starts[word]..tree.Starts[word + 1]];
        int steps = (path.Length + LogisticStep.MaxOutputs - 1) / LogisticStep.MaxOutputs, done = 0;
        double loss = 0;
        for (int s = 0; s < steps; s++)
        {
            int size = (path.Length - done) / (steps - s);
            double[][] old = [.. x.Select(row => row.ToArray())];
            foreach (int step in path[done..(done + size)])
            {
                int at = (step >> 1) * d;
                double[] node = Nodes[at..(at + d)];
                for (int i = 0; i < x.Length; i++)
                {
                    double p = 1 / (1 + Math.Exp(-old[i].Zip(node, (a, b) => a * b).Sum())), label = 1 - (step & 1);
                    loss -= Math.Log(label == 1 ? p : 1 - p);
                    for (int c = 0; c < d; c++)
                    {
                        x[i][c] += alpha * (label - p) * node[c];
                        Nodes[at + c] += alpha * (label - p) * old[i][c];
                    }
                }
            }

            done += size;
        }

        return loss;
    }
}
