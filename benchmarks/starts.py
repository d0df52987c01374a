"""Initial weights of dense layers with activations of the ReLU family: candidates, skneural's and scikit-learn's.

    python benchmarks/starts.py --data FOLDER             all groups of tasks
    python benchmarks/starts.py --data FOLDER raw deep    some of them
    python benchmarks/starts.py --data FOLDER --each      a row for each table, too

Prints one table per group. Scores are accuracy and R^2 on test rows, over tables and splits; the first loss is that of
the first epoch, divided by that of the best constant prediction. A silent failure converges before `max_iter`, thus
without a warning, with a score below 0.8 of the best one on the same split. benchmarks/README.md lists the sources of
the files.
"""

from __future__ import annotations

import argparse
import functools
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sklearn.neural_network
from sklearn.base import is_classifier
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from tabular import CLASSES, NUMBERS
from tabular import load as load_benchmark

import skneural
from skneural.initializers import uniform
from skneural.layers import Dense
from skneural.layers.traversal import mapped
from skneural.parameters import Parameter


class Bounds(NamedTuple):
    """Bounds of the uniform distributions of the initial weights and biases of a dense layer."""

    weight: float
    bias: float


def glorot(layer: Dense) -> Bounds:
    """Bounds of scikit-learn's MLP, which also apply to the output layer."""
    bound = math.sqrt(6 / (layer.n_in + layer.n_out))
    return Bounds(bound, bound)


def he(layer: Dense) -> Bounds:
    return Bounds(math.sqrt(6 / layer.n_in), math.sqrt(1 / layer.n_in))


class Start(NamedTuple):
    """Bounds of the first hidden layer, of other hidden layers, and a factor of those of the output layer."""

    first: Callable[[Dense], Bounds]
    behind: Callable[[Dense], Bounds]
    output: float = 1.0


STARTS = {
    "skneural": None,
    "he": Start(he, he),
    "he, output 0": Start(he, he, 0.0),
    "glorot": Start(glorot, glorot),
    "glorot, output / 10": Start(glorot, glorot, 0.1),
    "glorot, output 0": Start(glorot, glorot, 0.0),
    "glorot, he, output 0": Start(glorot, he, 0.0),
    "scikit-learn": None,
}


@dataclass(frozen=True)
class Started(Dense):
    """Dense layer with custom bounds of the initial weights; the bias of an output layer is set by the estimator."""

    bounds: Bounds | None = None

    def parameters(self):
        bias = Parameter((self.n_out,), uniform(self.bounds.bias), penalized=False)
        return {"weight": Parameter((self.n_in, self.n_out), uniform(self.bounds.weight)), "bias": bias}


def start_of(start: Start, number: int, layer: Dense, last: Dense) -> Started:
    """Dense layer with the bounds for its position in the network, counted from 0."""
    if layer is last:
        bound = start.output * glorot(layer).weight
        bounds = Bounds(bound, bound)
    else:
        bounds = (start.behind if number else start.first)(layer)
    return Started(layer.n_in, layer.n_out, bounds=bounds)


def started(estimator, start: Start):
    """Estimator with other initial weights of dense layers; those of convolutions are unchanged."""
    builder = type(estimator)._network_builder

    @functools.wraps(builder)
    def other(**arguments):
        network = builder(**arguments)
        last, count = network["output"], iter(range(10**6))

        def changed(name, layer):
            return start_of(start, next(count), layer, last) if isinstance(layer, Dense) else layer

        return mapped(network, changed)

    kind = type(estimator)
    other_kind = type(kind.__name__, (kind,), {"_network_builder": staticmethod(other)})
    return other_kind(**estimator.get_params())


class Task(NamedTuple):
    """Split of a table, and the estimator that is fitted to it."""

    name: str
    estimator: Any  # of skneural
    train: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]


class Result(NamedTuple):
    score: float
    first_loss: float
    stopped: bool


def split_task(name: str, X, y, split: int, scale: bool) -> Task:
    """Split a table with a quarter for testing; the number of the split is also the seed of the model."""
    classes = len(np.unique(y)) <= 30
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.25, random_state=split, stratify=y if classes else None
    )
    return table_task(name, (X_train, y_train), (X_test, y_test), split, scale, classes)


def table_task(name: str, train, test, seed: int, scale: bool, classes: bool) -> Task:
    kind = skneural.MLPClassifier if classes else skneural.MLPRegressor
    if not classes:  # skneural scales targets itself; only the initial weights shall differ
        scaler = StandardScaler().fit(train[1].reshape(-1, 1))
        train, test = ((X, scaler.transform(y.reshape(-1, 1)).ravel()) for X, y in (train, test))
    if scale:
        scaler = StandardScaler().fit(train[0])
        train, test = ((scaler.transform(X), y) for X, y in (train, test))
    return Task(name, kind(random_state=seed), train, test)


def file_of(folder: Path, name: str):
    with np.load(folder / f"{name}.npz") as file:
        return file["X"].astype(np.float64), file["y"]


def raw(folder: Path) -> Iterator[Task]:
    """Unscaled tables, iris with 20 seeds, the others with 6 splits."""
    X, y = load_iris(return_X_y=True)
    for seed in range(20):
        yield table_task("iris", (X, y), (X, y), seed, False, True)
    tables = {"wine": load_wine(return_X_y=True), "breast cancer": load_breast_cancer(return_X_y=True)}
    tables |= {name: file_of(folder, f"tab_{name}") for name in ("vehicle", "credit_g", "segment")}
    for name, (X, y) in tables.items():
        for split in range(6):
            yield split_task(name, X, y, split, False)


def scaled(folder: Path) -> Iterator[Task]:
    """Six small tables with a StandardScaler, five splits each."""
    tables = {"iris": load_iris(return_X_y=True), "wine": load_wine(return_X_y=True)}
    tables |= {"breast cancer": load_breast_cancer(return_X_y=True), "diabetes": load_diabetes(return_X_y=True)}
    tables |= {"vehicle": file_of(folder, "tab_vehicle"), "autompg": file_of(folder, "ucireg_autompg")}
    for name, (X, y) in tables.items():
        for split in range(5):
            yield split_task(name, X, y, split, True)


def benchmark(folder: Path) -> Iterator[Task]:
    """Tables of benchmarks/tabular.py, six splits each, or one for more than 5000 rows."""
    for name in (*CLASSES, *NUMBERS):
        X, y, _, test_sets = load_benchmark(folder, name)
        for k, test in enumerate(test_sets[: 1 if len(y) > 5000 else 6]):
            train = np.setdiff1d(np.arange(len(y)), test)
            yield table_task(name, (X[train], y[train]), (X[test], y[test]), k, True, name in CLASSES)


def deep(folder: Path) -> Iterator[Task]:
    """Eight and twenty hidden layers of 64 on digits."""
    X, y = load_digits(return_X_y=True)
    for depth in (8, 20):
        for split in range(4):
            task = split_task(f"{depth} layers", X, y, split, True)
            yield task._replace(estimator=task.estimator.set_params(hidden_layer_sizes=(64,) * depth, max_iter=60))


# Normalization would hide the starts, and a schedule the epochs.
PLAIN = {"batch_norm": False, "learning_rate": "constant", "batch_size": 200}


def convolutional(folder: Path) -> Iterator[Task]:
    """Three architectures on digits, six epochs."""
    X, y = load_digits(return_X_y=True)
    for architecture in ("vgg", "lenet", "resnet"):
        for split in range(4):
            task = split_task("digits", X.reshape(-1, 8, 8), y, split, False)
            estimator = skneural.CNNClassifier(
                architecture=architecture,
                channels=(8, 16),
                max_iter=6,
                early_stopping=False,
                random_state=split,
                **PLAIN,
            )
            yield task._replace(name=architecture, estimator=estimator)


GROUPS = {"raw": raw, "scaled": scaled, "benchmark": benchmark, "deep": deep, "convolutional": convolutional}


def result_of(name: str, task: Task) -> Result | None:
    """Result of a task with the initial weights of that name; None if scikit-learn has no such estimator."""
    estimator = task.estimator
    if name == "scikit-learn":
        if not hasattr(sklearn.neural_network, type(estimator).__name__):
            return None
        shared = ("hidden_layer_sizes", "max_iter", "random_state")
        peer = getattr(sklearn.neural_network, type(estimator).__name__)
        estimator = peer(**{key: getattr(estimator, key) for key in shared})
    elif STARTS[name] is not None:
        estimator = started(estimator, STARTS[name])
    estimator.fit(*task.train)
    first_loss = estimator.loss_curve_[0] / constant_loss(estimator, task.train[1])
    return Result(estimator.score(*task.test), first_loss, estimator.n_iter_ < estimator.max_iter)


def constant_loss(estimator, y) -> float:
    """Loss of the best constant prediction."""
    if not is_classifier(estimator):
        return float(np.var(y)) / 2
    shares = np.unique(y, return_counts=True)[1] / len(y)
    return float(-shares @ np.log(shares))


def print_table(group: str, results: dict[str, list[Result]]) -> None:
    best = np.max([[result.score for result in column] for column in results.values()], axis=0)
    for name, column in results.items():
        values, first, stopped = (np.array(part) for part in zip(*column, strict=True))
        silent = int(np.sum(stopped & (values < 0.8 * best)))
        print(
            f"{group:<15}{name:<21}{values.mean():>8.4f}{values.min():>9.4f}{first.mean():>12.2f}{silent:>8}/{len(values)}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", choices=[[], *GROUPS], default=[])
    parser.add_argument("--data", type=Path, required=True, help="folder with the .npz files")
    parser.add_argument("--starts", nargs="+", choices=STARTS, default=list(STARTS))
    parser.add_argument("--each", action="store_true", help="also print the means of every table")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")

    print(f"{'group':<15}{'start':<21}{'mean':>8}{'worst':>9}{'first loss':>12}{'silent':>8}")
    for group in arguments.groups or GROUPS:
        tasks = list(GROUPS[group](arguments.data))
        results = {name: [result_of(name, task) for task in tasks] for name in arguments.starts}
        results = {name: column for name, column in results.items() if None not in column}
        for table in dict.fromkeys(task.name for task in tasks) if arguments.each else ():
            chosen = [i for i, task in enumerate(tasks) if task.name == table]
            print_table(table, {name: [column[i] for i in chosen] for name, column in results.items()})
        print_table(group, results)


if __name__ == "__main__":
    main()
