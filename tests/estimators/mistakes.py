"""Mistakes of users, and small models to make them with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from skneural import CNNClassifier, MLPClassifier, MLPRegressor, PerceptronClassifier, RNNSequenceClassifier
from tests.estimators.cases import flowers, patients


def classifier(**parameters):
    return MLPClassifier(4, max_iter=2, random_state=0).set_params(**parameters)


def regressor(**parameters):
    return MLPRegressor(4, max_iter=2, random_state=0).set_params(**parameters)


def perceptron(**parameters):
    return PerceptronClassifier(max_iter=5, random_state=0).set_params(**parameters)


def images(**parameters):
    return CNNClassifier(channels=2, hidden_layer_sizes=2, max_iter=1).set_params(**parameters)


def series(**parameters):
    return RNNSequenceClassifier(hidden_size=2, max_iter=1).set_params(**parameters)


XC, YC = flowers()
XR, YR = patients()
IMAGES = np.random.default_rng(0).random((8, 6, 5))
SERIES = [np.ones((5 + i, 3)) for i in range(8)]
LABELS = np.arange(8) % 2
DATA = {
    MLPClassifier: (XC, YC),
    MLPRegressor: (XR, YR),
    PerceptronClassifier: (XC, YC),
    CNNClassifier: (IMAGES, LABELS),
    RNNSequenceClassifier: (SERIES, LABELS),
}


def changed(array: np.ndarray, value: Any, place: Any = (3, 1)) -> np.ndarray:
    array = array.copy()
    array[place] = value
    return array


@dataclass(frozen=True)
class Mistake:
    """A mistaken call, the model that was fitted before, and the expected message as a regular expression."""

    case: str
    estimator: Any
    call: Callable[[Any], Any]
    message: str
    error: type[Exception] = ValueError


def fit(model):
    return model.fit(*DATA[type(model)])


def invalid(make: Callable[..., Any], message: str, **parameters: Any) -> Mistake:
    case = ", ".join(f"{name}={value!r}".split(" at 0x")[0] for name, value in parameters.items())
    return Mistake(f"{make.__name__}({case})", make(**parameters), fit, message)


def each(mistakes: list[Mistake]) -> Any:
    return pytest.mark.parametrize("mistake", mistakes, ids=[mistake.case for mistake in mistakes])
