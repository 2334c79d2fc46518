"""Writes safetensors_foreign.json: a safetensors file built byte by byte as the format's page says, with values of PyTorch.

The safetensors package itself is not needed. Run: python3 make_safetensors.py (PyTorch 1.13)
"""
import base64
import json
import pathlib
import struct

import torch

SPECIAL = [0.0, -0.0, 1.0, -2.5, 65504.0, 6e-8, float("inf"), float("-inf"), 3.1415926, 1e-3]
TYPES = [("F64", torch.float64), ("I64", torch.int64), ("F32", torch.float32), ("I32", torch.int32), ("F16", torch.float16),
         ("BF16", torch.bfloat16), ("I16", torch.int16), ("I8", torch.int8), ("U8", torch.uint8), ("BOOL", torch.bool)]


def raw(t):
    if t.dtype == torch.bfloat16:
        return t.view(torch.int16).numpy().tobytes()
    return t.numpy().tobytes()


def main():
    header, data, expected = {"__metadata__": {"format": "pt", "note": "grüße \u2713"}}, b"", {}
    for name, dtype in TYPES:
        if dtype.is_floating_point:
            t = torch.tensor(SPECIAL, dtype=torch.float64).to(dtype).reshape(2, 5)
        elif dtype == torch.bool:
            t = torch.tensor([[True, False, True]])
        elif dtype == torch.uint8:
            t = torch.tensor([0, 1, 255], dtype=dtype)
        else:
            t = torch.tensor([0, 1, -1, 127, -128], dtype=dtype)
        payload = raw(t)
        header["x." + name] = {"dtype": name, "shape": list(t.shape), "data_offsets": [len(data), len(data) + len(payload)]}
        bits = t.to(torch.float32).contiguous().view(torch.int32).flatten().tolist()
        expected["x." + name] = {"shape": list(t.shape), "float32_bits": bits}
        data += payload
    header["x.empty"] = {"dtype": "F32", "shape": [0, 3], "data_offsets": [len(data), len(data)]}
    expected["x.empty"] = {"shape": [0, 3], "float32_bits": []}
    text = json.dumps(header, ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)
    file = struct.pack("<Q", len(text)) + text + data
    out = pathlib.Path(__file__).with_name("safetensors_foreign.json")
    out.write_text(json.dumps({"file": base64.b64encode(file).decode(), "tensors": expected}) + "\n")


main()
