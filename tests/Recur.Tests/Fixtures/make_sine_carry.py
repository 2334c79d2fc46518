"""Writes sine_carry.json: the tutorial to the letter in PyTorch, for each cell (made with 1.13 on CPU).

After torch.manual_seed(0) each of 6000 iterations trains on a random one of three windows, begun with the state the window
before has left. Kept are the losses of every 100th iteration, the mean of the last 100, and the mean squared errors of the
free runs from the three starts. `recur sine --cell C --state carry` does the same, with the same random numbers.
"""
import json, math
import torch
from torch import nn

torch.set_num_threads(1)

def run(cell):
    torch.manual_seed(0)
    rnn = getattr(nn, cell)(1, 10, 2, batch_first=True); head = nn.Linear(10, 1)
    adam = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=5e-3); mse = nn.MSELoss()
    windows = [torch.tensor([math.sin(s + 10 * i / 59) for i in range(60)]).view(1, 60, 1) for s in range(3)]
    zeros = torch.zeros(2, 1, 10); state = (zeros, zeros) if cell == "LSTM" else zeros
    losses = []
    for _ in range(6000):
        w = windows[int(torch.randint(0, 3, (1,)))]
        out, state = rnn(w[:, :59], state)
        state = tuple(s.detach() for s in state) if cell == "LSTM" else state.detach()
        loss = mse(head(out), w[:, 1:])
        adam.zero_grad(); loss.backward(); adam.step()
        losses.append(loss.item())
    errors = []
    with torch.no_grad():
        for w in windows:
            x, s, points = w[:, :1], state, []
            for _ in range(59):
                out, s = rnn(x, s); x = head(out); points.append(x)
            errors.append(mse(torch.cat(points, 1), w[:, 1:]).item())
    return {"losses": losses[::100], "last_100": sum(losses[-100:]) / 100, "free_run_mse": errors}

cells = {"rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}
json.dump({"torch": torch.__version__, "cells": {name: run(cell) for name, cell in cells.items()}}, open("sine_carry.json", "w"))
