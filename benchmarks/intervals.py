"""Intervals of 90 % by several quantiles, normal distributions, conformal prediction and boosting of each quantile.

    python benchmarks/intervals.py --data FOLDER
    python benchmarks/intervals.py --data FOLDER --tables concrete --models quantiles normal --network tabular

Prints, for each table and model, the share of test rows inside the interval, its mean width and the mean pinball loss
of both ends, in standard deviations of y, and the seconds of processor time of training: means over the seeds, each of
which has another split of the rows. The conformal intervals are those of MAPIE (`pip install mapie`) around a network
of the mean, whose errors on a fifth of the training rows, which it has not seen, give the width, the same for all rows.
benchmarks/README.md lists the sources of the files.
"""

from __future__ import annotations

import argparse
import time
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from scipy.stats import norm
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import mean_pinball_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skneural import MLPRegressor, TabularMLPRegressor

FILES = {"concrete": "uci_concrete", "energy": "uci_energy", "california": "reg_california"}
ENDS = (0.05, 0.95)
MODELS = ("quantiles", "normal", "conformal", "boosting")


def network(kind: str, seed: int, **options):
    """A network with defaults; the MLP after scaling, and stopped by held-out rows."""
    if kind == "tabular":
        return TabularMLPRegressor(random_state=seed, **options)
    mlp = MLPRegressor(early_stopping=True, random_state=seed, **options)
    return make_pipeline(StandardScaler(), mlp)


def interval(name: str, kind: str, seed: int, train: tuple, X: np.ndarray) -> np.ndarray:
    """Both ends of the interval of each row of X, by a model that was fitted on `train`."""
    if name == "quantiles":
        return network(kind, seed, loss="quantile", quantile=ENDS).fit(*train).predict(X)
    if name == "normal":
        mean, deviation = network(kind, seed, loss="gaussian").fit(*train).predict(X, return_std=True)
        return mean[:, np.newaxis] + deviation[:, np.newaxis] * norm.ppf(ENDS)
    if name == "conformal":
        return conformal(kind, seed, train, X)
    each = [HistGradientBoostingRegressor(loss="quantile", quantile=end, random_state=seed) for end in ENDS]
    return np.stack([TransformedTargetRegressor(model).fit(*train).predict(X) for model in each], axis=1)


def conformal(kind: str, seed: int, train: tuple, X: np.ndarray) -> np.ndarray:
    """Both ends of the conformal intervals of MAPIE around a network of the mean."""
    from mapie.regression import SplitConformalRegressor

    # In double precision, without which MAPIE takes the rounding of predictions for an error of its scores.
    X_fit, X_rest, y_fit, y_rest = train_test_split(train[0].astype(float), train[1], test_size=0.2, random_state=seed)
    model = SplitConformalRegressor(network(kind, seed), confidence_level=ENDS[1] - ENDS[0], prefit=False)
    return model.fit(X_fit, y_fit).conformalize(X_rest, y_rest).predict_interval(X.astype(float))[1][:, :, 0]


def measure(folder: Path, table: str, name: str, kind: str, n_seeds: int) -> list[float]:
    """Means of coverage, width, pinball loss, crossing share and seconds."""
    with np.load(folder / f"{FILES[table]}.npz") as file:
        X, y = file["X"], file["y"]
    X = np.where(np.isnan(X), np.nanmedian(X, axis=0), X)
    results = []
    for seed in range(n_seeds):
        X_train, X_test, y_train, y_test = train_test_split(
            X, (y - y.mean()) / y.std(), test_size=0.2, random_state=seed
        )
        before = time.process_time()
        low, high = interval(name, kind, seed, (X_train, y_train), X_test).T
        seconds = time.process_time() - before
        pinball = [mean_pinball_loss(y_test, at, alpha=end) for at, end in zip((low, high), ENDS, strict=True)]
        inside = (low <= y_test) & (y_test <= high)
        results.append([inside.mean(), (high - low).mean(), np.mean(pinball), (low > high).mean(), seconds])
    return np.mean(results, axis=0).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the .npz files")
    parser.add_argument("--tables", nargs="*", choices=FILES, default=list(FILES))
    parser.add_argument("--models", nargs="*", choices=MODELS, default=MODELS)
    parser.add_argument("--network", choices=("mlp", "tabular"), default="mlp")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| table | model | coverage | width | pinball loss | crossing | seconds |\n" + "| --- " * 7 + "|")
    for table in arguments.tables:
        for name in arguments.models:
            shown = name if name == "boosting" else f"{arguments.network}, {name}"
            if name == "conformal" and find_spec("mapie") is None:
                print(f"| {table} | {shown} | MAPIE is not installed |" + " |" * 4, flush=True)
                continue
            values = measure(arguments.data, table, name, arguments.network, arguments.seeds)
            print(f"| {table} | {shown} |" + "".join(f" {value:.3f} |" for value in values), flush=True)


if __name__ == "__main__":
    main()
