using Microsoft.ML.OnnxRuntime;

namespace Recur.Peers;

/// <summary>An in-memory ONNX model with fixed inputs, run into preallocated outputs: the leanest a C# user can
/// do.</summary>
internal sealed class OnnxSession : IDisposable
{
    private readonly InferenceSession session;
    private readonly RunOptions runOptions = new();
    private readonly string[] inputNames, outputNames;
    private readonly OrtValue[] inputs, outputs;
    private readonly PeerTensor[] results;
    private readonly bool carriesState;

    /// <param name="model">As a file would hold it.</param>
    /// <param name="threads">Intra-op threads.</param>
    /// <param name="inputs">The model reads these arrays in every run; what is written into them counts.</param>
    /// <param name="outputs">Names and shapes.</param>
    /// <param name="carriesState">Whether after every run the second output becomes the second input (and so on), by
    /// exchanging the two values.</param>
    public OnnxSession(
        byte[] model, int threads, PeerTensor[] inputs, (string Name, int[] Shape)[] outputs, bool carriesState = false)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        };
        session = new InferenceSession(model, options);
        results = [.. outputs.Select(o => PeerTensor.Zeros(o.Name, o.Shape))];
        inputNames = [.. inputs.Select(t => t.Name)];
        outputNames = [.. results.Select(t => t.Name)];
        this.inputs = [.. inputs.Select(Wrap)];
        this.outputs = [.. results.Select(Wrap)];
        this.carriesState = carriesState;
    }

    public static string Version => OrtEnv.Instance().GetVersionString();

    private static OrtValue Wrap(PeerTensor t) =>
        OrtValue.CreateTensorValueFromMemory(t.Values, [.. t.Shape.Select(d => (long)d)]);

    /// <summary>Runs and returns the outputs; the next run overwrites them.</summary>
    public IReadOnlyList<PeerTensor> Run()
    {
        RunMany(1);
        return results;
    }

    public void RunMany(int n)
    {
        for (int i = 0; i < n; i++)
        {
            session.Run(runOptions, inputNames, inputs, outputNames, outputs);
            for (int s = 1; carriesState && s < inputs.Length; s++)
                (inputs[s], outputs[s]) = (outputs[s], inputs[s]);
        }
    }

    public void Dispose()
    {
        foreach (OrtValue v in inputs) v.Dispose();
        foreach (OrtValue v in outputs) v.Dispose();
        runOptions.Dispose();
        session.Dispose();
    }
}
