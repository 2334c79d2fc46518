namespace Recur.Autograd;

/// <summary>Switches the recording of operations on this thread.</summary>
public static class GradMode
{
    /// <summary>Whether operations on tensors that require gradients are recorded on this thread; true at
    /// first.</summary>
    public static bool IsEnabled => Tape.Current.GradEnabled;

    /// <summary>Stops recording until the returned scope is disposed: <c>using (GradMode.NoGrad()) { ...
    /// }</c>.</summary>
    public static Scope NoGrad() => new(enabled: false, inference: false);

    /// <summary>Stops recording and lends memory for results until the returned scope is disposed: a forward pass of shapes
    /// seen before allocates nothing.</summary>
    /// <remarks>
    /// As torch.inference_mode, for code that runs a network again and again. Results of operations made inside live until
    /// the scope ends; reading one of them afterwards throws. <see cref="Tensor.Detach"/> makes a copy that stays:
    /// <code>
    /// using (GradMode.Inference()) prediction = network.Forward(x).Detach();
    /// </code>
    /// Scopes may be nested.
    /// </remarks>
    public static Scope Inference() => new(enabled: false, inference: true);

    /// <summary>Records again inside a <see cref="NoGrad"/> or <see cref="Inference"/> scope until the returned scope is
    /// disposed.</summary>
    public static Scope EnableGrad() => new(enabled: true, inference: false);

    /// <summary>Restores the former mode when disposed; on the thread that made it.</summary>
    public readonly ref struct Scope
    {
        private readonly Tape tape;
        private readonly bool former, formerInference;
        private readonly int lentBefore;

        internal Scope(bool enabled, bool inference)
        {
            tape = Tape.Current;
            former = tape.GradEnabled;
            formerInference = tape.LendsResults;
            lentBefore = inference ? tape.LentNodes : -1;
            tape.GradEnabled = enabled;
            // Inside NoGrad results belong to whoever holds them, also when an inference scope stands around it.
            tape.LendsResults = inference;
        }

        /// <summary>Restores the former mode.</summary>
        public void Dispose()
        {
            tape.GradEnabled = former;
            tape.LendsResults = formerInference;
            if (lentBefore >= 0) tape.TakeBackResults(lentBefore);
        }
    }
}
