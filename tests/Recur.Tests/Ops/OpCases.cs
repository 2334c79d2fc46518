using Recur.Ops;

namespace Recur.Tests.Ops;

/// <summary>Every operation, one row each. A new operation needs a row here and one in Fixtures/make_ops.py, nothing else.</summary>
internal static class OpCases
{
    private static Tensor Of(params ReadOnlySpan<int> sizes) => Tensor.Zeros(new Shape(sizes));

    public static readonly OpCase[] All =
    [
        // arithmetic and broadcasting
        new("add", x => x[0] + x[1])
        {
            Error = (() => Of(2, 3).Add(Of(4)), "Tensor.Add: shapes [2, 3] and [4] do not broadcast: dimension -1 is 3 and 4."),
        },
        new("add_long", x => x[0] + x[1]),
        new("add_bias", x => x[0] + x[1]),
        new("add_column", x => x[0] + x[1]),
        new("add_outer", x => x[0] + x[1]),
        new("add_scalar_tensor", x => x[0] + x[1]),
        new("add_rank8", x => x[0].Add(x[1])),
        new("sub_broadcast", x => x[0] - x[1])
        {
            Error = (() => Of(2, 3).Sub(Of(3, 3)), "Tensor.Sub: shapes [2, 3] and [3, 3] do not broadcast: dimension -2 is 2 and 3."),
        },
        new("mul_broadcast", x => x[0] * x[1])
        {
            Error = (() => Of(2).Mul(Of(3)), "Tensor.Mul: shapes [2] and [3] do not broadcast: dimension -1 is 2 and 3."),
        },
        new("mul_swapped", x => x[0].Mul(x[1])),
        new("mul_square", x => x[0] * x[0]),
        new("div", x => x[0] / x[1])
        {
            Error = (() => Of(2).Div(Of(3)), "Tensor.Div: shapes [2] and [3] do not broadcast: dimension -1 is 2 and 3."),
        },
        new("div_divisor_repeats", x => x[0] / x[1]),
        new("div_dividend_repeats", x => x[0].Div(x[1])),
        new("add_number", x => 1.5f + x[0]),
        new("sub_number", x => x[0] - 1.5f),
        new("number_sub", x => 1.5f - x[0]),
        new("mul_number", x => 1.7f * x[0]),
        new("div_number", x => x[0] / 1.7f),
        new("number_div", x => 1.7f / x[0]),
        new("neg", x => -x[0]),

        // functions of each element
        new("exp", x => x[0].Exp()),
        new("log", x => x[0].Log()),
        new("sqrt", x => x[0].Sqrt()),
        new("abs", x => x[0].Abs()),
        new("tanh", x => x[0].Tanh()),
        new("sigmoid", x => x[0].Sigmoid()),
        new("relu", x => x[0].Relu()),
        new("pow_2", x => x[0].Pow(2)),
        new("pow_3", x => x[0].Pow(3)),
        new("pow_minus_half", x => x[0].Pow(-0.5f)),
        new("pow_0", x => x[0].Pow(0)),

        // along dimensions
        new("softmax_last", x => x[0].Softmax(-1))
        {
            Error = (() => Of(2, 3).Softmax(2), "Tensor.Softmax: dimension 2 was asked of [2, 3], which has 2."),
        },
        new("softmax_first", x => x[0].Softmax(0)),
        new("softmax_middle", x => x[0].Softmax(1)),
        new("softmax_large", x => x[0].Softmax(1)) { Smooth = false },
        new("log_softmax_last", x => x[0].LogSoftmax(-1))
        {
            Error = (() => Of(2, 3).LogSoftmax(-3), "Tensor.LogSoftmax: dimension -3 was asked of [2, 3], which has 2."),
        },
        new("log_softmax_first", x => x[0].LogSoftmax(0)),
        new("log_softmax_middle", x => x[0].LogSoftmax(1)),
        new("log_softmax_large", x => x[0].LogSoftmax(1)) { Smooth = false },
        new("sum_all", x => x[0].Sum()),
        new("sum_scalar", x => x[0].Sum()),
        new("sum_first", x => x[0].Sum(0))
        {
            Error = (() => Of(2, 3).Sum([0, -2]), "Tensor.Sum: dimension -2 of [2, 3] was given twice."),
        },
        new("sum_first_wide", x => x[0].Sum(0)),
        new("sum_last", x => x[0].Sum(-1)),
        new("sum_middle", x => x[0].Sum(1)),
        new("sum_first_and_last", x => x[0].Sum([0, 2])),
        new("sum_alternating", x => x[0].Sum([1, 3], keepDim: true)),
        new("mean_all", x => x[0].Mean())
        {
            Error = (() => Of(2, 3).Mean(5), "Tensor.Mean: dimension 5 was asked of [2, 3], which has 2."),
        },
        new("mean_dims", x => x[0].Mean([0, -1], keepDim: true)),

        // matrix products
        new("matmul", x => x[0].MatMul(x[1]))
        {
            Error = (() => Of(2, 3).MatMul(Of(4, 5)),
                "Tensor.MatMul: the columns of [2, 3] must be as many as the rows of [4, 5] but were 3 and 4."),
        },
        new("matmul_batch", x => x[0].MatMul(x[1]))
        {
            Error = (() => Of(2, 3, 4).MatMul(Of(3, 4, 5)),
                "Tensor.MatMul: shapes [2] and [3] do not broadcast: dimension -1 is 2 and 3."),
        },
        new("matmul_batch_shared_right", x => x[0].MatMul(x[1])),
        new("matmul_batch_shared_left", x => x[0].MatMul(x[1])),
        new("matmul_batch_broadcast", x => x[0].MatMul(x[1])),
        new("matmul_vector_vector", x => x[0].MatMul(x[1]))
        {
            Error = (() => Of().MatMul(Of(3)), "Tensor.MatMul: both tensors must have at least one dimension but were [] and [3]."),
        },
        new("matmul_matrix_vector", x => x[0].MatMul(x[1])),
        new("matmul_vector_matrix", x => x[0].MatMul(x[1])),
        new("matmul_batch_vector", x => x[0].MatMul(x[1])),
        new("matmul_vector_batch", x => x[0].MatMul(x[1])),

        // shapes
        new("reshape", x => x[0].Reshape(3, -1).Pow(2))
        {
            Error = (() => Of(2, 3).Reshape(-1, 4),
                "Tensor.Reshape: [-1, 4] does not fit the 6 elements of [2, 3]; at most one size may be -1, and the others must divide the number of elements."),
        },
        new("transpose_matrix", x => x[0].Transpose(0, 1))
        {
            Error = (() => Of(2, 3).Transpose(0, 2), "Tensor.Transpose: dimension 2 was asked of [2, 3], which has 2."),
        },
        new("transpose_outer", x => x[0].Transpose(0, 1)),
        new("transpose_inner", x => x[0].Transpose(-1, -2)),
        new("transpose_far", x => x[0].Transpose(0, 3)),
        new("transpose_same", x => x[0].Transpose(1, 1)),
        new("slice_leading", x => x[0].Slice(0, 1, 2))
        {
            Error = (() => Of(4, 3).Slice(0, 3, 2), "Tensor.Slice: elements 3 to 4 of dimension 0 are not all inside [4, 3]."),
        },
        new("slice_middle", x => x[0].Slice(1, 2, 3)),
        new("slice_last", x => x[0].Slice(-1, 0, 2)),
        new("slice_empty", x => x[0].Slice(1, 4, 0)),
        new("select_leading", x => x[0].Select(0, 2))
        {
            Error = (() => Of(4, 3).Select(1, 3), "Tensor.Select: index 3 of dimension 1 is outside [4, 3]."),
        },
        new("select_last", x => x[0].Select(-1, 1)),
        new("concat_leading", x => Tensor.Concat([x[0], x[1], x[2]]))
        {
            Error = (() => Tensor.Concat([Of(2, 3), Of(2, 4)]),
                "Tensor.Concat: tensor 1 must be [2, 3] (tensor 0) but for dimension 0 but was [2, 4]."),
        },
        new("concat_last", x => Tensor.Concat([x[0], x[1]], -1))
        {
            Error = (() => Tensor.Concat([]), "Tensor.Concat: at least one tensor is needed but none came."),
        },
        new("concat_same", x => Tensor.Concat([x[0], x[0]], 1)),
        new("stack_leading", x => Tensor.Stack([x[0], x[1]]))
        {
            Error = (() => Tensor.Stack([Of(2), Of(3)]), "Tensor.Stack: tensor 1 must be [2] (tensor 0) but was [3]."),
        },
        new("stack_last", x => Tensor.Stack([x[0], x[1]], -1)),
        new("gather_rows", x => x[0].GatherRows([4, 0, 4, 2, 4]))
        {
            Error = (() => Of(5, 3).GatherRows([1, 5]), "Tensor.GatherRows: index 5 at position 1 is not a row of [5, 3]."),
        },
        new("gather_rows_padded", x => GatherRowsOp.Apply(x[0], [3, -1, 0, 5, -1, 3], 2, new(3, 2, 2), padding: 0.5f)),
        new("squeeze", x => x[0].Squeeze(1) * 2)
        {
            Error = (() => Of(5, 3).Squeeze(2), "Tensor.Squeeze: dimension 2 was asked of [5, 3], which has 2."),
        },
        new("unsqueeze", x => x[0].Unsqueeze(-1) * 2)
        {
            Error = (() => Of(5, 3).Unsqueeze(4),
                "Tensor.Unsqueeze: a new dimension 4 cannot be inserted into [5, 3], which has 2 of at most 8."),
        },

        .. LossCases.All,
        .. ActivationCases.All,
    ];
}
