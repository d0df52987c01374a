"""Accuracy on tables: the default MLP and TabularMLP, scikit-learn's MLP and HistGradientBoosting.

    python benchmarks/tabular.py --data FOLDER            all tables, three splits of each
    python benchmarks/tabular.py --data FOLDER --tables letter yacht --splits 10
    python benchmarks/tabular.py --data FOLDER --skip 2            splits three to five: defaults were selected on
                                                          other splits of some tables
    python benchmarks/tabular.py --data FOLDER --small              small tables and noisy labels
    python benchmarks/tabular.py --data FOLDER --small --models TabularMLP "one network" CatBoost
    python benchmarks/tabular.py --data FOLDER --peers --rows 2000  with CatBoost and RealMLP, of at most 2000 rows
    python benchmarks/tabular.py --data FOLDER --ablation           ablation study of TabularMLP
    python benchmarks/tabular.py --data FOLDER --members            time of an epoch with eight members

Accuracy of classification, R^2 of regression: means over the splits or folds, and processor seconds of all fits, to be
compared with OMP_NUM_THREADS=1 and OPENBLAS_NUM_THREADS=1 only: threads that wait for others count, too. TabularMLP and
HistGradientBoosting accept categories and missing values; both MLPs are in pipelines with median imputation, one-hot
encoding and a StandardScaler. "one network" is TabularMLP with n_cv=1; CatBoost needs the package catboost, and
RealMLP, for which missing numbers are imputed, pytabkit. `--peers` compares with those that are installed. Below the
table: means, mean ranks, the number of tables on which each was best, and for classification the log loss, the Brier
score, the expected calibration error (15 bins of the highest probability), and by how much the mean probability of a
class differs most from its frequency. Small tables are those of scikit-learn, samples of 100 to 1000 rows of others
(the other rows are for tests, at most 2000), and tables where a quarter of the labels are drawn at random.
benchmarks/README.md lists the sources of the files.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
import warnings
from contextlib import nullcontext
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
import pandas as pd
import sklearn.datasets
import sklearn.neural_network
from scipy.stats import rankdata
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import skneural
import skneural.estimators.tabular.network
from skneural.layers import Activation

CLASSES = ("adult", "car", "credit_g", "letter", "optdigits", "segment", "sick", "splice", "tic_tac_toe", "vehicle")
NUMBERS = ("airfoil", "autompg", "california", "concrete", "energy", "kin8nm", "power", "wine_red", "yacht")
ABLATION_TABLES = ("credit_g", "segment", "splice", "airfoil", "concrete", "kin8nm")
OF_SKLEARN = {
    "wine": sklearn.datasets.load_wine,
    "breast_cancer": sklearn.datasets.load_breast_cancer,
    "iris": sklearn.datasets.load_iris,
    "diabetes": sklearn.datasets.load_diabetes,
    "diabetes_high": lambda **how: above_median(*sklearn.datasets.load_diabetes(**how)),
}
SAMPLES = {
    f"{name}_{n}": (name, n)
    for name, n in (
        ("credit_g", 100),
        ("vehicle", 100),
        ("adult", 300),
        ("letter", 300),
        ("sick", 300),
        ("segment", 300),
        ("california", 300),
        ("power", 300),
    )
}
NOISY = {f"{name}_noisy": name for name in ("vehicle", "car")}
NOISE, MOST_TEST_ROWS = 0.25, 2000
SMALL = (*OF_SKLEARN, *SAMPLES, *NOISY)
MODELS = ("MLP", "TabularMLP", "scikit-learn's", "HistGradient", "one network", "CatBoost", "RealMLP")
PEERS = {"HistGradient": "sklearn", "CatBoost": "catboost", "RealMLP": "pytabkit"}  # by the package that they need
ABLATION = {
    "all": {},
    "no clip": {},
    "no embedding": {"embedding": None},
    "piecewise linear": {"embedding": "piecewise_linear"},
    "constant rate": {"learning_rate": "constant"},
    "no dropout": {"dropout": 0.0},
    "no weight decay": {"alpha": 0.0},
    "one member": {"n_members": 1},
    "no smoothing": {"label_smoothing": 0.0},
    "more smoothing": {"label_smoothing": 0.1},
}


class Table(NamedTuple):
    X: np.ndarray
    y: np.ndarray
    categorical: np.ndarray
    test_sets: list[np.ndarray]
    n_train: int | None = None  # None for all rows that are not tested
    most_rows: int | None = None  # for training

    def train_rows(self, k: int) -> np.ndarray:
        """Rows for training in split k: of samples, those before the tested ones in the order of the split."""
        if self.n_train is None:
            rows = np.setdiff1d(np.arange(len(self.y)), self.test_sets[k])
            return np.random.default_rng(k).permutation(rows)[: self.most_rows] if self.most_rows else rows
        return np.random.default_rng(k).permutation(len(self.y))[: self.n_train]

    @property
    def of_classes(self) -> bool:
        return self.y.dtype.kind != "f"


def above_median(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Classes of numbers that are so noisy that most errors cannot be avoided."""
    return X, (y > np.median(y)).astype(int)


def table_of(folder: Path, name: str) -> Table:
    """A table of a file, of scikit-learn, a sample of the rows of a file, or one with noisy labels."""
    if name in OF_SKLEARN:
        X, y = OF_SKLEARN[name](return_X_y=True)
        strata = y if y.dtype.kind == "i" else None
        tests = [
            train_test_split(np.arange(len(y)), test_size=0.2, random_state=k, stratify=strata)[1] for k in range(6)
        ]
        return Table(X.astype(np.float32), y, np.zeros(X.shape[1], dtype=bool), tests)
    if name in SAMPLES:
        file, n = SAMPLES[name]
        table = load(folder, file)
        orders = [np.random.default_rng(k).permutation(len(table.y)) for k in range(6)]
        return table._replace(test_sets=[order[n : n + MOST_TEST_ROWS] for order in orders], n_train=n)
    if name in NOISY:
        table, rng = load(folder, NOISY[name]), np.random.default_rng(0)
        drawn = rng.random(len(table.y)) < NOISE
        return table._replace(y=np.where(drawn, rng.choice(np.unique(table.y), len(table.y)), table.y))
    return load(folder, name)


def load(folder: Path, name: str) -> Table:
    """Load a table without columns of missing values only, which HistGradientBoosting does not accept."""
    (path,) = (path for kind in ("tab", "uci", "ucireg", "reg") for path in folder.glob(f"{kind}_{name}.npz"))
    with np.load(path) as file:
        arrays = dict(file)
    if "X_train" in arrays:
        n_train, n = len(arrays["y_train"]), len(arrays["y_train"]) + len(arrays["y_test"])
        X, y = (np.concatenate([arrays[f"{part}_train"], arrays[f"{part}_test"]]) for part in "Xy")
        test_sets = [np.arange(n_train, n)]
    else:
        X, y = arrays["X"], arrays["y"]
        fold = arrays.get("fold", arrays.get("test_fold"))
        test_sets = list(arrays["test_index"]) if fold is None else [np.flatnonzero(fold == k) for k in range(10)]
    X = X.astype(np.float32)
    real = ~np.isnan(X).all(axis=0)
    categorical = arrays.get("cat_mask", np.zeros(X.shape[1], dtype=bool))
    return Table(X[:, real], y, categorical[real], test_sets)


def model_of(name: str, table: Table, seed: int, **parameters):
    kind = "Classifier" if table.of_classes else "Regressor"
    if name == "one network":
        return model_of("TabularMLP", table, seed, n_cv=1)
    if name in ("CatBoost", "RealMLP"):
        return (catboost_of if name == "CatBoost" else realmlp_of)(kind, table, seed)
    if name == "TabularMLP":
        if not table.of_classes:
            parameters.pop("label_smoothing", None)
        family = getattr(skneural, f"TabularMLP{kind}")
        return family(categorical_features=table.categorical, random_state=seed, **parameters)
    if name == "HistGradient":
        family = HistGradientBoostingClassifier if table.of_classes else HistGradientBoostingRegressor
        return family(categorical_features=table.categorical, random_state=seed)
    library = skneural if name == "MLP" else sklearn.neural_network
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), table.categorical),
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), ~table.categorical),
    )
    return make_pipeline(columns, getattr(library, f"MLP{kind}")(random_state=seed))


def catboost_of(kind: str, table: Table, seed: int):
    """CatBoost, which takes categories as text."""
    import catboost  # an optional contestant

    family = getattr(catboost, f"CatBoost{kind}")
    categories = list(range((~table.categorical).sum(), len(table.categorical)))
    model = family(random_seed=seed, verbose=0, thread_count=1, cat_features=categories, allow_writing_files=False)
    return make_pipeline(*as_frame("passthrough", table.categorical, "str"), model)


def realmlp_of(kind: str, table: Table, seed: int):
    """RealMLP with the defaults of pytabkit, which has its own validation data but takes no missing numbers."""
    import pytabkit  # an optional contestant

    family = getattr(pytabkit, f"RealMLP_TD_{kind}")
    imputer = SimpleImputer(strategy="median", add_indicator=True)
    model = family(device="cpu", n_threads=1, random_state=seed)
    return make_pipeline(*as_frame(imputer, table.categorical, "category"), model)


def as_frame(numbers: object, categorical: np.ndarray, kind: str) -> tuple:
    """Steps to a DataFrame with numbers first, and categories after them as text or in another type."""
    columns = make_column_transformer((numbers, ~categorical), ("passthrough", categorical))
    return columns, FunctionTransformer(partial(with_categories, n_categories=int(categorical.sum()), kind=kind))


def with_categories(X: np.ndarray, n_categories: int, kind: str) -> pd.DataFrame:
    columns = pd.DataFrame(X)
    names = list(columns)[len(columns.columns) - n_categories :]
    codes = columns[names].fillna(-1).astype(int).astype(str)
    return columns.drop(columns=names).join(codes.astype(kind))


class Result(NamedTuple):
    score: float
    seconds: float
    log_loss: float = np.nan
    brier: float = np.nan
    calibration_error: float = np.nan
    deviation: float = np.nan
    rmse: float = np.nan


def result(name: str, table: Table, k: int, **parameters) -> Result:
    train, test = table.train_rows(k), table.test_sets[k]
    model = model_of(name, table, k, **parameters)
    start = time.process_time()
    model.fit(table.X[train], table.y[train])
    seconds = time.process_time() - start
    score, y = model.score(table.X[test], table.y[test]), table.y[test]
    if not table.of_classes:
        return Result(score, seconds, rmse=float(np.sqrt(np.mean((model.predict(table.X[test]) - y) ** 2))))
    probabilities = model.predict_proba(table.X[test])
    true = model.classes_[probabilities.argmax(axis=1)] == y
    indicator = y[:, np.newaxis] == model.classes_
    of_true = np.clip((probabilities * indicator).sum(axis=1), 1e-7, 1)
    brier = float(np.mean(((probabilities - indicator) ** 2).sum(axis=1)))
    deviation = float(np.abs(probabilities.mean(axis=0) - indicator.mean(axis=0)).max())
    error = calibration_error(probabilities.max(axis=1), true)
    return Result(score, seconds, -float(np.log(of_true).mean()), brier, error, deviation)


def calibration_error(confidence: np.ndarray, true: np.ndarray, n_bins: int = 15) -> float:
    """Expected calibration error: mean difference between confidence and accuracy over bins of the confidence."""
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    gaps = [abs(np.sum(confidence[bins == i] - true[bins == i])) for i in range(n_bins)]
    return float(np.sum(gaps) / len(true))


def mean_result(name: str, table: Table, splits: slice, **parameters) -> Result:
    """Means over splits, and the sum of their seconds."""
    results = [result(name, table, k, **parameters) for k in numbers_of(table, splits)]
    means = Result(*np.mean(results, axis=0).tolist())
    return means._replace(seconds=sum(single.seconds for single in results))


def numbers_of(table: Table, splits: slice) -> list[int]:
    """Numbers of the selected splits of a table; all if it does not have these."""
    numbers = list(range(len(table.test_sets)))
    return numbers[splits] or numbers


def compare(folder: Path, names: list[str], splits: slice, models: list[str], most_rows: int | None) -> None:
    print(f"{'table':<15}{'rows':>6}{'splits':>7}" + "".join(f"{model:>15}{'s':>8}" for model in models))
    scores, seconds, others, of_classes = [], np.zeros(len(models)), [], []
    for name in names:
        table = table_of(folder, name)._replace(most_rows=most_rows)
        results = [mean_result(model, table, splits) for model in models]
        line = "".join(f"{single.score:>15.4f}{single.seconds:>8.1f}" for single in results)
        rmse = "   RMSE " + " ".join(f"{single.rmse:.5g}" for single in results) if name == "california" else ""
        n_rows = table.n_train or len(table.y)
        print(f"{name:<15}{n_rows:>6}{len(numbers_of(table, splits)):>7}{line}{rmse}", flush=True)
        scores.append([single.score for single in results])
        seconds += [single.seconds for single in results]
        of_classes.append(table.of_classes)
        others.append(
            [[single.log_loss, single.brier, single.calibration_error, single.deviation] for single in results]
        )
    table, of_classes = np.array(scores), np.array(of_classes)
    ranks = rankdata(-table.round(4), axis=1)
    rows = {
        "mean accuracy": table[of_classes].mean(axis=0) if of_classes.any() else None,
        "mean R^2": table[~of_classes].mean(axis=0) if not of_classes.all() else None,
        "mean rank": ranks.mean(axis=0),
        "best": (ranks == ranks.min(axis=1, keepdims=True)).sum(axis=0),
        "seconds": seconds,
    }
    if of_classes.any():
        labels = ("log loss", "Brier score", "ECE", "mean probability off by")
        rows |= dict(zip(labels, np.nanmean(np.array(others)[of_classes], axis=0).T, strict=True))
    for label, values in rows.items():
        if values is not None:
            print(f"{label:<26}" + "".join(f"{value:>15.4f}{'':>8}" for value in values))


def ablate(folder: Path, names: list[str], splits: slice) -> None:
    """Ablation study of one network: scores without one component, or with an alternative."""
    print(f"{'':<18}" + "".join(f"{name:>12}" for name in names) + f"{'mean':>12}{'s':>8}{'Brier':>8}{'ECE':>8}")
    tables = [load(folder, name) for name in names]
    for label, parameters in ABLATION.items():
        without_clip = patch.object(skneural.estimators.tabular.network, "SmoothClip", lambda: Activation("identity"))
        with without_clip if label == "no clip" else nullcontext():
            results = [mean_result("TabularMLP", table, splits, n_cv=1, **parameters) for table in tables]
        mean, seconds = np.mean([single.score for single in results]), sum(single.seconds for single in results)
        brier, error = (
            np.nanmean([getattr(single, key) for single in results]) for key in ("brier", "calibration_error")
        )
        line = "".join(f"{single.score:>12.4f}" for single in results)
        print(f"{label:<18}{line}{mean:>12.4f}{seconds:>8.1f}{brier:>8.4f}{error:>8.4f}", flush=True)


def members(folder: Path) -> None:
    """Print the minimum seconds of an epoch with one member and with eight, and the share of dense layers' products."""
    table = load(folder, "california")
    rows, counts, n_epochs = np.arange(8192), (1, 8), 3

    def fit(n_members: int, n: int) -> float:
        model = model_of("TabularMLP", table, 0, n_members=n_members, max_iter=n, early_stopping=False)
        start = time.perf_counter()
        model.fit(table.X[rows], table.y[rows])
        return time.perf_counter() - start

    # the difference of a long fit and a short one excludes the time before and after the epochs
    times = [[(fit(k, 1 + n_epochs) - fit(k, 1)) / n_epochs for k in counts] for _ in range(5)]
    seconds_of_epoch = np.min(times, axis=0)
    for n_members, seconds in zip(counts, seconds_of_epoch, strict=True):
        profile = cProfile.Profile()
        profile.runcall(fit, n_members, 1 + n_epochs)
        statistics = pstats.Stats(profile).stats
        products = sum(entry[2] for (file, _, _), entry in statistics.items() if file.endswith("ops/linear.py"))
        whole = sum(entry[2] for entry in statistics.values())
        print(f"{n_members} members: {seconds:.3f} s an epoch of 8192 rows; products {products / whole:.0%} of a fit")
    print(f"ratio {seconds_of_epoch[1] / seconds_of_epoch[0]:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the .npz files")
    parser.add_argument("--tables", nargs="*", choices=[*CLASSES, *NUMBERS, *SMALL], help="default: all large ones")
    parser.add_argument("--small", action="store_true", help="small tables and noisy labels")
    parser.add_argument("--models", nargs="*", choices=MODELS, default=MODELS[:4])
    parser.add_argument("--peers", action="store_true", help="TabularMLP and those of other packages, if installed")
    parser.add_argument("--rows", type=int, help="most rows for training")
    parser.add_argument("--splits", type=int, default=3, help="number of splits")
    parser.add_argument("--skip", type=int, default=0, help="number of splits to skip")
    parser.add_argument("--ablation", action="store_true", help="ablation study")
    parser.add_argument("--members", action="store_true", help="time of an epoch with eight members")
    arguments = parser.parse_args()
    splits = slice(arguments.skip, arguments.skip + arguments.splits)
    warnings.simplefilter("ignore", ConvergenceWarning)
    if arguments.members:
        members(arguments.data)
    elif arguments.ablation:
        ablate(arguments.data, arguments.tables or list(ABLATION_TABLES), splits)
    else:
        tables = arguments.tables or (SMALL if arguments.small else [*CLASSES, *NUMBERS])
        peers = ["TabularMLP", *(name for name, package in PEERS.items() if find_spec(package))]
        models = peers if arguments.peers else arguments.models
        compare(arguments.data, tables, splits, models, arguments.rows)


if __name__ == "__main__":
    main()
