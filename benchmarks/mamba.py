"""What Mamba blocks learn that a memory which does not select cannot, and how fast they train beside a PyTorch loop.

    python benchmarks/mamba.py copying --kind mamba2 constant
    python benchmarks/mamba.py induction
    python benchmarks/mamba.py race                               needs PyTorch

Selective copying (Gu and Dao 2023, section 4.1.1): symbols stand among noise, at places that differ, and are asked for
in their order at the end. Induction heads (Olsson et al. 2022): what stood behind the special symbol when it was seen
first? "constant" is the same network with step sizes and places of writing and reading that do not depend on x.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np

from skneural.layers import Chain, Context, Dense, Embedding, Layer, MultiheadScan
from skneural.losses import SoftmaxLogLoss
from skneural.networks.mamba import mamba_encoder
from skneural.ops.memory import recycling
from skneural.optimizers import Adam
from skneural.optimizers.schedules import Schedule
from skneural.parameters import Layout, Parameter, Weights

N_SYMBOLS = 16


def selective_copying(rng, n, n_steps=64, n_copied=8):
    """Tokens (n, n_steps + n_copied) and, for the last `n_copied` of their steps, the symbols asked for."""
    noise, ask = N_SYMBOLS, N_SYMBOLS + 1
    y = rng.integers(0, N_SYMBOLS, (n, n_copied))
    x = np.full((n, n_steps + n_copied), noise)
    x[:, n_steps:] = ask
    places = np.sort(np.argsort(rng.random((n, n_steps)), axis=1)[:, :n_copied], axis=1)
    np.put_along_axis(x, places, y, axis=1)
    return x, y


def induction_heads(rng, n, n_steps=64):
    """Tokens (n, n_steps), the last of them special, and the symbol behind the other one that is, (n, 1)."""
    special = N_SYMBOLS
    x = rng.integers(0, N_SYMBOLS, (n, n_steps))
    rows, places = np.arange(n), rng.integers(0, n_steps - 2, n)
    x[rows, places] = x[:, -1] = special
    return x, x[rows, places + 1][:, np.newaxis]


TASKS = {"copying": selective_copying, "induction": induction_heads}


@dataclass(frozen=True)
class ConstantScan(MultiheadScan):
    """The same scan, whose step sizes and places of writing and reading are learned but do not depend on x."""

    def parameters(self):
        n_constant = self.n_inputs - 2 * self.n
        start = Parameter((n_constant,), lambda rng, shape: rng.standard_normal(shape))
        return {**super().parameters(), "constant": start}

    def forward(self, p, x, context):
        n = 2 * self.n
        fixed = x.copy()
        fixed[:, :, n:] = p["constant"]
        y, inner = super().forward({name: p[name] for name in super().parameters()}, fixed, context)

        def backward(dy, g):
            dx = inner(dy, g)
            np.add.reduce(dx[:, :, n:], axis=(0, 1), out=g["constant"])
            dx[:, :, n:] = 0
            return dx

        return y, backward

    def predict(self, p, x, context):
        return self.forward(p, x, context)[0]


@dataclass(frozen=True)
class LastSteps(Layer):
    """The last `n` steps of (batch, steps, features), one row for each."""

    n: int

    def forward(self, p, x, context):
        def backward(dy, g):
            dx = np.zeros_like(x)
            dx[:, -self.n :] = dy.reshape(len(x), self.n, -1)
            return dx

        return x[:, -self.n :].reshape(-1, x.shape[2]), backward


def constant_scans(layer):
    """The same network with each scan replaced by one that does not select."""
    import dataclasses

    if isinstance(layer, MultiheadScan):
        return ConstantScan(layer.n, layer.n_heads, layer.state_size, layer.convolution_width)
    if isinstance(layer, Chain):
        return Chain(tuple(constant_scans(child) for child in layer.layers))
    return dataclasses.replace(layer, inner=constant_scans(layer.inner)) if hasattr(layer, "inner") else layer


def network(n_asked, kind, d_model, n_layers, state_size):
    layers, width = mamba_encoder(d_model, state_size, n_layers, variant="mamba" if kind == "mamba" else "mamba2")
    whole = Chain((Embedding(N_SYMBOLS + 2, d_model), *layers, LastSteps(n_asked), Dense(width, N_SYMBOLS)))
    return constant_scans(whole) if kind == "constant" else whole


def accuracy(net, weights, draw, rng, **sizes):
    hits = []
    for _ in range(4):
        x, y = draw(rng, 250, **sizes)
        hits.append(net.predict(weights.tree, x, Context()).argmax(axis=1) == y.ravel())
    return float(np.mean(hits))


def learn(task, kind, arguments):
    """Train on batches drawn anew; print how many symbols are right as it goes on."""
    rng = np.random.default_rng(arguments.seed)
    draw = TASKS[task]
    net = network(draw(rng, 1)[1].shape[1], kind, arguments.d_model, arguments.n_layers, arguments.state_size)
    layout = Layout(net.parameters())
    weights = Weights(layout, layout.initial(rng, np.float32))
    adam, loss = Adam(), SoftmaxLogLoss(N_SYMBOLS)
    schedule, state = Schedule("one_cycle", arguments.rate), adam.start(weights.vector)
    start = time.perf_counter()
    for step in range(1, arguments.steps + 1):
        x, y = draw(rng, arguments.batch_size)
        raw, backward = net.forward(weights.tree, x, Context(rng, n_rows=len(x)))
        value, d_raw = loss.value_and_gradient(y.ravel(), raw)
        backward(d_raw, weights.gradient_tree)
        norm = float(np.sqrt(weights.gradient @ weights.gradient))
        weights.gradient *= min(1.0, 1.0 / norm)
        adam.update(weights.vector, weights.gradient, state, schedule.rate(step / arguments.steps, 0, 0))
        weights.keep_limits()
        if step % (arguments.steps // 10) == 0:
            right = f"{accuracy(net, weights, draw, np.random.default_rng(1)):.3f}"
            if task == "induction":
                right += f"   at four times the length {accuracy(net, weights, draw, rng, n_steps=256):.3f}"
            seconds = time.perf_counter() - start
            print(f"{task} {kind:<9} step {step:>6} {seconds:>6.0f} s  loss {value:.3f}  right {right}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=[*TASKS, "race"])
    parser.add_argument("--kind", nargs="*", default=["mamba2"], choices=["mamba2", "mamba", "constant"])
    parser.add_argument("--d-model", type=int, default=64)
    parser.add_argument("--n-layers", type=int, default=2)
    parser.add_argument("--state-size", type=int, default=16)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with recycling():
        for kind in arguments.kind:
            learn(arguments.task, kind, arguments)


if __name__ == "__main__":
    main()
