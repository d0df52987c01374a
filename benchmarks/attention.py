"""Training cost of a step of a series, by family and by the length of the series.

    python benchmarks/attention.py
    python benchmarks/attention.py --steps 64 256 1024 --picture costs.png        needs matplotlib

For attention, Mamba and GRU, each with two layers of 64 features: microseconds per step of one forward and backward,
the minimum over several rounds, and the peak memory of both in kilobytes per step. Costs that are linear in the number
of steps are constant over the rows.
"""

from __future__ import annotations

import argparse
import tracemalloc
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from timing import fastest

from skneural.estimators import MambaSequenceClassifier, RNNSequenceClassifier, TransformerSequenceClassifier
from skneural.layers import Chain, Context
from skneural.layers.traversal import without_input_gradient
from skneural.networks.arguments import arguments_of
from skneural.ops.memory import recycling
from skneural.parameters import Layout, Weights
from skneural.template.estimator import NeuralEstimator

N_FEATURES, N_OUT = 8, 4


def network_of(estimator: NeuralEstimator, **shapes: Any) -> Chain:
    """The network that an estimator would build for series of numbers."""
    builder = type(estimator)._network_builder
    shapes |= {"n_features": N_FEATURES, "n_out": N_OUT, "vocabulary_size": None}
    return builder(**arguments_of(builder, estimator.get_params(), **shapes))


NETWORKS: dict[str, Callable[[], Chain]] = {
    "attention": lambda: network_of(TransformerSequenceClassifier(dropout=0.0), causal=False),
    "mamba2": lambda: network_of(MambaSequenceClassifier()),
    "gru": lambda: network_of(RNNSequenceClassifier(n_layers=2)),
}


class Cost(NamedTuple):
    """Cost of one step of one series."""

    microseconds: float
    kilobytes: float


def training_pass(network: Chain, x: np.ndarray) -> Callable[[], None]:
    """Make a function that runs forward and backward."""
    network = without_input_gradient(network)
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float32))
    rng = np.random.default_rng(0)

    def run() -> None:
        y, backward = network.forward(weights.tree, x, Context(rng))
        backward(np.ones_like(y), weights.gradient_tree)

    return run


def peak(run: Callable[[], None]) -> int:
    """Measure the peak memory of a function in bytes, outside of `recycling`, which would hide reused memory."""
    tracemalloc.start()
    run()
    _, n_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return n_bytes


def least_seconds(runs: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Measure the minimum of the seconds of each function."""
    with recycling():
        return dict(zip(runs, fastest(runs.values(), rounds), strict=True))


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
    for ax, field, unit in ((time_axes, "microseconds", "µs per step"), (memory_axes, "kilobytes", "KB per step")):
        for name in NETWORKS:
            ax.plot(list(table), [getattr(row[name], field) for row in table.values()], marker="o", label=name)
        ax.set(xscale="log", xlabel="steps of a series", ylabel=unit)
        ax.set_xticks(list(table), [str(n) for n in table])
        ax.set_xticks([], minor=True)
        ax.legend()
    time_axes.set_yscale("log")
    time_axes.yaxis.set(major_locator=LogLocator(subs=(1, 2, 5)), major_formatter="{x:g}", minor_locator=NullLocator())
    memory_axes.set_ylim(bottom=0)
    figure.suptitle("One forward and backward of two layers of 64 features")
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, nargs="*", default=[64, 256, 1024, 4096])
    parser.add_argument("--series", type=int, default=4, help="number of series in a batch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--picture", help="file for a plot")
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
