"""Spaces of hyper-parameters for random searches.

Each hyper-parameter has a range here, or each family of estimators its own. Ranges of numbers are around the default of
the estimator, so that they suit what the family is scaled for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from scipy.stats import loguniform, uniform

from skneural.estimators import RocketSequenceClassifier, RocketSequenceRegressor
from skneural.estimators.hopfield import HopfieldNetwork
from skneural.hyperparameters import Choice, check_arguments
from skneural.template.estimator import NeuralEstimator
from skneural.template.settings import USED_BY

SIZES = ("small", "large")

WIDTHS_OF_KAN = [(3,), (5,), (10,), (5, 5)]
WIDTHS_OF_TABLES = [(128, 128), (256, 256), (256, 256, 256), (512, 512)]
WIDTHS_OF_GRAPHS = [(32, 32), (64, 64), (64, 64, 64), (128, 128, 128)]
WIDTHS = [(50,), (100,), (200,), (100, 100), (200, 200)]


def _around(factor: float) -> Callable[[float], Any]:
    """A distribution between a default divided and multiplied by a factor, uniform in its logarithm."""
    return lambda default: loguniform(default / factor, default * factor)


def _of(*values: Any) -> Callable[[Any], list[Any]]:
    return lambda default: list(values)


def _between(low: float, high: float) -> Callable[[Any], Any]:
    return lambda default: uniform(low, high - low)


# Ranges of hyper-parameters that matter most, for all estimators that have them: functions of the default.
SMALL: dict[str, Callable[[Any], Any]] = {
    "learning_rate_init": _around(10.0),
    "alpha": _around(100.0),
    "dropout": _between(0.0, 0.5),
    "hidden_layer_sizes": _of(*WIDTHS),
    "hidden_size": _of(32, 64, 128, 256),
    "d_model": _of(32, 64, 128),
    "latent_size": _of(2, 4, 8, 16, 32),
    "grid_size": _of(3, 5, 10, 20),
    "n_kernels": _of(1000, 3000, 10_000, 30_000),
}

# Further ranges, for larger searches.
FURTHER: dict[str, Callable[[Any], Any]] = {
    "batch_size": _of("auto", 32, 64, 128),
    "learning_rate": _of("constant", "cosine", "one_cycle"),
    "activation": _of("relu", "gelu", "silu", "mish", "tanh"),
    "batch_norm": _of(False, True),
    "residual": _of(False, True),
    "n_layers": _of(1, 2, 3),
    "n_heads": _of(1, 2, 4, 8),
    "feedforward_size": _of(64, 128, 256, 512),
    "bidirectional": _of(False, True),
    "embedding_size": _of(32, 64, 128),
    "state_size": _of(8, 16, 32),
    "spline_order": _of(2, 3),
    "sparsity": _of(0.0, 1e-4, 1e-3, 1e-2),
    "label_smoothing": _between(0.0, 0.1),
    "noise": _between(0.0, 0.3),
    "standardize": _of(True, False),
}

# Ranges of estimators whose hyper-parameters mean something else; None: not searched.
RANGES = Mapping[str, Callable[[Any], Any] | None]
IMAGES_SMALL: RANGES = {"channels": _of((16, 32), (32, 64), (32, 64, 128)), "hidden_layer_sizes": None}
OF_FAMILIES: dict[str, tuple[RANGES, RANGES]] = {
    "PerceptronClassifier": ({}, {"activation": None}),
    "TabularMLP": (
        {"hidden_layer_sizes": _of(*WIDTHS_OF_TABLES), "alpha": _around(10.0)},
        {
            "embedding": _of("periodic", "piecewise_linear", None),
            "embedding_size": _of(2, 4, 8),
            "learning_rate": None,
        },
    ),
    "KAN": ({"hidden_layer_sizes": _of(*WIDTHS_OF_KAN)}, {}),
    "CNNClassifier": (IMAGES_SMALL, {"hidden_layer_sizes": _of((), (64,), (128,), (256,)), "kernel_size": _of(3, 5)}),
    "CNNRegressor": (IMAGES_SMALL, {"hidden_layer_sizes": _of((), (64,), (128,), (256,)), "kernel_size": _of(3, 5)}),
    "ImageSegmenter": ({"channels": _of((8, 16), (16, 32), (16, 32, 64))}, {}),
    "ImageRegressor": ({"channels": _of((8, 16), (16, 32), (16, 32, 64))}, {}),
    "CNNSequence": ({}, {"architecture": _of("fcn", "resnet", "inception")}),
    "RNNSequence": ({"cell": _of("gru", "lstm")}, {"pooling": _of("last", "mean", "max", "attention")}),
    "TransformerSequence": (
        {},
        {"positional": _of("sinusoidal", "rotary", "none"), "pooling": _of("mean", "last", "max", "attention", "cls")},
    ),
    "MambaSequence": ({}, {"variant": _of("mamba2", "mamba"), "pooling": _of("mean", "last", "max", "attention")}),
    "GNNNode": (
        {"hidden_layer_sizes": _of((16,), (32,), (64,)), "convolution": _of("gcn", "sage", "gat")},
        {"dropout": _between(0.0, 0.7)},
    ),
    "GNNGraph": (
        {"hidden_layer_sizes": _of(*WIDTHS_OF_GRAPHS)},
        {"convolution": _of("gin", "gcn", "sage"), "pooling": _of("sum", "mean", "max")},
    ),
    "GNNLinkPredictor": (
        {"hidden_layer_sizes": _of((32, 16), (64, 32), (128, 64))},
        {"convolution": _of("gcn", "sage"), "embedding_size": None},
    ),
    "SequenceToSequence": ({}, {"attention": _of("additive", "dot"), "n_heads": None, "feedforward_size": None}),
    "LanguageModel": ({}, {"positional": _of("sinusoidal", "learned", "rotary")}),
    "DiffusionModel": ({"hidden_layer_sizes": _of(*WIDTHS_OF_TABLES)}, {"learning_rate": None}),
    "SeriesForecaster": (
        {"hidden_layer_sizes": _of((), (64,), (256,), (256, 256)), "normalize": _of("last", "mean")},
        {"learning_rate": None},
    ),
    "HopfieldNetwork": ({"rule": _of("hebbian", "projection", "modern")}, {}),
    "Rocket": ({"alpha": None}, {}),
}


def search_space(estimator: Any, size: str = "small") -> dict[str, Any]:
    """Make distributions of hyper-parameters for `sklearn.model_selection.RandomizedSearchCV`.

    Parameters
    ----------
    estimator : estimator of skneural
        Hyper-parameters that differ from their defaults stay as they are; those that its solver does not use are left
        out.
    size : {"small", "large"}, default="small"
        "small": rate, regularization and width, the two to five hyper-parameters that matter most, for 10 to 30
        candidates. "large": also activations, poolings, schedules and further sizes, for 50 candidates and more.

    Returns
    -------
    space : dict of str to list or distribution
        Lists of values, and distributions of `scipy.stats`, by name. All values that are drawn are valid together. In a
        pipeline, the names need the prefix of their step. Empty if nothing can be varied.

    Raises
    ------
    TypeError
        If the estimator is not one of skneural.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import RandomizedSearchCV
    >>> from skneural import MLPClassifier, search_space
    >>> model = MLPClassifier(max_iter=30, learning_rate="one_cycle", random_state=0)
    >>> sorted(search_space(model))
    ['alpha', 'dropout', 'hidden_layer_sizes', 'learning_rate_init']
    >>> search = RandomizedSearchCV(model, search_space(model), n_iter=4, random_state=0)
    >>> search.fit(*load_iris(return_X_y=True)).best_score_ > 0.9
    np.True_
    """
    check_arguments(size=(size, Choice(*SIZES)))
    known = (NeuralEstimator, HopfieldNetwork, RocketSequenceClassifier, RocketSequenceRegressor)
    if not isinstance(estimator, known):
        raise TypeError(f"search_space knows estimators of skneural only, and not {type(estimator).__name__}.")
    small, further = _of_family(type(estimator).__name__)
    ranges = {**SMALL, **small} if size == "small" else {**SMALL, **FURTHER, **small, **further}
    values, defaults = estimator.get_params(deep=False), _defaults(type(estimator))
    names = [name for name in ranges if name in defaults and values[name] == defaults[name]]
    space = {name: make(defaults[name]) for name in names if (make := ranges[name]) is not None}
    return {name: space[name] for name in sorted(space) if name not in _unused(estimator)}


def _of_family(name: str) -> tuple[RANGES, RANGES]:
    return next((ranges for family, ranges in OF_FAMILIES.items() if name.startswith(family)), ({}, {}))


def _defaults(kind: type) -> dict[str, Any]:
    return {field.name: field.default for field in dataclasses.fields(kind)}


def _unused(estimator: Any) -> set[str]:
    """Names of hyper-parameters that the estimator does not use as it is."""
    if not isinstance(estimator, NeuralEstimator):
        return set()
    settings, values = estimator._settings(one_pass=False), estimator.get_params(deep=False)
    unused = {name for name in USED_BY if not settings.uses(name)}
    if "vocabulary_size" in values:  # tokens have embeddings and no scale, and two architectures of their own
        unused |= {"embedding_size"} if values["vocabulary_size"] is None else {"standardize", "architecture"}
    if "convolution" in values and values["convolution"] != "gat":
        unused.add("n_heads")
    return unused | set(settings.unused(values))
