namespace Recur.Kernels;

/// <summary>The arithmetic of one kind of recurrent cell.</summary>
internal interface ICellKernel
{
    /// <summary>Gates per unit: rows of W_hh divided by H.</summary>
    static abstract int Gates { get; }

    /// <summary>Whether there is a second state c beside h.</summary>
    static abstract bool HasCellState { get; }
}

/// <summary>h' = tanh(a).</summary>
internal readonly struct RnnTanhKernel : ICellKernel
{
    public static int Gates => 1;

    public static bool HasCellState => false;
}

/// <summary>h' = max(a, 0).</summary>
internal readonly struct RnnReluKernel : ICellKernel
{
    public static int Gates => 1;

    public static bool HasCellState => false;
}

/// <summary>Gates r z n, the reset gate applied after the recurrent product.</summary>
internal readonly struct GruKernel : ICellKernel
{
    public static int Gates => 3;

    public static bool HasCellState => false;
}

/// <summary>Gates i f g o.</summary>
internal readonly struct LstmKernel : ICellKernel
{
    public static int Gates => 4;

    public static bool HasCellState => true;
}
