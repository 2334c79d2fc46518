"""Writes torch/*.pt, files of torch.save, and torch_files.json with what is in them.

Run: python3 make_torch_files.py (PyTorch 1.13). What PyTorch 2.x adds is built here to the layout that
torch/serialization.py of 2.x documents. The JSON holds every tensor's type, shape and float32 bits, and every other
value: floats as the bits of a float64, the rest as text.
"""
import collections
import io
import json
import pathlib
import pickle
import struct
import types
import zipfile

import numpy
import torch
from torch import nn

FOLDER = pathlib.Path(__file__).with_name("torch")
SPECIAL = [0.0, -0.0, 1.0, -2.5, 65504.0, 6e-8, float("inf"), float("-inf"), 3.1415926, 1e-3]
NAMES = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
         torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL"}
expected = {}


def of_every_type():
    tensors = collections.OrderedDict()
    for dtype, name in NAMES.items():
        if dtype.is_floating_point:
            t = torch.tensor(SPECIAL, dtype=torch.float64).to(dtype).reshape(2, 5)
        elif dtype == torch.bool:
            t = torch.tensor([[True, False, True]])
        elif dtype == torch.uint8:
            t = torch.tensor([0, 1, 255], dtype=dtype)
        else:
            t = torch.tensor([0, 1, -1, 127, -128], dtype=dtype)
        tensors[name] = t
    tensors["empty"] = torch.zeros(0, 3)
    tensors["scalar"] = torch.tensor(2.5)
    return tensors


def views():
    """Shared and strided storages."""
    base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    return {
        "base": base, "transposed": base.transpose(0, 2), "row": base[1, 2], "column": base[:, 1, 3],
        "part": base[:, 1:, ::2], "expanded": torch.tensor([1.0, 2.0]).reshape(2, 1).expand(2, 3),
        "one": torch.tensor(7.0).expand(2, 2), "halves": base.half().permute(2, 0, 1),
        "integers": torch.arange(6).reshape(2, 3).t(), "bytes": torch.arange(6, dtype=torch.uint8)[1::2],
        "doubles": torch.arange(6, dtype=torch.float64).reshape(2, 3).t(),
    }


def nested():
    """Everything that is no tensor, too."""
    w = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    return {
        "none": None, "yes": True, "no": False, "zero": 0, "byte": 255, "short": 65535, "negative": -7, "long": 2 ** 40,
        "huge": 2 ** 70, "float": 0.1, "nan_is": float("inf"), "text": "grüße \u2713", "long_text": "x" * 300,
        "bytes": b"\x00\xff\x80", "bytearray": bytearray(b"ab"), "empty_tuple": (), "tuple": (1, (2, "three"), [4]),
        "list": [1, 2.5, w, {"deep": w}], "set": {5}, "frozenset": frozenset([6]), 3: "integer key", (1, 2): "tuple key",
        "size": torch.Size([2, 3]), "dtype": torch.float16, "device": torch.device("cpu"),
        "parameter": nn.Parameter(torch.tensor([1.0, -1.0])), "buffer": w, "ordered": collections.OrderedDict(a=1, b=w),
        "counter": collections.Counter({"x": 2}), "default": collections.defaultdict(list, {"k": [1]}),
        "numpy": [numpy.float64(1.5), numpy.float32(0.25), numpy.int64(-3), numpy.bool_(True)],
    }


def model():
    torch.manual_seed(0)
    return nn.Sequential(collections.OrderedDict(rnn=nn.LSTM(2, 3, num_layers=2), head=nn.Linear(3, 1)))


def run(m, optimizer, steps=3):
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 5])
    x = torch.linspace(-1, 1, 8).reshape(4, 1, 2)
    losses = []
    for _ in range(steps):
        loss = (m.head(m.rnn(x)[0]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    return {"model": m.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict(),
            "epoch": steps, "losses": losses, "rng": torch.get_rng_state()[:16].clone()}


def checkpoint(kind="adam"):
    m = model()
    if kind == "adam":
        return run(m, torch.optim.Adam(m.parameters(), lr=1e-2, weight_decay=0.1))
    return run(m, torch.optim.SGD([{"params": m.rnn.parameters()}, {"params": m.head.parameters(), "lr": 0.5}], lr=0.1,
                                  momentum=0.9))


# ---- What came out ------------------------------------------------------------------------------------------------

def name_of(key):
    return key if isinstance(key, str) else str(key)


def leaves(value, path=""):
    join = (lambda k: f"{path}.{k}" if path else k)
    if isinstance(value, dict):
        for k, v in value.items():
            yield from leaves(v, join(name_of(k)))
    elif isinstance(value, (list, tuple, set, frozenset)):
        for i, v in enumerate(value):
            yield from leaves(v, join(str(i)))
    else:
        yield path, value


def describe(value):
    tensors, others = {}, {}
    for path, v in leaves(value):
        if isinstance(v, torch.Tensor):
            bits = v.detach().to(torch.float32).contiguous().view(torch.int32).flatten().tolist()
            tensors[path] = {"type": NAMES[v.dtype], "shape": list(v.shape), "float32_bits": bits,
                             "grad": v.requires_grad}
        elif isinstance(v, (bytes, bytearray)):
            others[path] = f"{len(v)} bytes"
        elif isinstance(v, (float, numpy.floating)):
            others[path] = struct.unpack("<q", struct.pack("<d", v))[0]
        elif isinstance(v, numpy.bool_):
            others[path] = str(bool(v))
        else:
            others[path] = str(v) if not isinstance(v, numpy.integer) else str(int(v))
    return {"tensors": tensors, "values": others}


def save(name, value, **options):
    torch.save(value, FOLDER / f"{name}.pt", **options)
    expected[name] = describe(value)


# ---- The layout of 2.x ----------------------------------------------------------------------------------------------

def rewrite(source, target, extra, root="archive", replace=None):
    """The same archive with more entries; stored, every entry at a multiple of 64 bytes, as 2.x writes it."""
    with zipfile.ZipFile(FOLDER / source) as old, open(FOLDER / target, "wb") as file, \
            zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as new:
        entries = [(root + n[n.index("/"):], old.read(n)) for n in old.namelist()]
        at = next(i for i, (n, _) in enumerate(entries) if n.endswith("data.pkl")) + 1
        entries[at:at] = [(f"{root}/{n}", v) for n, v in extra.items()]
        for n, v in entries:
            if replace and n == f"{root}/data.pkl":
                v = replace
            info = zipfile.ZipInfo(n)
            padding = -(file.tell() + 30 + len(n) + 4) % 64
            info.extra = b"FB" + padding.to_bytes(2, "little") + b"Z" * padding
            new.writestr(info, v)


LAYOUT = {".format_version": b"1", ".storage_alignment": b"64", "byteorder": b"little"}
SERIALIZATION_ID = {".data/serialization_id": b"0636067497643204234604870606087640830320"}


class Pickler(pickle.Pickler):
    """Writes persistent references as the archive's; names that 1.13 does not have are put into torch first."""

    def persistent_id(self, obj):
        return obj.id if isinstance(obj, Storage) else None


class Storage:
    def __init__(self, kind, key, count):
        self.id = ("storage", kind, key, "cpu", count)


class Call:
    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


def stand_in(module, name):
    f = types.FunctionType((lambda: None).__code__, {}, name)
    f.__module__, f.__qualname__ = module.__name__, name
    setattr(module, name, f)
    return f


def version_3():
    """_rebuild_tensor_v3: the types that 2.3 added have untyped storages and say their type."""
    v3 = stand_in(torch._utils, "_rebuild_tensor_v3")
    untyped = stand_in(torch.storage, "UntypedStorage")
    arrays = {
        "uint16": numpy.array([[0, 1], [65535, 3]], "<u2"), "uint32": numpy.array([0, 16777216], "<u4"),
        "uint64": numpy.array([5], "<u8"), "float8_e5m2": numpy.array([0x00, 0x3c, 0xbc, 0x7b, 0x7c], "u1"),
        "float8_e4m3fn": numpy.array([0x00, 0x38, 0xb8, 0x7e, 0x01], "u1"),
    }
    value, storages = collections.OrderedDict(), {}
    for i, (name, a) in enumerate(arrays.items()):
        stand_in(torch, name)
        strides = tuple(s // a.itemsize for s in a.strides)
        value[name] = Call(v3, Storage(untyped, str(i), a.nbytes), 0, a.shape, strides, False,
                           collections.OrderedDict(), getattr(torch, name))
        storages[str(i)] = a.tobytes()
    out = io.BytesIO()
    Pickler(out, 2).dump(value)
    with zipfile.ZipFile(FOLDER / "layout_2x_v3.pt", "w", zipfile.ZIP_STORED) as new:
        new.writestr(zipfile.ZipInfo("archive/data.pkl"), out.getvalue())
        for n, v in LAYOUT.items():
            new.writestr(zipfile.ZipInfo(f"archive/{n}"), v)
        for key, data in storages.items():
            new.writestr(zipfile.ZipInfo(f"archive/data/{key}"), data)
        new.writestr(zipfile.ZipInfo("archive/version"), b"3\n")
        for n, v in SERIALIZATION_ID.items():
            new.writestr(zipfile.ZipInfo(f"archive/{n}"), v)
    numbers = {"uint16": ("U16", [0, 1, 65535, 3]), "uint32": ("U32", [0, 16777216]), "uint64": ("U64", [5]),
               "float8_e5m2": ("F8_E5M2", [0.0, 1.0, -1.0, 57344.0, float("inf")]),
               "float8_e4m3fn": ("F8_E4M3", [0.0, 1.0, -1.0, 448.0, 2.0 ** -9])}
    expected["layout_2x_v3"] = {"values": {}, "tensors": {
        n: {"type": t, "shape": list(arrays[n].shape), "grad": False,
            "float32_bits": torch.tensor(v, dtype=torch.float32).view(torch.int32).tolist()}
        for n, (t, v) in numbers.items()}}


def main():
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.pt"):
        old.unlink()
    save("types", of_every_type())
    save("types_legacy", of_every_type(), _use_new_zipfile_serialization=False)
    save("views", views())
    save("views_legacy", views(), _use_new_zipfile_serialization=False)
    for protocol in range(2, 6):
        save(f"nested_{protocol}", nested(), pickle_protocol=protocol)
        save(f"nested_{protocol}_legacy", nested(), pickle_protocol=protocol, _use_new_zipfile_serialization=False)
    save("state_dict", model().state_dict())
    save("adam", checkpoint())
    save("adam_legacy", checkpoint(), _use_new_zipfile_serialization=False)
    save("sgd", checkpoint("sgd"))
    save("tensor", torch.arange(4.0))
    tied = nn.Parameter(torch.tensor([1.0, 2.0]))
    save("tied", {"a": tied, "b": tied})

    rewrite("types.pt", "layout_2x.pt", {**LAYOUT, **SERIALIZATION_ID})
    expected["layout_2x"] = expected["types"]
    version_3()
    rewrite("types.pt", "refused_big_endian.pt", {**LAYOUT, "byteorder": b"big"})
    torch.save({"c": torch.tensor([1 + 2j])}, FOLDER / "refused_complex.pt")
    torch.save({"q": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)}, FOLDER / "refused_quantized.pt")
    torch.save({"s": torch.eye(2).to_sparse()}, FOLDER / "refused_sparse.pt")
    torch.save(nn.Linear(1, 1), FOLDER / "refused_module.pt")
    torch.save(nn.Linear(1, 1), FOLDER / "refused_module_legacy.pt", _use_new_zipfile_serialization=False)
    torch.jit.script(nn.Linear(1, 1)).save(str(FOLDER / "refused_script.pt"))
    text = json.dumps(expected, indent=None, ensure_ascii=False)
    pathlib.Path(__file__).with_name("torch_files.json").write_text(text + "\n")


main()
