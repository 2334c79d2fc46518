using Recur.Data;
using Recur.Nn;
using Recur.Optim;
using Recur.Training;

namespace Recur.Tests.Training;

/// <summary>What examples/adding.cs does for 200 time steps, for 30: a network with gates solves the problem, clipping
/// on.</summary>
[Collection(AloneCollection.Name)] // seeds Rng.Default
public sealed class AddingProblemTests
{
    private const int Length = 30, Hidden = 16, MostSteps = 3000;
    private const double Solved = 0.01;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Fit_NetworkWithGates_SolvesIt(bool lstm)
    {
        Rng.Seed(0);
        var model = new Adder(lstm);
        Batch unseen = AddingProblem.Draw(Length, 500, new Rng(1));
        using var stop = new CancellationTokenSource();
        var trainer = new Trainer<Batch>(
            model, new Adam(model.Parameters(), 1e-2f), b => Losses.Mse(model.Forward(b.Input), b.Target),
            new TrainOptions { Steps = MostSteps, ClipGradNorm = 1f });
        double Validate()
        {
            double error = Losses.Mse(model.Forward(unseen.Input), unseen.Target).Item();
            if (error < Solved) stop.Cancel();
            return error;
        }

        TrainResult result = trainer.Fit(new AddingProblem(Length, 32, batchCount: 50), Validate, cancellationToken: stop.Token);

        Assert.InRange(result.History[0].ValidationLoss!.Value, 0.5 * AddingProblem.ErrorOfTheMean, 2 * AddingProblem.ErrorOfTheMean);
        Assert.True(result.BestValidationLoss < Solved, $"error {result.BestValidationLoss} after {result.Step} steps");
    }

    private sealed class Adder : UnaryModule
    {
        private readonly Lstm? lstm;
        private readonly Gru? gru;
        private readonly Linear head;

        public Adder(bool isLstm)
        {
            if (isLstm) lstm = Register("lstm", new Lstm(2, Hidden));
            else gru = Register("gru", new Gru(2, Hidden));
            head = Register("head", new Linear(Hidden, 1));
        }

        public override Tensor Forward(Tensor x) =>
            head.Forward((lstm is null ? gru!.Forward(x).HN : lstm.Forward(x).State.H).Select(0, 0));
    }
}
