#!/usr/bin/env python3
"""Writes init.json: every initialiser of torch.nn.init after torch.manual_seed(seed), with PyTorch 1.13 on CPU.

Run with PyTorch 1.13 or later:  python3 make_init.py
Each row: name, seed, shape, values, and the next uniform number of the generator, which shows that as many were drawn.
"""
import json
import math
import os

import torch
from torch.nn import init

CASES = [
    ("uniform", (5, 7), lambda t: init.uniform_(t)),
    ("uniform_range", (40,), lambda t: init.uniform_(t, -2.5, 0.5)),
    ("normal", (3,), lambda t: init.normal_(t)),
    ("normal_scaled", (6, 7), lambda t: init.normal_(t, 2.0, 0.25)),
    ("constant", (2, 3), lambda t: init.constant_(t, 1.7)),
    ("zeros", (2, 3), init.zeros_),
    ("ones", (2, 3), init.ones_),
    ("eye", (3, 5), init.eye_),
    ("dirac", (4, 2, 3), init.dirac_),
    ("dirac_groups", (6, 2, 3, 4), lambda t: init.dirac_(t, 3)),
    ("xavier_uniform", (5, 7), init.xavier_uniform_),
    ("xavier_uniform_gain", (4, 3, 2), lambda t: init.xavier_uniform_(t, init.calculate_gain("tanh"))),
    ("xavier_normal", (5, 7), init.xavier_normal_),
    ("xavier_normal_gain", (4, 3, 2), lambda t: init.xavier_normal_(t, init.calculate_gain("relu"))),
    ("kaiming_uniform", (5, 7), init.kaiming_uniform_),
    ("kaiming_uniform_out", (5, 7), lambda t: init.kaiming_uniform_(t, mode="fan_out", nonlinearity="relu")),
    ("kaiming_uniform_slope", (4, 3, 2), lambda t: init.kaiming_uniform_(t, a=math.sqrt(5))),
    ("kaiming_normal", (5, 7), init.kaiming_normal_),
    ("kaiming_normal_out", (5, 7), lambda t: init.kaiming_normal_(t, mode="fan_out", nonlinearity="tanh")),
    ("kaiming_normal_selu", (4, 3, 2), lambda t: init.kaiming_normal_(t, nonlinearity="selu")),
    ("orthogonal_wide", (4, 9), init.orthogonal_),
    ("orthogonal_tall", (9, 4), lambda t: init.orthogonal_(t, gain=1.5)),
    ("orthogonal_square", (7, 7), init.orthogonal_),
    ("orthogonal_rank3", (5, 2, 3), init.orthogonal_),
    ("sparse", (10, 6), lambda t: init.sparse_(t, 0.25)),
    ("sparse_std", (7, 3), lambda t: init.sparse_(t, 0.5, std=2.0)),
    ("trunc_normal", (50,), init.trunc_normal_),
    ("trunc_normal_scaled", (4, 9), lambda t: init.trunc_normal_(t, mean=0.5, std=0.4, a=-0.25, b=1.5)),
    ("trunc_normal_tail", (30,), lambda t: init.trunc_normal_(t, mean=0.0, std=1.0, a=1.5, b=4.0)),
]

GAINS = [("Linear", "linear", None), ("Sigmoid", "sigmoid", None), ("Tanh", "tanh", None), ("Relu", "relu", None),
         ("LeakyRelu", "leaky_relu", None), ("LeakyRelu", "leaky_relu", 0.3), ("Selu", "selu", None)]


def case(seed, name, shape, fill):
    torch.manual_seed(seed)
    t = torch.empty(shape)
    fill(t)
    # nine digits name a float32 exactly
    return {"name": name, "seed": seed, "shape": list(shape), "values": [float(f"{v:.9g}") for v in t.flatten().tolist()], "next": torch.rand(1).item()}


result = {
    "torch": torch.__version__,
    "cases": [case(seed, *c) for c in CASES for seed in (0, 42)],
    "gains": [{"name": ours, "param": param, "gain": init.calculate_gain(name, param)} for ours, name, param in GAINS],
}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "init.json")
with open(path, "w", encoding="utf-8") as file:
    file.write("{\n" + ",\n".join(f'"{k}": {json.dumps(v)}' for k, v in result.items()) + "\n}\n")
