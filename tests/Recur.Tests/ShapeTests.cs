namespace Recur.Tests;

public sealed class ShapeTests
{
    [Fact]
    public void ToString_Matrix_LooksLikePython() => Assert.Equal("[3, 4]", new Shape(3, 4).ToString());

    [Fact]
    public void ElementCount_Scalar_IsOne() => Assert.Equal(1, default(Shape).ElementCount);

    // A property named Length would make the compiler copy as many dimensions as the tensor has elements.
    [Fact]
    public void Spread_ShapeAndOneMore_AppendsADimension()
    {
        Shape s = [2, 3];
        Shape t = [.. s, 4];
        Assert.Equal("[2, 3, 4]", t.ToString());
    }

    [Fact]
    public void New_NegativeDimension_SaysWhich()
    {
        var error = Assert.Throws<ArgumentException>(() => new Shape(2, -1));
        Assert.Equal("Shape: dimension 1 must not be negative but was -1.", error.Message);
    }

    [Fact]
    public void Index_FromTheEnd_CountsDimensions() => Assert.Equal(4, new Shape(3, 4)[^1]);
}
