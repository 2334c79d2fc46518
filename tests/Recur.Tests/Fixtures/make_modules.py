#!/usr/bin/env python3
"""Writes modules.json: nn.Embedding and nn.LayerNorm with all of their options, with PyTorch 1.13 on CPU.

Run with PyTorch 1.13 or later:  python3 make_modules.py
An embedding row starts with torch.manual_seed(seed) and the fresh table, then takes three steps of SGD on sum(y * dy).
"""
import json
import os

import torch
from torch import nn


def flat(t):
    return [float(f"{v:.9g}") for v in t.detach().flatten().tolist()]  # nine digits name a float32 exactly


def embedding(seed, **options):
    torch.manual_seed(seed)
    m = nn.Embedding(7, 5, **options)
    optimizer = torch.optim.SGD(m.parameters(), lr=0.1)
    row = {"seed": seed, "options": {k: ("inf" if v == float("inf") else v) for k, v in options.items()},
           "weight": flat(m.weight), "steps": []}
    for step in range(3):
        indices = torch.randint(0, 7, (3, 2 + step))
        dy = torch.randn(3, 2 + step, 5)
        optimizer.zero_grad()
        y = m(indices)
        (y * dy).sum().backward()
        grad = m.weight.grad.to_dense() if m.weight.grad.is_sparse else m.weight.grad
        entry = {"indices": indices.flatten().tolist(), "shape": list(indices.shape), "dy": flat(dy), "y": flat(y), "grad": flat(grad)}
        optimizer.step()
        row["steps"].append({**entry, "weight": flat(m.weight)})
    return row


def layer_norm(seed, shape, normalized, **options):
    torch.manual_seed(seed)
    m = nn.LayerNorm(normalized, **options)
    x, dy = torch.randn(shape, requires_grad=True), torch.randn(shape)
    y = m(x)
    y.backward(dy)
    return {"shape": list(shape), "normalized": list(normalized), "options": options, "names": list(m.state_dict()),
            "x": flat(x), "dy": flat(dy), "y": flat(y), "dx": flat(x.grad), "gradients": [flat(p.grad) for p in m.parameters()]}


result = {
    "torch": torch.__version__,
    "embedding": [
        embedding(0), embedding(1, sparse=True), embedding(2, padding_idx=0), embedding(3, padding_idx=-2, sparse=True),
        embedding(4, max_norm=1.5), embedding(5, max_norm=2.0, norm_type=1.0, sparse=True),
        embedding(6, max_norm=1.0, norm_type=float("inf")), embedding(7, max_norm=1.2, norm_type=3.0),
        embedding(8, scale_grad_by_freq=True), embedding(9, padding_idx=3, scale_grad_by_freq=True)],
    "layer_norm": [
        layer_norm(0, (2, 3, 8), (8,)), layer_norm(1, (4, 3, 5), (3, 5), eps=0.1),
        layer_norm(2, (6, 9), (9,), elementwise_affine=False), layer_norm(3, (7,), (7,))],
}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "modules.json")
with open(path, "w", encoding="utf-8") as file:
    file.write("{\n" + ",\n".join(f'"{k}": {json.dumps(v)}' for k, v in result.items()) + "\n}\n")
