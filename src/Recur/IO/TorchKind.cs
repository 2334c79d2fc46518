namespace Recur.IO;

/// <summary>What a <see cref="TorchValue"/> is.</summary>
public enum TorchKind
{
    /// <summary>Python's None.</summary>
    None,

    /// <summary>True or False.</summary>
    Boolean,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A float64.</summary>
    Number,

    /// <summary>A text.</summary>
    Text,

    /// <summary>Bytes.</summary>
    Bytes,

    /// <summary>A list.</summary>
    List,

    /// <summary>A tuple; also a torch.Size.</summary>
    Tuple,

    /// <summary>A set, in the order of the file.</summary>
    Set,

    /// <summary>A dict, OrderedDict, defaultdict or Counter, in the order of the file.</summary>
    Dictionary,

    /// <summary>A tensor, a parameter or a storage.</summary>
    Tensor,

    /// <summary>The name of something that is not loaded, such as <c>torch.float32</c> or <c>cuda:0</c>.</summary>
    Name,
}
