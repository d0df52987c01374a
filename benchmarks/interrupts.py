"""Effects of Ctrl-C: real signals at random times while models train and searches run.

    python benchmarks/interrupts.py                200 signals, some minutes
    python benchmarks/interrupts.py --share 0.1    a tenth of them

Prints for each model how many signals were sent, how many were lost, and the seconds until the end of the fit or of the
search. A fit must end with a warning or with KeyboardInterrupt, a search with KeyboardInterrupt: in one process, two
signals are sent, and the time counts from the second. Two processes get one, all of them as from a terminal, or the
first process alone. The exit status counts the lost ones.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import GridSearchCV

from skneural import CNNClassifier, KANRegressor, MLPRegressor, RNNSequenceClassifier
from skneural.training.interrupts import Interrupts

ENDLESS = {"max_iter": 10**6, "tol": 0, "n_iter_no_change": 10**6, "early_stopping": False, "random_state": 0}
LBFGS = ENDLESS | {"solver": "lbfgs", "max_fun": 10**9}

# Seconds after which a signal counts as lost. Signals follow each other until the fit ends.
LOST_AFTER = 10.0

# Seconds from the first signal to the second one in a search.
BETWEEN = 0.4


class Row(NamedTuple):
    """`latest`: greatest delay in seconds; `signals`: of one trial; `send`: what sends one."""

    n: int
    model: Callable[[], Any]
    data: Callable[[np.random.Generator], tuple[Any, Any]]
    latest: float = 0.6
    signals: int = 1
    send: Callable[[], None] = lambda: os.kill(os.getpid(), signal.SIGINT)


def wide(rng: np.random.Generator) -> tuple[Any, Any]:
    return rng.standard_normal((2000, 50), dtype=np.float32), rng.standard_normal(2000)


def images(rng: np.random.Generator) -> tuple[Any, Any]:
    return rng.standard_normal((400, 12, 12), dtype=np.float32), rng.integers(0, 3, 400)


def series(rng: np.random.Generator) -> tuple[Any, Any]:
    return rng.standard_normal((200, 20, 3), dtype=np.float32), rng.integers(0, 3, 200)


def square(rng: np.random.Generator) -> tuple[Any, Any]:
    X = rng.uniform(-1, 1, (300, 2))
    return X, np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)


def refined() -> Any:
    """Grids follow each other every few hundredths of a second."""
    return KANRegressor(grid_refinement=tuple(range(6, 200)), **(LBFGS | {"max_iter": 20}))


class Predicting:
    """A model that predicts for ever, in two threads."""

    def fit(self, X: Any, y: Any) -> None:
        model = MLPRegressor((100,), n_jobs=2, max_iter=1).fit(X[:100], y[:100])
        while True:
            model.predict(np.concatenate([X] * 3))


def search(n_jobs: int) -> Any:
    """Fits of two tenths of a second, and very many of them."""
    model = MLPRegressor((100, 100), **(ENDLESS | {"max_iter": 8}))
    return GridSearchCV(model, {"alpha": list(np.linspace(0, 1, 500))}, cv=2, n_jobs=n_jobs, refit=False)


ROWS = {
    "MLP, adam, wide": Row(50, lambda: MLPRegressor((400, 400), **ENDLESS), wide),
    "MLP, lbfgs": Row(40, lambda: MLPRegressor((100,), **LBFGS), wide),
    "CNN": Row(20, lambda: CNNClassifier(channels=(8, 16), **ENDLESS), images),
    "MLP, predictions": Row(40, Predicting, wide),
    "RNN": Row(20, lambda: RNNSequenceClassifier(**ENDLESS), series),
    "KAN with refinement, lbfgs": Row(30, refined, square),
    "GridSearchCV, one process": Row(10, lambda: search(1), wide, 1.0, signals=2),
    "GridSearchCV, two processes, all": Row(10, lambda: search(2), wide, 3.0, send=lambda: os.killpg(0, signal.SIGINT)),
    "GridSearchCV, two processes, first alone": Row(10, lambda: search(2), wide, 3.0),
}


def raise_interrupt(number: int, frame: Any) -> None:
    """A handler in Python, as users write them."""
    raise KeyboardInterrupt


class Sender(threading.Thread):
    """Sends the signals of a trial, and more when they were lost."""

    def __init__(self, row: Row, delay: float) -> None:
        super().__init__(daemon=True)
        self._row, self._delay = row, delay
        self.over = threading.Event()
        self.sent_at = time.perf_counter()
        self.n_lost = 0
        self.has_sent = False

    def run(self) -> None:
        wait = self._delay
        for _ in range(self._row.signals):
            if self.over.wait(wait):
                return
            self.sent_at = time.perf_counter()
            self.has_sent = True
            self._row.send()
            wait = BETWEEN
        sent_at = self.sent_at
        while not self.over.wait(LOST_AFTER):
            self.n_lost = self._row.signals
            self._row.send()
            self.over.wait(0.1)
            self._row.send()
        self.sent_at = sent_at


def trial(row: Row, rng: np.random.Generator) -> tuple[bool, float]:
    """Return True if the signals of one fit were lost, and the seconds from the last of them to the end."""
    Interrupts._latest = -np.inf  # as if the trial before were long ago
    model, (X, y), told = row.model(), row.data(rng), False
    sender = Sender(row, rng.uniform(0.02, row.latest))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            sender.start()
            model.fit(X, y)
            told = any("interrupt" in str(warning.message) for warning in caught) and row.signals == 1
        except KeyboardInterrupt:
            told = True
        ended_at = time.perf_counter()
        sender.over.set()
        sender.join()
    if not sender.has_sent:  # the fit was over before
        return trial(row, rng)
    return bool(sender.n_lost) or not told, ended_at - sender.sent_at


def measure(share: float) -> int:
    """Print the table; returns how many signals were lost."""
    rng = np.random.default_rng(0)
    n_sent = n_lost = 0
    print(f"{'':<44}{'sent':>6}{'lost':>6}{'median s':>10}{'greatest s':>12}")
    for name, row in ROWS.items():
        trials = [trial(row, rng) for _ in range(max(1, round(row.n * share)))]
        sent, lost = row.signals * len(trials), row.signals * sum(one[0] for one in trials)
        seconds = [one[1] for one in trials]
        print(f"{name:<44}{sent:>6}{lost:>6}{np.median(seconds):>10.3f}{max(seconds):>12.3f}", flush=True)
        n_sent, n_lost = n_sent + sent, n_lost + lost
    print(f"{n_sent} sent, {n_lost} lost")
    return n_lost


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="share of the signals that are sent")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        signal.signal(signal.SIGINT, raise_interrupt)  # shells have background processes ignore it
        return min(measure(arguments.share), 255)
    # In a session of its own: signals to all its processes must not end others.
    return subprocess.run([sys.executable, __file__, "--here", *sys.argv[1:]], start_new_session=True).returncode


if __name__ == "__main__":
    sys.exit(main())
