"""Writes numpy/*.npy and *.npz, files of numpy.save and numpy.savez, and numpy_files.json with what is in them.

Run: python3 make_numpy_files.py (NumPy 1.24). The JSON holds type, shape and float32 bits of every array.
"""
import json
import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).with_name("numpy")
TYPES = {"f2": "F16", "f4": "F32", "f8": "F64", "i1": "I8", "i2": "I16", "i4": "I32", "i8": "I64", "u1": "U8", "u2": "U16",
         "u4": "U32", "u8": "U64", "b1": "BOOL"}
FLOATS = [0.0, -0.0, 1.0, -2.5, 65504.0, 6e-8, np.inf, -np.inf, 3.1415926, 1e-3, 7.0, -8.0]
INTEGERS = [0, 1, 2, 127, 100, 99, 3, 4, 5, 6, 7, 8]
expected = {}


def values(letters):
    source = FLOATS if letters[0] == "f" else [v % 2 for v in INTEGERS] if letters == "b1" else INTEGERS
    a = np.array(source).astype(letters)
    return -a if letters[0] == "i" else a


def describe(a):
    bits = np.ascontiguousarray(a, dtype="<f4").view("<i4").flatten().tolist()
    return {"type": TYPES[a.dtype.str[1:]], "shape": list(a.shape), "float32_bits": bits}


def save(name, a, version=None):
    with open(FOLDER / f"{name}.npy", "wb") as file:
        np.lib.format.write_array(file, a, version=version)
    expected[f"{name}.npy"] = {name: describe(a)}


def main():
    FOLDER.mkdir(exist_ok=True)
    for letters in TYPES:
        a = values(letters)
        save(f"c_{letters}", a.reshape(2, 3, 2))
        if a.dtype.itemsize > 1:
            save(f"big_{letters}", a.reshape(3, 4).astype(">" + letters))
    save("fortran_f4", np.asfortranarray(values("f4").reshape(2, 3, 2)))
    save("fortran_big_f8", np.asfortranarray(values("f8").reshape(3, 4).astype(">f8")))
    save("fortran_i1", np.asfortranarray(values("i1").reshape(3, 4)))
    save("version_2", values("f4"), (2, 0))
    save("version_3", values("f4").reshape(12, 1), (3, 0))
    save("scalar", np.array(2.5, "f4"))
    save("empty", np.zeros((0, 3), "f4"))
    arrays = {"x": values("f4").reshape(3, 4), "layer.weight": np.asfortranarray(values("f8").reshape(2, 6)),
              "count": np.array(3), "mask": values("b1"), "zeros": np.zeros((40, 40), "f4")}
    for name, write in (("stored", np.savez), ("deflated", np.savez_compressed)):
        write(FOLDER / f"{name}.npz", **arrays)
        expected[f"{name}.npz"] = {n: describe(a) for n, a in arrays.items()}
    refused = {
        "object": np.array([1, "a", None], dtype=object), "complex": np.zeros(2, "c8"), "text": np.array(["ab"]),
        "structured": np.zeros(2, dtype=[("a", "f4"), ("b", "i4")]), "date": np.array(["2020-01-01"], "M8[D]"),
        "raw": np.zeros(2, "V3"), "long_double": np.zeros(2, np.longdouble)}
    for name, a in refused.items():
        np.save(FOLDER / f"refused_{name}.npy", a, allow_pickle=True)
    pathlib.Path(__file__).with_name("numpy_files.json").write_text(json.dumps(expected) + "\n")


main()
