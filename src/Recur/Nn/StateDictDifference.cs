namespace Recur.Nn;

/// <summary>How the names of a state dictionary differ from those of the module that loaded it.</summary>
/// <param name="Missing">Parameters of the module that did not come and kept their values.</param>
/// <param name="Unknown">Names that came and belong to no parameter.</param>
public sealed record StateDictDifference(IReadOnlyList<string> Missing, IReadOnlyList<string> Unknown);
