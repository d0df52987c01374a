"""Time and memory of the MLP beside scikit-learn's, and training beside a PyTorch loop where that is installed.

    python benchmarks/speed.py

Contestants take turns and the median of five counts. In brackets, our figure over theirs: below 1, skneural is faster.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
import tracemalloc
import warnings
from functools import partial
from itertools import pairwise

import numpy as np
import sklearn.neural_network
from sklearn.exceptions import ConvergenceWarning

import skneural

# rows, features, hidden layers, batch size, epochs, dtype
FITS = [
    (12800, 784, (256,), 128, 2, "float32"),
    (12800, 784, (256,), 128, 2, "float64"),
    (1500, 20, (64,), 32, 10, "float32"),
    (20000, 16, (100,), 200, 5, "float64"),
    (5000, 100, (256, 256, 256), 200, 3, "float32"),
]


def medians(runs, rounds=5):
    """Median seconds of each function; they take turns after one turn that does not count."""
    seconds = [[] for _ in runs]
    for turn in range(rounds + 1):
        for i, run in enumerate(runs):
            start = time.perf_counter()
            run()
            if turn:
                seconds[i].append(time.perf_counter() - start)
    return [statistics.median(values) for values in seconds]


def data(rows, features, dtype, n_classes=10):
    rng = np.random.default_rng(0)
    return rng.standard_normal((rows, features)).astype(dtype), rng.integers(0, n_classes, rows)


def torch_loop(X, y, hidden, batch_size, epochs):
    """A PyTorch training loop as its tutorial writes it, with fused Adam; None where PyTorch is missing."""
    try:
        import torch
    except ImportError:
        return None
    widths = (X.shape[1], *hidden)
    layers = [part for pair in pairwise(widths) for part in (torch.nn.Linear(*pair), torch.nn.ReLU())]
    module = torch.nn.Sequential(*layers, torch.nn.Linear(widths[-1], 10)).to(torch.as_tensor(X).dtype)
    X, y, loss = torch.as_tensor(X), torch.as_tensor(y), torch.nn.CrossEntropyLoss()

    def run():
        optimizer = torch.optim.Adam(module.parameters(), 1e-3, fused=True)
        for _ in range(epochs):
            order = torch.randperm(len(X))
            for start in range(0, len(X), batch_size):
                rows = order[start : start + batch_size]
                optimizer.zero_grad()
                loss(module(X[rows]), y[rows]).backward()
                optimizer.step()

    return run


def fit_times():
    for rows, features, hidden, batch_size, epochs, dtype in FITS:
        X, y = data(rows, features, dtype)
        settings = {"batch_size": batch_size, "max_iter": epochs, "n_iter_no_change": 10**6, "early_stopping": False}
        models = [
            library.MLPClassifier(hidden, **settings, random_state=0) for library in (skneural, sklearn.neural_network)
        ]
        runs = [*(partial(model.fit, X, y) for model in models), torch_loop(X, y, hidden, batch_size, epochs)]
        name = f"fit {rows} x {features}, {'-'.join(map(str, hidden))}, batch {batch_size}, {dtype}"
        yield (name, "s", *medians([run for run in runs if run is not None]))


def repeat(function, X, times=200):
    for _ in range(times):
        function(X)


def predict_times():
    X, y = data(1500, 20, "float64")
    models = [library.MLPClassifier((64,), max_iter=5).fit(X, y) for library in (skneural, sklearn.neural_network)]
    for rows in (1, 1500):
        for method in ("predict", "predict_proba"):
            runs = [partial(repeat, getattr(model, method), X[:rows]) for model in models]
            yield (f"{method} of {rows} rows", "us", *(5000 * seconds for seconds in medians(runs)))


def predict_memory():
    X, y = data(20000, 50, "float32")
    for depth in (1, 4, 16):
        peaks = []
        for library in (skneural, sklearn.neural_network):
            model = library.MLPClassifier((200,) * depth, max_iter=1, batch_size=2000).fit(X, y)
            tracemalloc.start()
            model.predict(X)
            peaks.append(tracemalloc.get_traced_memory()[1] / 1e6)
            tracemalloc.stop()
        yield (f"peak memory of predict, 20000 rows, {depth} x 200", "MB", *peaks)


def import_times():
    runs = [
        lambda module=module: subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
        for module in ("skneural", "sklearn.neural_network")
    ]
    yield ("import", "s", *medians(runs))


def main() -> None:
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(f"{'':<58}{'skneural':>10}   scikit-learn      PyTorch")
    for table in (fit_times, predict_times, predict_memory, import_times):
        for name, unit, ours, *theirs in table():
            others = "".join(f"{value:>10.3f} ({ours / value:.2f})" for value in theirs)
            print(f"{name:<58}{ours:>10.3f}{others} {unit}", flush=True)


if __name__ == "__main__":
    main()
