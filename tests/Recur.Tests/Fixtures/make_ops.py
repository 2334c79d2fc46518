#!/usr/bin/env python3
"""Makes ops.json: inputs, results and gradients of every operation, computed by PyTorch in float64 from float32 inputs.

Run with PyTorch 1.13 or later:  python3 make_ops.py
Each row: name -> inputs, the gradient of the result that backward starts from, the result, the gradients of the inputs.
"""
import json
import math
import os

import torch
import torch.nn.functional as F

torch.manual_seed(20240607)


def normal(*shape):
    return torch.randn(shape)


def positive(*shape):
    return torch.rand(shape) * 2 + 0.25


def apart(*shape):
    """Not near 0, where |x| and relu have no derivative and quotients explode."""
    x = torch.randn(shape)
    return x + 0.2 * torch.sign(x)


def gather_rows_padded(x):
    indices = torch.tensor([3, -1, 0, 5, -1, 3])
    y = x.reshape(6, 2)[indices.clamp(min=0)]
    return torch.where(indices[:, None] < 0, torch.tensor(0.5, dtype=x.dtype), y).reshape(3, 2, 2)


WEIGHT = torch.tensor([0.5, 1.5, 0.75, 1.25, 2.0])


def weight(like):
    return WEIGHT.to(like.dtype)


def unit(*shape):
    """Probabilities away from 0 and 1."""
    return torch.rand(shape) * 0.8 + 0.1


def distributions(*shape):
    """A probability for every class, the classes in dimension 1 or alone."""
    return torch.softmax(torch.randn(shape), 0 if len(shape) == 1 else 1)


def losses():
    def near(x):
        """Targets at a distance, so that no difference is at a kink."""
        return x + apart(*x.shape)

    x = normal(4, 13)
    yield "l1_mean", F.l1_loss, x, near(x)
    yield "l1_sum", lambda x, t: F.l1_loss(x, t, reduction="sum"), x, near(x)
    yield "l1_none", lambda x, t: F.l1_loss(x, t, reduction="none"), x, near(x)
    yield "smooth_l1_mean", F.smooth_l1_loss, x, normal(4, 13)
    yield "smooth_l1_sum", lambda x, t: F.smooth_l1_loss(x, t, beta=0.5, reduction="sum"), x, normal(4, 13)
    yield "smooth_l1_none", lambda x, t: F.smooth_l1_loss(x, t, beta=2.0, reduction="none"), x, normal(4, 13)
    yield "smooth_l1_beta_0", lambda x, t: F.smooth_l1_loss(x, t, beta=0.0), x, near(x)
    yield "huber_mean", F.huber_loss, x, normal(4, 13)
    yield "huber_sum", lambda x, t: F.huber_loss(x, t, delta=0.5, reduction="sum"), x, normal(4, 13)
    yield "huber_none", lambda x, t: F.huber_loss(x, t, delta=2.0, reduction="none"), x, normal(4, 13)

    def pinball(q):
        return lambda x, t: torch.max(q * (t - x), (q - 1) * (t - x))  # Koenker and Bassett's definition

    yield "quantile_mean", lambda x, t: pinball(0.9)(x, t).mean(), x, near(x)
    yield "quantile_sum", lambda x, t: pinball(0.1)(x, t).sum(), x, near(x)
    yield "quantile_none", pinball(0.5), x, near(x)
    yield "gaussian_nll_mean", F.gaussian_nll_loss, x, normal(4, 13), positive(4, 13)
    yield "gaussian_nll_sum", lambda x, t, v: F.gaussian_nll_loss(x, t, v, full=True, reduction="sum"), normal(2, 5), normal(2, 5), positive(2, 1)
    yield "gaussian_nll_none", lambda x, t, v: F.gaussian_nll_loss(x, t, v, full=True, reduction="none"), normal(2, 5), normal(2, 5), positive(2)
    yield "gaussian_nll_eps", lambda x, t, v: F.gaussian_nll_loss(x, t, v, eps=1.0), x, normal(4, 13), positive(4, 13)
    yield "bce_mean", F.binary_cross_entropy, unit(4, 5), unit(4, 5)
    yield "bce_sum", lambda x, t: F.binary_cross_entropy(x, t, reduction="sum"), unit(19), unit(19)
    yield "bce_none", lambda x, t: F.binary_cross_entropy(x, t, reduction="none"), unit(19), unit(19)
    yield "bce_weight", lambda x, t: F.binary_cross_entropy(x, t, weight(x)), unit(4, 5), unit(4, 5)
    ends = torch.tensor([0.0, 1.0, 1.0, 0.25])
    yield "bce_ends", lambda x: F.binary_cross_entropy(x, ends.to(x.dtype), reduction="none"), torch.tensor([0.0, 1.0, 0.0, 1.0])
    logits = F.binary_cross_entropy_with_logits
    yield "bce_logits_mean", logits, normal(4, 5) * 3, unit(4, 5)
    yield "bce_logits_sum", lambda x, t: logits(x, t, reduction="sum"), normal(19), unit(19)
    yield "bce_logits_none", lambda x, t: logits(x, t, reduction="none"), normal(19), unit(19)
    yield "bce_logits_large", lambda x, t: logits(x, t, reduction="none"), torch.tensor([-200.0, 200.0, -60.0, 60.0, 1e-6]), unit(5)
    yield "bce_logits_weight", lambda x, t: logits(x, t, weight(x)), normal(4, 5), unit(4, 5)
    yield "bce_logits_pos_weight", lambda x, t: logits(x, t, pos_weight=weight(x)), normal(4, 5), unit(4, 5)
    yield "bce_logits_both", lambda x, t: logits(x, t, weight(x), pos_weight=weight(x)[:4, None], reduction="sum"), normal(4, 5), unit(4, 5)
    yield "kl_div_mean", F.kl_div, torch.log(unit(4, 5)), unit(4, 5)
    yield "kl_div_batch_mean", lambda x, t: F.kl_div(x, t, reduction="batchmean"), torch.log(unit(4, 5)), unit(4, 5)
    yield "kl_div_sum", lambda x, t: F.kl_div(x, t, reduction="sum"), torch.log(unit(19)), unit(19)
    yield "kl_div_none_log", lambda x, t: F.kl_div(x, t, reduction="none", log_target=True), torch.log(unit(19)), torch.log(unit(19))

    classes, ce = torch.tensor([1, 4, 0, 4, 2, 3]), F.cross_entropy
    ignored = torch.tensor([1, -100, 0, 4, -100, 3])
    grid = torch.arange(2 * 3 * 7).reshape(2, 3, 7) * 3 % 5
    yield "cross_entropy_mean", lambda x: ce(x, classes), normal(6, 5)
    yield "cross_entropy_sum", lambda x: ce(x, classes, reduction="sum"), normal(6, 5)
    yield "cross_entropy_none", lambda x: ce(x, classes, reduction="none"), normal(6, 5)
    yield "cross_entropy_many", lambda x: ce(x, classes * 9), normal(6, 41)
    yield "cross_entropy_large", lambda x: ce(x, torch.tensor([0, 1])), torch.tensor([[100.0, 101.0], [-1000.0, 1000.0]])
    yield "cross_entropy_weight", lambda x: ce(x, classes, weight(x)), normal(6, 5)
    yield "cross_entropy_ignore", lambda x: ce(x, ignored), normal(6, 5)
    yield "cross_entropy_ignore_none", lambda x: ce(x, classes, ignore_index=4, reduction="none"), normal(6, 5)
    yield "cross_entropy_smooth", lambda x: ce(x, classes, label_smoothing=0.1), normal(6, 5)
    yield "cross_entropy_all", lambda x: ce(x, ignored, weight(x), label_smoothing=0.2), normal(6, 5)
    yield "cross_entropy_all_sum", lambda x: ce(x, ignored, weight(x), label_smoothing=0.2, reduction="sum"), normal(6, 5)
    yield "cross_entropy_grid", lambda x: ce(x, grid), normal(2, 5, 3, 7)
    yield "cross_entropy_grid_all", lambda x: ce(x, grid, weight(x), ignore_index=2, label_smoothing=0.3, reduction="none"), normal(2, 5, 3, 7)
    yield "cross_entropy_one", lambda x: ce(x, torch.tensor(3), weight(x)), normal(5)
    yield "cross_entropy_probabilities", ce, normal(6, 5), distributions(6, 5)
    yield "cross_entropy_probabilities_sum", lambda x, q: ce(x, q, reduction="sum"), normal(6, 5), distributions(6, 5)
    yield "cross_entropy_probabilities_all", lambda x, q: ce(x, q, weight(x), label_smoothing=0.2), normal(6, 5), distributions(6, 5)
    yield "cross_entropy_probabilities_none", lambda x, q: ce(x, q, weight(x), reduction="none"), normal(5), distributions(5)
    yield "cross_entropy_probabilities_grid", lambda x, q: ce(x, q, weight(x), label_smoothing=0.1), normal(2, 5, 3, 7), distributions(2, 5, 3, 7)
    yield "nll_mean", lambda x: F.nll_loss(x, classes), -positive(6, 5)
    yield "nll_sum", lambda x: F.nll_loss(x, classes, reduction="sum"), -positive(6, 5)
    yield "nll_none", lambda x: F.nll_loss(x, ignored, weight(x), reduction="none"), -positive(6, 5)
    yield "nll_weight", lambda x: F.nll_loss(x, ignored, weight(x)), -positive(6, 5)
    yield "nll_grid", lambda x: F.nll_loss(x, grid, weight(x), ignore_index=2), -positive(2, 5, 3, 7)
    yield "nll_one", lambda x: F.nll_loss(x, torch.tensor(3)), -positive(5)


def activations():
    yield "leaky_relu", F.leaky_relu, apart(3, 11)
    yield "leaky_relu_slope", lambda x: F.leaky_relu(x, 0.2), apart(3, 11)
    yield "elu", F.elu, apart(3, 11)
    yield "elu_alpha", lambda x: F.elu(x, 0.5), apart(3, 11)
    yield "gelu", F.gelu, normal(3, 11) * 2
    yield "gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), normal(3, 11) * 2
    yield "silu", F.silu, normal(3, 11) * 2
    yield "softplus", F.softplus, normal(3, 11) * 3
    yield "softplus_beta", lambda x: F.softplus(x, 2.0, 3.0), normal(3, 11)
    yield "layer_norm", lambda x: F.layer_norm(x, (11,)), normal(2, 3, 11)
    yield "layer_norm_affine", lambda x, w, b: F.layer_norm(x, (11,), w, b), normal(2, 3, 11), normal(11), normal(11)
    yield "layer_norm_weight", lambda x, w: F.layer_norm(x, (3, 4), w, eps=0.1), normal(5, 3, 4), normal(3, 4)
    yield "layer_norm_mean", lambda x: F.layer_norm(x, (19,)), normal(3, 19) + 20
    indices = torch.tensor([4, 0, 4, 2, 4])
    yield "embedding", lambda w: F.embedding(indices.reshape(5, 1), w), normal(5, 3)
    yield "embedding_padding", lambda w: F.embedding(indices, w, padding_idx=4), normal(5, 3)
    yield "embedding_frequency", lambda w: F.embedding(indices, w, scale_grad_by_freq=True), normal(5, 3)


def rows():
    # arithmetic and broadcasting
    yield "add", lambda x, y: x + y, normal(3, 5), normal(3, 5)
    yield "add_long", lambda x, y: x + y, normal(61), normal(61)
    yield "add_bias", lambda x, y: x + y, normal(4, 3, 10), normal(10)
    yield "add_column", lambda x, y: x + y, normal(4, 7), normal(4, 1)
    yield "add_outer", lambda x, y: x + y, normal(5, 1), normal(1, 6)
    yield "add_scalar_tensor", lambda x, y: x + y, normal(2, 3), normal()
    yield "add_rank8", lambda x, y: x + y, normal(2, 1, 2, 1, 2, 1, 2, 1), normal(3, 1, 2, 2, 2, 1, 3)
    yield "sub_broadcast", lambda x, y: x - y, normal(3, 1, 4), normal(2, 4)
    yield "mul_broadcast", lambda x, y: x * y, normal(2, 3, 4), normal(3, 1)
    yield "mul_swapped", lambda x, y: x * y, normal(7), normal(2, 5, 7)
    yield "mul_square", lambda x: x * x, normal(3, 3)
    yield "div", lambda x, y: x / y, normal(3, 5), apart(3, 5)
    yield "div_divisor_repeats", lambda x, y: x / y, normal(3, 2, 5), apart(2, 1)
    yield "div_dividend_repeats", lambda x, y: x / y, normal(5), apart(3, 5)
    yield "add_number", lambda x: x + 1.5, normal(17)
    yield "sub_number", lambda x: x - 1.5, normal(17)
    yield "number_sub", lambda x: 1.5 - x, normal(17)
    yield "mul_number", lambda x: x * 1.7, normal(17)
    yield "div_number", lambda x: x / 1.7, normal(17)
    yield "number_div", lambda x: 1.7 / x, apart(17)
    yield "neg", lambda x: -x, normal(2, 2)
    # functions of each element
    yield "exp", torch.exp, normal(3, 11)
    yield "log", torch.log, positive(3, 11)
    yield "sqrt", torch.sqrt, positive(3, 11)
    yield "abs", torch.abs, apart(3, 11)
    yield "tanh", torch.tanh, normal(3, 11) * 2
    yield "sigmoid", torch.sigmoid, normal(3, 11) * 3
    yield "relu", torch.relu, apart(3, 11)
    yield "pow_2", lambda x: x ** 2, normal(19)
    yield "pow_3", lambda x: x ** 3, normal(19)
    yield "pow_minus_half", lambda x: x ** -0.5, positive(19)
    yield "pow_0", lambda x: x ** 0, normal(5)
    # along dimensions
    yield "softmax_last", lambda x: F.softmax(x, -1), normal(4, 21)
    yield "softmax_first", lambda x: F.softmax(x, 0), normal(5, 3)
    yield "softmax_middle", lambda x: F.softmax(x, 1), normal(2, 4, 3)
    yield "softmax_large", lambda x: F.softmax(x, 1), torch.tensor([[100.0, 101.0], [-1000.0, 1000.0]])
    yield "log_softmax_last", lambda x: F.log_softmax(x, -1), normal(4, 21)
    yield "log_softmax_first", lambda x: F.log_softmax(x, 0), normal(5, 3)
    yield "log_softmax_middle", lambda x: F.log_softmax(x, 1), normal(2, 4, 3)
    yield "log_softmax_large", lambda x: F.log_softmax(x, 1), torch.tensor([[100.0, 101.0], [-1000.0, 1000.0]])
    yield "sum_all", torch.sum, normal(3, 7, 5)
    yield "sum_scalar", torch.sum, normal()
    yield "sum_first", lambda x: x.sum(0), normal(70, 9)
    yield "sum_first_wide", lambda x: x.sum(0), normal(3, 600)
    yield "sum_last", lambda x: x.sum(-1), normal(3, 70)
    yield "sum_middle", lambda x: x.sum(1), normal(3, 20, 5)
    yield "sum_first_and_last", lambda x: x.sum((0, 2)), normal(3, 4, 5)
    yield "sum_alternating", lambda x: x.sum((1, 3), keepdim=True), normal(2, 3, 4, 5, 2)
    yield "mean_all", torch.mean, normal(3, 7, 5)
    yield "mean_dims", lambda x: x.mean((0, -1), keepdim=True), normal(3, 4, 5)
    # matrix products
    yield "matmul", torch.matmul, normal(5, 7), normal(7, 20)
    yield "matmul_batch", torch.matmul, normal(3, 4, 5), normal(3, 5, 6)
    yield "matmul_batch_shared_right", torch.matmul, normal(2, 3, 4, 5), normal(5, 6)
    yield "matmul_batch_shared_left", torch.matmul, normal(4, 5), normal(3, 5, 6)
    yield "matmul_batch_broadcast", torch.matmul, normal(2, 1, 3, 4), normal(5, 4, 2)
    yield "matmul_vector_vector", torch.matmul, normal(6), normal(6)
    yield "matmul_matrix_vector", torch.matmul, normal(4, 6), normal(6)
    yield "matmul_vector_matrix", torch.matmul, normal(6), normal(6, 4)
    yield "matmul_batch_vector", torch.matmul, normal(2, 4, 6), normal(6)
    yield "matmul_vector_batch", torch.matmul, normal(6), normal(2, 6, 4)
    # shapes
    yield "reshape", lambda x: (x.reshape(3, -1)) ** 2, normal(2, 3, 4)
    yield "transpose_matrix", lambda x: x.transpose(0, 1), normal(19, 33)
    yield "transpose_outer", lambda x: x.transpose(0, 1), normal(3, 4, 5)
    yield "transpose_inner", lambda x: x.transpose(-1, -2), normal(3, 4, 5)
    yield "transpose_far", lambda x: x.transpose(0, 3), normal(2, 3, 4, 5)
    yield "transpose_same", lambda x: x.transpose(1, 1), normal(2, 3)
    yield "slice_leading", lambda x: x.narrow(0, 1, 2), normal(4, 3)
    yield "slice_middle", lambda x: x.narrow(1, 2, 3), normal(2, 6, 5)
    yield "slice_last", lambda x: x.narrow(-1, 0, 2), normal(3, 4)
    yield "slice_empty", lambda x: x.narrow(1, 4, 0), normal(3, 4)
    yield "select_leading", lambda x: x.select(0, 2), normal(3, 4)
    yield "select_last", lambda x: x.select(-1, 1), normal(3, 4)
    yield "concat_leading", lambda x, y, z: torch.cat((x, y, z)), normal(2, 3), normal(1, 3), normal(4, 3)
    yield "concat_last", lambda x, y: torch.cat((x, y), -1), normal(2, 2, 3), normal(2, 2, 5)
    yield "concat_same", lambda x: torch.cat((x, x), 1), normal(2, 3)
    yield "stack_leading", lambda x, y: torch.stack((x, y)), normal(2, 3), normal(2, 3)
    yield "stack_last", lambda x, y: torch.stack((x, y), -1), normal(2, 3), normal(2, 3)
    yield "gather_rows", lambda x: x[torch.tensor([4, 0, 4, 2, 4])], normal(5, 3)
    yield "squeeze", lambda x: x.squeeze(1) * 2, normal(3, 1, 2)
    yield "unsqueeze", lambda x: x.unsqueeze(-1) * 2, normal(3, 2)
    # losses
    yield "mse_mean", F.mse_loss, normal(1, 59, 1), normal(1, 59, 1)
    yield "mse_sum", lambda x, y: F.mse_loss(x, y, reduction="sum"), normal(4, 3), normal(4, 3)
    yield "mse_none", lambda x, y: F.mse_loss(x, y, reduction="none"), normal(4, 3), normal(4, 3)
    # rows of several leading dimensions, -1 for padding; last, so that the rows above keep their random numbers
    yield "gather_rows_padded", gather_rows_padded, normal(2, 3, 2)
    yield from losses()
    yield from activations()


def tensor(t):
    def number(v):
        # nine significant digits name a float32 exactly
        return float(f"{v:.9g}") if math.isfinite(v) else str(v)

    return {"shape": list(t.shape), "values": [number(v) for v in t.detach().reshape(-1).tolist()]}


def main():
    result = {}
    for name, function, *inputs in rows():
        leaves = [x.double().requires_grad_() for x in inputs]
        y = function(*leaves)
        start = torch.randn(y.shape)
        y.backward(start.double())
        result[name] = {
            "inputs": [tensor(x) for x in inputs],
            "start": tensor(start),
            "result": tensor(y),
            "gradients": [tensor(x.grad) for x in leaves],
        }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ops.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in result.items()) + "\n}\n")


if __name__ == "__main__":
    main()
