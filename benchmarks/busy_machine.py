"""Training time on a machine that is busy with other work: as many threads as BLAS may use, compared with one.

    python benchmarks/busy_machine.py                  beside two processes that compute
    python benchmarks/busy_machine.py --processes 0    on the machine as it is

Prints the median of some rounds, in which ``n_jobs=1`` and ``n_jobs=None`` take turns. A ratio of 2 or less is as it
should be: threads that wait for each other lose more on a busy machine than they gain on an idle one.
"""

from __future__ import annotations

import argparse
import multiprocessing
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits
from timing import medians

from skneural import CNNClassifier, MLPClassifier, RNNSequenceClassifier, TransformerSequenceClassifier


def training(max_iter: int, batch_size: int = 200) -> dict[str, Any]:
    """Parameters of an estimator that trains for a fixed number of epochs."""
    return {"max_iter": max_iter, "batch_size": batch_size, "early_stopping": False, "random_state": 0}


# model with its number of jobs, shape of X
ROWS: dict[str, tuple[Callable[[int | None], Any], tuple[int, ...]]] = {
    "MLP, 100": (lambda n: MLPClassifier(100, n_jobs=n, **training(10)), (2000, 64)),
    "MLP, 256, 256, 256": (lambda n: MLPClassifier((256,) * 3, n_jobs=n, **training(2)), (2000, 100)),
    "MLP, 1024, 1024": (lambda n: MLPClassifier((1024,) * 2, n_jobs=n, **training(1, 1000)), (2000, 100)),
    "CNN": (lambda n: CNNClassifier(batch_norm=False, n_jobs=n, **training(1, 64)), (256, 28, 28)),
    "CNN, small images": (
        lambda n: CNNClassifier(channels=(16, 32), batch_norm=False, n_jobs=n, **training(2, 64)),
        (256, 8, 8),
    ),
    "LSTM": (lambda n: RNNSequenceClassifier(cell="lstm", n_jobs=n, **training(1)), (600, 50, 8)),
    "Transformer": (lambda n: TransformerSequenceClassifier(n_jobs=n, **training(1, 32)), (128, 50, 8)),
}


def compute() -> None:
    """Multiply matrices in one thread for ever."""
    matrix = np.random.default_rng(0).standard_normal((300, 300))
    with threadpool_limits(1):
        while True:
            matrix @ matrix


@contextmanager
def computing(n_processes: int) -> Iterator[None]:
    """Let other processes compute meanwhile."""
    processes = [multiprocessing.Process(target=compute, daemon=True) for _ in range(n_processes)]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=2, help="number of processes that compute meanwhile")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    rng = np.random.default_rng(0)
    print(f"{'':<24}{'n_jobs=1':>10}{'n_jobs=None':>13}{'ratio':>8}")
    with computing(arguments.processes):
        for name, (model, shape) in ROWS.items():
            X, y = rng.standard_normal(shape, dtype=np.float32), rng.integers(0, 3, shape[0])
            single, several = medians([partial(model(n).fit, X, y) for n in (1, None)], arguments.rounds)
            print(f"{name:<24}{single:>8.2f} s{several:>11.2f} s{several / single:>8.2f}", flush=True)


if __name__ == "__main__":
    main()
