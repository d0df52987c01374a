"""Training on files that do not fit into memory: rows per second and peak memory.

    python benchmarks/streaming.py                        ten gigabytes, and parquet files: half an hour
    python benchmarks/streaming.py --parts parquet --rows 1000000
    python benchmarks/streaming.py --gigabytes 1 --parts array cold

Writes a file of rows of 50 numbers in float32 and their classes to a temporary folder, and removes it at the end; with
`--folder`, it is kept there, and used again. Rows per second, of the clock and of the processor, are those of one pass
of an MLP of 100 units over the file, with the pass before it that checks values or learns units; OPENBLAS_NUM_THREADS=1
makes them comparable, because threads that wait for others count, too. `fit` and `streaming.fit` are compared with
rows in memory, and with scikit-learn's `partial_fit` of an MLP and of a linear model on the same chunks. Each runs in a
process of its own, whose memory is limited to two gigabytes. Peaks are of memory that is not of files: pages of a file
that the system keeps do not count, because it gives them up when others need the memory.

"cold" reads batches of a file of which nothing is in memory, as of one that is larger than it.

Parquet files have five million rows: of numbers and categories for TabularMLP, with one network and batches of 1024,
and of series of 24 steps for the CNN, of which `--series` rows are used.
"""

from __future__ import annotations

import argparse
import mmap
import multiprocessing
import os
import resource
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier as SklearnMLP

from skneural import CNNSequenceClassifier, MLPClassifier, TabularMLPClassifier, streaming
from skneural.data import Rows, Samples, ShuffledBlocks, StoredArray, StoredRows, Targets

N_COLUMNS, N_STEPS = 50, 24
BYTES_OF_ROW = 4 * N_COLUMNS
ROWS_AT_ONCE = 500_000
ROWS_OF_A_GROUP = 65_536
SETTINGS = {"hidden_layer_sizes": (100,), "batch_size": 500, "random_state": 0}
LIMIT = 2 * 2**30

Measured = tuple[int, tuple[float, float], float]  # rows, seconds, and accuracy on fresh rows
Measurement = Callable[..., Measured]

COLD_SECONDS = 10


def write_array(folder: Path, n_rows: int) -> None:
    """Write rows, and classes that depend on two of the columns."""
    X = np.lib.format.open_memmap(folder / "X.npy", "w+", np.float32, (n_rows, N_COLUMNS))
    y = np.lib.format.open_memmap(folder / "y.npy", "w+", np.int8, (n_rows,))
    rng = np.random.default_rng(0)
    for start in range(0, n_rows, ROWS_AT_ONCE):
        rows = rng.standard_normal((min(ROWS_AT_ONCE, n_rows - start), N_COLUMNS), dtype=np.float32)
        X[start : start + len(rows)] = rows
        y[start : start + len(rows)] = rows[:, 0] * rows[:, 1] > 0
    X.flush()
    y.flush()


def arrays(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    X, y = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in "Xy")
    return X, y


def table(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Numbers and categories, with classes that depend on both."""
    frame = pd.DataFrame({f"number_{i}": rng.standard_normal(n, dtype=np.float32) for i in range(4)})
    for name, n_values in (("colour", 10), ("city", 50), ("shop", 1000)):
        frame[name] = pd.Categorical.from_codes(
            rng.integers(n_values, size=n), [f"{name}_{k}" for k in range(n_values)]
        )
    frame["y"] = (frame["number_0"] * frame["number_1"] + (frame["colour"].cat.codes - 4.5) / 5 > 0).astype(np.int8)
    return frame


def series(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Noise of 24 steps, half of which have a wave in them."""
    X, y = rng.standard_normal((n, N_STEPS), dtype=np.float32), rng.integers(2, size=n)
    phase = rng.uniform(0, 6, n)[:, np.newaxis]
    X += (y[:, np.newaxis] * np.sin(np.arange(N_STEPS) + phase)).astype(np.float32)
    return pd.DataFrame(X, columns=[f"step_{i}" for i in range(N_STEPS)]).assign(y=y)


def write_parquet(path: Path, make: Callable[..., pd.DataFrame], n_rows: int) -> None:
    import pyarrow as pa

    rng, writer = np.random.default_rng(0), None
    for start in range(0, n_rows, ROWS_OF_A_GROUP):
        part = pa.Table.from_pandas(make(rng, min(ROWS_OF_A_GROUP, n_rows - start)), preserve_index=False)
        writer = writer or pq.ParquetWriter(path, part.schema)
        writer.write_table(part)
    writer.close()


class RowGroups(Sequence):
    """Groups of rows of a parquet file as chunks."""

    def __init__(self, path: Path, as_array: bool, n_rows: int) -> None:
        self._file, self._as_array = pq.ParquetFile(path), as_array
        self._n = min(self._file.num_row_groups, -(-n_rows // ROWS_OF_A_GROUP))

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, number: int) -> tuple[Any, np.ndarray]:
        frame = self._file.read_row_group(range(self._n)[number]).to_pandas()
        X = frame.drop(columns="y")
        return X.to_numpy() if self._as_array else X, frame["y"].to_numpy()


class Watch:
    """Seconds since it was made, of the clock and of the processor."""

    def __init__(self) -> None:
        self._start = time.perf_counter(), time.process_time()

    @property
    def seconds(self) -> tuple[float, float]:
        return time.perf_counter() - self._start[0], time.process_time() - self._start[1]


class Peak(threading.Thread):
    """Watches the memory of this process that is not of files."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.gigabytes = 0.0

    def run(self) -> None:
        while True:
            lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
            (kilobytes,) = (int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
            self.gigabytes = max(self.gigabytes, kilobytes / 2**20)
            time.sleep(0.02)


# --- measurements, each in a process of its own ---


def accuracy(model: Any) -> float:
    X = np.random.default_rng(1).standard_normal((50_000, N_COLUMNS), dtype=np.float32)
    return float((model.predict(X) == (X[:, 0] * X[:, 1] > 0)).mean())


def of_memory(folder: Path, shuffle: bool | str = True) -> Measured:
    """`fit` of four million rows in memory."""
    X, y = (np.array(part[: 8 * ROWS_AT_ONCE]) for part in arrays(folder))
    watch = Watch()
    model = MLPClassifier(**SETTINGS, early_stopping=False, max_iter=1, shuffle=shuffle).fit(X, y)
    return len(X), watch.seconds, accuracy(model)


def of_chunks(folder: Path) -> Measured:
    X, y = arrays(folder)
    watch = Watch()
    model = streaming.fit(MLPClassifier(**SETTINGS, early_stopping=False), streaming.RowBlocks(X, y), n_passes=1)
    return len(X), watch.seconds, accuracy(model)


def of_map(folder: Path, shuffle: bool | str) -> Measured:
    X, y = arrays(folder)
    watch = Watch()
    model = MLPClassifier(**SETTINGS, early_stopping=False, max_iter=1, shuffle=shuffle).fit(X, y)
    return len(X), watch.seconds, accuracy(model)


def of_partial_fit(folder: Path, model: Any) -> Measured:
    """Rows per second of `partial_fit` of scikit-learn on the chunks of the first two million rows."""
    X, y = (part[: 4 * ROWS_AT_ONCE] for part in arrays(folder))
    watch = Watch()
    for chunk, classes in streaming.RowBlocks(X, y):
        model.partial_fit(chunk, classes, classes=[0, 1])
    return len(X), watch.seconds, accuracy(model)


def of_cold_file(folder: Path, order: str) -> Measured:
    """Batches alone, without training."""
    X, _ = arrays(folder)
    X._mmap.madvise(mmap.MADV_DONTNEED)
    with open(folder / "X.npy", "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    x = Rows(np.asarray(X)) if order == "memory map" else StoredRows(StoredArray(X), (N_COLUMNS,), X.dtype, X.dtype)
    samples = Samples(x, Targets(np.zeros(len(X), np.int8)))
    source = ShuffledBlocks.of(samples) if order == "blocks" else samples
    rng = None if order == "in order" else np.random.default_rng(0)
    n_read, watch = 0, Watch()
    for batch in source.batches(500, rng):
        n_read += len(batch.x.as_batch()[0])
        if watch.seconds[0] > COLD_SECONDS:
            break
    return n_read, watch.seconds, np.nan


def of_parquet(folder: Path, model: Any, n_rows: int, *, in_memory: bool) -> Measured:
    is_series = isinstance(model, CNNSequenceClassifier)
    groups = RowGroups(folder / ("series.parquet" if is_series else "table.parquet"), is_series, n_rows)
    fresh = (series if is_series else table)(np.random.default_rng(1), 20_000)
    model.set_params(early_stopping=False, batch_size=1024, random_state=0, max_iter=1)
    watch = Watch()
    if in_memory:
        X, y = groups[0]
        watch = Watch()
        model.fit(X, y)
    else:
        streaming.fit(model, groups, n_passes=1)
    seconds, X = watch.seconds, fresh.drop(columns="y")
    return model.t_, seconds, float(model.score(X.to_numpy() if is_series else X, fresh["y"].to_numpy()))


def measured(function: Measurement, folder: Path, *arguments: Any, **options: Any) -> tuple:
    warnings.simplefilter("ignore", ConvergenceWarning)
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))
    peak = Peak()
    peak.start()
    n_rows, seconds, right = function(folder, *arguments, **options)
    clock, processor = seconds
    return n_rows / clock, n_rows / processor, right, peak.gigabytes


def show(name: str, function: Measurement, *arguments: Any, **options: Any) -> None:
    """Run a measurement in a process of its own, and print its row of the table."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        rate, of_processor, right, peak = pool.apply(measured, (function, *arguments), options)
    score = "" if np.isnan(right) else f"{right:.3f}"
    print(f"{name:<52}{rate:>10.0f}{of_processor:>12.0f}{score:>10}{peak:>8.2f}", flush=True)


def show_array(folder: Path) -> None:
    show("fit in memory, MLP, 4 million rows", of_memory, folder)
    show("streaming.fit, MLP", of_chunks, folder)
    show("fit of the file, MLP", of_map, folder, True)
    show('fit of the file, MLP, shuffle="blocks"', of_map, folder, "blocks")
    show("partial_fit, MLP of scikit-learn", of_partial_fit, folder, SklearnMLP(**SETTINGS))
    show("partial_fit, SGDClassifier", of_partial_fit, folder, SGDClassifier(loss="log_loss", random_state=0))


def show_cold(folder: Path) -> None:
    show("cold: rows in any order, without advice", of_cold_file, folder, "memory map")
    show("cold: rows in any order", of_cold_file, folder, "any order")
    show('cold: shuffle="blocks"', of_cold_file, folder, "blocks")
    show("cold: rows in order", of_cold_file, folder, "in order")


def show_parquet(folder: Path, n_rows: int, n_series: int) -> None:
    for name, make in (("table", table), ("series", series)):
        if not (folder / f"{name}.parquet").exists():
            write_parquet(folder / f"{name}.parquet", make, n_rows)
    tabular = TabularMLPClassifier(hidden_layer_sizes=(128, 128), n_members=1, n_cv=1)
    convolutions = CNNSequenceClassifier(architecture="fcn", channels=(16, 16), n_members=1)
    for name, model, n in (("TabularMLP", tabular, n_rows), ("CNNSequence", convolutions, n_series)):
        show(f"fit in memory, {name}, {ROWS_OF_A_GROUP} rows", of_parquet, folder, model, n, in_memory=True)
        show(f"streaming.fit of parquet, {name}, {n} rows", of_parquet, folder, model, n, in_memory=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=10.0)
    parser.add_argument("--parts", nargs="+", default=["array", "cold", "parquet"])
    parser.add_argument("--rows", type=int, default=5_000_000, help="rows of the parquet files")
    parser.add_argument("--series", type=int, default=5_000_000, help="series that are used")
    parser.add_argument("--folder", type=Path, help="keep the files here, and use those that are here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        if {"array", "cold"} & {*arguments.parts} and not (folder / "X.npy").exists():
            write_array(folder, int(arguments.gigabytes * 1e9 / BYTES_OF_ROW))
        print(f"{'':<52}{'rows/s':>10}{'of the CPU':>12}{'accuracy':>10}{'GB':>8}", flush=True)
        if "array" in arguments.parts:
            show_array(folder)
        if "cold" in arguments.parts:
            show_cold(folder)
        if "parquet" in arguments.parts:
            show_parquet(folder, arguments.rows, arguments.series)


if __name__ == "__main__":
    main()
