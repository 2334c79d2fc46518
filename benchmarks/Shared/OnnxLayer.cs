namespace Recur.Peers;

/// <summary>A recurrent layer in ONNX Runtime: the model is built in memory from PyTorch-named weights, with no node
/// that the case does not need.</summary>
internal static class OnnxLayer
{
    /// <param name="c">The layer; ONNX knows no projection.</param>
    /// <param name="tensors">x, h0 (and c0) when the case has a state, and the weights under PyTorch's names.</param>
    /// <param name="threads">ONNX Runtime's intra-op threads.</param>
    /// <param name="carriesState">Whether the final states of a run are the initial ones of the next.</param>
    public static OnnxSession Open(
        LayerCase c, IReadOnlyList<PeerTensor> tensors, int threads, bool carriesState = false) => new(
        BuildModel(c, tensors), threads, [.. tensors.Where(t => t.Name is "x" or "h0" or "c0")],
        [("y", c.OutputShape), .. c.Cell.States.Select(s => (s + "n", c.StateShape(s)))], carriesState);

    private static byte[] BuildModel(LayerCase c, IReadOnlyList<PeerTensor> tensors)
    {
        if (c.ProjSize > 0) throw new NotSupportedException($"OnnxLayer: ONNX has no operator for {c}.");
        var graph = new OnnxGraph();
        string x = graph.Input("x", c.InputShape);
        if (c.Unbatched) x = Reshape(graph, x, "x_batched", [c.T, 1, c.I]);
        else if (c.BatchFirst) x = Transpose(graph, x, "x_time_first", [1, 0, 2]);

        string lengths = c.Lengths is null ? "" : graph.Constant("lengths", c.Lengths);
        string[][] states = [.. c.Cell.States.Select(s => InitialStates(graph, c, s))];
        for (int l = 0; l < c.L; l++)
        {
            int inputSize = l == 0 ? c.I : c.D * c.H;
            int rows = c.Cell.Gates * c.H;
            string w = graph.Constant($"W{l}", Stack(c, tensors, "weight_ih", l, inputSize), c.D, rows, inputSize);
            string r = graph.Constant($"R{l}", Stack(c, tensors, "weight_hh", l, c.H), c.D, rows, c.H);
            string b = c.Bias ? graph.Constant($"B{l}", Biases(c, tensors, l), c.D, 2 * rows) : "";
            string[] before = [.. states.Select(s => s[l])];
            string[] after = [.. c.Cell.States.Select(s => c.L > 1 ? $"{s}n{l}" : Final(s))];
            graph.Node(c.Cell.Name, [x, w, r, b, lengths, .. before], [$"Y{l}", .. after], Attributes(c));
            x = Flatten(graph, c, $"Y{l}", l == c.L - 1 && !c.Unbatched && !c.BatchFirst ? "y" : $"y{l}");
        }

        if (c.Unbatched) Reshape(graph, x, "y", Longs(c.OutputShape));
        else if (c.BatchFirst) Transpose(graph, x, "y", [1, 0, 2]);
        graph.Output("y", c.OutputShape);
        foreach (string s in c.Cell.States)
        {
            string[] layers = [.. Enumerable.Range(0, c.L).Select(l => $"{s}n{l}")];
            if (c.L > 1) graph.Node("Concat", layers, [Final(s)], new OnnxAttribute("axis", 0L));
            if (c.Unbatched) Reshape(graph, Final(s), s + "n", Longs(c.StateShape(s)));
            graph.Output(s + "n", c.StateShape(s));
        }

        return graph.ToArray();

        // the final state of all layers, [L·D, N, H]
        string Final(string state) => c.Unbatched ? $"{state}n_batched" : state + "n";
    }

    private static long[] Longs(int[] shape) => [.. shape.Select(d => (long)d)];

    /// <summary>The initial state (h or c) of each layer, [D, N, H]; empty names when none is given.</summary>
    private static string[] InitialStates(OnnxGraph graph, LayerCase c, string state)
    {
        var states = new string[c.L];
        Array.Fill(states, "");
        if (!c.WithState) return states;
        string all = graph.Input(state + "0", c.StateShape(state));
        if (c.Unbatched) all = Reshape(graph, all, $"{state}0_batched", [c.L * c.D, 1, c.H]);
        if (c.L == 1) return [all];
        var sizes = new long[c.L];
        Array.Fill(sizes, c.D);
        for (int l = 0; l < c.L; l++) states[l] = $"{state}0_{l}";
        graph.Node("Split", [all, graph.Constant($"{state}0_sizes", sizes)], states, new OnnxAttribute("axis", 0L));
        return states;
    }

    private static OnnxAttribute[] Attributes(LayerCase c)
    {
        var attributes = new List<OnnxAttribute>
        {
            new("hidden_size", (long)c.H),
            new("direction", c.Bidirectional ? "bidirectional" : "forward"),
        };
        if (c.Cell.Name == "RNN")
        {
            var activations = new string[c.D];
            Array.Fill(activations, c.Relu ? "Relu" : "Tanh");
            attributes.Add(new("activations", activations));
        }

        if (c.Cell.Name == "GRU") attributes.Add(new("linear_before_reset", 1L)); // PyTorch's form
        return [.. attributes];
    }

    /// <summary>[T, D, N, H] to [T, N, D·H].</summary>
    private static string Flatten(OnnxGraph graph, LayerCase c, string y, string name)
    {
        if (c.D > 1) y = Transpose(graph, y, name + "_transposed", [0, 2, 1, 3]);
        return Reshape(graph, y, name, [c.T, c.N, c.D * c.H]);
    }

    private static string Reshape(OnnxGraph graph, string x, string y, long[] shape)
    {
        graph.Node("Reshape", [x, graph.Constant(y + "_shape", shape)], [y]);
        return y;
    }

    private static string Transpose(OnnxGraph graph, string x, string y, long[] order)
    {
        graph.Node("Transpose", [x], [y], new OnnxAttribute("perm", order));
        return y;
    }

    private static float[] Biases(LayerCase c, IReadOnlyList<PeerTensor> tensors, int layer)
    {
        float[] ih = Stack(c, tensors, "bias_ih", layer, 1), hh = Stack(c, tensors, "bias_hh", layer, 1);
        int rows = c.Cell.Gates * c.H;
        var both = new float[c.D * 2 * rows];
        for (int d = 0; d < c.D; d++)
        {
            ih.AsSpan(d * rows, rows).CopyTo(both.AsSpan(2 * d * rows));
            hh.AsSpan(d * rows, rows).CopyTo(both.AsSpan((2 * d + 1) * rows));
        }

        return both;
    }

    /// <summary>The directions of one weight behind each other, its gates in ONNX's order.</summary>
    private static float[] Stack(LayerCase c, IReadOnlyList<PeerTensor> tensors, string name, int layer, int columns)
    {
        int block = c.H * columns;
        var stacked = new float[c.D * c.Cell.Gates * block];
        for (int d = 0; d < c.D; d++)
        {
            string full = $"{name}_l{layer}" + (d == 1 ? "_reverse" : "");
            float[] source = tensors.First(t => t.Name == full).Values;
            for (int g = 0; g < c.Cell.Gates; g++)
            {
                Span<float> target = stacked.AsSpan((d * c.Cell.Gates + g) * block);
                source.AsSpan(c.Cell.OnnxGates[g] * block, block).CopyTo(target);
            }
        }

        return stacked;
    }
}
