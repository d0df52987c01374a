"""Training on a file that does not fit into memory: rows per second and peak memory.

    python benchmarks/streaming.py                        ten gigabytes: ten minutes
    python benchmarks/streaming.py --gigabytes 1

Writes a file of rows of 50 numbers in float32 and their classes to a temporary folder, and removes it at the end. Rows
per second of one pass of an MLP over the file, with the pass before it that learns units and classes, are compared with
those of rows in memory, and with scikit-learn's `partial_fit` of an MLP and of a linear model on the same chunks. Peaks
are of memory that is not of files: pages of the file that the system keeps do not count, because it gives them up when
others need the memory.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier as SklearnMLP

from skneural import MLPClassifier, streaming

N_COLUMNS = 50
BYTES_OF_ROW = 4 * N_COLUMNS
ROWS_AT_ONCE = 500_000
SETTINGS = {"hidden_layer_sizes": (100,), "batch_size": 500, "random_state": 0}


def write(path: Path, n_rows: int) -> None:
    """Write rows, and classes that depend on two of the columns."""
    X = np.lib.format.open_memmap(path / "X.npy", "w+", np.float32, (n_rows, N_COLUMNS))
    y = np.lib.format.open_memmap(path / "y.npy", "w+", np.int8, (n_rows,))
    rng = np.random.default_rng(0)
    for start in range(0, n_rows, ROWS_AT_ONCE):
        rows = rng.standard_normal((min(ROWS_AT_ONCE, n_rows - start), N_COLUMNS), dtype=np.float32)
        X[start : start + len(rows)] = rows
        y[start : start + len(rows)] = rows[:, 0] * rows[:, 1] > 0
    X.flush()
    y.flush()


def peak_gigabytes() -> float:
    """Greatest memory of this process so far that is not of files."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    kilobytes = {line.split(":")[0]: line.split()[1] for line in status.splitlines() if line.startswith("Rss")}
    return int(kilobytes["RssAnon"]) / 2**20 if "RssAnon" in kilobytes else resource.getrusage(0).ru_maxrss / 2**20


class Watched(streaming.RowBlocks):
    """Chunks, with the greatest memory when one is read."""

    peak = 0.0

    def __getitem__(self, number):
        chunk = super().__getitem__(number)
        self.peak = max(self.peak, peak_gigabytes())
        return chunk


def stream(X, y) -> tuple[float, float, float]:
    """Rows per second of one pass, with the first one, the accuracy on fresh rows, and the peak of memory."""
    blocks = Watched(X, y)
    model = MLPClassifier(**SETTINGS, early_stopping=False)
    start = time.perf_counter()
    list(map(len, blocks))
    reading = time.perf_counter() - start
    start = time.perf_counter()
    streaming.fit(model, blocks, n_passes=1)
    seconds = time.perf_counter() - start
    print(f"  reading the file once: {reading:.0f} s; fit with its first pass: {seconds:.0f} s", flush=True)
    return len(X) / seconds, accuracy(model), blocks.peak


def accuracy(model) -> float:
    X = np.random.default_rng(1).standard_normal((50_000, N_COLUMNS), dtype=np.float32)
    return float((model.predict(X) == (X[:, 0] * X[:, 1] > 0)).mean())


def in_memory(X, y) -> float:
    """Rows per second of `fit` on rows in memory."""
    X, y = np.array(X[:ROWS_AT_ONCE]), np.array(y[:ROWS_AT_ONCE])
    model = MLPClassifier(**SETTINGS, early_stopping=False, max_iter=1)
    start = time.perf_counter()
    model.fit(X, y)
    return len(X) / (time.perf_counter() - start)


def by_partial_fit(model, X, y) -> tuple[float, float]:
    """Rows per second and accuracy of scikit-learn's `partial_fit`, on the chunks of the first two million rows."""
    n_rows = min(len(X), 4 * ROWS_AT_ONCE)
    start = time.perf_counter()
    for chunk, classes in streaming.RowBlocks(X[:n_rows], y[:n_rows]):
        model.partial_fit(chunk, classes, classes=[0, 1])
    return n_rows / (time.perf_counter() - start), accuracy(model)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=10.0)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    n_rows = int(arguments.gigabytes * 1e9 / BYTES_OF_ROW)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        write(path, n_rows)
        X, y = (np.load(path / f"{name}.npy", mmap_mode="r") for name in "Xy")
        print(f"{n_rows} rows, {X.nbytes / 1e9:.1f} GB", flush=True)
        print(f"{'':<34}{'rows/s':>10}{'accuracy':>10}{'GB':>8}")
        rate, right, peak = stream(X, y)
        print(f"{'streaming.fit, MLP':<34}{rate:>10.0f}{right:>10.3f}{peak:>8.2f}", flush=True)
        print(f"{'fit in memory, MLP':<34}{in_memory(X, y):>10.0f}", flush=True)
        for name, model in (
            ("partial_fit, MLP of scikit-learn", SklearnMLP(**SETTINGS)),
            ("partial_fit, SGDClassifier", SGDClassifier(loss="log_loss", random_state=0)),
        ):
            rate, right = by_partial_fit(model, X, y)
            print(f"{name:<34}{rate:>10.0f}{right:>10.3f}", flush=True)


if __name__ == "__main__":
    main()
