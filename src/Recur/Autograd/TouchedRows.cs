namespace Recur.Autograd;

/// <summary>Which rows of a leaf's gradient can be other than zero, when only look-ups with sparse gradients have
/// added to
/// it.</summary>
/// <remarks>
/// The gradient is an ordinary array of the leaf's shape, and right for everyone who reads all of it. What the list
/// saves
/// is work in proportion to the table: the next step clears only the rows that the last one touched, and an update rule
/// that does nothing where a gradient is zero visits only them. Whoever else adds to the gradient, such as a Linear
/// that
/// shares the weight, sets <see cref="All"/>, and everything happens as with any other leaf.
/// </remarks>
internal sealed class TouchedRows
{
    private int[] rows = [];
    private int[] marks = []; // for each row the round in which it was touched last
    private int round;
    private int count;
    private int gradientVersion;

    /// <summary>Any row can be other than zero.</summary>
    public bool All { get; private set; } = true;

    /// <summary>The rows, each once, in the order in which they were touched; without meaning when
    /// <see cref="All"/>.</summary>
    public ReadOnlySpan<int> Rows => rows.AsSpan(0, count);

    /// <summary>Whether the gradient is zero outside <see cref="Rows"/>: not when a user has written to it.</summary>
    public bool Covers(TensorCore gradient) => !All && gradient.Version == gradientVersion;

    /// <summary>Clears the gradient of the last step and begins the list anew.</summary>
    public void Begin(TensorCore gradient, int rowCount)
    {
        Span<float> values = gradient.Span;
        int length = rowCount == 0 ? 0 : values.Length / rowCount;
        if (!Covers(gradient)) values.Clear();
        else foreach (int row in Rows) values.Slice(row * length, length).Clear();
        if (marks.Length < rowCount)
        {
            marks = new int[rowCount];
            round = 0;
        }

        if (++round == int.MaxValue)
        {
            Array.Clear(marks);
            round = 1;
        }

        count = 0;
        All = false;
        gradientVersion = gradient.Version;
    }

    /// <summary>Adds rows to the list; negative numbers stand for none.</summary>
    public void Add(ReadOnlySpan<int> touched)
    {
        if (All) return;
        if (rows.Length < count + touched.Length) // all might be new; at most every row is in the list
            Array.Resize(ref rows, Math.Min(marks.Length, Math.Max(2 * rows.Length, count + touched.Length)));
        foreach (int row in touched)
        {
            if (row < 0 || marks[row] == round) continue;
            marks[row] = round;
            rows[count++] = row;
        }
    }

    /// <summary>Something that keeps no list has added to the gradient.</summary>
    public void AddAll() => All = true;
}
