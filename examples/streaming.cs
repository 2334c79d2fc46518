// One step at a time, as a sensor delivers them: the states stay in the session, a step allocates nothing.
// dotnet run examples/streaming.cs
#:project ../src/Recur/Recur.csproj

using Recur;
using Recur.IO;
using Recur.Nn;

Rng.Seed(0);
var lstm = new Lstm(inputSize: 3, hiddenSize: 8, numLayers: 2);
Tensor x = Tensor.Zeros([100, 1, 3]); // 100 steps, 1 stream, 3 features
Rng.Default.FillNormal(x.MutableSpan);

RecurrentSession session = lstm.CreateSession();
var output = new float[session.OutputSize];
for (int t = 0; t < 50; t++) session.Step(x.Span.Slice(3 * t, 3), output);
Console.WriteLine($"after {session.Steps} steps: {output[0]:0.0000} {output[1]:0.0000}");

// A pause: the states to a file, and on from there, in another process if you like.
string file = Path.Combine(Path.GetTempPath(), $"stream-{Environment.ProcessId}.safetensors");
session.Save(file);
RecurrentSession resumed = lstm.CreateSession();
resumed.Load(file);
File.Delete(file);

long before = GC.GetAllocatedBytesForCurrentThread();
for (int t = 50; t < 100; t++) resumed.Step(x.Span.Slice(3 * t, 3), output);
long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
Console.WriteLine($"after 50 more: {output[0]:0.0000} {output[1]:0.0000}, {allocated} bytes allocated");

// The whole sequence at once comes to the same.
ReadOnlySpan<float> last = lstm.Forward(x).Output.Span[^8..];
Console.WriteLine($"Forward: {last[0]:0.0000} {last[1]:0.0000}");

// A new stream begins with zeros.
session.Reset();
session.Step(x.Span[..3], output);
Console.WriteLine($"a new stream, after {session.Steps} step: {output[0]:0.0000} {output[1]:0.0000}");
