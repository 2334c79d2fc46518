#!/usr/bin/env python3
"""Writes language_model.json: two steps of truncated back-propagation of PyTorch's word_language_model network.

Run with PyTorch 1.13 or later:  python3 make_language_model.py
encoder (Embedding), rnn, decoder (Linear, its weight the encoder's when tied); the state is detached and carried from the
first step to the second. Logits, mean cross-entropy and every gradient of both steps.
"""
import json
import os

import torch
from torch import nn

V, H, T, N = 11, 6, 5, 3


def flat(t):
    return [float(f"{v:.9g}") for v in t.detach().flatten().tolist()]  # nine digits name a float32 exactly


def case(seed, cell, layers, embedding, tied):
    torch.manual_seed(seed)
    encoder = nn.Embedding(V, embedding)
    rnn = {"Lstm": nn.LSTM, "Gru": nn.GRU, "Rnn": nn.RNN}[cell](embedding, H, layers)
    decoder = nn.Linear(H, V)
    if tied:
        decoder.weight = encoder.weight
    model = nn.ModuleDict({"encoder": encoder, "rnn": rnn, "decoder": decoder})
    state, steps = None, []
    names = [(n, p) for n, p in model.named_parameters()]
    for _ in range(2):
        ids, targets = torch.randint(0, V, (T, N)), torch.randint(0, V, (T, N))
        model.zero_grad()
        output, state = rnn(encoder(ids), state)
        logits = decoder(output)
        loss = nn.functional.cross_entropy(logits.reshape(-1, V), targets.reshape(-1))
        loss.backward()
        state = tuple(s.detach() for s in state) if cell == "Lstm" else state.detach()
        steps.append({"ids": ids.flatten().tolist(), "targets": targets.flatten().tolist(), "logits": flat(logits),
                      "loss": float(f"{loss.item():.9g}"), "gradients": {n: flat(p.grad) for n, p in names}})
    return {"cell": cell, "layers": layers, "embedding": embedding, "tied": tied,
            "state_dict": {n: {"shape": list(p.shape), "values": flat(p)} for n, p in model.state_dict().items()},
            "steps": steps}


result = {
    "torch": torch.__version__,
    "cases": [case(0, "Lstm", 2, 4, False), case(1, "Lstm", 1, H, True), case(2, "Gru", 2, H, True),
              case(3, "Rnn", 1, 5, False)],
}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "language_model.json")
with open(path, "w", encoding="utf-8") as file:
    file.write("{\n" + ",\n".join(f'"{k}": {json.dumps(v)}' for k, v in result.items()) + "\n}\n")
