"""NumPy's scalars mean what Python's numbers, booleans and strings do, in every hyper-parameter."""

from fractions import Fraction

import numpy as np
import pytest

from skneural import DiffusionModel, LanguageModel, MLPClassifier, MLPRegressor
from skneural.hyperparameters import python_value
from tests.estimators.cases import (
    ESTIMATORS,
    OF_LONG_SERIES,
    OF_PAIRS,
    OF_TEXTS,
    UNTRAINED,
    every,
    flowers,
    most_precise_output,
    of_each_class,
    patients,
    sentences,
)

SCALARS = {bool: np.bool_, int: np.int64, float: np.float64, str: np.str_}


def as_scalar(value):
    """The NumPy scalar of a value, or a tuple of them; None if there is none."""
    if isinstance(value, tuple) and value:
        return tuple(as_scalar(element) for element in value)
    return SCALARS[type(value)](value) if type(value) in SCALARS else None


def fitted_state(model):
    """Numbers that depend on everything that happened in training."""
    return next(getattr(model, name) for name in ("weights_", "patterns_", "coef_") if hasattr(model, name))


@every(of_each_class(ESTIMATORS | OF_TEXTS | OF_PAIRS | OF_LONG_SERIES | UNTRAINED))
def test_every_hyperparameter_may_be_a_numpy_scalar(case):
    """The model is the same to the bit, in single precision, and keeps what it was given."""
    X, y = case.data(np.float32)
    trains = {"max_iter": 1, "batch_size": "auto"} if hasattr(case.estimator, "learning_rate") else {}
    reference = case.new(**trains)
    scalars = {name: as_scalar(value) for name, value in reference.get_params(deep=False).items()}
    scalars = {name: value for name, value in scalars.items() if value is not None}
    assert len(scalars) > 3
    model = case.new(**scalars).fit(X, y)
    np.testing.assert_array_equal(fitted_state(model), fitted_state(reference.fit(X, y)), strict=True)
    np.testing.assert_array_equal(most_precise_output(model, X), most_precise_output(reference, X), strict=True)
    kept = model.get_params(deep=False)
    assert all(kept[name] is value for name, value in scalars.items())


@pytest.mark.parametrize("solver", ["sgd", "adam", "adamw", "rmsprop", "lbfgs"])
@pytest.mark.parametrize("learning_rate", ["constant", "invscaling", "adaptive", "cosine", "one_cycle"])
def test_hyperparameters_of_training_may_be_numpy_scalars(solver, learning_rate):
    X, y = patients(np.float32)
    options = {"solver": solver, "learning_rate": learning_rate, "warmup": 0.2, "max_iter": 2, "random_state": 0}
    options |= {"max_grad_norm": 1.0, "learning_rate_init": 0.01, "momentum": 0.5, "early_stopping": True, "n_jobs": 2}
    options |= {"loss": "huber", "dropout": 0.2}
    scalars = {name: as_scalar(value) for name, value in options.items()}
    models = [MLPRegressor(4, **parameters).fit(X, y) for parameters in (options, scalars)]
    np.testing.assert_array_equal(models[1].weights_, models[0].weights_, strict=True)
    assert models[1].validation_scores_ == models[0].validation_scores_


def test_sizes_may_be_an_array():
    X, y = flowers(np.float32)
    models = [MLPClassifier(sizes, max_iter=2, random_state=0).fit(X, y) for sizes in ((3, 2), np.array([3, 2]))]
    np.testing.assert_array_equal(models[1].weights_, models[0].weights_)
    assert type(models[1].network_arguments_["hidden_layer_sizes"][0]) is int


def test_numpy_booleans_decide_on_early_stopping():
    X, y = flowers()
    model = MLPClassifier(2, max_iter=2, random_state=0)
    assert model.set_params(early_stopping=np.False_).fit(X, y).validation_scores_ is None
    assert model.partial_fit(X, y).n_iter_ == 1
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
        model.set_params(early_stopping=np.True_).partial_fit(X, y)


def test_arguments_of_generation_may_be_numpy_scalars():
    X, y = flowers(np.float32)
    model = DiffusionModel(4, max_iter=1, random_state=0).fit(X, y)
    rows = []
    for kind in (float, np.float64):
        model.set_params(eta=kind(0.5), guidance=kind(2), n_sampling_steps=np.int64(3))
        rows.append(model.sample(np.int64(4), y=y[:4], random_state=np.int64(0)))
    np.testing.assert_array_equal(rows[1], rows[0], strict=True)
    texts = LanguageModel(architecture="gru", d_model=4, max_iter=1, random_state=0).fit(sentences()[0])
    written = [
        texts.generate("who", kind(20), temperature=scale(0.7), top_k=kind(3), random_state=kind(0))
        for kind, scale in ((int, float), (np.int64, np.float64))
    ]
    assert written[1] == written[0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (Fraction(1, 2), 0.5),
        (np.uint8(3), 3),
        (np.bool_(True), True),
        (np.str_("adam"), "adam"),
        ([np.int64(1), (np.float64(2),)], [1, (2.0,)]),
        (np.array([1.5]), [1.5]),
        (None, None),
        (len, len),
    ],
)
def test_python_value(value, expected):
    found = python_value(value)
    assert found == expected
    assert type(found) is type(expected)
