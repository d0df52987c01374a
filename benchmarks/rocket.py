"""Accuracy, log loss and seconds of fixed random kernels on series, beside published results and a network.

    python benchmarks/rocket.py --data FOLDER                          ten sets in under a minute
    python benchmarks/rocket.py --data FOLDER gunpoint --seeds 5
    python benchmarks/rocket.py --data FOLDER --networks fcn           also a convolutional network with defaults
    python benchmarks/rocket.py --data FOLDER --few                    also 15, 30 and 60 of the training series
    python benchmarks/rocket.py --data FOLDER --many 60000             rows of digits as series

All models have their defaults. Seconds are of the processor, to fit and to predict the test series; with
OPENBLAS_NUM_THREADS=1 in one thread. benchmarks/README.md lists the sources of the files.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from convolutional import load
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss

from skneural import CNNSequenceClassifier, RocketSequenceClassifier, RocketSequenceRegressor

# Accuracies of MiniRocket, ResNet and InceptionTime in the literature; None where they were not compared.
PUBLISHED: dict[str, tuple[float, float, float] | None] = {
    "arrowhead": (0.863, 0.811, 0.863),
    "basicmotions": None,
    "chinatown": (0.983, 0.977, 0.985),
    "ecg200": (0.910, 0.870, 0.910),
    "gunpoint": (0.993, 0.993, 1.000),
    "italypowerdemand": (0.963, 0.965, 0.966),
    "japanesevowels": None,
    "osuleaf": (0.959, 0.979, 0.921),
    "syntheticcontrol": (0.987, 0.997, 0.997),
    "trace": (1.000, 1.000, 1.000),
}
FEW = (15, 30, 60)
MOST_TEST_SERIES = 200


def some(X: Any, rows: np.ndarray) -> Any:
    return X[rows] if isinstance(X, np.ndarray) else [X[row] for row in rows]


def few(X: Any, y: np.ndarray, X_test: Any, y_test: np.ndarray) -> Iterator[tuple[int, Any]]:
    """Splits with a few training series, and the test series of their classes."""
    for n in FEW:
        if n > 0.8 * len(y):
            return
        rows = np.random.default_rng(n).permutation(len(y))[:n]
        test_rows = np.flatnonzero(np.isin(y_test, y[rows]))
        if len(test_rows) > MOST_TEST_SERIES:
            test_rows = np.random.default_rng(n).permutation(test_rows)[:MOST_TEST_SERIES]
        yield n, (some(X, rows), y[rows], some(X_test, test_rows), y_test[test_rows])


def measured(model: Any, X: Any, y: np.ndarray, X_test: Any, y_test: np.ndarray) -> tuple[float, float, float]:
    """Accuracy, log loss and seconds."""
    start = time.process_time()
    probabilities = model.fit(X, y).predict_proba(X_test)
    seconds = time.process_time() - start
    right = model.classes_[probabilities.argmax(axis=1)] == y_test
    return float(right.mean()), log_loss(y_test, probabilities, labels=model.classes_), seconds


def rows_of_digits(folder: Path, n: int) -> None:
    X, y, X_test, y_test, _ = load(folder, "mnist")
    X, X_test = (images.reshape(-1, 28, 28).astype(np.float32) for images in (X[:n], X_test))
    result = measured(RocketSequenceClassifier(random_state=0), X, y[:n], X_test, y_test)
    print("{:<26}{:>10.4f}{:>10.3f}{:>9.1f}".format(f"rows of {n} digits", *result), flush=True)


def covid(folder: Path, n_seeds: int) -> None:
    """Death rate of a country from the series of its daily cases over 84 days."""
    with np.load(folder / "tsreg_covid3month.npz") as file:
        X, y, X_test, y_test = (file[name] for name in ("X_train", "y_train", "X_test", "y_test"))
    models = [RocketSequenceRegressor(random_state=seed).fit(X, y) for seed in range(n_seeds)]
    errors = [np.sqrt(np.mean((model.predict(X_test) - y_test) ** 2)) for model in models]
    print(f"{'Covid3Month, RMSE':<26}{np.mean(errors):>10.4f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *PUBLISHED], default=[])
    parser.add_argument("--data", type=Path, required=True, help="folder with the .npz files")
    parser.add_argument("--seeds", type=int, default=3, help="number of fits of each model")
    parser.add_argument("--networks", nargs="*", default=[], help="values of architecture to compare with")
    parser.add_argument("--few", action="store_true", help="also with few training series")
    parser.add_argument("--many", type=int, default=0, help="number of digits whose rows are series")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)

    models = {"rocket": RocketSequenceClassifier()}
    models |= {name: CNNSequenceClassifier(architecture=name) for name in arguments.networks}
    results: dict[tuple[str, str], list[np.ndarray]] = {}
    print(f"{'data':<24}{'model':<10}{'accuracy':>10}{'log loss':>10}{'s':>9}   MiniRocket, ResNet, InceptionTime")
    for name in arguments.names or PUBLISHED:
        *split, _ = load(arguments.data, name)
        splits = [("", split)]
        if arguments.few:
            splits += [(f" {n}", part) for n, part in few(*split)]
        for label, part in splits:
            for model_name, model in models.items():
                seeds = range(arguments.seeds)
                mean = np.mean([measured(model.set_params(random_state=seed), *part) for seed in seeds], axis=0)
                results.setdefault((model_name, "few" if label else "all"), []).append(mean)
                row = "{:<24}{:<10}{:>10.4f}{:>10.3f}{:>9.2f}".format(name + label, model_name, *mean)
                print(row, "  ", "" if label else PUBLISHED[name] or "", flush=True)
    for (model_name, which), rows in results.items():
        print("{:<24}{:<10}{:>10.4f}{:>10.3f}{:>9.2f}".format(f"mean of {which}", model_name, *np.mean(rows, axis=0)))
    if not arguments.names:
        covid(arguments.data, arguments.seeds)
    if arguments.many:
        rows_of_digits(arguments.data, arguments.many)


if __name__ == "__main__":
    main()
