"""Writes optimizers.json with PyTorch (made with 1.13.1 on CPU, Debian's python3-torch): 20 steps of every optimizer with every option.

Two parameters, [3, 7] and [5], and the gradients of 20 steps; the second parameter has no gradient in steps 3 and 4.
cases: the parameters after steps 1, 2, 5, 10 and 20, and the optimizer's state after step 20. In a case of two groups, each
parameter is a group of its own, with the options named in "groups".
resume: state_dict() of the optimizer and the parameters after step 5, and the parameters after 20 more steps (5 to 19, then 0 to 4).
clip: the gradients of step 0 through clip_grad_norm_ and clip_grad_value_.

NAdam: 1.13 multiplies the product of the momenta once too often by the last one, against its documentation; 2.0 took the
factor out of the code (torch/optim/nadam.py), and so does this script. The options that 1.13 does not have yet are applied as
2.x defines them: maximize is the negative gradient, decoupled weight decay shrinks the parameter before the step.
"""
import inspect, json, os
import torch
import torch.optim.nadam as nadam

source = inspect.getsource(nadam._single_tensor_nadam)
fixed = source.replace("mu_product_next = mu_product * mu * mu_next", "mu_product_next = mu_product * mu_next")
if torch.__version__.startswith("1."):
    assert fixed != source
    exec(fixed, nadam.__dict__)

torch.manual_seed(0)
STEPS, WITHOUT, KEPT = 20, (3, 4), (1, 2, 5, 10, 20)
start = [torch.randn(3, 7), torch.randn(5)]
grads = [[torch.randn(3, 7) * 10.0 ** -(k % 3), torch.randn(5)] for k in range(STEPS)]

# name: class, options, options of the second group (None: one group)
cases = {
    "Sgd": ("SGD", dict(lr=0.1), None),
    "Sgd.WeightDecay": ("SGD", dict(lr=0.1, weight_decay=0.05), None),
    "Sgd.Momentum": ("SGD", dict(lr=0.05, momentum=0.9), None),
    "Sgd.MomentumDampening": ("SGD", dict(lr=0.05, momentum=0.8, dampening=0.3, weight_decay=0.01), None),
    "Sgd.Nesterov": ("SGD", dict(lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.02), None),
    "Sgd.Maximize": ("SGD", dict(lr=0.05, momentum=0.7, weight_decay=0.02, maximize=True), None),
    "Sgd.Groups": ("SGD", dict(lr=0.05, momentum=0.9, weight_decay=0.02), dict(lr=0.2, momentum=0.0, weight_decay=0.0)),
    "Adam": ("Adam", dict(lr=0.005), None),
    "Adam.Defaults": ("Adam", {}, None),
    "Adam.All": ("Adam", dict(lr=0.02, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1), None),
    "Adam.Amsgrad": ("Adam", dict(lr=0.02, betas=(0.8, 0.9), weight_decay=0.1, amsgrad=True), None),
    "Adam.Maximize": ("Adam", dict(lr=0.02, weight_decay=0.1, amsgrad=True, maximize=True), None),
    "Adam.Groups": ("Adam", dict(lr=0.02, weight_decay=0.1),
                    dict(lr=0.001, betas=(0.7, 0.9), eps=1e-4, weight_decay=0.0, amsgrad=True)),
    "AdamW.Defaults": ("AdamW", {}, None),
    "AdamW.All": ("AdamW", dict(lr=0.02, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.3), None),
    "AdamW.Amsgrad": ("AdamW", dict(lr=0.02, betas=(0.8, 0.9), weight_decay=0.3, amsgrad=True), None),
    "AdamW.Maximize": ("AdamW", dict(lr=0.02, weight_decay=0.3, maximize=True), None),
    "RMSprop": ("RMSprop", {}, None),
    "RMSprop.WeightDecay": ("RMSprop", dict(lr=0.02, alpha=0.9, eps=1e-6, weight_decay=0.1), None),
    "RMSprop.Momentum": ("RMSprop", dict(lr=0.005, alpha=0.95, momentum=0.9), None),
    "RMSprop.Centered": ("RMSprop", dict(lr=0.005, alpha=0.8, centered=True), None),
    "RMSprop.All": ("RMSprop", dict(lr=0.005, alpha=0.9, eps=1e-5, weight_decay=0.1, momentum=0.5, centered=True, maximize=True), None),
    "RMSprop.Groups": ("RMSprop", dict(lr=0.005, momentum=0.5), dict(lr=0.02, momentum=0.0, centered=True, alpha=0.7)),
    "Adagrad": ("Adagrad", {}, None),
    "Adagrad.All": ("Adagrad", dict(lr=0.1, lr_decay=0.05, weight_decay=0.1, initial_accumulator_value=0.3, eps=1e-6), None),
    "Adagrad.Maximize": ("Adagrad", dict(lr=0.1, weight_decay=0.1, maximize=True), None),
    "Adadelta": ("Adadelta", {}, None),
    "Adadelta.All": ("Adadelta", dict(lr=0.7, rho=0.8, eps=1e-4, weight_decay=0.1, maximize=True), None),
    "Adamax": ("Adamax", {}, None),
    "Adamax.All": ("Adamax", dict(lr=0.02, betas=(0.8, 0.9), eps=1e-4, weight_decay=0.1, maximize=True), None),
    "NAdam": ("NAdam", {}, None),
    "NAdam.All": ("NAdam", dict(lr=0.02, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1, momentum_decay=0.02), None),
    "NAdam.Decoupled": ("NAdam", dict(lr=0.02, weight_decay=0.3, decoupled_weight_decay=True, maximize=True), None),
    "RAdam": ("RAdam", {}, None),
    "RAdam.All": ("RAdam", dict(lr=0.02, betas=(0.8, 0.9), eps=1e-6, weight_decay=0.1), None),
    "RAdam.Decoupled": ("RAdam", dict(lr=0.02, weight_decay=0.3, decoupled_weight_decay=True, maximize=True), None),
}

def flat(ts): return [t.detach().flatten().tolist() for t in ts]

class Run:
    """An optimizer of a case, with the options of 2.x that this PyTorch does not have."""

    def __init__(self, cls, options, second):
        options = dict(options)
        self.sign, self.shrink = 1.0, 1.0
        if cls in ("NAdam", "RAdam"):
            if options.pop("maximize", False): self.sign = -1.0
            if options.pop("decoupled_weight_decay", False): self.shrink = 1 - options["lr"] * options.pop("weight_decay")
        self.params = [t.clone().requires_grad_() for t in start]
        groups = self.params if second is None else [{"params": [self.params[0]]}, {"params": [self.params[1]], **second}]
        self.optimizer = getattr(torch.optim, cls)(groups, **options)

    def step(self, k):
        for i, p in enumerate(self.params):
            p.grad = None if i == 1 and k in WITHOUT else grads[k][i] * self.sign
            if p.grad is not None and self.shrink != 1.0:
                with torch.no_grad(): p.mul_(self.shrink)
        self.optimizer.step()

def run(cls, options, second):
    r, after = Run(cls, options, second), {}
    for k in range(STEPS):
        r.step(k)
        if k + 1 in KEPT: after[str(k + 1)] = flat(r.params)
    buffers = {f"{n}.{i}": v.flatten().tolist() for i, p in enumerate(r.params)
               for n, v in r.optimizer.state[p].items() if torch.is_tensor(v) and n not in ("step", "mu_product")}
    return {"after": after, "buffers": buffers}

def number(v): return [float(x) for x in v] if isinstance(v, (tuple, list)) else [float(v)]

def resume(cls, options, second):
    r = Run(cls, options, second)
    for k in range(5): r.step(k)
    d = r.optimizer.state_dict()
    state = {i: {n: {"shape": list(torch.as_tensor(v).shape), "values": torch.as_tensor(v, dtype=torch.float32).flatten().tolist()}
                 for n, v in s.items() if v is not None} for i, s in d["state"].items()}
    groups = [{"params": g["params"], "options": {n: number(v) for n, v in g.items()
               if n != "params" and isinstance(v, (bool, int, float, tuple))}} for g in d["param_groups"]]
    first = flat(r.params)
    for k in [*range(5, STEPS), *range(5)]: r.step(k)
    return {"state": state, "groups": groups, "start": first, "end": flat(r.params)}

def clip(f):
    params = [t.clone().requires_grad_() for t in start]
    for p, g in zip(params, grads[0]): p.grad = g.clone()
    total = f(params)
    return {"total": None if total is None else total.item(), "grads": flat(p.grad for p in params)}

u = torch.nn.utils
clips = {f"{n}": clip(lambda p: u.clip_grad_norm_(p, 1.5, norm_type=n)) for n in (1.0, 2.0, 3.0, float("inf"))}
clips["large"] = clip(lambda p: u.clip_grad_norm_(p, 1e3))
clips["value"] = clip(lambda p: u.clip_grad_value_(p, 0.4))

def rounded(x):
    """Floats with the nine digits that tell a float32 exactly."""
    if isinstance(x, float): return float(f"{x:.9g}")
    if isinstance(x, dict): return {k: rounded(v) for k, v in x.items()}
    return [rounded(v) for v in x] if isinstance(x, (list, tuple)) else x

json.dump(rounded({"torch": torch.__version__, "start": flat(start), "grads": [flat(g) for g in grads],
           "cases": {n: run(*c) for n, c in cases.items()}, "clip": clips,
           "resume": {n: resume(*c) for n, c in cases.items() if "Decoupled" not in n}}),
          open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "optimizers.json"), "w"), separators=(",", ":"))
