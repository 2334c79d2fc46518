"""Writes rnn.json with PyTorch (made with 1.13.1 on CPU, Debian's python3-torch): nn.RNN and nn.RNNCell, values and gradients.

Every case starts with torch.manual_seed(seed), builds the module, then draws x, h0 (when given), runs forward (dropout draws its
masks there), and draws the output gradients dy and dhn. The test draws the same numbers from Rng, so only results are stored:
of each tensor at most about 48 evenly spaced values, and the Euclidean norm of all of them.
"""
import json, os
import torch
from torch import nn

def pack(t):
    if t is None: return None
    flat = t.detach().flatten()
    stride = max(1, -(-flat.numel() // 48))
    return {"shape": list(t.shape), "stride": stride, "norm": float("%.9g" % flat.double().norm().item()),
            "values": [float("%.9g" % v) for v in flat[::stride].tolist()]}

def gradients(m): return {name: pack(p.grad) for name, p in m.named_parameters()}

seed = 0
def rnn(t, n, i, h, layers=1, relu=False, bias=True, batch_first=False, bidirectional=False, dropout=0.0, h0=False, hn_only=False):
    """n = None: no batch dimension."""
    global seed
    seed += 1
    torch.manual_seed(seed)
    m = nn.RNN(i, h, layers, nonlinearity="relu" if relu else "tanh", bias=bias, batch_first=batch_first, dropout=dropout,
               bidirectional=bidirectional)
    shape = (t, i) if n is None else (n, t, i) if batch_first else (t, n, i)
    states = layers * (2 if bidirectional else 1)
    x = torch.randn(*shape, requires_grad=True)
    start = torch.randn(*((states, h) if n is None else (states, n, h)), requires_grad=True) if h0 else None
    y, hn = m(x, start)
    if hn_only:
        hn.backward(torch.randn_like(hn))
    else:
        torch.autograd.backward([y, hn], [torch.randn_like(y, memory_format=torch.contiguous_format), torch.randn_like(hn)])
    return {"seed": seed, "t": t, "n": n, "i": i, "h": h, "layers": layers, "relu": relu, "bias": bias, "batch_first": batch_first,
            "bidirectional": bidirectional, "dropout": dropout, "h0": h0, "hn_only": hn_only, "y": pack(y), "hn": pack(hn), "dx": pack(x.grad),
            "dh0": pack(start.grad if h0 else None), "names": [k for k in m.state_dict()], "gradients": gradients(m)}

def cell(n, i, h, relu=False, bias=True, hx=True):
    global seed
    seed += 1
    torch.manual_seed(seed)
    m = nn.RNNCell(i, h, bias=bias, nonlinearity="relu" if relu else "tanh")
    x = torch.randn(*((i,) if n is None else (n, i)), requires_grad=True)
    start = torch.randn(*((h,) if n is None else (n, h)), requires_grad=True) if hx else None
    y = m(x, start)
    y.backward(torch.randn_like(y))
    return {"seed": seed, "n": n, "i": i, "h": h, "relu": relu, "bias": bias, "hx": hx, "y": pack(y), "dx": pack(x.grad),
            "dhx": pack(start.grad if hx else None), "names": [k for k in m.state_dict()], "gradients": gradients(m)}

cases = []
for h in (1, 10, 15, 16, 17, 33, 64, 65):             # around multiples of every vector width, one sequence and several
    cases += [rnn(7, 1, 3, h, layers=2, h0=True), rnn(5, 3, 2, h, layers=1, relu=True, h0=True)]
for relu in (False, True):                            # every option, alone and with the others
    for batch_first in (False, True):
        cases += [rnn(6, 4, 5, 7, relu=relu, batch_first=batch_first),
                  rnn(6, 4, 5, 7, layers=3, relu=relu, batch_first=batch_first, bidirectional=True, h0=True),
                  rnn(6, 4, 5, 7, layers=3, relu=relu, batch_first=batch_first, bias=False, h0=True),
                  rnn(6, 4, 5, 7, layers=2, relu=relu, batch_first=batch_first, bidirectional=True, bias=False),
                  rnn(9, None, 4, 12, layers=2, relu=relu, batch_first=batch_first, h0=True),
                  rnn(9, None, 4, 12, layers=2, relu=relu, batch_first=batch_first, bidirectional=True)]
for batch_first in (False, True):                     # masks
    cases += [rnn(6, 4, 5, 7, layers=3, dropout=0.4, batch_first=batch_first, h0=True),
              rnn(6, 4, 5, 7, layers=2, dropout=0.7, batch_first=batch_first, bidirectional=True),
              rnn(8, 1, 5, 20, layers=2, dropout=0.25, batch_first=batch_first), rnn(5, None, 3, 6, layers=2, dropout=1.0)]
cases += [rnn(1, 1, 1, 1), rnn(1, 6, 3, 9, layers=2, h0=True, batch_first=True), rnn(1, None, 3, 9, bidirectional=True),
          rnn(59, 1, 1, 10, layers=2, batch_first=True, h0=True), rnn(40, 1, 1, 10, layers=2, hn_only=True), rnn(12, 5, 3, 8, layers=2, hn_only=True, bidirectional=True),
          rnn(5, 1, 4, 6, layers=9), rnn(30, 1, 1, 40, layers=1, bias=False), rnn(20, 8, 30, 48, layers=2), rnn(4, 2, 800, 64)]
cells = [cell(4, 3, 5), cell(None, 3, 17), cell(1, 2, 33, relu=True), cell(5, 1, 16, bias=False), cell(2, 4, 6, hx=False), cell(3, 70, 66)]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "rnn.json"), "w") as f:
    json.dump({"torch": torch.__version__, "rnn": cases, "cell": cells}, f, separators=(",", ":"))
