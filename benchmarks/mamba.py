"""Tasks that need the selection of Mamba blocks, and training time compared with a PyTorch loop.

    python benchmarks/mamba.py copying                 about five minutes on one core
    python benchmarks/mamba.py induction               about six minutes
    python benchmarks/mamba.py race                    needs PyTorch

The first two print their progress, and at the end a table of the required and the measured accuracy for each seed.
Selective copying (Gu and Dao 2023, section 4.1.1): symbols at random positions among noise must be reproduced in order
at the end. Induction heads (Olsson et al. 2022): the symbol after the first occurrence of the special symbol must be
predicted at its second one. "constant" is the same network, but its step sizes and input and output projections do not
depend on x.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from functools import partial

import numpy as np
from timing import fastest

from skneural.layers import Chain, Context, Dense, Embedding, Layer, MultiheadScan
from skneural.losses import SoftmaxLogLoss
from skneural.networks.mamba import HEAD_SIZE, mamba_encoder
from skneural.ops.memory import recycling
from skneural.optimizers import Adam
from skneural.optimizers.schedules import Schedule
from skneural.parameters import Layout, Parameter, Weights

N_SYMBOLS = 16


def selective_copying(rng, n, n_steps=64, n_copied=8):
    """Generate tokens (n, n_steps + n_copied), and the target symbols of their last `n_copied` steps."""
    noise, ask = N_SYMBOLS, N_SYMBOLS + 1
    y = rng.integers(0, N_SYMBOLS, (n, n_copied))
    x = np.full((n, n_steps + n_copied), noise)
    x[:, n_steps:] = ask
    places = np.sort(np.argsort(rng.random((n, n_steps)), axis=1)[:, :n_copied], axis=1)
    np.put_along_axis(x, places, y, axis=1)
    return x, y


def induction_heads(rng, n, n_steps=64):
    """Generate tokens (n, n_steps), the last one special, and the symbol after the other special one, (n, 1)."""
    special = N_SYMBOLS
    x = rng.integers(0, N_SYMBOLS, (n, n_steps))
    rows, places = np.arange(n), rng.integers(0, n_steps - 2, n)
    x[rows, places] = x[:, -1] = special
    return x, x[rows, places + 1][:, np.newaxis]


TASKS = {"copying": selective_copying, "induction": induction_heads}
FOUR_TIMES = ", four times the length"
# (task, kind) -> required accuracy at the end of training
ASKED = {
    ("copying", "mamba2"): ">= .95",
    ("copying", "mamba"): ">= .95",
    ("copying", "constant"): "< .5",
    ("induction", "mamba2"): ">= .99",
    ("induction", "mamba"): ">= .99",
    ("induction", "mamba2" + FOUR_TIMES): ">= .95",
    ("induction", "mamba" + FOUR_TIMES): ">= .95",
}
# task -> default settings
SETTINGS = {
    "copying": {"kind": ["mamba2", "constant"], "batch_size": 32, "steps": 2000},
    "induction": {"kind": ["mamba2", "mamba"], "batch_size": 8, "steps": 2500},
    "race": {"kind": ["mamba2"], "batch_size": 32},
}


@dataclass(frozen=True)
class ConstantScan(MultiheadScan):
    """Scan whose step sizes and input and output projections are learned, but do not depend on x."""

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
    """Last `n` steps of (batch, steps, features), one row for each."""

    n: int

    def forward(self, p, x, context):
        def backward(dy, g):
            dx = np.zeros_like(x)
            dx[:, -self.n :] = dy.reshape(len(x), self.n, -1)
            return dx

        return x[:, -self.n :].reshape(-1, x.shape[2]), backward


def constant_scans(layer):
    """Replace each scan of a network by one without selection."""
    if isinstance(layer, MultiheadScan):
        return ConstantScan(layer.n, layer.n_heads, layer.state_size, layer.convolution_width)
    return layer.with_children({name: constant_scans(child) for name, child in layer.children().items()})


def network(n_asked, kind, d_model, n_layers, state_size):
    encoder = mamba_encoder(
        d_model,
        state_size,
        n_layers,
        expansion=2,
        convolution_width=4,
        dropout=0.0,
        variant="mamba" if kind == "mamba" else "mamba2",
        bidirectional=False,
    ).body
    whole = Chain(Embedding(N_SYMBOLS + 2, d_model), encoder, LastSteps(n_asked), Dense(d_model, N_SYMBOLS))
    return constant_scans(whole) if kind == "constant" else whole


def started(net, rng):
    layout = Layout(net.parameters())
    return Weights(layout, layout.initial(rng, np.float32))


def accuracy(net, weights, draw, rng, **sizes):
    hits = []
    for _ in range(4):
        x, y = draw(rng, 250, **sizes)
        hits.append(net.predict(weights.tree, x, Context()).argmax(axis=1) == y.ravel())
    return float(np.mean(hits))


def training_step(net, weights, adam, state, rate, rng, x, y):
    """Take a step of Adam with clipped gradients, and return the loss."""
    raw, backward = net.forward(weights.tree, x, Context(rng))
    value, d_raw = SoftmaxLogLoss(N_SYMBOLS).value_and_gradient(y.ravel(), raw)
    backward(d_raw, weights.gradient_tree)
    weights.gradient *= min(1.0, 1.0 / float(np.sqrt(weights.gradient @ weights.gradient)))
    adam.update(weights.vector, weights.gradient, state, rate)
    weights.keep_limits()
    return value


def learn(task, kind, seed, arguments):
    """Train on newly generated batches, print the progress, and return the accuracy on each test set."""
    rng = np.random.default_rng(seed)
    draw = TASKS[task]
    net = network(draw(rng, 1)[1].shape[1], kind, arguments.d_model, arguments.n_layers, arguments.state_size)
    weights, adam = started(net, rng), Adam()
    schedule, state = Schedule("one_cycle", arguments.rate), adam.start(weights.vector)
    start, right = time.perf_counter(), {}
    for step in range(1, arguments.steps + 1):
        x, y = draw(rng, arguments.batch_size)
        rate = schedule.rate(step / arguments.steps, 0, 0)
        value = training_step(net, weights, adam, state, rate, rng, x, y)
        if step % (arguments.steps // 10) == 0:
            right = {kind: accuracy(net, weights, draw, np.random.default_rng(1))}
            if task == "induction":
                right[kind + FOUR_TIMES] = accuracy(net, weights, draw, np.random.default_rng(2), n_steps=256)
            shares = "   ".join(f"{what} {share:.3f}" for what, share in right.items())
            seconds = time.perf_counter() - start
            print(f"seed {seed} step {step:>6} {seconds:>6.0f} s  loss {value:.3f}  {shares}", flush=True)
    return right


def table(task, arguments):
    """Print the accuracy of each kind and seed."""
    results = [{} for _ in arguments.seeds]
    for of_seed, seed in zip(results, arguments.seeds, strict=True):
        for kind in arguments.kind:
            of_seed |= learn(task, kind, seed, arguments)
    print(f"\n{task + ', accuracy':<36}{'required':>8}" + "".join(f"{f'seed {seed}':>10}" for seed in arguments.seeds))
    for what in results[0]:
        print(f"{what:<36}{ASKED.get((task, what), ''):>8}" + "".join(f"{of_seed[what]:>10.3f}" for of_seed in results))


def torch_network(torch, kind, d_model, n_layers, state_size, n_asked):
    """Make the same network in PyTorch, with scans as loops over steps."""
    nn, functional = torch.nn, torch.nn.functional
    n, rank = 2 * d_model, -(-d_model // 16)
    n_heads = n // HEAD_SIZE

    class Scan(nn.Module):
        """Scan after the first projection, with decays of heads, or of each element of the state."""

        def __init__(self):
            super().__init__()
            self.n_scanned = n + 2 * state_size if kind == "mamba2" else n
            self.n_steps = n_heads if kind == "mamba2" else 0
            self.convolution = nn.Conv1d(self.n_scanned, self.n_scanned, 4, groups=self.n_scanned, padding=3)
            if kind == "mamba2":
                self.step_bias = nn.Parameter(torch.full((n_heads,), -4.0))
                self.log_decay = nn.Parameter(torch.empty(n_heads, 1, 1).uniform_(1, 16).log())
                self.skip = nn.Parameter(torch.ones(n_heads, 1))
            else:
                self.to_scan, self.to_steps = nn.Linear(n, rank + 2 * state_size, bias=False), nn.Linear(rank, n)
                self.log_decay = nn.Parameter(torch.arange(1.0, state_size + 1)[:, None].repeat(1, n).log())
                self.skip = nn.Parameter(torch.ones(n))

        def forward(self, x):
            gate, inputs, steps = x.split([n, self.n_scanned, self.n_steps], dim=2)
            inputs = functional.silu(self.convolution(inputs.transpose(1, 2))[:, :, : x.shape[1]].transpose(1, 2))
            if kind == "mamba2":
                values, write, read = inputs.split([n, state_size, state_size], dim=2)
                values = values.unflatten(2, (n_heads, -1))
                steps = functional.softplus(steps + self.step_bias)[..., None]
                write, read = write[:, :, None], read[:, :, None]
            else:
                values = inputs
                steps, write, read = self.to_scan(values).split([rank, state_size, state_size], dim=2)
                steps = functional.softplus(self.to_steps(steps))
            decay, written = -self.log_decay.exp(), steps * values
            state, y = 0.0, []
            for t in range(x.shape[1]):
                kept = torch.exp(steps[:, t, ..., None, :] * decay)
                state = kept * state + write[:, t, ..., None] * written[:, t, ..., None, :]
                y.append((read[:, t, ..., None, :] @ state).squeeze(-2))
            y = torch.stack(y, dim=1) + self.skip * values
            return y.reshape(gate.shape) * functional.silu(gate)

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            scan = Scan()
            first = nn.Linear(d_model, n + scan.n_scanned + scan.n_steps, bias=False)
            normal = [nn.RMSNorm(n, eps=1e-5)] if kind == "mamba2" else []
            last = nn.Linear(n, d_model, bias=False)
            self.inner = nn.Sequential(nn.RMSNorm(d_model, eps=1e-5), first, scan, *normal, last)

        def forward(self, x):
            return x + self.inner(x)

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            blocks = (Block() for _ in range(n_layers))
            self.blocks = nn.Sequential(nn.Embedding(N_SYMBOLS + 2, d_model), *blocks, nn.RMSNorm(d_model, eps=1e-5))
            self.top = nn.Linear(d_model, N_SYMBOLS)

        def forward(self, x):
            return self.top(self.blocks(x)[:, -n_asked:]).flatten(0, 1)

    return Network()


def race(arguments, rounds=5):
    """Print the seconds of a training step, in turns with PyTorch; the minimum over several rounds."""
    import torch

    torch.set_num_threads(int(os.environ.get("OPENBLAS_NUM_THREADS", torch.get_num_threads())))
    rng = np.random.default_rng(0)
    for n_steps in arguments.race_steps:
        x, y = selective_copying(rng, arguments.batch_size, n_steps - 8)
        for kind in arguments.kind:
            sizes = arguments.d_model, arguments.n_layers, arguments.state_size
            net, adam = network(8, kind, *sizes), Adam()
            weights = started(net, rng)
            state = adam.start(weights.vector)
            model = torch_network(torch, kind, *sizes, 8)
            step = partial(training_step, net, weights, adam, state, arguments.rate, rng, x, y)
            ours, theirs = fastest([step, torch_step(torch, model, arguments.rate, x, y)], rounds)
            assert sum(part.numel() for part in model.parameters()) == weights.vector.size
            print(
                f"{kind:<8}{n_steps:>6} steps   {1e3 * ours:>6.0f} ms   PyTorch {1e3 * theirs:>6.0f} ms"
                f"   ({ours / theirs:.2f})",
                flush=True,
            )


def torch_step(torch, model, rate, x, y):
    """Make a function that takes one training step."""
    optimizer = torch.optim.Adam(model.parameters(), rate)
    x, y = torch.from_numpy(x), torch.from_numpy(y).flatten()

    def step():
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=[*TASKS, "race"])
    parser.add_argument("--kind", nargs="*", choices=["mamba2", "mamba", "constant"])
    parser.add_argument("--d-model", type=int, default=64)
    parser.add_argument("--n-layers", type=int, default=2)
    parser.add_argument("--state-size", type=int, default=16)
    parser.add_argument("--batch-size", type=int, help="default: 32, 8 for induction")
    parser.add_argument("--steps", type=int, help="of training; default: 2000 for copying, 2500 for induction")
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1])
    parser.add_argument("--race-steps", type=int, nargs="*", default=[64, 256, 1024])
    task = parser.parse_args().task
    parser.set_defaults(**SETTINGS[task])
    arguments = parser.parse_args()
    with recycling():
        if task == "race":
            race(arguments)
        else:
            table(task, arguments)


if __name__ == "__main__":
    main()
