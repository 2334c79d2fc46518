"""Writes rng.json with PyTorch (made with 1.13.1 on CPU, Debian's python3-torch): what torch draws from a seed.

uniform   torch.rand(12), and uniform_(low, high) with the bounds of a default-initialised layer, as bit patterns
normal    torch.randn(n) by length: first and last values (below 16 numbers PyTorch computes one by one, above in blocks)
state     SHA-256 of torch.get_rng_state() after each kind of draw
"""
import hashlib, json, os, struct
import torch

SEEDS = (0, 1, 42, 123456789, 2**32 - 1, 2**32 + 5, 2**63 + 12345, 2**64 - 1)
LENGTHS = (*range(1, 16), 16, 17, 31, 32, 33, 1000)

def bits(t): return [struct.unpack("<I", struct.pack("<f", v))[0] for v in t.tolist()]
def seed(s): torch.manual_seed(s if s < 2**63 else s - 2**64)
def state(): return hashlib.sha256(bytes(torch.get_rng_state().tolist())).hexdigest()

def case(s):
    r = {"seed": str(s)}
    seed(s); r["state_fresh"] = state()
    seed(s); r["uniform"] = bits(torch.rand(12)); r["state_uniform"] = state()
    seed(s); b = 1 / 10 ** 0.5; u = torch.empty(1500).uniform_(-b, b); r["uniform_bound"] = bits(u[:8]) + bits(u[-8:])
    seed(s); u = torch.empty(700).uniform_(2.0, 5.5); r["uniform_range"] = bits(u[:8]) + bits(u[-8:])
    r["normal"] = {}
    for n in LENGTHS:
        seed(s); v = torch.randn(n); r["normal"][str(n)] = v[:16].tolist() + (v[-16:].tolist() if n > 16 else [])
    seed(s); torch.randn(3); r["state_cached_normal"] = state(); r["normal_after_3"] = torch.randn(4).tolist()
    seed(s); r["normal_scaled"] = torch.empty(33).normal_(2.0, 0.25).tolist()
    seed(s); r["permutation"] = torch.randperm(20).tolist(); r["permutation_1"] = torch.randperm(1).tolist(); r["state_permutation"] = state()
    seed(s); r["integers"] = torch.randint(-5, 100, (10,)).tolist() + torch.randint(-2**31, 2**31 - 1, (6,)).tolist()
    seed(s); r["double"] = torch.rand(4, dtype=torch.float64).tolist()
    seed(s); r["dropout"] = torch.nn.functional.dropout(torch.ones(40), 0.3, True).tolist(); r["after_dropout"] = bits(torch.rand(2))
    return r

json.dump({"torch": torch.__version__, "cases": [case(s) for s in SEEDS]},
          open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "rng.json"), "w"))
