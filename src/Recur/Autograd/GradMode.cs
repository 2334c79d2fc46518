namespace Recur.Autograd;

/// <summary>Switches the recording of operations on this thread.</summary>
public static class GradMode
{
    /// <summary>Whether operations on tensors that require gradients are recorded on this thread; true at
    /// first.</summary>
    public static bool IsEnabled => Tape.Current.GradEnabled;

    /// <summary>Stops recording until the returned scope is disposed: <c>using (GradMode.NoGrad()) { ...
    /// }</c>.</summary>
    public static Scope NoGrad() => new(enabled: false);

    /// <summary>Records again inside a <see cref="NoGrad"/> scope until the returned scope is disposed.</summary>
    public static Scope EnableGrad() => new(enabled: true);

    /// <summary>Restores the former mode when disposed; on the thread that made it.</summary>
    public readonly ref struct Scope
    {
        private readonly Tape tape;
        private readonly bool former;

        internal Scope(bool enabled)
        {
            tape = Tape.Current;
            former = tape.GradEnabled;
            tape.GradEnabled = enabled;
        }

        /// <summary>Restores the former mode.</summary>
        public void Dispose() => tape.GradEnabled = former;
    }
}
