"""What a step of a series costs in training, by family and by the length of the series.

    python benchmarks/attention.py
    python benchmarks/attention.py --steps 64 256 1024 --picture costs.png        needs matplotlib

For attention, Mamba and GRU, each two layers of 64 numbers a step: microseconds of one forward and backward for each
step, the least of some that take turns, and the kilobytes that both together hold at most for each step. What is linear
in the steps stays level from row to row.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from skneural.layers import Chain, Context
from skneural.layers.traversal import without_input_gradient
from skneural.networks.mamba import mamba_network
from skneural.networks.recurrent import recurrent_network
from skneural.networks.transformer import transformer_network
from skneural.ops.memory import recycling
from skneural.parameters import Layout, Weights

N_FEATURES, N_OUT = 8, 4
NETWORKS: dict[str, Callable[[], Chain]] = {
    "attention": lambda: transformer_network(N_FEATURES, N_OUT, dropout=0.0),
    "mamba2": lambda: mamba_network(N_FEATURES, N_OUT),
    "gru": lambda: recurrent_network(N_FEATURES, N_OUT, n_layers=2),
}


class Cost(NamedTuple):
    """Of one step of one series."""

    microseconds: float
    kilobytes: float


def training_pass(network: Chain, x: np.ndarray) -> Callable[[], None]:
    """A function that goes forward and back."""
    network = without_input_gradient(network)
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float32))
    rng = np.random.default_rng(0)

    def once() -> None:
        y, backward = network.forward(weights.tree, x, Context(rng))
        backward(np.ones_like(y), weights.gradient_tree)

    return once


def peak(run: Callable[[], None]) -> int:
    """Bytes that are held at most while it runs; outside of `recycling`, where all of them are counted."""
    tracemalloc.start()
    run()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def least_seconds(runs: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Of each function; they take turns after one that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    with recycling():
        for turn in range(rounds + 1):
            for name, run in runs.items():
                start = time.perf_counter()
                run()
                if turn:
                    seconds[name].append(time.perf_counter() - start)
    return {name: min(own) for name, own in seconds.items()}


def costs(n_steps: int, n_series: int, rounds: int) -> dict[str, Cost]:
    x = np.random.default_rng(0).standard_normal((n_series, n_steps, N_FEATURES)).astype(np.float32)
    runs = {name: training_pass(make(), x) for name, make in NETWORKS.items()}
    held = {name: peak(run) for name, run in runs.items()}
    steps = n_series * n_steps
    return {
        name: Cost(1e6 * seconds / steps, held[name] / 1024 / steps)
        for name, seconds in least_seconds(runs, rounds).items()
    }


def picture(table: dict[int, dict[str, Cost]], path: str) -> None:
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullLocator

    figure, (time_axes, memory_axes) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    for ax, field, unit in ((time_axes, "microseconds", "µs for a step"), (memory_axes, "kilobytes", "KB for a step")):
        for name in NETWORKS:
            ax.plot(list(table), [getattr(row[name], field) for row in table.values()], marker="o", label=name)
        ax.set(xscale="log", xlabel="steps of a series", ylabel=unit)
        ax.set_xticks(list(table), [str(n) for n in table])
        ax.set_xticks([], minor=True)
        ax.legend()
    time_axes.set_yscale("log")
    time_axes.yaxis.set(major_locator=LogLocator(subs=(1, 2, 5)), major_formatter="{x:g}", minor_locator=NullLocator())
    memory_axes.set_ylim(bottom=0)
    figure.suptitle("One forward and backward of two layers of 64: what is linear in the steps stays level")
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, nargs="*", default=[64, 256, 1024, 4096])
    parser.add_argument("--series", type=int, default=4, help="how many in a batch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--picture", help="a file to draw to")
    arguments = parser.parse_args()

    print(f"{'steps':>6}" + "".join(f"{name:>24}" for name in NETWORKS))
    table = {}
    for n_steps in arguments.steps:
        table[n_steps] = costs(n_steps, arguments.series, arguments.rounds)
        row = "".join(f"{cost.microseconds:>12.1f} us{cost.kilobytes:>6.1f} KB" for cost in table[n_steps].values())
        print(f"{n_steps:>6}{row}", flush=True)
    if arguments.picture:
        picture(table, arguments.picture)


if __name__ == "__main__":
    main()
