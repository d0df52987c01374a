"""Accuracy on tabular data: the default MLP beside scikit-learn's, both behind a StandardScaler.

    python benchmarks/tabular.py --data FOLDER            all data sets
    python benchmarks/tabular.py --data FOLDER letter yacht --splits 3
    python benchmarks/tabular.py --data FOLDER --early-stopping        ours holds a tenth out, scikit-learn's not

Classification prints mean accuracy over ten stratified folds, regression mean R^2 over twenty published splits, each
with its standard error over splits, and the seconds of all fits. Where the files come from: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import sklearn.neural_network
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skneural

CLASSIFICATION = ("letter", "optdigits", "segment", "vehicle")
REGRESSION = ("concrete", "energy", "kin8nm", "power", "wine_red", "yacht")


def load(folder: Path, name: str):
    """X, y and the test rows of every split."""
    kind = "tab" if name in CLASSIFICATION else "uci"
    with np.load(folder / f"{kind}_{name}.npz") as file:
        if kind == "tab":
            return file["X"], file["y"], [np.flatnonzero(file["fold"] == k) for k in range(10)]
        return file["X"], file["y"], list(file["test_index"])


def scores(model, X, y, test_sets):
    """Score on every test set and the seconds of all fits."""
    values, seconds = [], 0.0
    for test in test_sets:
        train = np.setdiff1d(np.arange(len(y)), test)
        pipeline = make_pipeline(StandardScaler(), model)
        start = time.perf_counter()
        pipeline.fit(X[train], y[train])
        seconds += time.perf_counter() - start
        values.append(pipeline.score(X[test], y[test]))
    return np.array(values), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *CLASSIFICATION, *REGRESSION], default=[])
    parser.add_argument("--data", type=Path, required=True, help="folder with the .npz files")
    parser.add_argument("--splits", type=int, help="only the first so many splits")
    parser.add_argument("--early-stopping", action="store_true", help="hold out a tenth in skneural")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)

    print(f"{'data':<12}{'rows':>7}  {'skneural':^17}{'s':>7}  {'scikit-learn':^17}{'s':>7}  difference")
    differences = []
    for name in arguments.names or (*CLASSIFICATION, *REGRESSION):
        X, y, test_sets = load(arguments.data, name)
        kind = "MLPClassifier" if name in CLASSIFICATION else "MLPRegressor"
        row = f"{name:<12}{len(y):>7}"
        means = []
        for library in (skneural, sklearn.neural_network):
            model = getattr(library, kind)(random_state=0)
            if arguments.early_stopping and library is skneural:
                model.set_params(early_stopping=True)
            values, seconds = scores(model, X, y, test_sets[: arguments.splits])
            means.append(values.mean())
            row += f"  {values.mean():>8.4f} +- {values.std() / np.sqrt(len(values)):.4f}{seconds:>7.1f}"
        differences.append(means[0] - means[1])
        print(f"{row}  {differences[-1]:+.4f}", flush=True)
    print(f"{'mean':<12}{np.mean(differences):>+67.4f}")


if __name__ == "__main__":
    main()
