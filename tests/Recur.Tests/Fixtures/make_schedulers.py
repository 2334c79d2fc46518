"""Writes schedulers.json with PyTorch (made with 1.13.1 on CPU, Debian's python3-torch): 200 steps of every scheduler.

Per case: the rates before the first step and after each of 200 steps (199 for OneCycleLR, whose run has 200), for one group that
begins with 0.1 or for two that begin with 0.1 and 0.02; where the momentum is cycled, SGD's momentum or Adam's beta1 too.
metrics: what ReduceLROnPlateau is shown.
"""
import json, math, os, warnings
import torch
from torch.optim import lr_scheduler as s

warnings.simplefilter("ignore")
STEPS = 200
metrics = [2.0 * math.exp(-k / 15) + 0.3 + 0.05 * math.sin(1.7 * k) for k in range(STEPS)]

def two(o): return [s.ConstantLR(o, factor=0.1, total_iters=20), s.ExponentialLR(o, gamma=0.98)]

# name: scheduler, groups, optimizer
cases = {
    "StepLR": (lambda o: s.StepLR(o, 30), 2),
    "StepLR.Gamma": (lambda o: s.StepLR(o, 7, gamma=0.9), 1),
    "MultiStepLR": (lambda o: s.MultiStepLR(o, [30, 80, 80, 150], gamma=0.5), 2),
    "MultiplicativeLR": (lambda o: s.MultiplicativeLR(o, lambda t: 0.99 if t % 2 else 0.995), 1),
    "MultiplicativeLR.Groups": (lambda o: s.MultiplicativeLR(o, [lambda t: 0.99, lambda t: 1.001]), 2),
    "LambdaLR": (lambda o: s.LambdaLR(o, lambda t: 1 / (1 + t)), 1),
    "LambdaLR.Groups": (lambda o: s.LambdaLR(o, [lambda t: t // 30, lambda t: 0.95 ** t]), 2),
    "ExponentialLR": (lambda o: s.ExponentialLR(o, 0.97), 2),
    "ConstantLR": (lambda o: s.ConstantLR(o), 1),
    "ConstantLR.All": (lambda o: s.ConstantLR(o, factor=0.2, total_iters=55), 2),
    "LinearLR": (lambda o: s.LinearLR(o), 1),
    "LinearLR.All": (lambda o: s.LinearLR(o, start_factor=0.7, end_factor=0.1, total_iters=120), 2),
    "PolynomialLR": (lambda o: s.PolynomialLR(o), 1),
    "PolynomialLR.All": (lambda o: s.PolynomialLR(o, total_iters=150, power=2.5), 2),
    "CosineAnnealingLR": (lambda o: s.CosineAnnealingLR(o, 200), 1),
    "CosineAnnealingLR.All": (lambda o: s.CosineAnnealingLR(o, 37, eta_min=0.001), 2),
    "CosineAnnealingWarmRestarts": (lambda o: s.CosineAnnealingWarmRestarts(o, 30), 1),
    "CosineAnnealingWarmRestarts.All": (lambda o: s.CosineAnnealingWarmRestarts(o, 10, T_mult=2, eta_min=0.003), 2),
    "ReduceLROnPlateau": (lambda o: s.ReduceLROnPlateau(o), 1),
    "ReduceLROnPlateau.Absolute": (lambda o: s.ReduceLROnPlateau(
        o, factor=0.5, patience=3, threshold=0.02, threshold_mode="abs", cooldown=4, min_lr=[0.001, 0.0002], eps=1e-5), 2),
    "ReduceLROnPlateau.Max": (lambda o: s.ReduceLROnPlateau(o, mode="max", factor=0.7, patience=20, threshold=0.01), 1),
    "ReduceLROnPlateau.MaxAbsolute": (lambda o: s.ReduceLROnPlateau(
        o, mode="max", factor=0.9, patience=5, threshold=0.01, threshold_mode="abs", min_lr=0.01), 1),
    "OneCycleLR": (lambda o: s.OneCycleLR(o, max_lr=0.3, total_steps=200), 1),
    "OneCycleLR.Linear": (lambda o: s.OneCycleLR(o, max_lr=[0.3, 0.1], total_steps=200, pct_start=0.4, anneal_strategy="linear",
        base_momentum=[0.7, 0.8], max_momentum=0.9, div_factor=10, final_div_factor=100), 2),
    "OneCycleLR.ThreePhase": (lambda o: s.OneCycleLR(o, max_lr=0.3, epochs=20, steps_per_epoch=10, three_phase=True), 1),
    "OneCycleLR.Adam": (lambda o: s.OneCycleLR(o, max_lr=0.3, total_steps=200, three_phase=True, anneal_strategy="linear"), 1, "Adam"),
    "OneCycleLR.NoMomentum": (lambda o: s.OneCycleLR(o, max_lr=0.3, total_steps=200, cycle_momentum=False), 1),
    "CyclicLR": (lambda o: s.CyclicLR(o, base_lr=0.01, max_lr=0.1, step_size_up=20), 1),
    "CyclicLR.Triangular2": (lambda o: s.CyclicLR(o, base_lr=[0.01, 0.02], max_lr=[0.1, 0.3], step_size_up=15, step_size_down=25,
        mode="triangular2", base_momentum=0.6, max_momentum=0.95), 2),
    "CyclicLR.ExpRange": (lambda o: s.CyclicLR(o, base_lr=0.01, max_lr=0.1, step_size_up=20, mode="exp_range", gamma=0.99,
        cycle_momentum=False), 1),
    "CyclicLR.Function": (lambda o: s.CyclicLR(o, base_lr=0.01, max_lr=0.1, step_size_up=20, scale_fn=lambda t: 1 / (1 + t / 50),
        scale_mode="iterations"), 1),
    "SequentialLR": (lambda o: s.SequentialLR(o, two(o), [20]), 2),
    "SequentialLR.WarmUp": (lambda o: s.SequentialLR(
        o, [s.LinearLR(o, start_factor=0.1, total_iters=25), s.CosineAnnealingLR(o, 175)], [25]), 2),
    "SequentialLR.Three": (lambda o: s.SequentialLR(
        o, [s.LinearLR(o, total_iters=10), s.StepLR(o, 20, gamma=0.5), s.PolynomialLR(o, 60)], [30, 120]), 1),
    "SequentialLR.OneCycle": (lambda o: s.SequentialLR(
        o, [s.LinearLR(o, total_iters=10), s.OneCycleLR(o, max_lr=0.3, total_steps=200)], [30]), 1),
    "SequentialLR.Multiplicative": (lambda o: s.SequentialLR(
        o, [s.ExponentialLR(o, 0.95), s.MultiplicativeLR(o, lambda t: 1.01)], [30]), 1),
    "SequentialLR.Restarts": (lambda o: s.SequentialLR(
        o, [s.ConstantLR(o, total_iters=50), s.CosineAnnealingWarmRestarts(o, 40, T_mult=2)], [13]), 1),
    "SequentialLR.Cyclic": (lambda o: s.SequentialLR(
        o, [s.LinearLR(o, total_iters=10), s.CyclicLR(o, base_lr=0.02, max_lr=0.2, step_size_up=9)], [15]), 1),
    "ChainedScheduler": (lambda o: s.ChainedScheduler(two(o)), 2),
    "ChainedScheduler.Cosine": (lambda o: s.ChainedScheduler(
        [s.LinearLR(o, total_iters=30), s.CosineAnnealingLR(o, 60, eta_min=0.001), s.StepLR(o, 50, gamma=0.7)]), 1),
}

def run(make, groups, name="SGD"):
    params = [torch.zeros(2, requires_grad=True) for _ in range(groups)]
    options = dict(momentum=0.9) if name == "SGD" else {}
    optimizer = getattr(torch.optim, name)([{"params": [p], "lr": lr} for p, lr in zip(params, (0.1, 0.02))], **options)
    scheduler = make(optimizer)
    momentum = lambda: [g["momentum"] if "momentum" in g else g["betas"][0] for g in optimizer.param_groups]
    rates, momenta = [], []
    for k in range(STEPS + 1):
        rates.append([g["lr"] for g in optimizer.param_groups])
        momenta.append(momentum())
        if k == STEPS - 1 and isinstance(scheduler, s.OneCycleLR) or k == STEPS: break
        optimizer.step()
        if isinstance(scheduler, s.ReduceLROnPlateau): scheduler.step(metrics[k])
        else: scheduler.step()
    result = {"rates": [list(r) for r in zip(*rates)]}
    if len({tuple(m) for m in momenta}) > 1: result["momenta"] = [list(m) for m in zip(*momenta)]
    return result

# CosineAnnealingWarmRestarts at moments within an epoch
moments = [0.0, 0.25, 3.5, 9.75, 10.0, 29.5, 30.0, 45.2, 71.0, 200.4]
def at(t_mult):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler, rates = s.CosineAnnealingWarmRestarts(optimizer, 10, T_mult=t_mult, eta_min=0.003), []
    for m in moments:
        scheduler.step(m)
        rates.append(optimizer.param_groups[0]["lr"])
    scheduler.step()
    return rates + [optimizer.param_groups[0]["lr"]]

def rounded(x):
    if isinstance(x, float): return float(f"{x:.12g}")
    if isinstance(x, dict): return {k: rounded(v) for k, v in x.items()}
    return [rounded(v) for v in x] if isinstance(x, (list, tuple)) else x

json.dump(rounded({"torch": torch.__version__, "metrics": metrics, "cases": {n: run(*c) for n, c in cases.items()},
                   "moments": moments, "at": {"1": at(1), "2": at(2), "3": at(3)}}),
          open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "schedulers.json"), "w"), separators=(",", ":"))
