"""Replay against its peers: one forward, backward and update, in interleaved rounds, as ratios to plain numpy.

Run:  python benchmarks/replay.py [--rounds N]
"""

import argparse
import os
import sys
import time
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # small nets lose by threads; set it to compare with more
os.environ.setdefault("OPENBLAS_NUM_THREADS", os.environ["OMP_NUM_THREADS"])
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from gradbook.engine import load, lower, work  # noqa: E402
from gradbook.engine.optim import update  # noqa: E402
from gradbook.engine.tape.backward import backward  # noqa: E402
from gradbook.engine.tape.tape import Tape, apply  # noqa: E402


def by_hand(x, y, rate):
    """Forward, backward and update as one writes them in numpy; parameters are W1, b1, W2, b2, …"""

    def step(*parameters):
        a = [x]
        for W, b in zip(parameters[::2], parameters[1::2], strict=True):
            a.append(1 / (1 + np.exp(-(W @ a[-1] + b))))
        loss = ((y - a[-1]) ** 2).sum() / 2 / x.shape[1]
        delta = (a[-1] - y) / x.shape[1] * (a[-1] * (1 - a[-1]))
        new = []
        for i in range(len(a) - 2, -1, -1):
            W, b = parameters[2 * i], parameters[2 * i + 1]
            dW, db = delta @ a[i].T, delta if delta.shape[1] == 1 else delta.sum(axis=1, keepdims=True)
            if i:
                delta = (W.T @ delta) * (a[i] * (1 - a[i]))
            new = [W - rate * dW, b - rate * db, *new]
        return loss, *new

    return step


def two_layers_by_hand(x, y, rate):
    """The 2-2-2 net, written out line by line: the fastest that plain numpy does without tricks."""

    def step(W1, b1, W2, b2):
        a1 = 1 / (1 + np.exp(-(W1 @ x + b1)))
        a2 = 1 / (1 + np.exp(-(W2 @ a1 + b2)))
        loss = ((y - a2) ** 2 / 2).sum()
        delta2 = (a2 - y) * (a2 * (1 - a2))
        dW2 = delta2 @ a1.T
        delta1 = (W2.T @ delta2) * (a1 * (1 - a1))
        dW1 = delta1 @ x.T
        return loss, W1 - rate * dW1, b1 - rate * delta1, W2 - rate * dW2, b2 - rate * delta2

    return step


def by_torch(x, y, rate, parameters):
    """The same by PyTorch, eager; None where it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    x, y = torch.tensor(x), torch.tensor(y)
    tensors = [torch.tensor(p, requires_grad=True) for p in parameters]
    optimizer = torch.optim.SGD(tensors, lr=rate)

    def step(*_):
        optimizer.zero_grad()
        a = x
        for W, b in zip(tensors[::2], tensors[1::2], strict=True):
            a = torch.sigmoid(W @ a + b)
        loss = ((y - a) ** 2).sum() / 2 / x.shape[1]
        loss.backward()
        optimizer.step()
        return loss

    return step


def dense(widths, batch, rate=0.1):
    """The trace of a dense sigmoid net with random numbers, written on a tape of its own."""
    random, tape = np.random.default_rng(0), Tape("dense")
    a = tape.data("x", random.normal(size=(widths[0], batch)))
    for i, (before, width) in enumerate(pairwise(widths), start=1):
        W = tape.param(f"layer{i}.W", random.normal(size=(width, before)) / before**0.5)
        b = tape.param(f"layer{i}.b", np.zeros((width, 1)))
        z = tape.write(f"layer{i}.z", W @ a + b, grad=f"layer{i}.delta")
        a = tape.write(f"layer{i}.a", apply("sigmoid", z))
    y = tape.data("y", random.uniform(size=(widths[-1], batch)))
    E = tape.write("E", apply("half_squared_error", a, y))
    loss = tape.write("J", E.sum() / batch).name
    grads = backward(tape, loss)
    return tape.finish(loss, grads, update(tape, grads, "sgd", rate))


def contenders(trace, hand):
    """Name -> a function of the parameters, for each way to compute the same step."""
    names = list(trace.updates)
    x, y, rate = trace.value("x"), trace.value("y"), float(trace.value("learning_rate"))
    ways = {
        "numpy by hand": hand(x, y, rate),
        "lowered trace": lower(trace, names, [trace.loss, *trace.updates.values()]),
        "lowered, all steps": lower(trace, names, list(trace)),
        "Trace.replay": lambda *values: trace.replay(dict(zip(names, values, strict=True))),
        "PyTorch eager": by_torch(x, y, rate, [trace.value(n) for n in names]),
    }
    return {name: way for name, way in ways.items() if way}


def measure(ways, parameters, rounds, repeats):
    """The seconds of each way in each round; the ways take turns, so that the machine's moods hit all alike."""
    seconds = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            for _ in range(repeats):
                way(*parameters)
            seconds[name].append((time.perf_counter() - start) / repeats)
    return seconds


def report(title, trace, hand, rounds, repeats):
    ways = contenders(trace, hand)
    parameters = [trace.value(name) for name in trace.updates]
    losses = [ways[name](*parameters)[0] for name in ("numpy by hand", "lowered trace")]
    np.testing.assert_allclose(*losses, rtol=1e-12)
    measure(ways, parameters, 2, max(1, repeats // 10))
    seconds = measure(ways, parameters, rounds, repeats)
    base = np.array(seconds["numpy by hand"])
    print(f"\n{title}: numpy by hand {np.median(base) * 1e6:.1f} µs")
    for name, found in seconds.items():
        ratios = np.array(found) / base
        low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
        print(f"  {name:<22}{middle:7.2f} ×   (middle half {low:.2f} to {high:.2f})")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    rounds = parser.parse_args().rounds
    seed = work(load(ROOT / "examples" / "seed.toml"))
    report("2-2-2, one sample", seed, two_layers_by_hand, rounds, 400)
    report("784-256-128-10, batch 64", dense((784, 256, 128, 10), 64), by_hand, rounds, 3)


if __name__ == "__main__":
    main()
