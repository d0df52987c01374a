"""Accuracy of the convolutional estimators on images, series and texts.

    python benchmarks/convolutional.py --data FOLDER                all of them: half an hour on two cores
    python benchmarks/convolutional.py --data FOLDER digits gunpoint trec
    python benchmarks/convolutional.py --data FOLDER --seeds 3 gunpoint

Prints the accuracy on the published test set (digits: the mean of five shuffled, stratified folds), the expected
accuracy, and the seconds of all fits. Hyper-parameters are the same for all data sets of series, and for all of texts.
benchmarks/README.md lists the sources of the files.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
from published import table, unequal_series
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold

from skneural import CNNClassifier, CNNSequenceClassifier
from skneural.preprocessing import TokenEncoder

SERIES = CNNSequenceClassifier(max_iter=400, n_iter_no_change=50)  # the default network, with more patience
TEXT = CNNSequenceClassifier(architecture="textcnn", batch_norm=False, dropout=0.5, batch_size=50, max_iter=25)

# name -> (model, expected accuracy)
TASKS = {
    "mnist": (CNNClassifier(dropout=0.5, learning_rate="one_cycle", learning_rate_init=3e-3, max_iter=10), 0.989),
    "digits": (CNNClassifier(), 0.985),
    "gunpoint": (SERIES, 0.98),
    "italypowerdemand": (SERIES, 0.955),
    "ecg200": (SERIES, 0.87),
    "syntheticcontrol": (SERIES, 0.98),
    "trace": (SERIES, 0.99),
    "osuleaf": (SERIES, 0.95),
    "arrowhead": (SERIES, 0.82),
    "japanesevowels": (SERIES, 0.98),
    "trec": (TEXT, 0.88),
    "sst2": (TEXT, 0.80),
}


def load(folder: Path, name: str):
    """Load X and y for training, X and y for testing, and the size of the vocabulary of texts."""
    if name in ("trec", "sst2"):
        return load_text(folder / f"text_{name}.tsv")
    path = folder / f"{'img' if name == 'mnist' else 'ts'}_{name}.npz"
    with np.load(path) as file:
        if name == "japanesevowels":
            X, X_test = unequal_series(path, "train"), unequal_series(path, "test")
        else:
            X, X_test = file["X_train"], file["X_test"]
        return X, file["y_train"], X_test, file["y_test"], None


def load_text(path: Path):
    """Load texts, encoded with the vocabulary of the training part. Development sentences are not used."""
    rows = table(path)
    (X, y), (X_test, y_test) = (
        (
            [row["text"].split() for row in rows if row["split"] == part],
            [int(row["label"]) for row in rows if row["split"] == part],
        )
        for part in ("train", "test")
    )
    encoder = TokenEncoder().fit(X)
    return encoder.transform(X), np.array(y), encoder.transform(X_test), np.array(y_test), encoder.vocabulary_size_


def accuracy(folder: Path, name: str, seed: int) -> tuple[float, float]:
    """Mean accuracy, and seconds of all fits."""
    model = TASKS[name][0].set_params(random_state=seed)
    if name.startswith("digits"):
        X, y = load_digits(return_X_y=True)
        folds = StratifiedKFold(5, shuffle=True, random_state=seed).split(X, y)
        splits = [(X[train], y[train], X[test], y[test]) for train, test in folds]
    else:
        *split, vocabulary_size = load(folder, name)
        splits = [split]
        if vocabulary_size is not None:
            model.set_params(vocabulary_size=vocabulary_size)
    scores, seconds = [], 0.0
    for X, y, X_test, y_test in splits:
        start = time.perf_counter()
        model.fit(X, y)
        seconds += time.perf_counter() - start
        scores.append(model.score(X_test, y_test))
    return float(np.mean(scores)), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *TASKS], default=[])
    parser.add_argument("--data", type=Path, required=True, help="folder with the .npz and .tsv files")
    parser.add_argument("--seeds", type=int, default=1, help="number of fits of each model")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)

    print(f"{'data':<20}{'accuracy':>10}{'lowest':>9}{'expected':>10}{'s':>8}")
    for name in arguments.names or TASKS:
        results = [accuracy(arguments.data, name, seed) for seed in range(arguments.seeds)]
        scores, seconds = zip(*results, strict=True)
        expected = TASKS[name][1] or float("nan")
        row = f"{name:<20}{np.mean(scores):>10.4f}{min(scores):>9.4f}{expected:>10.3f}{np.mean(seconds):>8.1f}"
        print(row, flush=True)


if __name__ == "__main__":
    main()
