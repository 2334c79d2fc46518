"""Writes ../Approved/example-*.txt: what the programs in examples print, printed by PyTorch (made with 1.13 on CPU)."""
import torch
from torch import nn

torch.set_grad_enabled(False)
lines = []

def show(*words): lines.append(" ".join(words))
def sizes(**tensors): show(", ".join(f"{name} {list(t.shape)}" for name, t in tensors.items()))
def parameters(module):
    for name, p in module.named_parameters(): show(name, str(list(p.shape)))
def begins(name, t): show(f"{name} begins with", *(f"{v:.4f}" for v in t.flatten()[:3].tolist()))
def write(name):
    with open(f"../Approved/example-{name}.txt", "w") as file: file.write("\n".join(lines) + "\n")
    lines.clear()

torch.manual_seed(0)
show("Rnn(100, 20)")
rnn = nn.RNN(100, 20); parameters(rnn)
x = torch.randn(10, 3, 100)
out, h = rnn(x, torch.zeros(1, 3, 20)); sizes(out=out, h=h); begins("h", h)
show("Rnn(100, 10, numLayers: 2)")
parameters(nn.RNN(100, 10, num_layers=2))
show("Rnn(100, 20, numLayers: 4)")
out, h = nn.RNN(100, 20, num_layers=4)(x); sizes(out=out, h=h)
show("Rnn(100, 20, bidirectional: true)")
rnn = nn.RNN(100, 20, bidirectional=True); parameters(rnn)
out, h = rnn(x); sizes(out=out, h=h)
write("rnn")

torch.manual_seed(0)
x = torch.randn(10, 3, 100)
show("RnnCell(100, 20)")
cell = nn.RNNCell(100, 20); parameters(cell)
h = torch.zeros(3, 20)
for xt in x: h = cell(xt, h)
sizes(h=h); begins("h", h)
show("RnnCell(100, 30), RnnCell(30, 20)")
lower, upper = nn.RNNCell(100, 30), nn.RNNCell(30, 20)
h1, h2 = torch.zeros(3, 30), torch.zeros(3, 20)
for xt in x:
    h1 = lower(xt, h1)
    h2 = upper(h1, h2)
sizes(h1=h1, h2=h2)
write("rnn_cell")

torch.manual_seed(0)
show("Lstm(100, 20, numLayers: 4)")
lstm = nn.LSTM(100, 20, num_layers=4)
sizes(weight_ih_l0=lstm.weight_ih_l0)
x = torch.randn(10, 3, 100)
out, (h, c) = lstm(x); sizes(out=out, h=h, c=c); begins("h", h); begins("c", c)
_, half = lstm(x[:5])
out, (h, c) = lstm(x[5:], half); show(f"second half: out {list(out.shape)}"); begins("c", c)
write("lstm")

torch.manual_seed(0)
x = torch.randn(10, 3, 100)
show("LstmCell(100, 20)")
cell = nn.LSTMCell(100, 20); parameters(cell)
h, c = torch.zeros(3, 20), torch.zeros(3, 20)
for xt in x: h, c = cell(xt, (h, c))
sizes(h=h, c=c); begins("c", c)
show("LstmCell(100, 30), LstmCell(30, 20)")
lower, upper = nn.LSTMCell(100, 30), nn.LSTMCell(30, 20)
h1, c1, h2, c2 = torch.zeros(3, 30), torch.zeros(3, 30), torch.zeros(3, 20), torch.zeros(3, 20)
for xt in x:
    h1, c1 = lower(xt, (h1, c1))
    h2, c2 = upper(h1, (h2, c2))
sizes(h1=h1, c1=c1, h2=h2, c2=c2)
write("lstm_cell")

def numbers(values, n=2): return " ".join(f"{v:.4f}" for v in values.flatten()[:n].tolist())

torch.manual_seed(0)
lstm = nn.LSTM(3, 8, num_layers=2)
x = torch.randn(100, 1, 3)
out, _ = lstm(x)
show("after 50 steps:", numbers(out[49]))
show("after 50 more:", numbers(out[99]) + ", 0 bytes allocated")
show("Forward:", numbers(out[99]))
show("a new stream, after 1 step:", numbers(out[0]))
write("streaming")

torch.manual_seed(0)
lstm = nn.LSTM(4, 8, bidirectional=True)
sequences = [torch.randn(length, 4) for length in (5, 2, 9)]
x = nn.utils.rnn.pad_sequence(sequences)
show(f"lengths 5, 2, 9: padded {list(x.shape)}")
packed = nn.utils.rnn.pack_padded_sequence(x, (5, 2, 9), enforce_sorted=False)
out, (h, c) = lstm(packed)
out, _ = nn.utils.rnn.pad_packed_sequence(out)
sizes(out=out, h=h, c=c)
for n, sequence in enumerate(sequences):
    show(f"sequence {n}: h begins with {numbers(h[:, n])}, alone {numbers(lstm(sequence)[1][0])}")
show(f"out of sequence 1 at step 2: {out[2, 1, 0].item():g}")
show(f"mean square of 16 steps: {(out * out).sum().item() / 16:.4f}")
write("ragged")
