#!/usr/bin/env python3
"""Makes torch_continued.json: the losses of five more steps after the checkpoints torch/adam.pt and torch/sgd.pt of
make_torch_files.py, in PyTorch 1.13 on CPU. Run in this folder: python3 make_torch_continued.py"""
import collections
import json

import torch
from torch import nn


def losses(kind):
    checkpoint = torch.load(f"torch/{kind}.pt")
    m = nn.Sequential(collections.OrderedDict(rnn=nn.LSTM(2, 3, num_layers=2), head=nn.Linear(3, 1)))
    m.load_state_dict(checkpoint["model"])
    if kind == "adam":
        optimizer = torch.optim.Adam(m.parameters(), lr=1e-2, weight_decay=0.1)
    else:
        optimizer = torch.optim.SGD([{"params": m.rnn.parameters()}, {"params": m.head.parameters()}], lr=1, momentum=0.9)
    optimizer.load_state_dict(checkpoint["optimizer"])
    x = torch.linspace(-1, 1, 8).reshape(4, 1, 2)
    result = []
    for _ in range(5):
        loss = (m.head(m.rnn(x)[0]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        result.append(loss.item())
    return result


with open("torch_continued.json", "w") as file:
    json.dump({kind: losses(kind) for kind in ("adam", "sgd")}, file)
    file.write("\n")
