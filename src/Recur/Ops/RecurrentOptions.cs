namespace Recur.Ops;

/// <summary>Sizes and options of a stack of recurrent layers. Dropout is 0 outside training; ProjSize is 0 without a
/// projection. A cell is
/// one layer for one step, whose output is its state.</summary>
internal readonly record struct RecurrentOptions(
    int InputSize, int HiddenSize, int NumLayers, int Directions, bool Bias, bool BatchFirst, float Dropout = 0f,
    int ProjSize = 0, bool IsCell = false)
{
    /// <summary>The width of a state h.</summary>
    public int StateSize => ProjSize > 0 ? ProjSize : HiddenSize;
}
