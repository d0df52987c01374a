"""Means of the weights of models."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression

from skneural import MLPClassifier, MLPRegressor, PerceptronClassifier, average
from skneural.layers import BatchNormalization
from tests.estimators.cases import ESTIMATORS, OF_LONG_SERIES, OF_PAIRS, OF_TEXTS, every, flowers, of_each_class
from tests.estimators.uses import used

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

TRAINED = {
    name: case
    for name, case in of_each_class(ESTIMATORS | OF_TEXTS | OF_PAIRS | OF_LONG_SERIES).items()
    if "max_iter" in case.estimator.get_params()
}


@every(TRAINED)
def test_copies_have_themselves_as_their_mean(case):
    X, y = case.data()
    model = case.new().fit(X, y)
    mean = average([model, copy.deepcopy(model)], [1, 3])
    np.testing.assert_allclose(mean.weights_, model.weights_, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(mean.buffers_, model.buffers_, rtol=1e-6, atol=1e-8)
    assert mean.t_ == 2 * model.t_
    assert used(pickle.loads(pickle.dumps(mean)), X[:6])


def halves(model, X, y):
    """Copies of a fitted model that are trained further, each on half of the data."""
    return [copy.deepcopy(model).fit(X[part::2], y[part::2]) for part in (0, 1)]


def warm(**options):
    return MLPClassifier(
        **{"hidden_layer_sizes": (8,), "max_iter": 3, "warm_start": True, "random_state": 0, "early_stopping": False}
        | options
    )


def test_weights_are_weighted():
    X, y = flowers()
    one, two = halves(warm().fit(X, y), X, y)
    mean = average([one, two], [1, 3])
    np.testing.assert_allclose(mean.weights_, 0.25 * one.weights_ + 0.75 * two.weights_, rtol=1e-12)
    assert mean.weights_.dtype == one.weights_.dtype
    assert mean.loss_curve_[-1] == pytest.approx((one.loss_ + two.loss_) / 2)


def test_the_models_stay_as_they_are():
    X, y = flowers()
    parts = halves(warm(batch_norm=True).fit(X, y), X, y)
    before = [(part.weights_.copy(), part.buffers_.copy()) for part in parts]
    average(parts)
    for part, (weights, buffers) in zip(parts, before, strict=True):
        np.testing.assert_array_equal(part.weights_, weights)
        np.testing.assert_array_equal(part.buffers_, buffers)


def test_running_statistics_are_those_of_all_rows():
    layer = BatchNormalization(2)
    rng = np.random.default_rng(0)
    parts = [rng.normal(k, 1 + k, (100 * (k + 1), 2)) for k in range(3)]
    trees = [
        {
            "mean": x.mean(axis=0),
            "variance": x.var(axis=0),
            "n_batches": np.array(k + 1.0),
            "batch_weight": np.array(8.0),
        }
        for k, x in enumerate(parts)
    ]
    p = {name: np.empty_like(value) for name, value in trees[0].items()}
    layer.average_buffers(p, trees, [1 / 6, 2 / 6, 3 / 6])
    whole = np.concatenate(parts)
    np.testing.assert_allclose(p["mean"], whole.mean(axis=0))
    np.testing.assert_allclose(p["variance"], whole.var(axis=0))
    assert (p["n_batches"], p["batch_weight"]) == (3.0, 8.0)


def test_training_continues_from_the_mean_of_the_optimizers():
    X, y = flowers()
    one, two = halves(warm().fit(X, y), X, y)
    mean = average([one, two])
    moments = [name for name, value in one._optimizer_state.items() if isinstance(value, np.ndarray) and value.size > 1]
    assert moments
    for name in moments:
        expected = (one._optimizer_state[name] + two._optimizer_state[name]) / 2
        np.testing.assert_allclose(mean._optimizer_state[name], expected)
    assert mean.fit(X, y).n_iter_ == 3
    other = clone(two).set_params(solver="sgd").fit(X, y)
    assert average([one, other])._optimizer_state == {}


def test_one_step_on_parts_is_a_step_on_the_whole():
    """With plain gradient descent, the mean of steps on halves is the step on all of the data."""
    X, y = flowers()
    X, y = X[:40], y[:40]
    options = {
        "solver": "sgd",
        "momentum": 0.0,
        "batch_size": 40,
        "alpha": 0.0,
        "max_iter": 1,
        "nesterovs_momentum": False,
    }
    start = warm(**options).fit(X, y)
    whole = copy.deepcopy(start).fit(X, y)
    parts = [
        copy.deepcopy(start).set_params(batch_size=20).fit(X[rows], y[rows]) for rows in np.arange(40).reshape(2, 20)
    ]
    np.testing.assert_allclose(average(parts).weights_, whole.weights_, rtol=1e-9)


@pytest.mark.parametrize(
    ("other", "error", "message"),
    [
        (lambda X, y: MLPClassifier(9, max_iter=1).fit(X, y), ValueError, "network_arguments"),
        (lambda X, y: MLPClassifier(8, max_iter=1).fit(X[:, :2], y), ValueError, "network_arguments"),
        (lambda X, y: MLPClassifier(8, max_iter=1).fit(X, np.char.upper(y.astype(str))), ValueError, r"task\.classes"),
        (lambda X, y: PerceptronClassifier(max_iter=1).fit(X, y), TypeError, "PerceptronClassifier"),
        (lambda X, y: LinearRegression(), TypeError, "LinearRegression"),
    ],
)
def test_models_that_do_not_belong_together_are_refused(other, error, message):
    X, y = flowers()
    with pytest.raises(error, match=message):
        average([MLPClassifier(8, max_iter=1).fit(X, y), other(X, y)])


def test_other_units_of_y_are_refused():
    X, _ = flowers()
    model = MLPRegressor(4, max_iter=1)
    with pytest.raises(ValueError, match=r"differs from the first one in task.*different units"):
        average([clone(model).fit(X, X[:, 0]), clone(model).fit(X, 100 * X[:, 0])])


@pytest.mark.parametrize("scaled", [True, False])
def test_regressors_of_parts_have_units_of_their_own_unless_they_do_not_scale(scaled):
    X, _ = flowers()
    model = MLPRegressor(
        4, warm_start=True, max_iter=2, early_stopping=False, normalize_y=scaled, solver="adam", random_state=0
    )
    parts = halves(model.fit(X, X[:, 0]), X, X[:, 0])
    if scaled:
        with pytest.raises(ValueError, match="different units"):
            average(parts)
    else:
        assert np.isfinite(average(parts).predict(X)).all()


@pytest.mark.parametrize("weights", [[1], [1, -1], [0, 0], [np.inf, 1], [np.nan, 1]])
def test_weights_that_are_none_are_refused(weights):
    X, y = flowers()
    model = MLPClassifier(8, max_iter=1).fit(X, y)
    with pytest.raises(ValueError, match="weights must be"):
        average([model, model], weights)
    with pytest.raises(ValueError, match="at least one"):
        average([])
