"""Kolmogorov-Arnold networks: comparison with published results, formulas, classification, training time.

    python benchmarks/kan.py                          tasks that need no files, a minute
    python benchmarks/kan.py --data FOLDER            also the 25 equations of reg_feynman.npz, half an hour
    python benchmarks/kan.py scaling hello

Prints the required and the measured results on test data, and seconds. benchmarks/README.md lists the source of the
file.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import special
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from timing import timed

from skneural import KANClassifier, KANRegressor, MLPRegressor
from skneural.layers import Context, SplineEdges
from skneural.parameters import Layout

EXACT = {"solver": "lbfgs", "alpha": 0, "tol": 1e-12}


class Result(NamedTuple):
    what: str
    asked: str
    measured: object
    seconds: float


def square(function: Callable[[np.ndarray], np.ndarray], n: int, seed: int, low: float = -1, high: float = 1):
    X = np.random.default_rng(seed).uniform(low, high, (n, 2))
    return X, function(X)


def wave(X: np.ndarray) -> np.ndarray:
    return np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)


def error(model, X: np.ndarray, y: np.ndarray) -> float:
    return float(np.sqrt(np.mean((model.predict(X) - y) ** 2)))


def refining(model, grid_sizes, X, y, max_iter: int = 1000):
    """Refine and train the model on one grid after another, and measure the seconds of each."""
    for grid_size in grid_sizes:
        finer = model.refine(grid_size).set_params(warm_start=True, max_iter=max_iter)
        model, seconds = timed(lambda finer=finer: finer.fit(X, y))
        yield grid_size, model, seconds


def scaling(folder: Path | None, seed: int) -> Iterator[Result]:
    """Error of [2,1,1] on exp(sin(pi x) + y^2) by grid, compared with the published one."""
    (X, y), test = square(wave, 3000, seed), square(wave, 3000, seed + 1)
    asked = {5: 7e-3, 10: 4e-4, 20: 3e-5, 50: 1e-6}
    model, seconds = timed(
        lambda: KANRegressor(hidden_layer_sizes=(1,), max_iter=400, random_state=seed, **EXACT).fit(X, y)
    )
    errors = {5: error(model, *test)}
    yield Result("exp(sin(pi x) + y^2), [2,1,1], grid 5, RMSE", f"<= {asked[5]:.0e}", errors[5], seconds)
    for grid_size, finer, seconds in refining(model, (10, 20, 50), X, y):
        errors[grid_size] = error(finer, *test)
        what = f"exp(sin(pi x) + y^2), [2,1,1], grid {grid_size}, RMSE"
        yield Result(what, f"<= {asked[grid_size]:.0e}", errors[grid_size], seconds)
    slope = -np.polyfit(np.log(list(errors)), np.log(list(errors.values())), 1)[0]
    yield Result("slope of log RMSE against log grid", ">= 3.5", float(slope), 0.0)


def hello(folder: Path | None, seed: int) -> Iterator[Result]:
    """[2,5,1], trained with sparsity, pruned, refined, and converted to a formula."""
    (X, y), test = square(wave, 1000, seed), square(wave, 1000, seed + 1)
    start = time.perf_counter()
    model = KANRegressor(sparsity=0.003, max_iter=200, random_state=seed, **EXACT).fit(X, y)
    model = model.prune().set_params(sparsity=0.0, warm_start=True).fit(X, y)
    model = model.refine(10).set_params(max_iter=400).fit(X, y)
    formula = model.to_formula()
    seconds = time.perf_counter() - start
    yield Result(f"[2,5,1] sparse, pruned, refined: {formula}, RMSE", "<= 1e-08", error(formula, *test), seconds)


def special_functions(folder: Path | None, seed: int) -> Iterator[Result]:
    """Two special functions of the paper's table."""
    cases = [
        ("kv(n, x), n in -1 to 1, x in .5 to 2", special.kv, (0.5, 2), (2,)),
        (
            "lpmv(0, l, x), l in -1 to 1, x in -.9 to .9",
            lambda degree, x: special.lpmv(0, degree, x),
            (-0.9, 0.9),
            (5,),
        ),
    ]
    for name, function, second, sizes in cases:
        draws = [np.random.default_rng(seed + k) for k in (0, 1)]
        X, X_test = (np.column_stack([rng.uniform(-1, 1, 3000), rng.uniform(*second, 3000)]) for rng in draws)
        y, y_test = function(*X.T), function(*X_test.T)
        model = KANRegressor(
            hidden_layer_sizes=sizes, grid_refinement=(10, 20), max_iter=500, random_state=seed, **EXACT
        )
        model, seconds = timed(lambda model=model, X=X, y=y: model.fit(X, y))
        yield Result(f"{name}, {[2, *sizes, 1]}, RMSE", "<= 1e-04", error(model, X_test, y_test), seconds)


def classes(folder: Path | None, seed: int) -> Iterator[Result]:
    """Classification after standardization."""
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    X, y = load_digits(return_X_y=True)
    model = make_pipeline(StandardScaler(), KANClassifier(hidden_layer_sizes=(32,), random_state=seed))
    scores, seconds = timed(lambda: cross_val_score(model, X, y, cv=folds))
    yield Result("digits, [64,32,10], accuracy of 5 folds", ">= .96", float(scores.mean()), seconds)
    X, y = load_breast_cancer(return_X_y=True)
    linear = cross_val_score(make_pipeline(StandardScaler(), LogisticRegression()), X, y, cv=folds).mean()
    model = make_pipeline(StandardScaler(), KANClassifier(random_state=seed))
    scores, seconds = timed(lambda: cross_val_score(model, X, y, cv=folds))
    yield Result(
        "breast cancer, [30,5,1], accuracy of 5 folds", f">= {linear - 0.01:.4f}", float(scores.mean()), seconds
    )


def speed(folder: Path | None, seed: int) -> Iterator[Result]:
    """Training time of [2,5,1] to a given error, and time of a layer by its grid."""
    (X, y), test = square(wave, 1000, seed), square(wave, 1000, seed + 1)
    times_to_error = []
    for start in range(seed, seed + 5):
        for max_iter in range(60, 1200, 30):
            model = KANRegressor(max_iter=max_iter, random_state=start, **EXACT)
            model, seconds = timed(lambda model=model: model.fit(X, y))
            if error(model, *test) <= 3.9e-3:
                break
        times_to_error.append(seconds)
    what = "[2,5,1], 1000 points, seconds to an RMSE of 3.9e-3, median of 5 seeds"
    yield Result(what, "<= 0.59", float(np.median(times_to_error)), max(times_to_error))
    times = {grid_size: _layer_seconds(grid_size, seed) for grid_size in (20, 100)}
    yield Result("64 to 64, batch 1000, grid 100 over grid 20", "<= 2.5", times[100] / times[20], times[100])


def _layer_seconds(grid_size: int, seed: int) -> float:
    layer = SplineEdges(64, 64, grid_size)
    layout = Layout(layer.parameters())
    start = layout.initial(np.random.default_rng(seed), np.float32)
    tree, gradient = layout.views(*start), layout.views(np.empty_like(start.vector))
    x = np.random.default_rng(seed).uniform(-1, 1, (1000, 64)).astype(np.float32)
    dy = np.ones((1000, 64), np.float32)
    seconds = []
    for _ in range(15):
        begin = time.perf_counter()
        layer.forward(tree, x, Context(np.random.default_rng(0)))[1](dy, gradient)
        seconds.append(time.perf_counter() - begin)
    return float(np.median(seconds))


def feynman(folder: Path | None, seed: int) -> Iterator[Result]:
    """25 equations of physics, 2000 training and 1000 test rows, and an MLP of equal size and training time."""
    if folder is None:
        return
    wins = formulas = n = 0
    with np.load(folder / "reg_feynman.npz") as file:
        names = sorted(name.removesuffix("__X") for name in file if name.endswith("__X"))
        data = {name: (file[f"{name}__X"].astype(np.float64), file[f"{name}__y"].astype(np.float64)) for name in names}
    for name, (X, y) in data.items():
        (X, X_test), (y, y_test) = (np.split(part[:3000], [2000]) for part in (X, y))
        model, seconds = timed(lambda X=X, y=y: _sparse_kan(X, y, seed))
        rival = _rival(model, X, y, seconds, seed)
        formula = _formula_of(X, y, seed)
        spread = y_test.std()
        errors = [error(regressor, X_test, y_test) / spread for regressor in (model, rival)]
        exact = error(formula, X_test, y_test) < 1e-6 * spread
        wins, formulas, n = wins + (errors[0] < errors[1]), formulas + exact, n + 1
        text = f"  {str(formula)[:90]}" if exact else ""
        yield Result(f"{name}: KAN, MLP in deviations", "", f"{errors[0]:.1e} {errors[1]:.1e}{text}", seconds)
    yield Result(f"KAN better than MLP, formulas found, of {n}", "", f"{wins} {formulas}", 0.0)


def _sparse_kan(X: np.ndarray, y: np.ndarray, seed: int) -> KANRegressor:
    return KANRegressor(
        hidden_layer_sizes=(5,), grid_refinement=(10,), max_iter=300, random_state=seed, early_stopping=False, **EXACT
    ).fit(X, y)


def _rival(model: KANRegressor, X: np.ndarray, y: np.ndarray, seconds: float, seed: int) -> MLPRegressor:
    """Multilayer perceptron with as many parameters, trained for as many seconds."""
    n_units = max(2, round((len(model.weights_) - 1) / (X.shape[1] + 2)))
    rival = MLPRegressor(n_units, "tanh", warm_start=True, max_iter=100, random_state=seed, **EXACT)
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        before = getattr(rival, "loss_", None)
        rival.fit(X, y)
        if rival.loss_ == before:
            break
    return rival


def _formula_of(X: np.ndarray, y: np.ndarray, seed: int):
    """Best formula of small networks of several shapes, which are pruned and refined."""
    best, lowest = None, np.inf
    for sizes in ((1,), (1, 1), (2,), (2, 1), (3,)):
        sparsity = 1e-3 if max(sizes) > 1 else 0.0
        model = KANRegressor(hidden_layer_sizes=sizes, sparsity=sparsity, max_iter=200, random_state=seed, **EXACT).fit(
            X, y
        )
        if sparsity:
            model = model.prune().set_params(sparsity=0.0, warm_start=True).fit(X, y)
        model = model.refine(10).set_params(warm_start=True).fit(X, y)
        formula = model.to_formula(threshold=0.95)
        if error(formula, X, y) < lowest:
            best, lowest = formula, error(formula, X, y)
        if lowest < 1e-6 * y.std():
            break
    return best


TASKS = {function.__name__: function for function in (scaling, hello, special_functions, classes, speed, feynman)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *TASKS], default=[])
    parser.add_argument("--data", type=Path, help="folder with reg_feynman.npz")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)

    print(f"{'':<70}{'required':>12}{'s':>8}  measured")
    for name in arguments.names or TASKS:
        for result in TASKS[name](arguments.data, arguments.seed):
            measured = f"{result.measured:.3g}" if isinstance(result.measured, float) else result.measured
            print(f"{result.what:<70}{result.asked:>12}{result.seconds:>8.2f}  {measured}", flush=True)


if __name__ == "__main__":
    main()
