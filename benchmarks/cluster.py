"""Training on a cluster: accuracy by the number of steps between two means, time and traffic, and their prediction.

    python benchmarks/cluster.py accuracy --data FOLDER    MNIST, adult and a million rows; workers in threads
    python benchmarks/cluster.py time                      workers in processes of this machine: seconds and bytes
    python benchmarks/cluster.py plan                      seconds of a round, and the steps from which a cluster pays

`accuracy` compares an MLP that is trained in one process with the mean of those of 2 and 8 workers: mean accuracy, the
least of the seeds, and epochs; after ten epochs (three of the million), or with `--end`, when they no longer improve.
`time` measures the seconds of an epoch with 1, 2 and 4 workers beside one process, the seconds of a round whose steps
cost nothing, and the bytes that workers send each other. `plan` computes rounds from the constants below, which `time`
measures.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dask.array as da
import numpy as np
from block_order import adult, mnist
from distributed import Client, LocalCluster
from sklearn.exceptions import ConvergenceWarning

from skneural import MLPClassifier, distributed

N_EPOCHS = 10
STEPS = (1, 10, 100, 1000)

# Seconds of the scheduler for a task, and of a message between two workers, as measured by `time` on one machine.
SECONDS_PER_TASK = 0.003
SECONDS_PER_MESSAGE = 0.008

# Bytes of the state that is averaged, for each weight: float32 weights and the two moments of Adam.
BYTES_PER_WEIGHT = 12


def million(folder: Path) -> tuple[np.ndarray, ...]:
    """Generate rows of twenty numbers, whose class is the sign of a network's output."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1_100_000, 20), dtype=np.float32)
    hidden = np.tanh(X @ rng.standard_normal((20, 30), dtype=np.float32))
    y = hidden @ rng.standard_normal(30, dtype=np.float32) > 0
    return X[:1_000_000], y[:1_000_000], X[1_000_000:], y[1_000_000:]


@contextmanager
def workers(n: int, *, processes: bool) -> Iterator[Client]:
    """Client of a cluster of this machine."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(
            n_workers=n, threads_per_worker=1, processes=processes, dashboard_address=":0", local_directory=folder
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def model(seed: int = 0, **options) -> MLPClassifier:
    defaults = {"hidden_layer_sizes": (100,), "batch_size": 200, "max_iter": N_EPOCHS, "early_stopping": False}
    return MLPClassifier(**defaults | {"n_iter_no_change": np.inf, "random_state": seed} | options)


def divided(X: np.ndarray, y: np.ndarray, n_partitions: int):
    size = math.ceil(len(X) / n_partitions)
    return da.from_array(X, chunks=(size, -1)), da.from_array(y, chunks=size)


def print_accuracies(folder: Path, names: list[str], n_seeds: int, *, to_the_end: bool) -> None:
    """Mean test accuracy of one process and of several workers, and the least of the seeds.

    After equal numbers of epochs, or when the score of held-out rows no longer improves.
    """
    all_steps = (100, 10**9) if to_the_end else (*STEPS, 10**9)
    print(
        f"{'':<10}{'workers':>8}" + "".join(f"{'every epoch' if n == 10**9 else f'every {n}':>22}" for n in all_steps)
    )
    for load in (adult, mnist, million):
        if names and load.__name__ not in names:
            continue
        X, y, X_test, y_test = load(folder)
        options = {"max_iter": 200, "early_stopping": True, "n_iter_no_change": 10} if to_the_end else {}
        options |= {"max_iter": 3} if load is million and not to_the_end else {}
        alone = [model(seed, **options).fit(X, y) for seed in range(n_seeds)]
        print(f"{load.__name__:<10}{'1':>8}{described(alone, X_test, y_test):>22}", flush=True)
        for n in (2, 8):
            print(f"{'':<10}{n:>8}", end="", flush=True)
            with workers(n, processes=False) as client:
                data = divided(X, y, 10 * n)
                for steps in all_steps:
                    if len(X) / n / 200 / steps > 100:  # more than 100 rounds in each epoch
                        print(f"{'-':>22}", end="", flush=True)
                        continue
                    fitted = [
                        distributed.fit(model(seed, **options), *data, client=client, sync_every=steps)
                        for seed in range(n_seeds)
                    ]
                    print(f"{described(fitted, X_test, y_test):>22}", end="", flush=True)
            print()


def described(models: list[MLPClassifier], X: np.ndarray, y: np.ndarray) -> str:
    """Mean and least accuracy of models, and their mean number of epochs."""
    scores = [each.score(X, y) for each in models]
    return f"{np.mean(scores):.4f} ({min(scores):.4f}) {np.mean([each.n_iter_ for each in models]):.0f}"


def sent_bytes(client: Client) -> int:
    """Bytes that all workers have sent to each other so far."""
    return sum(client.run(lambda dask_worker: dask_worker.transfer_outgoing_bytes_total).values())


def print_times() -> None:
    """Seconds and bytes of epochs on this machine."""
    rng = np.random.default_rng(0)
    for hidden, n_rows in (((100,), 400_000), ((1000, 1000), 20_000)):
        X = rng.standard_normal((n_rows, 50), dtype=np.float32)
        y = X[:, 0] > 0
        options = {"hidden_layer_sizes": hidden, "n_jobs": 1, "max_iter": 1}
        start = time.perf_counter()
        alone = model(**options).fit(X, y)
        seconds = time.perf_counter() - start
        print(f"MLP of {hidden}, {alone.weights_.size} weights, {n_rows} rows: one process {seconds:.2f} s an epoch")
        for n in (1, 2, 4):
            with workers(n, processes=True) as client:
                data = [part.persist() for part in divided(X, y, 4)]
                for steps in (100, 10**9):
                    of_epochs, sent, n_rounds = [], [], 1
                    for n_epochs in (1, 4):
                        before = sent_bytes(client)
                        start = time.perf_counter()
                        fitted = distributed.fit(
                            model(**options | {"max_iter": n_epochs}), *data, client=client, sync_every=steps
                        )
                        of_epochs.append(time.perf_counter() - start)
                        sent.append(sent_bytes(client) - before)
                        n_rounds = math.ceil(n_rows / n / 200 / steps)
                    per_round = (sent[1] - sent[0]) / 3 / n_rounds
                    predicted = 2 * (n - 1) * BYTES_PER_WEIGHT * fitted.weights_.size
                    print(
                        f"  {n} workers, {'every 100 steps' if steps == 100 else 'every epoch':<16}"
                        f"{(of_epochs[1] - of_epochs[0]) / 3:8.2f} s an epoch, {n_rounds} rounds; bytes of a round "
                        f"{per_round:.3g}, on paper {predicted:.3g}",
                        flush=True,
                    )
    print_seconds_of_rounds()


def print_seconds_of_rounds() -> None:
    """Seconds of a round of one step, by the number of workers and of weights."""
    print("Seconds of a round of one step of one row, and on paper:")
    for hidden in ((10,), (1000, 1000)):
        for n in (1, 2, 4):
            X = np.random.default_rng(0).standard_normal((100 * n, 50), dtype=np.float32)
            with workers(n, processes=True) as client:
                data = divided(X, X[:, 0] > 0, n)
                seconds = []
                for n_epochs in (1, 2):
                    options = {"hidden_layer_sizes": hidden, "n_jobs": 1, "max_iter": n_epochs, "batch_size": 1}
                    start = time.perf_counter()
                    fitted = distributed.fit(model(**options), *data, client=client, sync_every=1)
                    seconds.append(time.perf_counter() - start)
            size = fitted.weights_.size
            measured, on_paper = (seconds[1] - seconds[0]) / 100, seconds_of_round(n, size, 2.5e9)
            print(f"  {size:>8} weights, {n} workers: {measured:.4f}, {on_paper:.4f}")


def seconds_of_round(n_workers: int, n_weights: int, bits_per_second: float) -> float:
    """Seconds of a round without its steps: tasks of the scheduler, and a tree of messages up and down."""
    n_tasks = 2 * n_workers - 1
    levels = math.ceil(math.log2(n_workers))
    message = SECONDS_PER_MESSAGE + 8 * BYTES_PER_WEIGHT * n_weights / bits_per_second
    return SECONDS_PER_TASK * n_tasks + 2 * levels * message


def print_plan() -> None:
    """Bytes and seconds of rounds, and the steps between two means from which workers are faster than one process."""
    print(f"{'weights':>10}{'workers':>9}{'MB a round':>12}{'MB each':>9}", end="")
    print("".join(f"{f'{rate} Gbit/s':>12}" for rate in (1, 10, 100)) + f"{'rows: pays':>14}{'a tenth':>12}")
    for n_weights, seconds_of_step in ((10_000, 0.0002), (1_000_000, 0.012), (100_000_000, 1.2)):
        for n in (8, 64, 512):
            megabytes = 2 * (n - 1) * BYTES_PER_WEIGHT * n_weights / 1e6
            seconds = [seconds_of_round(n, n_weights, rate * 1e9) for rate in (1, 10, 100)]
            # Rows of a worker between two means, at 10 Gbit/s: from which all are faster than one process, and of
            # which rounds take a tenth of the time.
            rows = [200 * math.ceil(seconds[1] / seconds_of_step * factor) for factor in (1 / (n - 1), 9)]
            print(
                f"{n_weights:>10}{n:>9}{megabytes:>12.4g}{megabytes / n:>9.3g}"
                + "".join(f"{value:>11.3g}s" for value in seconds)
                + f"{rows[0]:>14}{rows[1]:>12}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=["accuracy", "time", "plan"])
    parser.add_argument("names", nargs="*", help="of data sets")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--end", action="store_true", help="train until held-out rows no longer improve")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.filterwarnings("ignore", "Sending large graph")
    if arguments.table == "accuracy":
        print_accuracies(arguments.data, arguments.names, arguments.seeds, to_the_end=arguments.end)
    elif arguments.table == "time":
        print_times()
    else:
        print_plan()


if __name__ == "__main__":
    main()
