"""A diverging training is an error that leaves the estimator unchanged; whatever is kept predicts finite numbers."""

import numpy as np
import pytest

from skneural import GNNGraphClassifier, MLPClassifier, MLPRegressor
from skneural.training.train import DivergenceError
from tests.estimators.cases import (
    ESTIMATORS,
    OF_LONG_SERIES,
    OF_PAIRS,
    OF_TEXTS,
    every,
    flowers,
    most_precise_output,
    of_each_class,
    patients,
)

pytestmark = pytest.mark.filterwarnings("ignore:lbfgs ended after:sklearn.exceptions.ConvergenceWarning")

# Hyper-parameters with which the only step, or the last one, ends far from everything.
DIVERGING = {
    **{solver: {"learning_rate_init": 1e200, "max_iter": 1} for solver in ("sgd", "adam", "adamw", "rmsprop")},
    "lbfgs": {"alpha": 1e300, "max_iter": 3},
}


def solvers_of(estimator):
    return ["sgd"] if getattr(estimator, "activation", None) == "step" else list(DIVERGING)


def outputs(model, X):
    """All outputs of a model in one array."""
    with np.errstate(all="ignore"):  # scores of tokens that follow each other may overflow
        output = most_precise_output(model, X)
    return np.concatenate([np.ravel(part) for part in output]) if isinstance(output, list) else np.ravel(output)


def ensure_finite_or_unchanged(model, X, train):
    before = dict(vars(model))
    try:
        train()
    except DivergenceError:
        assert vars(model).keys() == before.keys()
        assert all(value is before[name] for name, value in vars(model).items())
        return
    assert np.isfinite(model.weights_).all()
    assert np.isfinite(model.buffers_).all()
    output = outputs(model, X)
    assert output.dtype.kind != "f" or np.isfinite(output).all()


@every(of_each_class(ESTIMATORS | OF_TEXTS | OF_PAIRS | OF_LONG_SERIES))
def test_a_model_is_finite_or_not_kept(case):
    for dtype in (np.float32, np.float64):
        X, y = case.data(dtype)
        if not isinstance(X, list):
            X, y = X[::3], None if y is None else y[::3]
        model = case.new(max_iter=1, batch_size="auto").fit(X, y)
        for solver in solvers_of(model):
            model.set_params(solver=solver, **DIVERGING[solver])
            ensure_finite_or_unchanged(model, X, lambda: model.fit(X, y))  # noqa: B023


@pytest.mark.parametrize("solver", ["sgd", "adam", "adamw", "rmsprop"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_last_step_is_looked_at(solver, dtype):
    X, y = patients(dtype)
    model = MLPRegressor(4, solver=solver, learning_rate_init=1e200, batch_size=80, random_state=0)
    with pytest.raises(DivergenceError, match="learning_rate_init"):
        model.set_params(max_iter=1).fit(X, y)
    with pytest.raises(DivergenceError, match="learning_rate_init"):
        model.partial_fit(X, y)
    assert not hasattr(model, "weights_")


@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
def test_passes_over_enormous_rows(Estimator):
    X, y = flowers(np.float32)
    y = y if Estimator is MLPClassifier else X[:, 0]
    model = Estimator(4, random_state=0).partial_fit(X, y)
    ensure_finite_or_unchanged(model, X, lambda: model.partial_fit(X * np.float32(1e25), y))


def test_lbfgs_keeps_its_start_where_no_step_lowers_the_loss():
    """The first trial overflows, and the weights at which the line search fails are not a result."""
    X, y = patients()
    model = MLPRegressor(4, solver="lbfgs", alpha=1e300, random_state=0).fit(X, y)
    start = MLPRegressor(4, solver="sgd", learning_rate_init=1e-300, max_iter=1, random_state=0).fit(X, y)
    np.testing.assert_allclose(model.weights_, start.weights_, rtol=0, atol=1e-290)


@pytest.mark.parametrize("pooling", ["sum", "mean", "max"])
def test_divergence_of_graphs(pooling):
    X, y = flowers(np.float32)
    model = GNNGraphClassifier(hidden_layer_sizes=4, pooling=pooling, learning_rate_init=1e30, max_iter=5)
    with pytest.raises(DivergenceError, match="diverged"):
        model.fit(X, y)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("solver", ["adam", "adamw", "rmsprop"])
def test_an_epsilon_that_is_zero_in_the_precision_of_training(solver, dtype):
    """Inputs that are zero in all rows have gradients of zero."""
    X, y = patients(dtype)
    X[:, 0] = 0
    model = MLPRegressor(4, solver=solver, epsilon=5e-324, max_iter=3, alpha=0, random_state=0).fit(X, y)
    assert np.isfinite(model.weights_).all()
    usual = MLPRegressor(4, solver=solver, max_iter=3, alpha=0, random_state=0).fit(X, y)
    np.testing.assert_allclose(model.predict(X), usual.predict(X), rtol=1e-3)
