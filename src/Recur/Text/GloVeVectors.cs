namespace Recur.Text;

/// <summary>Which of a word's two vectors is meant.</summary>
public enum GloVeVectors
{
    /// <summary>The sum of both, which the paper found a little better than either.</summary>
    Sum,

    /// <summary>The one it has as a row of the matrix.</summary>
    Word,

    /// <summary>The one it has as a column: as the neighbour of others.</summary>
    Context,
}
