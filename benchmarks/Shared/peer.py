#!/usr/bin/env python3
"""The PyTorch side of Recur's comparisons: a child process that computes the cases it is sent and times itself.

Message, both ways:  u32 little-endian length of the header | header, JSON | the float32 values of the tensors, in order
Request header:      {"op": NAME, "options": {...}, "tensors": [{"name": NAME, "shape": [...]}, ...]}
Answer header:       {"tensors": [...], ...}, or {"error": TEXT}

A case (any op of CASES) is computed once, answered with its results, and kept; {"op": "time", "options": {"n": N,
"clock": "wall"}} runs the kept case N times more and answers {"seconds": S}; "cpu" instead of "wall" counts processor
time. The process computes only between a request and its answer. A case that needs no gradients turns them off for
itself and its timed runs; every case begins with them on.
"""
import inspect
import json
import os
import struct
import sys
import time

import numpy
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def load(module, tensors, prefix=""):
    """Overwrites every parameter of the module with the tensor sent under its name."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(tensors[prefix + name])


def gradients(module, prefix="grad."):
    return {prefix + name: p.grad for name, p in module.named_parameters()}


def make_layer(o):
    """nn.RNN, nn.GRU or nn.LSTM."""
    extra = {"nonlinearity": o["nonlinearity"]} if o["cell"] == "RNN" else {}
    if o["projection"]:
        extra["proj_size"] = o["projection"]
    return getattr(nn, o["cell"])(
        o["input"], o["hidden"], o["layers"], bias=o["bias"], batch_first=o["batch_first"], dropout=o["dropout"],
        bidirectional=o["bidirectional"], **extra)


def make_cell(o):
    """nn.RNNCell, nn.GRUCell or nn.LSTMCell."""
    extra = {"nonlinearity": o["nonlinearity"]} if o["cell"] == "RNN" else {}
    return getattr(nn, o["cell"] + "Cell")(o["input"], o["hidden"], bias=o["bias"], **extra)


def initial_state(t):
    """What a module takes: None, h0, or (h0, c0)."""
    return (t["h0"], t["c0"]) if "c0" in t else t.get("h0")


def states(hn):
    """The final state by names: hn, and cn too for the LSTM."""
    return {"hn": hn[0], "cn": hn[1]} if isinstance(hn, tuple) else {"hn": hn}


def outputs(y, hn):
    return {"y": y, **states(hn)}


def layer(o, t):
    """A recurrent layer; forward, or forward and backward of sum(y * gy) + sum(hn * ghn) + sum(cn * gcn), or of sum(y)
    without gy. With a seed, dropout draws its masks from the generator seeded with it."""
    module = make_layer(o)
    load(module, t)
    x, state = t["x"], initial_state(t)
    run = (lambda: module(x, state)) if o["lengths"] is None else ragged(o, module, x, state)
    if "seed" in o:
        torch.manual_seed(o["seed"])
    if not o["train"]:
        module.eval()
        torch.set_grad_enabled(False)
        return outputs(*run()), run

    leaves = {name: t[name].requires_grad_(True) for name in ("x", "h0", "c0") if name in t}
    leaves.update(module.named_parameters())
    gy = t.get("gy")

    def step():
        for leaf in leaves.values():
            leaf.grad = None
        y, hn = run()
        loss = y.sum() if gy is None else (y * gy).sum()
        for name, s in states(hn).items():
            if "g" + name in t:
                loss = loss + (s * t["g" + name]).sum()
        if loss.requires_grad:  # not when no sequence has a step
            loss.backward()
        return y, hn

    results = outputs(*step())
    for name, leaf in leaves.items():
        results["grad." + name] = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
    return results, step


def ragged(o, module, x, state):
    """A run of the layer over sequences of different lengths, packed and padded again as users do it. PyTorch refuses
    sequences without a step: those are left out; their output is zero and their final state the initial one."""
    batch, lengths = 0 if o["batch_first"] else 1, torch.tensor(o["lengths"])
    steps, some = x.shape[1 - batch], lengths.nonzero().flatten()

    def packed(x, lengths, state):
        sequences = pack_padded_sequence(x, lengths, o["batch_first"], enforce_sorted=False)
        y, hn = module(sequences, state)
        return pad_packed_sequence(y, o["batch_first"], total_length=steps)[0], hn

    if len(some) == len(lengths):
        return lambda: packed(x, lengths, state)

    def with_empty():
        tuples = o["cell"] == "LSTM"
        final = zero_states(o, len(lengths)) if state is None else state if tuples else (state,)
        directions, size = 2 if o["bidirectional"] else 1, final[0].shape[-1]
        y = x.new_zeros(*x.shape[:2], directions * size)
        if len(some) > 0:
            chosen = tuple(s.index_select(1, some) for s in final)
            y_some, hn = packed(x.index_select(batch, some), lengths[some], chosen if tuples else chosen[0])
            y = y.index_copy(batch, some, y_some)
            final = tuple(s.index_copy(1, some, v) for s, v in zip(final, states(hn).values()))
        return y, final if tuples else final[0]

    return with_empty


def zero_states(o, sequences):
    """(h0,) or (h0, c0), zeros."""
    count = o["layers"] * (2 if o["bidirectional"] else 1)
    h = torch.zeros(count, sequences, o["projection"] or o["hidden"])
    return (h, torch.zeros(count, sequences, o["hidden"])) if o["cell"] == "LSTM" else (h,)


def cell(o, t):
    """nn.RNNCell and its kin, stepped over x [T, N, I]; outputs y [T, N, H] and the gradients of sum(y * gy) +
    sum(hn * ghn) + sum(cn * gcn)."""
    module = make_cell(o)
    load(module, t)
    leaves = {name: t[name].requires_grad_(True) for name in ("x", "h0", "c0") if name in t}
    state, steps = initial_state(t), []
    for x_t in t["x"]:
        state = module(x_t, state)
        steps.append(state[0] if isinstance(state, tuple) else state)
    y = torch.stack(steps)
    loss = (y * t["gy"]).sum()
    for name, s in states(state).items():
        loss = loss + (s * t["g" + name]).sum()
    loss.backward()
    results = outputs(y, state)
    results.update({"grad." + name: leaf.grad for name, leaf in leaves.items()})
    results.update(gradients(module))
    return results, None


def cell_loop(o, t):
    """A user's loop over nn.RNNCell and its kin: x [T, N, I] from h0 (and c0) to the last state; forward, or forward
    and backward of the sum of the last h."""
    module = make_cell(o)
    load(module, t)
    x, first = t["x"], initial_state(t)

    def loop():
        state = first
        for step in range(len(x)):
            state = module(x[step], state)
        return state

    if not o["train"]:
        torch.set_grad_enabled(False)
        return states(loop()), loop

    leaves = [x.requires_grad_(True), *module.parameters()]

    def step():
        for leaf in leaves:
            leaf.grad = None
        state = loop()
        (state[0] if isinstance(state, tuple) else state).sum().backward()
        return state

    return {**states(step()), "grad.x": x.grad, **gradients(module)}, step


def state_gradients(o, t):
    """norms [L*D, T]: the norm of the gradient that retain_grad keeps of every state h_t over all sequences, of sum(y * gy) +
    sum(hn * ghn) + sum(cn * gcn). Every sequence runs alone through a loop over time in torch's operations, written out from
    the equations; its outputs must be those of the layer."""
    module = make_layer(o)
    load(module, t)
    run = (lambda: module(t["x"], initial_state(t))) if o["lengths"] is None else ragged(o, module, t["x"], initial_state(t))
    hn = outputs(*run())["hn"]
    unbatched = t["x"].dim() == 2
    by_sequence = 0 if o["batch_first"] else 1
    directions, layers = 2 if o["bidirectional"] else 1, o["layers"]
    count = 1 if unbatched else t["x"].shape[by_sequence]
    steps = t["x"].shape[0 if unbatched else 1 - by_sequence]
    squares = torch.zeros(layers * directions, steps)

    def of(name, n, dim):
        return None if name not in t else t[name] if unbatched else t[name].select(dim, n)

    for n in range(count):
        length = steps if o["lengths"] is None else o["lengths"][n]
        if length == 0:
            continue
        x, kept, loss = of("x", n, by_sequence)[:length], [], 0.0
        for layer_index in range(layers):
            outs = []
            for d in range(directions):
                index = layer_index * directions + d
                suffix = f"_l{layer_index}" + ("_reverse" if d else "")
                h = torch.zeros(o["projection"] or o["hidden"]) if "h0" not in t else of("h0", n, 1)[index]
                c = torch.zeros(o["hidden"]) if "c0" not in t else of("c0", n, 1)[index]
                row = [None] * length
                for step in reversed(range(length)) if d else range(length):
                    h, c = written_out(o, module, suffix, x[step], h, c)
                    h.retain_grad()
                    kept.append((index, step, h))
                    row[step] = h
                loss = loss + (h * of("ghn", n, 1)[index]).sum()
                if "gcn" in t:
                    loss = loss + (c * of("gcn", n, 1)[index]).sum()
                assert torch.allclose(h, hn[index] if unbatched else hn[index, n], atol=1e-5)
                outs.append(torch.stack(row))
            x = torch.cat(outs, 1)
        loss = loss + (x * of("gy", n, by_sequence)[:length]).sum()
        loss.backward()
        for index, step, state in kept:
            squares[index, step] += state.grad.square().sum()
    return {"norms": squares.sqrt()}, None


def written_out(o, module, suffix, x, h, c):
    """One step of one sequence: the next h and c."""
    w = dict(module.named_parameters())
    a = nn.functional.linear(x, w["weight_ih" + suffix], w.get("bias_ih" + suffix))
    b = nn.functional.linear(h, w["weight_hh" + suffix], w.get("bias_hh" + suffix))
    if o["cell"] == "RNN":
        return (torch.relu if o["nonlinearity"] == "relu" else torch.tanh)(a + b), c
    if o["cell"] == "GRU":
        (ar, az, an), (br, bz, bn) = a.chunk(3), b.chunk(3)
        z = torch.sigmoid(az + bz)
        return (1 - z) * torch.tanh(an + torch.sigmoid(ar + br) * bn) + z * h, c
    i, f, g, out = (a + b).chunk(4)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(out) * torch.tanh(c)
    return (nn.functional.linear(h, w["weight_hr" + suffix]) if o["projection"] else h), c


def stream(o, t):
    """Single steps of a layer, the state carried on: the outputs of the steps x [K, 1, I] one after another. What is
    timed is the last input again and again, the state going on."""
    module = make_layer(o).eval()
    load(module, t)
    torch.set_grad_enabled(False)
    x, state = None, None

    def step():
        nonlocal state
        y, state = module(x, state)
        return y

    steps = []
    for x in t["x"].split(1):
        steps.append(step())
    return {"y": torch.cat(steps)}, step


def gemm(o, t):
    """C = A B^T with B [N, K] as the weights of a layer stand."""
    a, b = t["a"], t["b"].t()
    c = torch.empty(a.shape[0], b.shape[1])
    torch.set_grad_enabled(False)

    def step():
        torch.mm(a, b, out=c)

    step()
    return {"c": c}, step


def sine_step(o, t):
    """The tutorial's training step: RNN, Linear, MSE, zero_grad, backward, Adam; the hidden state goes from step to
    step."""
    rnn = nn.RNN(1, o["hidden"], o["layers"], batch_first=True)
    head = nn.Linear(o["hidden"], 1)
    load(rnn, t, "rnn.")
    load(head, t, "head.")
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=o["learning_rate"])
    criterion = nn.MSELoss()
    windows = [(t[f"x{i}"], t[f"y{i}"]) for i in range(o["windows"])]
    h, loss, losses, count = t["h0"], None, [], 0

    def step():
        nonlocal h, loss, count
        x, y = windows[count % len(windows)]
        count += 1
        output, hn = rnn(x, h)
        loss = criterion(head(output), y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        h = hn.detach()

    for _ in range(o["check_steps"]):
        step()
        losses.append(loss.detach())
    results = {"losses": torch.stack(losses), "hn": h}
    results.update({"rnn." + n: p.detach().clone() for n, p in rnn.named_parameters()})
    results.update({"head." + n: p.detach().clone() for n, p in head.named_parameters()})
    return results, step


def word_model(o, t):
    """A step of PyTorch's word_language_model: Embedding, LSTM, Linear, cross-entropy, zero_grad, backward, clipping, SGD,
    from a zero state."""
    words, size = t["encoder.weight"].shape
    model = nn.ModuleDict({"encoder": nn.Embedding(words, size), "rnn": nn.LSTM(size, size, o["layers"]),
                           "decoder": nn.Linear(size, words)})
    load(model, t)
    ids, targets = t["ids"].long(), t["targets"].long()
    optimizer, criterion = torch.optim.SGD(model.parameters(), lr=o["learning_rate"]), nn.CrossEntropyLoss()
    losses = []

    def step():
        optimizer.zero_grad(set_to_none=True)
        output, _ = model["rnn"](model["encoder"](ids))
        loss = criterion(model["decoder"](output).view(-1, words), targets)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), o["clip"])
        optimizer.step()
        losses[:] = [loss.detach()]

    step()
    results = {"loss": losses[0].reshape(1)}
    results.update({n: p.detach().clone() for n, p in model.named_parameters()})
    return results, step


def train(o, t):
    """A whole short run on one batch: recurrent layer, Linear on the output, MSE, clipping, any optimizer. In double: roundings
    grow from step to step, and which ones PyTorch makes in float depends on the processor; so only Recur's own count."""
    rnn = make_layer(o)
    head = nn.Linear((o["projection"] or o["hidden"]) * (2 if o["bidirectional"] else 1), o["outputs"])
    load(rnn, t, "rnn.")
    load(head, t, "head.")
    x, y = t["x"].double(), t["y"].double()
    parameters = [*rnn.double().parameters(), *head.double().parameters()]
    optimizer = getattr(torch.optim, o["optimizer"])(parameters, **o["optimizer_options"])
    losses, norms = [], []
    for _ in range(o["steps"]):
        output, _ = rnn(x)
        loss = nn.functional.mse_loss(head(output), y)
        optimizer.zero_grad()
        loss.backward()
        if o["max_norm"] > 0:
            norms.append(nn.utils.clip_grad_norm_(parameters, o["max_norm"]))
        optimizer.step()
        losses.append(loss.detach())
    results = {"losses": torch.stack(losses)}
    if norms:
        results["norms"] = torch.stack(norms)
    results.update({"rnn." + n: p for n, p in rnn.named_parameters()})
    results.update({"head." + n: p for n, p in head.named_parameters()})
    return {name: value.float() for name, value in results.items()}, None


def correct_nadam():
    """NAdam as since PyTorch 2.0: before, the product of the momenta had the last one as a factor too many, against the
    documentation."""
    name, code = "_single_tensor_nadam", sys.modules["torch.optim.nadam"].__dict__
    source = inspect.getsource(code[name])
    corrected = source.replace("mu_product_next = mu_product * mu * mu_next", "mu_product_next = mu_product * mu_next")
    if corrected != source:
        exec(corrected, code)


def optimizer(o, t):
    """Parameters p0, p1, ... after steps with the gradients g0.0 (parameter 0, step 0), g0.1, ...; each parameter is a group of
    its own, with options that win over those of all."""
    parameters = [nn.Parameter(t[f"p{i}"].clone()) for i in range(o["parameters"])]
    groups = [{"params": [p], **options} for p, options in zip(parameters, o["groups"])]
    opt = getattr(torch.optim, o["optimizer"])(groups, **o["optimizer_options"])
    for step in range(o["steps"]):
        for i, p in enumerate(parameters):
            p.grad = t[f"g{i}.{step}"].clone()
        opt.step()
    return {f"p{i}": p for i, p in enumerate(parameters)}, None


def clip(o, t):
    """Gradients g0, g1, ... after clip_grad_norm_ (with the total norm) or clip_grad_value_."""
    parameters = [nn.Parameter(torch.zeros_like(t[f"g{i}"])) for i in range(o["parameters"])]
    for i, p in enumerate(parameters):
        p.grad = t[f"g{i}"].clone()
    results = {}
    if "value" in o:
        nn.utils.clip_grad_value_(parameters, o["value"])
    else:
        norm = float("inf") if o["norm_type"] == "inf" else o["norm_type"]
        results["norm"] = nn.utils.clip_grad_norm_(parameters, o["max_norm"], norm)
    results.update({f"g{i}": p.grad for i, p in enumerate(parameters)})
    return results, None


def make_scheduler(o, opt):
    schedulers = torch.optim.lr_scheduler
    parts = [make_scheduler(part, opt) for part in o.get("parts", [])]
    if o["name"] == "SequentialLR":
        return schedulers.SequentialLR(opt, parts, o["milestones"])
    if o["name"] == "ChainedScheduler":
        return schedulers.ChainedScheduler(parts)
    return getattr(schedulers, o["name"])(opt, **o["options"])


def scheduler(o, t):
    """The rates [steps + 1, groups] of a schedule, and the momenta (Adam: beta1)."""
    parameters = [nn.Parameter(torch.zeros(1)) for _ in o["rates"]]
    extra = {"momentum": 0.9} if o["optimizer"] == "SGD" else {}
    groups = [{"params": [p], "lr": lr} for p, lr in zip(parameters, o["rates"])]
    opt = getattr(torch.optim, o["optimizer"])(groups, **extra)
    schedule = make_scheduler(o["scheduler"], opt)
    rates, momenta = [], []
    for step in range(o["steps"] + 1):
        rates.append([g["lr"] for g in opt.param_groups])
        momenta.append([g["momentum"] if "momentum" in g else g["betas"][0] for g in opt.param_groups])
        if step == o["steps"]:
            break
        opt.step()
        schedule.step(*([t["metrics"][step].item()] if "metrics" in t else []))
    return {"rates": torch.tensor(rates), "momenta": torch.tensor(momenta)}, None


def torch_load(o, t):
    """The tensors under a key of a file, or in all of it. The safe way of 1.13 knows no floats beside tensors."""
    value = torch.load(o["path"], weights_only=o["weights_only"])
    value = value[o["key"]] if o["key"] else value
    return {name: v.to(torch.float32) for name, v in value.items()}, None


def numpy_load(o, t):
    """The arrays of a .npy or .npz file, without pickle."""
    value = numpy.load(o["path"], allow_pickle=False)
    arrays = {"": value} if isinstance(value, numpy.ndarray) else value
    return {name: torch.from_numpy(arrays[name].astype("f4")) for name in arrays}, None


def torch_save(o, t):
    """Writes the tensors to a file, each in a type and a layout of its own, and answers with what they are there."""
    types = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16,
             torch.int8, torch.uint8, torch.bool)
    saved = {}
    for i, (name, v) in enumerate(t.items()):
        v = v.abs().to(types[i % len(types)])
        transposed, part = v.t() if v.dim() == 2 else v, v[..., ::2] if v.dim() else v
        saved[name] = (v, transposed, part, v.unsqueeze(0).expand(2, *v.shape))[i % 4]
    torch.save(saved, o["path"], pickle_protocol=o["protocol"], _use_new_zipfile_serialization=o["zip"])
    return {name: v.to(torch.float32) for name, v in saved.items()}, None


def loss(o, t):
    """A function of torch.nn.functional on the tensors args[0], args[1] ... and keywords that may be tensors too; class
    indices come as floats. Answers the value y and the gradients of the args in o["gradients"] from gy."""
    def given(name):
        return t[name].long() if name in o["integers"] else t[name]

    args = [given(name) for name in o["args"]]
    for name in o["gradients"]:
        t[name].requires_grad_(True)
    keywords = dict(o["keywords"], **{k: t[name] for k, name in o["tensor_keywords"].items()})
    function = pinball if o["name"] == "pinball" else getattr(nn.functional, o["name"])
    y = function(*args, **keywords)
    y.backward(t["gy"].reshape(y.shape))
    return {"y": y, **{"grad." + name: t[name].grad for name in o["gradients"]}}, None


def pinball(x, t, q, reduction):
    """The quantile loss, which torch does not have, by its definition."""
    y = torch.max(q * (t - x), (q - 1) * (t - x))
    return {"none": y, "mean": y.mean(), "sum": y.sum()}[reduction]


def init(o, t):
    """A function of torch.nn.init after a seed; and the next uniform number."""
    torch.manual_seed(o["seed"])
    values = torch.empty(o["shape"])
    getattr(nn.init, o["name"])(values, **o["keywords"])
    return {"values": values, "next": torch.rand(1)}, None


def module(o, t):
    """A module of torch.nn with the parameters sent; forward and backward of sum(y * gy), and a step of SGD with rate
    0.1 when o["steps"] is more than 0, so often. The input of nn.Embedding is x as integers."""
    m = getattr(nn, o["name"])(**o["keywords"])
    load(m, t)
    integers = isinstance(m, nn.Embedding)
    x = t["x"].long() if integers else t["x"].requires_grad_(True)
    results, parameters = {}, list(m.parameters())
    sgd = torch.optim.SGD(parameters, lr=0.1) if o["steps"] else None
    for _ in range(max(1, o["steps"])):
        for p in parameters:
            p.grad = None
        y = m(x)
        (y * t["gy"]).sum().backward()
        if sgd:
            sgd.step()
    results["y"] = y
    if not integers:
        results["grad.x"] = x.grad
    for name, p in m.named_parameters():
        results["grad." + name] = p.grad.to_dense() if p.grad.is_sparse else p.grad
        results[name] = p
    return results, None


CASES = {f.__name__: f for f in (
    layer, cell, cell_loop, state_gradients, stream, gemm, sine_step, word_model, train, optimizer, scheduler, clip,
    torch_load, torch_save, numpy_load, loss, init, module)}
correct_nadam()


def hello():
    """Versions, and the BLAS library that is really loaded."""
    torch.mm(torch.ones(8, 8), torch.ones(8, 8))
    blas = ""
    try:
        with open("/proc/self/maps", encoding="utf-8") as maps:
            blas = next((line.split()[-1] for line in maps if "blas" in line.rsplit("/", 1)[-1]), "")
    except OSError:
        pass
    return {"version": torch.__version__, "python": sys.version.split()[0], "threads": torch.get_num_threads(),
            "blas": blas}


def read_exactly(stream, count):
    data = bytearray(count)
    view, done = memoryview(data), 0
    while done < count:
        n = stream.readinto(view[done:])
        if not n:
            raise EOFError
        done += n
    return data


def read_request(stream):
    header = json.loads(read_exactly(stream, struct.unpack("<I", read_exactly(stream, 4))[0]))
    tensors = {}
    for entry in header["tensors"]:
        count = 1
        for d in entry["shape"]:
            count *= d
        values = torch.frombuffer(read_exactly(stream, 4 * count), dtype=torch.float32) if count else torch.empty(0)
        tensors[entry["name"]] = values.reshape(entry["shape"])
    return header["op"], header["options"], tensors


def write_answer(stream, header, tensors):
    arrays = {name: t.detach().contiguous().numpy() for name, t in tensors.items()}
    header["tensors"] = [{"name": name, "shape": list(a.shape)} for name, a in arrays.items()]
    text = json.dumps(header).encode()
    stream.write(struct.pack("<I", len(text)) + text)
    for a in arrays.values():
        stream.write(a.tobytes())
    stream.flush()


def main():
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get into the answers
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    # After its last parallel region GNU OpenMP's workers spin for some milliseconds, which keeps PyTorch fast and would
    # slow down whoever computes next. The answer waits until they sleep, so that neither side pays.
    settle_seconds = 0.01 if torch.get_num_threads() > 1 else 0.0
    step = None
    while True:
        try:
            op, options, tensors = read_request(requests)
        except EOFError:
            return
        try:
            header, results = {}, {}
            if op == "hello":
                header = hello()
            elif op == "time":
                n = options["n"]
                clock = time.process_time if options["clock"] == "cpu" else time.perf_counter
                start = clock()
                for _ in range(n):
                    step()
                header = {"seconds": clock() - start}
            else:
                torch.set_grad_enabled(True)
                results, step = CASES[op](options, tensors)
            time.sleep(settle_seconds)
            write_answer(answers, header, results)
        except Exception as e:  # the other side reports it with the case it belongs to
            write_answer(answers, {"error": f"{type(e).__name__}: {e}"}, {})


if __name__ == "__main__":
    main()
