"""Comparison of all models before and after a change of the code, to the bit.

    python -m benchmarks.same_models --record FOLDER      before the change
    python -m benchmarks.same_models --compare FOLDER     after it; the exit status counts what differs

Both from the root of the repository, where `tests` can be imported.

Fits every row of the estimator tables of the tests, and the inputs that these tables lack (images, series of equal and
unequal lengths, tokens, targets of steps, sparse X), in float32 and float64, by `fit`, by `partial_fit` and by going on
with ``warm_start``, with one thread and with two. Compared are weights, buffers, predictions and curves. The recording
belongs to one machine and one set of libraries: another BLAS rounds otherwise.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from scipy import sparse
from sklearn.base import clone

import skneural
from tests.estimators.cases import ESTIMATORS, UNTRAINED, flowers, most_precise_output

CURVES = ("loss_curve_", "validation_scores_", "n_iter_", "t_", "best_loss_", "best_validation_score_")
STATE = ("weights_", "buffers_", "y_mean_", "y_scale_", "coef_", "edge_importances_", "feature_importances_")
Models = Iterator[tuple[str, Any, Any, Any]]  # name, estimator, X, y


def tabled() -> Models:
    """The rows of the tables of the tests."""
    for name, case in (ESTIMATORS | UNTRAINED).items():
        for dtype in (np.float32, np.float64):
            yield f"{name}, {np.dtype(dtype)}", case.new(), *case.data(dtype)


def others() -> Models:
    """Cases that the tables lack: other kinds of X, and sizes from which several threads and blocks are used."""
    rng = np.random.default_rng(0)
    kinds = np.array(["a", "b", "c"])[rng.integers(0, 3, 40)]
    numbers = rng.standard_normal((40, 2))
    lengths = rng.integers(1, 12, 40)
    kinds_of_series = {
        "series": (rng.standard_normal((40, 9, 2)), {}),
        "unequal": ([rng.standard_normal((n, 2)).astype(np.float32) for n in lengths], {"batch_size": 16}),
        "tokens": ([rng.integers(0, 7, n) for n in lengths], {"vocabulary_size": 7, "batch_size": 16}),
    }
    small = {"random_state": 0, "max_iter": 3, "early_stopping": True}
    for kind, (X, options) in kinds_of_series.items():
        for cell in ("rnn", "lstm", "gru", "indrnn", "jordan"):
            parameters = small | options | {"cell": cell, "hidden_size": 4, "n_layers": 2, "dropout": 0.2}
            yield (
                f"{cell}, classes of {kind}",
                skneural.RNNSequenceClassifier(bidirectional=True, **parameters),
                X,
                kinds,
            )
            yield f"{cell}, {kind}", skneural.RNNSequenceRegressor(pooling="attention", **parameters), X, numbers
        labels = [kinds[rng.integers(0, 40, len(series))] for series in X]
        yield f"tags of {kind}", skneural.RNNSequenceTagger(hidden_size=4, **small, **options), X, labels
        several = [rng.integers(0, 2, (len(series), 4)) for series in X]
        yield f"several tags of {kind}", skneural.RNNSequenceTagger(hidden_size=4, **small, **options), X, several
        steps = [rng.standard_normal((len(series), 2)) for series in X]
        yield (
            f"numbers of the steps of {kind}",
            skneural.RNNSequenceRegressor(hidden_size=4, **small, **options),
            X,
            steps,
        )
        for architecture in ("fcn", "resnet", "inception", "textcnn"):
            parameters = small | options | {"architecture": architecture, "channels": 4, "dropout": 0.2}
            yield f"{architecture}, classes of {kind}", skneural.CNNSequenceClassifier(**parameters), X, kinds
            yield f"{architecture}, {kind}", skneural.CNNSequenceRegressor(**parameters), X, numbers
    for architecture in ("lenet", "alexnet", "vgg", "inception", "resnet"):
        parameters = {"architecture": architecture, "channels": (4, 8), "hidden_layer_sizes": 8, "dropout": 0.2} | small
        images = rng.integers(0, 256, (40, 8, 8)).astype(np.uint8)
        model = skneural.CNNClassifier(batch_norm=True, augmentation=("flip", "shift"), **parameters)
        yield f"{architecture}, classes of images", model, images, kinds
        model = skneural.CNNRegressor(stem="gabor", **parameters)
        yield f"{architecture}, images", model, rng.standard_normal((40, 6, 6, 2)), numbers
    X, y = flowers()
    yield "sparse", skneural.MLPClassifier((8,), residual=True, **small), sparse.csr_array(X), y
    for loss in ("absolute_error", "huber", "quantile", "poisson"):
        yield f"loss {loss}", skneural.MLPRegressor((8,), loss=loss, **small), X[:, 1:], np.abs(X[:, 0])
    for scoring in ("accuracy", "neg_log_loss"):
        yield f"scoring {scoring}", skneural.MLPClassifier((8,), scoring=scoring, **small), X, y
    big = rng.standard_normal((3000, 1, 28, 28), dtype=np.float32)[:, 0]
    model = skneural.CNNClassifier(max_iter=1, batch_size=200, random_state=0, dropout=0.1, batch_norm=True, n_jobs=2)
    yield "two shards", model, big[:1000], rng.integers(0, 10, 1000)
    model = skneural.CNNSequenceClassifier(max_iter=1, batch_size=200, random_state=0, n_jobs=2)
    yield (
        "two shards of unequal series",
        model,
        [row.reshape(-1, 4)[: 20 + i % 170] for i, row in enumerate(big[:400])],
        (rng.integers(0, 2, 400)),
    )
    yield (
        "many rows",
        skneural.MLPClassifier((32,), max_iter=2, random_state=0),
        big.reshape(3000, -1),
        big.max((1, 2)) > 3.4,
    )


def trained(model: Any, X: Any, y: Any) -> Iterator[tuple[str, Any]]:
    """The model after each way to train it."""
    weight = np.random.default_rng(1).integers(0, 3, len(y)).astype(float)
    yield "fit", model.fit(X, y)
    if not hasattr(model, "solver"):
        return
    yield "weighted", clone(model).fit(X, y, sample_weight=weight)
    again = clone(model).set_params(warm_start=True).fit(X, y)
    yield "warm start", again.fit(X, y)
    if model.solver != "lbfgs":
        streamed = clone(model).set_params(early_stopping="auto")
        yield "partial_fit", streamed.partial_fit(X, y).partial_fit(X, y)


def facts(model: Any, X: Any) -> dict[str, Any]:
    """All that tells one model from another."""
    found = {name: getattr(model, name) for name in (*CURVES, *STATE) if hasattr(model, name)}
    if hasattr(model, "predict"):
        found["predictions"] = model.predict(X)
    found["scores"] = most_precise_output(model, X)
    if hasattr(model, "attention_weights"):
        found["attention"] = model.attention_weights(X)
    if hasattr(model, "edge_curve"):
        found["curve"] = model.edge_curve(0, 0, 0)
    return found


def same(one: Any, other: Any) -> bool:
    """To the bit, not a number included; memory order and strides do not count."""
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return np.asarray(one).dtype == np.asarray(other).dtype and np.array_equal(
        one, other, equal_nan=np.asarray(one).dtype.kind == "f"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--record", type=Path)
    group.add_argument("--compare", type=Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    found = {
        f"{name}, {way}": facts(fitted, X)
        for models in (tabled(), others())
        for name, model, X, y in models
        for way, fitted in trained(model, X, y)
    }
    if arguments.record:
        arguments.record.mkdir(parents=True, exist_ok=True)
        joblib.dump(found, arguments.record / "models.joblib")
        print(f"{len(found)} models recorded")
        return 0
    before = joblib.load(arguments.compare / "models.joblib")
    different = sorted(set(before) ^ set(found))
    for name in sorted(set(before) & set(found)):
        facts_that_differ = [key for key in before[name] if not same(before[name][key], found[name].get(key))]
        if facts_that_differ:
            different.append(f"{name}: {', '.join(facts_that_differ)}")
    print("\n".join(different))
    print(f"{len(found)} models compared, {len(different)} differ")
    return min(len(different), 255)


if __name__ == "__main__":
    sys.exit(main())
