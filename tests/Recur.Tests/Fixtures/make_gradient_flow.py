#!/usr/bin/env python3
"""Makes gradient_flow.json: the norms of dLoss/dh_t that PyTorch's retain_grad gives for every state of some layers.

Run with PyTorch 1.13 or later:  python3 make_gradient_flow.py
Weights are those of torch.manual_seed(1), which Recur.Rng draws too; inputs and the gradients of the results are sines of
their index, so that the file holds norms only. The loops over time are those of the parity tests, benchmarks/Shared/peer.py.
"""
import json
import os
import sys

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "benchmarks", "Shared"))
import peer  # noqa: E402

# cell, T, N, I, H, layers, bidirectional, batch first, lengths
CASES = [
    ("RNN", 9, 3, 2, 5, 2, False, False, None),
    ("RNN", 12, 1, 2, 5, 2, False, False, None),
    ("RNN", 6, 1, 3, 40, 1, True, False, None),
    ("GRU", 9, 3, 2, 5, 2, False, True, None),
    ("GRU", 12, 1, 2, 5, 2, False, False, None),
    ("GRU", 7, 4, 3, 6, 2, True, False, [3, 7, 1, 5]),
    ("LSTM", 9, 3, 2, 5, 2, True, False, None),
    ("LSTM", 12, 1, 2, 5, 3, False, False, None),
    ("LSTM", 8, 1, 3, 6, 2, True, False, None),
    ("LSTM", 7, 4, 3, 6, 1, False, True, [3, 7, 1, 5]),
    ("GRU", 1, 1, 3, 4, 1, False, False, None),
]


def sines(shape, scale):
    count = torch.Size(shape).numel()
    return torch.sin(torch.arange(count, dtype=torch.float64) * scale).float().reshape(shape)


def case(cell, t, n, i, h, layers, bidirectional, batch_first, lengths):
    options = {
        "cell": cell, "input": i, "hidden": h, "layers": layers, "bias": True, "batch_first": batch_first,
        "bidirectional": bidirectional, "nonlinearity": "tanh", "dropout": 0.0, "projection": 0, "lengths": lengths,
    }
    torch.manual_seed(1)
    tensors = {name: p.detach() for name, p in peer.make_layer(options).named_parameters()}
    directions = 2 if bidirectional else 1
    batch = [n, t] if batch_first else [t, n]
    tensors["x"] = sines([*batch, i], 0.7)
    tensors["gy"] = sines([*batch, h * directions], 0.3)
    tensors["ghn"] = sines([layers * directions, n, h], 0.5)
    if cell == "LSTM":
        tensors["gcn"] = sines([layers * directions, n, h], 0.9)
    results, _ = peer.state_gradients(options, tensors)
    return {
        "cell": cell, "T": t, "N": n, "I": i, "H": h, "layers": layers, "bidirectional": bidirectional,
        "batch_first": batch_first, "lengths": lengths, "norms": results["norms"].detach().flatten().tolist(),
    }


def main():
    with open(os.path.join(HERE, "gradient_flow.json"), "w", encoding="utf-8") as file:
        rows = [json.dumps(case(*c), separators=(",", ":")) for c in CASES]
        file.write("[\n" + ",\n".join(rows) + "\n]\n")


if __name__ == "__main__":
    main()
