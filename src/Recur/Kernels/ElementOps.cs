using System.Runtime.CompilerServices;

namespace Recur.Kernels;

// Element-wise functions, one struct each, run by the loop in Elementwise.cs.
// dy stands for the gradient of a result, y for the result.

// x
internal readonly struct Copy : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T x) where T : unmanaged, ISimd<T> => x;
}

// a, whatever b is
internal readonly struct FirstOf : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T a, T b) where T : unmanaged, ISimd<T> => a;
}

// a + b
internal readonly struct Add : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T a, T b) where T : unmanaged, ISimd<T> => a + b;
}

// a - b
internal readonly struct Subtract : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T a, T b) where T : unmanaged, ISimd<T> => a - b;
}

// a b
internal readonly struct Multiply : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T a, T b) where T : unmanaged, ISimd<T> => a * b;
}

// a / b
internal readonly struct Divide : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T a, T b) where T : unmanaged, ISimd<T> => a / b;
}

// The larger; b when either is NaN.
internal readonly struct Maximum : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T a, T b) where T : unmanaged, ISimd<T> => T.Max(a, b);
}

// The smaller; b when either is NaN.
internal readonly struct Minimum : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T a, T b) where T : unmanaged, ISimd<T> => T.Min(a, b);
}

// The nearest number to x in [-limit, limit]; NaN stays NaN.
internal readonly struct ClampMagnitude : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T x, T limit) where T : unmanaged, ISimd<T> => T.Min(limit, T.Max(-limit, x));
}

// -a b / c: with a = dy, b = y and c the divisor, the gradient of a quotient by its divisor
internal readonly struct QuotientGrad : ITernary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T a, T b, T c) where T : unmanaged, ISimd<T> => -(a * b) / c;
}

// x²
internal readonly struct Square : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T x) where T : unmanaged, ISimd<T> => x * x;
}

// √x
internal readonly struct Sqrt : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T x) where T : unmanaged, ISimd<T> => T.Sqrt(x);
}

// dy / (2 y) with y = √x
internal readonly struct SqrtGrad : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T y, T dy) where T : unmanaged, ISimd<T> => dy / (y + y);
}

// |x|
internal readonly struct Abs : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T x) where T : unmanaged, ISimd<T> => T.Abs(x);
}

// dy · sign(x), 0 at 0
internal readonly struct AbsGrad : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T x, T dy) where T : unmanaged, ISimd<T> =>
        T.Select(T.GreaterThan(x, T.Zero), dy, T.Select(T.GreaterThan(T.Zero, x), -dy, x * dy)); // NaN stays NaN
}

// e^x
internal readonly struct Exp : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T x) where T : unmanaged, ISimd<T> => VectorMath.Exp(x);
}

// ln x
internal readonly struct Log : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T x) where T : unmanaged, ISimd<T> => LogMath.Log(x);
}

// tanh x
internal readonly struct Tanh : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T x) where T : unmanaged, ISimd<T> => VectorMath.Tanh(x);
}

// dy (1 - y²) with y = tanh x
internal readonly struct TanhGrad : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T y, T dy) where T : unmanaged, ISimd<T> => dy * (T.Create(1f) - y * y);
}

// 1 / (1 + e^-x)
internal readonly struct Sigmoid : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T x) where T : unmanaged, ISimd<T> => VectorMath.Sigmoid(x);
}

// dy y (1 - y) with y = sigmoid x
internal readonly struct SigmoidGrad : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T y, T dy) where T : unmanaged, ISimd<T> => dy * (T.Create(1f) - y) * y;
}

// max(x, 0); NaN stays NaN
internal readonly struct Relu : IUnary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T x) where T : unmanaged, ISimd<T> => T.Max(T.Zero, x);
}

// dy where y > 0, else 0, with y = relu x
internal readonly struct ReluGrad : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T y, T dy) where T : unmanaged, ISimd<T> => T.And(T.GreaterThan(y, T.Zero), dy);
}

// e^(x - m)
internal readonly struct ExpDifference : IBinary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T x, T m) where T : unmanaged, ISimd<T> => VectorMath.Exp(x - m);
}

// y (dy - s): the gradient of softmax, s = Σ y dy
internal readonly struct SoftmaxGrad : ITernary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T y, T dy, T s) where T : unmanaged, ISimd<T> => y * (dy - s);
}

// dy - e^y s: the gradient of log-softmax, s = Σ dy
internal readonly struct LogSoftmaxGrad : ITernary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T y, T dy, T s) where T : unmanaged, ISimd<T> => dy - VectorMath.Exp(y) * s;
}

// a b c
internal readonly struct Multiply3 : ITernary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T a, T b, T c) where T : unmanaged, ISimd<T> => a * b * c;
}

// a b + c
internal readonly struct MultiplyAdd : ITernary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T a, T b, T c) where T : unmanaged, ISimd<T> => a * b + c;
}

// (a - c) b: with b = 1/σ and c = μ a normalized value, with c the maximum a weighted distance from it
internal readonly struct DeviationTimes : ITernary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T a, T b, T c) where T : unmanaged, ISimd<T> => (a - c) * b;
}

// a - c, whatever b is
internal readonly struct Deviation : ITernary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T a, T b, T c) where T : unmanaged, ISimd<T> => a - c;
}

// (a - c)², whatever b is
internal readonly struct SquaredDeviation : ITernary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T a, T b, T c) where T : unmanaged, ISimd<T> => (a - c) * (a - c);
}

// e^(a - c), whatever b is
internal readonly struct ExpOfDeviation : ITernary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T a, T b, T c) where T : unmanaged, ISimd<T> => VectorMath.Exp(a - c);
}

// e^(a - b) c
internal readonly struct ExpDifferenceTimes : ITernary
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Invoke<T>(T a, T b, T c) where T : unmanaged, ISimd<T> => VectorMath.Exp(a - b) * c;
}
