"""Writes nn.json with PyTorch (made with 1.13.1 on CPU, Debian's python3-torch): Linear and Dropout, values and gradients.

Every case starts with torch.manual_seed(seed), so that the parameters are the seed's, then draws x and dy with torch.randn.
"""
import json, os
import torch
from torch import nn

def flat(t): return None if t is None else t.detach().flatten().tolist()

def linear(seed, i, o, bias, lead):
    torch.manual_seed(seed)
    m = nn.Linear(i, o, bias=bias)
    x, dy = torch.randn(*lead, i, requires_grad=True), torch.randn(*lead, o)
    y = m(x); y.backward(dy)
    return {"seed": seed, "in": i, "out": o, "has_bias": bias, "lead": list(lead), "weight": flat(m.weight), "bias": flat(m.bias), "x": flat(x),
            "dy": flat(dy), "y": flat(y), "dx": flat(x.grad), "dweight": flat(m.weight.grad), "dbias": flat(None if m.bias is None else m.bias.grad)}

def dropout(seed, p, shape):
    torch.manual_seed(seed)
    x = torch.arange(1.0, 1 + torch.Size(shape).numel()).reshape(shape).requires_grad_()
    y = nn.Dropout(p)(x); y.backward(torch.ones_like(y) * 2)
    return {"seed": seed, "p": p, "shape": list(shape), "y": flat(y), "dx": flat(x.grad)}

json.dump({"torch": torch.__version__,
           "linear": [linear(0, 10, 1, True, (1, 59)), linear(1, 3, 4, False, (5,)), linear(42, 7, 35, True, (2, 3)), linear(3, 4, 2, True, ()),
                      linear(9, 1, 3, True, (2, 2, 2))],
           "dropout": [dropout(0, 0.5, (4, 5)), dropout(7, 0.1, (33,)), dropout(42, 0.7, (2, 3, 4)), dropout(1, 0.0, (6,)), dropout(1, 1.0, (6,))]},
          open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "nn.json"), "w"))
