"""Time of a training step of one process, and of two that share each batch by MPI, with one thread each.

    python benchmarks/data_parallel.py                    half a minute on two cores that are free
    python benchmarks/data_parallel.py --processes 1 2 4

Starts itself by `mpiexec`. A step is timed as the difference between fits of several epochs and of one, of which the
fastest of some repetitions count. The models of all numbers of processes must be equal up to rounding.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from skneural import CNNClassifier, MLPClassifier
from skneural.distributed import data_parallel

SETTINGS = {"n_jobs": 1, "random_state": 0, "early_stopping": False, "n_iter_no_change": np.inf}
N_REPEATS = 15
TOLERANCE = 1e-3  # of float32, after some hundred steps


class Case(NamedTuple):
    """A model, the shape of a sample, the steps of an epoch, and the epochs by which a long fit is longer."""

    model: Any
    shape: tuple[int, ...]
    n_steps: int
    n_epochs: int


CASES = {
    "MLP 20-32-2, batch 32": Case(MLPClassifier(32, batch_size=32), (20,), 10, 40),
    "MLP 784-256-10, batch 200": Case(MLPClassifier(256, batch_size=200), (784,), 10, 4),
    "MLP 784-256-10, batch 2000": Case(MLPClassifier(256, batch_size=2000), (784,), 2, 3),
    "MLP 784-256-10 with batch norm, batch 2000": Case(
        MLPClassifier(256, batch_size=2000, batch_norm=True), (784,), 2, 3
    ),
    "CNN of 8 and 16 channels, 28 x 28, batch 128": Case(
        CNNClassifier(channels=(8, 16), batch_size=128), (28, 28, 1), 2, 3
    ),
    "CNN of 32 and 64 channels, 28 x 28, batch 128": Case(
        CNNClassifier(channels=(32, 64), batch_size=128), (28, 28, 1), 1, 2
    ),
}


def data(shape: tuple[int, ...], n: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, *shape), dtype=np.float32)
    return X, np.arange(n) % n_classes


def seconds(model: Any, X: np.ndarray, y: np.ndarray) -> float:
    start = time.perf_counter()
    model.fit(X, y)
    return time.perf_counter() - start


def measure(case: Case) -> dict[str, float]:
    """Milliseconds of a step, the number of weights, and a norm of them, by which models are compared."""
    model = clone(case.model).set_params(**SETTINGS)
    X, y = data(case.shape, case.n_steps * model.batch_size, 2 if case.shape == (20,) else 10)
    short, long = clone(model).set_params(max_iter=1), clone(model).set_params(max_iter=1 + case.n_epochs)
    short.fit(X, y)
    times = [(seconds(long, X, y), seconds(short, X, y)) for _ in range(N_REPEATS)]
    longest, shortest = (min(each) for each in zip(*times, strict=True))
    best = (longest - shortest) / (case.n_steps * case.n_epochs)
    return {"ms": 1000 * best, "weights": long.weights_.size, "norm": float(np.linalg.norm(long.weights_))}


def worker() -> None:
    """Measure all cases, as one of the processes; the first one prints."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    with data_parallel() as processes:
        results = {name: measure(case) for name, case in CASES.items()}
    if processes.rank == 0:
        print(json.dumps(results))


def run(n_processes: int) -> dict[str, dict[str, float]]:
    """Results of a number of processes."""
    mpiexec = shutil.which("mpiexec", path=sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"])
    if mpiexec is None:
        sys.exit("mpiexec is not installed: pip install mpi4py mpich")
    command = [mpiexec, "-n", str(n_processes), sys.executable, __file__, "--worker"]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--worker", action="store_true", help="one of the processes that this program starts")
    arguments = parser.parse_args()
    if arguments.worker:
        worker()
        return
    results = [run(n) for n in arguments.processes]
    print(f"| ms of a step | weights | {' | '.join(map(str, arguments.processes))} | shortest / first |")
    print("|" + " --- |" * (3 + len(results)))
    for name in results[0]:
        each = [result[name] for result in results]
        assert np.allclose([one["norm"] for one in each], each[0]["norm"], rtol=TOLERANCE), name
        times = [one["ms"] for one in each]
        ratio = min(times[1:], default=times[0]) / times[0]
        print(f"| {name} | {each[0]['weights']:.0f} | {' | '.join(f'{t:.2f}' for t in times)} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
