"""Accuracy with few labels, from scratch and from a network that was trained on other data.

    python -m benchmarks.pretrained digits                    other classes: 5 to 9 of digits after 0 to 4
    python -m benchmarks.pretrained autoencoder               no labels: 100 of 1500 digits are labelled
    python -m benchmarks.pretrained columns                   two columns more, whose weights start at zero or at random
    python -m benchmarks.pretrained series --data FOLDER      other series: one UCR set after six others

Means and deviations over five seeds, which draw the labels and the first weights. In `digits`, networks learn the
digits 5 to 9 of scikit-learn's digits (8 x 8 pixels) from 10, 20 or 50 images of each; the test images are the rest. In
`series`, each set is interpolated to 48 steps, each series is standardized, and one network learns the classes of all
of six sets together before it learns those of the seventh from its training series.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

from skneural import Autoencoder, CNNClassifier, CNNSequenceClassifier, MLPClassifier, MLPRegressor
from skneural.template import pretrained

SEEDS = range(5)
LABELS = (10, 20, 50)
SETS = ("arrowhead", "chinatown", "ecg200", "gunpoint", "italypowerdemand", "syntheticcontrol", "trace")
N_STEPS = 48

Row = tuple[str, str, str, float]  # task, start, column of the table, score


def chosen(y: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Mask of n random samples of each class."""
    rng = np.random.default_rng(seed)
    mask = np.zeros(len(y), bool)
    for label in np.unique(y):
        mask[rng.choice(np.flatnonzero(y == label), n, replace=False)] = True
    return mask


def of_digits() -> Iterator[Row]:
    """Digits 5 to 9 from few images of each, after all images of 0 to 4."""
    X, y = load_digits(return_X_y=True)
    X, low = X.astype(np.float32) / 16, y < 5
    for seed in SEEDS:
        new = {"MLP": MLPClassifier((64, 64), random_state=seed), "CNN": CNNClassifier(random_state=seed)}
        for name, network in new.items():
            model = type(network)(**network.get_params()).fit(X[low], y[low])
            for n in LABELS:
                train = chosen(y[~low], n, seed)
                for start, options in starts(model).items():
                    fitted = type(network)(**network.get_params() | options).fit(X[~low][train], y[~low][train])
                    yield f"{name}, digits 5 to 9", start, f"{n} labels", fitted.score(X[~low][~train], y[~low][~train])


def starts(model: Any) -> dict[str, dict[str, Any]]:
    """Hyper-parameters of each start by its words."""
    rate = {"learning_rate_init": 0.01}
    return {
        "from scratch": {},
        "from scratch, rate .01": rate,
        "pretrained": {"pretrained": model},
        "pretrained, rate .01": {"pretrained": model} | rate,
        "pretrained, rate .01, body .001": {"pretrained": model, "body_learning_rate": 0.001} | rate,
        "pretrained, first layer frozen": {"pretrained": model, "freeze": 1},
        "pretrained, first layer frozen, rate .01": {"pretrained": model, "freeze": 1} | rate,
    }


def of_autoencoder() -> Iterator[Row]:
    """All digits from ten images of each, after a denoising autoencoder of 1500 images without labels."""
    X, y = load_digits(return_X_y=True)
    X = X.astype(np.float32) / 16
    for seed in SEEDS:
        order = np.random.default_rng(seed).permutation(len(X))
        unlabelled, test = order[:1500], order[1500:]
        train = unlabelled[chosen(y[unlabelled], 10, seed)]
        for noise in (0.0, 0.5, 1.0):
            sizes = {"hidden_layer_sizes": (128,), "activation": "silu", "random_state": seed}
            model = Autoencoder(32, noise=noise, **sizes).fit(X[unlabelled])
            for start, options in starts(model).items():
                if noise == 0.0 or "pretrained" in start:
                    fitted = MLPClassifier(**sizes | options).fit(X[train], y[train])
                    words = start.replace("pretrained", f"autoencoder, noise {noise:g}")
                    yield "MLP, digits", words, "100 labels", fitted.score(X[test], y[test])


def of_columns() -> Iterator[Row]:
    """Half of the rows with all columns, after the other half without two or three of them."""
    import pandas as pd

    tables = {"breast cancer": load_breast_cancer, "diabetes": load_diabetes, "wine": load_wine}
    for (name, load), seed in ((each, seed) for each in tables.items() for seed in SEEDS):
        X, y = load(return_X_y=True)
        rng = np.random.default_rng(seed)
        table = pd.DataFrame(scale(X)).rename(columns=str)
        further = rng.choice(table.columns, 3, replace=False)
        order = rng.permutation(len(X))
        first, second, test = np.split(order, [len(X) // 2, len(X) // 2 + 40])
        new = MLPRegressor if name == "diabetes" else MLPClassifier
        model = new((32, 32), random_state=seed).fit(table.drop(columns=further).iloc[first], y[first])
        usual = pretrained.placed
        for start, zeros in (("from scratch", None), ("further columns at zero", True), ("at random", False)):
            if zeros is not None:
                pretrained.placed = partial(_placed, usual, zeros)
            options = {} if zeros is None else {"pretrained": model}
            fitted = new((32, 32), random_state=seed, **options).fit(table.iloc[second], y[second])
            pretrained.placed = usual
            yield f"MLP, {name}", start, "40 rows", fitted.score(table.iloc[test], y[test])


def _placed(usual: Any, zero: bool, *arguments: Any, **_: Any) -> np.ndarray:
    return usual(*arguments, zeros=zero)


def of_series(folder: Path) -> Iterator[Row]:
    """One set of series after six others."""
    data = {name: series_of(folder / f"ts_{name}.npz") for name in SETS}
    for seed, name in ((seed, name) for seed in SEEDS for name in SETS):
        others = [(X, y) for each, (X, y, *_) in data.items() if each != name]
        classes = [np.char.add(f"{number} ", y.astype(str)) for number, (_, y) in enumerate(others)]
        sizes = {"channels": (16, 32, 16), "random_state": seed, "learning_rate_init": 3e-3, "max_iter": 60}
        model = CNNSequenceClassifier(**sizes).fit(np.concatenate([X for X, _ in others]), np.concatenate(classes))
        X, y, X_test, y_test = data[name]
        slow = {"body_learning_rate": 3e-4}
        ways = {
            "from scratch": {},
            "pretrained": {"pretrained": model},
            "pretrained, body .0003": {"pretrained": model} | slow,
            "pretrained, two blocks frozen": {"pretrained": model, "freeze": 2},
        }
        for start, options in ways.items():
            fitted = CNNSequenceClassifier(**sizes | options).fit(X, y)
            yield "CNN, series", start, name, fitted.score(X_test, y_test)


def series_of(path: Path) -> tuple[np.ndarray, ...]:
    """Series of `N_STEPS` steps, each standardized, and classes; for training and for tests."""
    with np.load(path, allow_pickle=True) as file:
        parts = [file[f"{name}_{part}"] for part in ("train", "test") for name in ("X", "y")]
    for number in (0, 2):
        x = parts[number][:, :, 0].astype(np.float64)
        places = np.linspace(0, x.shape[1] - 1, N_STEPS)
        x = np.stack([np.interp(places, np.arange(x.shape[1]), row) for row in x])
        x = (x - x.mean(axis=1, keepdims=True)) / (x.std(axis=1, keepdims=True) + 1e-8)
        parts[number] = x[:, :, np.newaxis].astype(np.float32)
    return tuple(parts)


def printed(rows: Iterator[Row]) -> None:
    """Print a table: a line for each task and start, a column for each amount of data."""
    scores: dict[tuple[str, str], dict[str, list[float]]] = {}
    for task, start, column, score in rows:
        scores.setdefault((task, start), {}).setdefault(column, []).append(score)
    for (task, start), by_column in scores.items():
        cells = [f"{column} {np.mean(each):.3f} ± {np.std(each):.3f}" for column, each in by_column.items()]
        print(f"| {task} | {start} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["digits", "autoencoder", "columns", "series"])
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    start = time.process_time()
    if arguments.task == "series":
        if arguments.data is None:
            parser.error("series needs --data FOLDER")
        printed(of_series(arguments.data))
    else:
        printed({"digits": of_digits, "autoencoder": of_autoencoder, "columns": of_columns}[arguments.task]())
    print(f"{time.process_time() - start:.0f} CPU seconds")


if __name__ == "__main__":
    main()
