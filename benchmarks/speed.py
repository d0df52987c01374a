"""Time and memory compared with scikit-learn's MLP, and training time compared with PyTorch if it is installed.

    python benchmarks/speed.py

For images, PyTorch runs in both of its memory formats, and the faster one is printed. All libraries take turns, and the
median of five rounds is printed. Numbers in brackets are ratios: below 1, skneural is faster.
"""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
import warnings
from functools import partial
from itertools import pairwise

import numpy as np
import sklearn.neural_network
from sklearn.exceptions import ConvergenceWarning
from timing import medians

import skneural

# rows, features, hidden layers, batch size, epochs, dtype
FITS = [
    (12800, 784, (256,), 128, 2, "float32"),
    (12800, 784, (256,), 128, 2, "float64"),
    (1500, 20, (64,), 32, 10, "float32"),
    (20000, 16, (100,), 200, 5, "float64"),
    (5000, 100, (256, 256, 256), 200, 3, "float32"),
]

# images, side, channels of two blocks of one 3 x 3 convolution, hidden units, batch size, epochs
IMAGE_FITS = [
    (1280, 28, (32, 64), 128, 64, 2),
    (1280, 8, (16, 32), 64, 64, 4),
    (1280, 28, (6, 16), 84, 64, 2),
]


# cell, series, steps, features, units, batch size, epochs
SERIES_FITS = [
    ("lstm", 1280, 100, 16, 64, 128, 2),
    ("gru", 1280, 100, 16, 64, 128, 2),
    ("lstm", 640, 50, 4, 32, 32, 3),
]


def training(batch_size, epochs):
    """Parameters of an estimator that trains for a fixed number of epochs."""
    return {
        "batch_size": batch_size,
        "max_iter": epochs,
        "n_iter_no_change": 10**6,
        "early_stopping": False,
        "random_state": 0,
    }


def data(rows, features, dtype, n_classes=10):
    rng = np.random.default_rng(0)
    return rng.standard_normal((rows, features)).astype(dtype), rng.integers(0, n_classes, rows)


def torch_mlp(X, y, hidden, batch_size, epochs):
    """Make a function that trains the same network in PyTorch; None if PyTorch is not installed."""
    try:
        from torch import nn
    except ImportError:
        return None
    widths = (X.shape[1], *hidden)
    layers = [part for pair in pairwise(widths) for part in (nn.Linear(*pair), nn.ReLU())]
    return torch_loop(nn.Sequential(*layers, nn.Linear(widths[-1], 10)), X, y, batch_size, epochs)


def torch_cnns(X, y, channels, hidden, batch_size, epochs):
    """Make functions that train the same network in each memory format of PyTorch; none if it is not installed."""
    try:
        import torch
        from torch import nn
    except ImportError:
        return []
    first, second = channels
    runs = []
    for memory_format in (torch.contiguous_format, torch.channels_last):
        module = nn.Sequential(
            *(nn.Conv2d(1, first, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(first, second, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(second * (X.shape[1] // 4) ** 2, hidden), nn.ReLU(), nn.Linear(hidden, 10)),
        )
        images = torch.as_tensor(X).permute(0, 3, 1, 2).contiguous(memory_format=memory_format)
        runs.append(torch_loop(module.to(memory_format=memory_format), images, y, batch_size, epochs))
    return runs


def torch_recurrent(X, y, cell, units, batch_size, epochs):
    """Make a function that trains the same network in PyTorch; None if PyTorch is not installed."""
    try:
        from torch import nn
    except ImportError:
        return None

    class LastStep(nn.Module):
        def __init__(self):
            super().__init__()
            self.recurrent = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](X.shape[2], units, batch_first=True)
            self.output = nn.Linear(units, 10)

        def forward(self, x):
            return self.output(self.recurrent(x)[0][:, -1])

    return torch_loop(LastStep(), X, y, batch_size, epochs)


def torch_loop(module, X, y, batch_size, epochs):
    """Make a training loop like that of PyTorch's tutorial, with fused Adam."""
    import torch

    X, y, loss = torch.as_tensor(X), torch.as_tensor(y), torch.nn.CrossEntropyLoss()
    module = module.to(X.dtype)

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
        settings = training(batch_size, epochs)
        models = [library.MLPClassifier(hidden, **settings) for library in (skneural, sklearn.neural_network)]
        runs = [*(partial(model.fit, X, y) for model in models), torch_mlp(X, y, hidden, batch_size, epochs)]
        name = f"fit {rows} x {features}, {'-'.join(map(str, hidden))}, batch {batch_size}, {dtype}"
        yield (name, "s", *medians([run for run in runs if run is not None]))


def image_fit_times():
    for rows, side, channels, hidden, batch_size, epochs in IMAGE_FITS:
        X, y = data(rows, side * side, "float32")
        X = X.reshape(rows, side, side, 1)
        sizes = {"channels": channels, "hidden_layer_sizes": (hidden,), "batch_norm": False}
        model = skneural.CNNClassifier(**sizes, learning_rate="constant", **training(batch_size, epochs))
        ours, *theirs = medians([partial(model.fit, X, y), *torch_cnns(X, y, channels, hidden, batch_size, epochs)])
        name = f"fit {rows} images {side} x {side}, {channels[0]}-{channels[1]}-{hidden}, batch {batch_size}"
        yield (name, "s", ours, None, min(theirs, default=None))


def series_fit_times():
    for cell, rows, steps, features, units, batch_size, epochs in SERIES_FITS:
        X, y = data(rows, steps * features, "float32")
        X = X.reshape(rows, steps, features)
        model = skneural.RNNSequenceClassifier(
            cell=cell,
            hidden_size=units,
            n_layers=1,
            bidirectional=False,
            pooling="last",
            dropout=0.0,
            **training(batch_size, epochs),
        )
        name = f"fit {rows} series {steps} x {features}, {cell} of {units}, batch {batch_size}"
        runs = [partial(model.fit, X, y), torch_recurrent(X, y, cell, units, batch_size, epochs)]
        ours, *theirs = medians([run for run in runs if run is not None])
        yield (name, "s", ours, None, min(theirs, default=None))


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
        for module in ("skneural.estimators.mlp", "sklearn.neural_network")
    ]
    yield ("import", "s", *medians(runs))


TABLES = (fit_times, image_fit_times, series_fit_times, predict_times, predict_memory, import_times)


def main() -> None:
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(f"{'':<58}{'skneural':>10}   scikit-learn      PyTorch")
    for table in TABLES:
        for name, unit, ours, *theirs in table():
            others = "".join(" " * 17 if value is None else f"{value:>10.3f} ({ours / value:.2f})" for value in theirs)
            print(f"{name:<58}{ours:>10.3f}{others} {unit}", flush=True)


if __name__ == "__main__":
    main()
