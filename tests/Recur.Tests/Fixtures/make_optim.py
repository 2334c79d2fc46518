"""Writes optim.json with PyTorch (made with 1.13.1 on CPU, Debian's python3-torch): ten steps of every optimizer configuration.

Two parameters, [3, 7] and [5], and the gradients of ten steps; the second parameter has no gradient in steps 3 and 4.
Per configuration: the parameters after steps 1, 2, 5 and 10, and the optimizer's buffers after step 10.
clip: the gradients of step 0 through clip_grad_norm_ and clip_grad_value_.
"""
import json, os
import torch

torch.manual_seed(0)
start = [torch.randn(3, 7), torch.randn(5)]
grads = [[torch.randn(3, 7) * 10.0 ** -(k % 3), torch.randn(5)] for k in range(10)]
WITHOUT = (3, 4)

o = torch.optim
configs = {
    "Sgd": lambda p: o.SGD(p, lr=0.1),
    "Sgd.WeightDecay": lambda p: o.SGD(p, lr=0.1, weight_decay=0.05),
    "Sgd.Momentum": lambda p: o.SGD(p, lr=0.05, momentum=0.9),
    "Sgd.MomentumDampening": lambda p: o.SGD(p, lr=0.05, momentum=0.8, dampening=0.3, weight_decay=0.01),
    "Sgd.Nesterov": lambda p: o.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.02),
    "Adam": lambda p: o.Adam(p, lr=0.005),
    "Adam.Defaults": lambda p: o.Adam(p),
    "Adam.All": lambda p: o.Adam(p, lr=0.02, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1),
    "AdamW.Defaults": lambda p: o.AdamW(p),
    "AdamW.All": lambda p: o.AdamW(p, lr=0.02, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.3),
}

def flat(ts): return [t.detach().flatten().tolist() for t in ts]

def run(make):
    params = [t.clone().requires_grad_() for t in start]
    opt, after = make(params), {}
    for k in range(10):
        params[0].grad = grads[k][0].clone()
        params[1].grad = None if k in WITHOUT else grads[k][1].clone()
        opt.step()
        if k + 1 in (1, 2, 5, 10): after[str(k + 1)] = flat(params)
    buffers = {}
    for i, p in enumerate(params):
        for name, v in opt.state[p].items():
            if torch.is_tensor(v) and name != "step": buffers[f"{name}.{i}"] = v.flatten().tolist()
    return {"after": after, "buffers": buffers}

def clip(f):
    params = [t.clone().requires_grad_() for t in start]
    for p, g in zip(params, grads[0]): p.grad = g.clone()
    total = f(params)
    return {"total": None if total is None else total.item(), "grads": flat(p.grad for p in params)}

u = torch.nn.utils
clips = {f"{n}": clip(lambda p: u.clip_grad_norm_(p, 1.5, norm_type=n)) for n in (1.0, 2.0, 3.0, float("inf"))}
clips["large"] = clip(lambda p: u.clip_grad_norm_(p, 1e3))
clips["value"] = clip(lambda p: u.clip_grad_value_(p, 0.4))

json.dump({"torch": torch.__version__, "start": flat(start), "grads": [flat(g) for g in grads],
           "cases": {n: run(f) for n, f in configs.items()}, "clip": clips},
          open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "optim.json"), "w"))
