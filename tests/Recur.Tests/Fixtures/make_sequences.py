#!/usr/bin/env python3
"""Makes sequences.json: what torch.nn.utils.rnn makes of sequences of different lengths, with gradients.

Run with PyTorch 1.13 or later:  python3 make_sequences.py
Rows only move, so the numbers are whole and the results exact: the sequences of a case hold 1, 2, 3, ... one after the
other, and so does every gradient that a backward pass starts from.
"""
import json
import os

import torch
from torch.nn.utils.rnn import (PackedSequence, pack_padded_sequence, pack_sequence, pad_packed_sequence, pad_sequence,
                                unpad_sequence)

# lengths, features, batch first, padding value, total length
CASES = [
    ([3, 1, 2], [2], False, 0.0, None),
    ([3, 1, 2], [2], True, -7.0, 5),
    ([2, 4, 4, 1, 4, 2], [], False, 0.5, 4),
    ([2, 4, 4, 1, 4, 2], [], True, 0.0, None),
    ([1, 3], [2, 3], False, 9.0, 4),
    ([1, 3], [2, 3], True, 0.0, None),
    ([5], [3], False, 0.0, 7),
    ([2, 2, 2], [1], True, 0.0, None),
]


def count_up(shape, first=1):
    size = torch.Size(shape).numel()
    return torch.arange(float(first), float(first + size)).reshape(shape)


def count_up_all(shapes):
    """Tensors that are numbered through."""
    result, first = [], 1
    for shape in shapes:
        result.append(count_up(shape, first))
        first += result[-1].numel()
    return result


def tensor(t):
    values = t.detach().flatten().tolist()
    return {"shape": list(t.shape), "values": [int(v) if v.is_integer() else v for v in values]}


def gradient(y, x):
    return tensor(torch.autograd.grad(y, x, count_up(y.shape))[0])


def case(lengths, features, batch_first, padding_value, total_length):
    sequences = [s.requires_grad_() for s in count_up_all([[n, *features] for n in lengths])]
    padded = pad_sequence(sequences, batch_first, padding_value)
    pad_gradients = torch.autograd.grad(padded, sequences, count_up(padded.shape))

    leaf = padded.detach().requires_grad_()
    packed = pack_padded_sequence(leaf, torch.tensor(lengths), batch_first, enforce_sorted=False)
    assert torch.equal(packed.data, pack_sequence(sequences, enforce_sorted=False).data)

    data = packed.data.detach().requires_grad_()
    again = PackedSequence(data, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices)
    pad_packed, lengths_again = pad_packed_sequence(again, batch_first, padding_value, total_length)
    assert lengths_again.tolist() == lengths

    # PyTorch 1.13 transposes its argument in place.
    unpadded = unpad_sequence(leaf.clone(), torch.tensor(lengths), batch_first)
    assert all(torch.equal(a, b) for a, b in zip(unpadded, sequences))
    unpad_gradient = torch.autograd.grad(unpadded, leaf, count_up_all([s.shape for s in unpadded]))[0]

    steps = torch.arange(total_length or max(lengths))
    mask = (steps[:, None] < torch.tensor(lengths)).float()
    return {
        "lengths": lengths, "features": features, "batch_first": batch_first, "padding_value": padding_value,
        "total_length": total_length,
        "pad": tensor(padded), "pad_gradients": [tensor(g) for g in pad_gradients],
        "data": tensor(packed.data), "batch_sizes": packed.batch_sizes.tolist(),
        "sorted_indices": packed.sorted_indices.tolist(), "unsorted_indices": packed.unsorted_indices.tolist(),
        "pack_gradient": gradient(packed.data, leaf),
        "pad_packed": tensor(pad_packed), "pad_packed_gradient": gradient(pad_packed, data),
        "unpad_gradient": tensor(unpad_gradient),
        "mask": tensor(mask.T.contiguous() if batch_first else mask),
    }


def main():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sequences.json")
    with open(path, "w", encoding="utf-8") as file:
        rows = [json.dumps(case(*c), separators=(",", ":")) for c in CASES]
        file.write("[\n" + ",\n".join(rows) + "\n]\n")


if __name__ == "__main__":
    main()
