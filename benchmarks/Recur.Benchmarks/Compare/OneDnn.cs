using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Recur.Peers;

namespace Recur.Benchmarks.Compare;

/// <summary>oneDNN's recurrent primitives, called directly: <c>onednn.cpp</c>, compiled on this machine against the headers
/// that are installed here.</summary>
internal sealed unsafe class OneDnn
{
    private const string HowToInstall = "apt-get install g++ libdnnl-dev, version 2";

    private readonly delegate* unmanaged<byte*> error;
    private readonly delegate* unmanaged<int, int, int, int, int, int, int, int, int, float*, float*, nint*, int> open;
    private readonly delegate* unmanaged<nint, int, int> run;
    private readonly delegate* unmanaged<nint, float*, float*, float*, int> read;
    private readonly delegate* unmanaged<nint, void> close;

    private OneDnn(nint library)
    {
        nint Export(string name) => NativeLibrary.GetExport(library, "onednn_" + name);
        error = (delegate* unmanaged<byte*>)Export("error");
        open = (delegate* unmanaged<int, int, int, int, int, int, int, int, int, float*, float*, nint*, int>)Export("open");
        run = (delegate* unmanaged<nint, int, int>)Export("run");
        read = (delegate* unmanaged<nint, float*, float*, float*, int>)Export("read");
        close = (delegate* unmanaged<nint, void>)Export("close");
        int major, minor, patch;
        ((delegate* unmanaged<int*, int*, int*, void>)Export("version"))(&major, &minor, &patch);
        Version = $"{major}.{minor}.{patch}";
    }

    public string Version { get; }

    /// <param name="reason">Why there is none, and how to install it.</param>
    public static OneDnn? TryLoad(out string reason)
    {
        string library = Path.Combine(Path.GetTempPath(), $"recur-onednn-{Guid.NewGuid():n}.so");
        string source = Path.Combine(AppContext.BaseDirectory, "onednn.cpp");
        try
        {
            var start = new ProcessStartInfo(
                "c++", ["-std=c++17", "-O2", "-shared", "-fPIC", "-fopenmp", source, "-o", library, "-ldnnl"])
            {
                RedirectStandardError = true,
                UseShellExecute = false,
            };
            using Process compiler = Process.Start(start)!;
            string[] said = compiler.StandardError.ReadToEnd().Split('\n');
            compiler.WaitForExit();
            string first = said.FirstOrDefault(l => l.Contains("error", StringComparison.Ordinal)) ?? said[0];
            reason = $"oneDNN is missing ({first.Trim()}); {HowToInstall}";
            return compiler.ExitCode == 0 ? new OneDnn(NativeLibrary.Load(library)) : null;
        }
        catch (Exception e) when (e is Win32Exception or DllNotFoundException or EntryPointNotFoundException)
        {
            reason = $"oneDNN is missing ({e.Message.Trim()}); {HowToInstall}";
            return null;
        }
        finally
        {
            File.Delete(library); // what is loaded stays
        }
    }

    /// <summary>Whether oneDNN computes this layer, from a zero state, with the same numbers.</summary>
    public static bool Has(LayerCase c) => c is
    {
        Lengths: null, BatchFirst: false, Unbatched: false, Relu: false, WithState: false, Bias: true, ProjSize: 0, Dropout: 0,
    };

    /// <param name="c">A layer that it <see cref="Has"/>.</param>
    /// <param name="tensors">x, and the weights under PyTorch's names.</param>
    /// <param name="train">Forward and backward of the sum of the outputs, else forward.</param>
    /// <param name="threads">OpenMP's.</param>
    public Layer Open(LayerCase c, IReadOnlyList<PeerTensor> tensors, bool train, int threads) => new(this, c, tensors, train, threads);

    private void Check(int failed)
    {
        if (failed != 0) throw new InvalidOperationException($"oneDNN: {Marshal.PtrToStringUTF8((nint)error())}");
    }

    internal sealed class Layer : IDisposable
    {
        private readonly OneDnn oneDnn;
        private readonly LayerCase c;
        private readonly bool train;
        private readonly IReadOnlyList<PeerTensor> tensors;
        private readonly int weightsLength;
        private nint network;

        public Layer(OneDnn oneDnn, LayerCase c, IReadOnlyList<PeerTensor> tensors, bool train, int threads)
        {
            this.oneDnn = oneDnn;
            this.c = c;
            this.tensors = tensors;
            this.train = train;
            float[] weights = [.. Suffixes().SelectMany(Weights)];
            weightsLength = weights.Length;
            nint opened;
            fixed (float* x = Named("x").Values, w = weights)
            {
                int cell = Array.IndexOf(Cell.All, c.Cell);
                oneDnn.Check(oneDnn.open(cell, c.T, c.N, c.I, c.H, c.L, c.D, train ? 1 : 0, threads, x, w, &opened));
            }

            network = opened;
        }

        // PyTorch's gates in oneDNN's order: a GRU's update gate comes first.
        private int[] Gates => c.Cell == Cell.Gru ? [1, 0, 2] : [.. Enumerable.Range(0, c.Cell.Gates)];

        public void RunMany(int n) => oneDnn.Check(oneDnn.run(network, n));

        /// <summary>Runs and returns the output and, in training, the gradients, under PyTorch's names.</summary>
        public IReadOnlyList<PeerTensor> Run()
        {
            RunMany(1);
            PeerTensor y = PeerTensor.Zeros("y", c.OutputShape), dx = PeerTensor.Zeros("grad.x", c.InputShape);
            var gradients = new float[weightsLength];
            fixed (float* py = y.Values, pdx = dx.Values, pg = gradients) oneDnn.Check(oneDnn.read(network, py, pdx, pg));
            if (!train) return [y];
            List<PeerTensor> results = [y, dx];
            int offset = 0;
            foreach (string suffix in Suffixes()) AddGradients(suffix, gradients, ref offset, results);
            return results;
        }

        private IEnumerable<string> Suffixes() =>
            from l in Enumerable.Range(0, c.L) from d in Enumerable.Range(0, c.D) select $"_l{l}" + (d == 1 ? "_reverse" : "");

        private PeerTensor Named(string name) => tensors.First(t => t.Name == name);

        private IEnumerable<float> Weights(string suffix)
        {
            float[] x = Named("bias_ih" + suffix).Values, h = Named("bias_hh" + suffix).Values;
            IEnumerable<float> Both(int gate) => Gate(x, gate).Zip(Gate(h, gate), (a, b) => a + b);
            IEnumerable<float> biases = c.Cell == Cell.Gru
                ? [.. Both(1), .. Both(0), .. Gate(x, 2), .. Gate(h, 2)] // r multiplies the product of h with its bias
                : [.. Gates.SelectMany(Both)];
            return [.. Ordered(Named("weight_ih" + suffix).Values), .. Ordered(Named("weight_hh" + suffix).Values), .. biases];
        }

        private IEnumerable<float> Ordered(float[] values) => Gates.SelectMany(g => Gate(values, g));

        private ArraySegment<float> Gate(float[] values, int gate)
        {
            int length = values.Length / c.Cell.Gates;
            return new ArraySegment<float>(values, gate * length, length);
        }

        private void AddGradients(string suffix, float[] all, ref int offset, List<PeerTensor> results)
        {
            foreach (string name in (ReadOnlySpan<string>)["weight_ih" + suffix, "weight_hh" + suffix])
            {
                PeerTensor gradient = PeerTensor.Zeros("grad." + name, Named(name).Shape);
                int length = gradient.Values.Length / c.Cell.Gates;
                foreach (int g in Gates)
                {
                    all.AsSpan(offset, length).CopyTo(gradient.Values.AsSpan(g * length));
                    offset += length;
                }

                results.Add(gradient);
            }

            int[] shape = Named("bias_ih" + suffix).Shape;
            PeerTensor x = PeerTensor.Zeros("grad.bias_ih" + suffix, shape), h = PeerTensor.Zeros("grad.bias_hh" + suffix, shape);
            foreach (int g in Gates)
            {
                all.AsSpan(offset, c.H).CopyTo(x.Values.AsSpan(g * c.H));
                bool apart = c.Cell == Cell.Gru && g == 2;
                all.AsSpan(apart ? offset + c.H : offset, c.H).CopyTo(h.Values.AsSpan(g * c.H));
                offset += apart ? 2 * c.H : c.H;
            }

            results.Add(x);
            results.Add(h);
        }

        public void Dispose()
        {
            oneDnn.close(network);
            network = 0;
        }
    }
}
