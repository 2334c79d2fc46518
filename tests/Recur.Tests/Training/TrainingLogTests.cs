using System.Text.Json;
using Recur.Data;
using Recur.Nn;
using Recur.Optim;
using Recur.Training;

namespace Recur.Tests.Training;

/// <summary>Logs of a run, read by a reader of its own.</summary>
[Collection(AloneCollection.Name)] // seeds Rng.Default
public sealed class TrainingLogTests
{
    [Fact]
    public void Reader_ChecksumOfTheStandard_IsRight() => // RFC 3720, B.4: 32 bytes of zeros, and the check value of the catalogues
        Assert.Equal((0x8A9136AAu, 0xE3069283u), (EventFile.Crc(new byte[32]), EventFile.Crc("123456789"u8)));

    [Fact]
    public void TensorBoard_EveryKindOfValue_IsReadBack()
    {
        using var folder = new TemporaryFolder();
        string path;
        float[] values = [-2f, -0.5f, 0f, 0f, 1e-3f, 0.5f, 3f, float.NaN];
        using (var log = new TensorBoardLog(folder["runs"]))
        {
            path = log.Path;
            log.Begin(0);
            log.Scalars(1, [new LogScalar("loss", 0.25), new LogScalar("größe/ß", double.NaN)]);
            log.Histogram(300, "weights", values);
            log.Text(long.MaxValue, "warning", "gradients explode: 5 × 10");
            log.Begin(41);
        }

        Assert.Matches(@"^events\.out\.tfevents\.\d{10}\..+\.\d+\.\d+$", Path.GetFileName(path));
        List<EventFile.Event> events = EventFile.Read(path);
        double now = (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds;
        Assert.All(events, e => Assert.InRange(e.WallTime, now - 3600, now + 1));
        Assert.Equal(["brain.Event:2", null, null, null, null], events.Select(e => e.FileVersion));
        Assert.Equal([0, 1, 300, long.MaxValue, 42], events.Select(e => e.Step));
        Assert.Equal([0, 0, 0, 0, 1], events.Select(e => e.SessionStatus)); // START: later steps of former files are void

        Assert.Equal(["loss", "größe/ß"], events[1].Values.Select(v => v.Tag));
        Assert.Equal([0.25f, float.NaN], events[1].Values.Select(v => v.Scalar!.Value));
        EventFile.Value text = Assert.Single(events[3].Values);
        Assert.Equal(
            ("warning/text_summary", "gradients explode: 5 × 10", "text"), (text.Tag, text.Text, text.Plugin));

        EventFile.Histogram h = Assert.Single(events[2].Values).Histogram!;
        Assert.Equal((-2, 3, 7), (h.Min, h.Max, h.Count)); // NaN is not among them
        Assert.Equal(1.001, h.Sum, 1e-7);
        Assert.Equal(4 + 0.25 + 1e-6 + 0.25 + 9, h.Squares, 1e-7);
        Assert.Equal(h.Count, h.Counts.Sum());
        Assert.Equal(h.Limits.Order(), h.Limits);
        for (int i = 1; i < h.Limits.Length; i++)
        {
            int inside = values.Count(v => v > h.Limits[i - 1] && v <= h.Limits[i]);
            Assert.Equal(inside, h.Counts[i]);
        }
    }

    [Fact]
    public void JsonLines_EveryKindOfValue_IsReadBack()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["log.jsonl"], "{\"step\":0}\n{\"step\":1,\"lo"); // a process was killed while it wrote
        using (var log = new JsonLinesLog(folder["log.jsonl"]))
        {
            log.Begin(7);
            log.Scalars(8, [new LogScalar("loss", 0.1f), new LogScalar("norm", double.NaN), new LogScalar("x", 1.0 / 3)]);
            log.Histogram(8, "w", [1f, 2f, 4f, float.PositiveInfinity]);
            log.Text(9, "warning", "\"two\"\nlines");
        }

        JsonElement[] lines = [.. File.ReadAllLines(folder["log.jsonl"]).Select(l => JsonDocument.Parse(l).RootElement)];
        Assert.Equal([0, 7, 8, 8, 9], lines.Select(l => l.Int("step")));
        Assert.Equal("begin", lines[1].GetProperty("event").GetString());
        Assert.Equal(JsonValueKind.String, lines[1].GetProperty("time").ValueKind);
        Assert.Equal("{\"step\":8,\"loss\":0.1,\"norm\":null,\"x\":0.3333333333333333}", lines[2].GetRawText());
        Assert.Equal(3, lines[3].Int("count"));
        Assert.Equal(1, lines[3].Int("not_finite"));
        Assert.Equal(7.0 / 3, lines[3].GetProperty("mean").GetDouble(), 1e-12);
        Assert.Equal(Math.Sqrt(14.0 / 9), lines[3].GetProperty("std").GetDouble(), 1e-12);
        Assert.Equal(3, lines[3].Ints("counts").Sum());
        Assert.Equal("\"two\"\nlines", lines[4].GetProperty("value").GetString());
    }

    [Fact]
    public void Fit_WithLogs_WritesItsNumbers()
    {
        using var folder = new TemporaryFolder();
        Rng.Seed(0);
        var model = new Rnn(2, 3);
        var losses = new List<float>();
        using var flow = new GradientFlow(model);
        using (ITrainingLog log = TrainingLogs.Combine(TrainingLogs.Open(folder["a.jsonl"]), TrainingLogs.Open(folder["runs"])))
        {
            var options = new TrainOptions
            {
                Steps = 25, ClipGradNorm = 1f, GradientFlow = flow, Log = log, HistogramsEverySteps = 20,
            };
            var trainer = new Trainer<Batch>(model, new Adam(model.Parameters(), 0.01f), b =>
            {
                Tensor loss = Losses.Mse(model.Forward(b.Input).HN.Select(0, 0).Mean(1, keepDim: true), b.Target);
                losses.Add(loss.Item());
                return loss;
            }, options);
            trainer.Fit(new AddingProblem(6, 4, batchCount: 10), () => 0.5);
        }

        JsonElement[] lines = [.. File.ReadAllLines(folder["a.jsonl"]).Select(l => JsonDocument.Parse(l).RootElement)];
        Assert.Equal(
            [(1, losses[0]), (10, losses[9]), (20, losses[19])],
            lines.Where(l => l.TryGetProperty("loss", out _)).Select(l => (l.Int("step"), l.GetProperty("loss").GetSingle())));
        Assert.Equal([10, 20], lines.Where(l => l.TryGetProperty("epoch_loss", out _)).Select(l => l.Int("step")));
        Assert.Equal([10, 20], lines.Where(l => l.TryGetProperty("validation_loss", out _)).Select(l => l.Int("step")));
        JsonElement first = lines.First(l => l.TryGetProperty("loss", out _));
        Assert.Equal(
            ["step", "loss", "gradient_norm", "learning_rate", "clipped_fraction",
                "gradient_norm/weight_ih_l0", "gradient_norm/weight_hh_l0", "gradient_norm/bias_ih_l0", "gradient_norm/bias_hh_l0",
                "state_gradient/l0/remaining", "state_gradient/l0/factor_per_step"],
            first.EnumerateObject().Select(p => p.Name));
        Assert.Equal(
            ["parameters/weight_ih_l0", "gradients/weight_ih_l0", "parameters/weight_hh_l0", "gradients/weight_hh_l0"],
            lines.Where(l => l.Int("step") == 20 && l.TryGetProperty("histogram", out _))
                .Select(l => l.GetProperty("histogram").GetString()!).Take(4));

        List<EventFile.Event> events = EventFile.Read(Assert.Single(Directory.GetFiles(folder["runs"])));
        Assert.Equal(
            losses[9], events.SelectMany(e => e.Values.Select(v => (e.Step, v))).Single(v => v is (10, { Tag: "loss" })).v.Scalar);
        Assert.Equal(16, events.Sum(e => e.Values.Count(v => v.Histogram is not null)));
    }

    [Fact]
    public void Fit_WithLogs_AllocatesNothingPerStep()
    {
        using var folder = new TemporaryFolder();
        Rng.Seed(0);
        var model = new Gru(2, 4);
        using ITrainingLog log = TrainingLogs.Combine(TrainingLogs.Open(folder["a.jsonl"]), TrainingLogs.Open(folder["runs"]));
        using var flow = new GradientFlow(model);
        int step = 0;
        var meter = new AllocationMeter();
        var trainer = new Trainer<Batch>(model, new Adam(model.Parameters()), b =>
        {
            if (step is >= 60 and <= 90) meter.Mark();
            step++;
            return Losses.Mse(model.Forward(b.Input).HN.Select(0, 0).Mean(1, keepDim: true), b.Target);
        }, new TrainOptions { Steps = 95, GradientFlow = flow, Log = log, LogEverySteps = 1, HistogramsEverySteps = 5 });
        trainer.Fit(new AddingProblem(6, 4));
        Assert.Equal(0, meter.Bytes);
    }

    [Fact]
    public void Open_WhatCannotBeWritten_IsOneSentence()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["file"], "");
        Directory.CreateDirectory(folder["folder.jsonl"]);
        Assert.Equal($"{folder["file"]}: is a file, not a folder.", Assert.Throws<IOException>(() => TrainingLogs.Open(folder["file"])).Message);
        Assert.Equal(
            $"{folder["folder.jsonl"]}: is a directory, not a file.",
            Assert.Throws<IOException>(() => TrainingLogs.Open(folder["folder.jsonl"])).Message);
    }
}
