using System.CommandLine;
using Recur.Nn;

namespace Recur.Cli.Commands;

/// <summary><c>--cell</c>, as every verb that trains has it.</summary>
internal sealed class CellOption
{
    private readonly Option<string> option = VerbCommand.Choice("--cell", "rnn",
        "The recurrent cell: Elman's with tanh, GRU or LSTM.", "rnn", "gru", "lstm");

    public Option Option => option;

    /// <summary>The word for a cell.</summary>
    public static string Word(CellKind cell) => cell.ToString().ToLowerInvariant();

    public CellKind Read(ParseResult parsed) => Enum.Parse<CellKind>(parsed.GetValue(option)!, ignoreCase: true);
}
