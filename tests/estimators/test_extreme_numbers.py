"""Numbers near the ends of their range: a finite model, or a sentence that says what is too large."""

import numpy as np
import pandas as pd
import pytest

from skneural import (
    Autoencoder,
    DiffusionModel,
    GNNGraphRegressor,
    GNNNodeRegressor,
    Graph,
    GraphNodes,
    TabularMLPRegressor,
)
from skneural.training.train import DivergenceError
from tests.estimators.cases import ESTIMATORS, every, most_precise_output, of_each_class, patients

ALL = of_each_class(ESTIMATORS)
REGRESSORS = {name: case for name, case in ALL.items() if hasattr(case.estimator, "normalize_y")}
pytestmark = pytest.mark.filterwarnings("ignore:lbfgs ended after:sklearn.exceptions.ConvergenceWarning")

BRIEF = {"max_iter": 2, "batch_size": "auto", "early_stopping": False}


def times(values, factor):
    """Values times a factor that may be out of the range of their dtype."""
    return (values.astype(np.longdouble) * np.longdouble(factor)).astype(values.dtype)


def ensure_finite(output):
    output = np.concatenate([np.ravel(part) for part in output]) if isinstance(output, list) else np.ravel(output)
    assert output.dtype.kind != "f" or np.isfinite(output).all()


@pytest.mark.parametrize(("dtype", "factor"), [(np.float32, "1e-42"), (np.float64, "1e-310"), (np.float64, "1e300")])
@every(ALL)
def test_rows_of_any_magnitude(case, dtype, factor):
    X, y = (values[::4] for values in case.data(dtype))
    X = times(X, factor)
    try:
        model = case.new(**BRIEF).fit(X, y)
    except DivergenceError:
        return  # of estimators that do not scale X
    ensure_finite(most_precise_output(model, X))


@pytest.mark.parametrize("factor", [1e-300, 1e300])
@every(ALL)
def test_weights_of_any_magnitude(case, factor):
    """Only the penalty depends on their magnitude."""
    X, y = (values[::4] for values in case.data(np.float32))
    weight = np.linspace(1, 2, len(X))
    options = {"min_frequency": 0} if hasattr(case.estimator, "min_frequency") else {}
    model = case.new(**BRIEF, alpha=0, **options)
    if "target" in str(vars(type(model)).get("attributes_doc")) and factor < 1:
        return  # tokens that are rarer than one occurrence are unknown
    ensure_finite(most_precise_output(model.fit(X, y, sample_weight=weight * factor), X))


@pytest.mark.parametrize("factor", ["1e-300", "1e-160", "1e-30", "1e150", "1e300"])
@every(REGRESSORS)
def test_targets_of_any_magnitude(case, factor):
    """Scaled targets are the same numbers, and predictions are in the units of y."""
    X, y = (values[::4] for values in case.data(np.float32))
    model = case.new(**BRIEF)
    expected = np.ravel(model.fit(X, y).predict(X))
    predicted = np.ravel(model.fit(X, times(np.asarray(y, np.float64), factor)).predict(X))
    np.testing.assert_allclose(predicted, times(expected.astype(np.float64), factor), rtol=1e-2, atol=0)


@every(REGRESSORS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_targets_that_are_not_scaled(case):
    X, y = (values[::4] for values in case.data(np.float32))
    model = case.new(**BRIEF, normalize_y=False)
    ensure_finite(model.fit(X, y * 1e-30).predict(X))
    with pytest.raises(ValueError, match=r"y has values of up to .*e\+1.*float32.*float64"):
        model.fit(X, y.astype(np.float64) * 1e150)


@pytest.mark.parametrize("case", [ESTIMATORS["regressor poisson"]], ids=["poisson"])
def test_a_poisson_regressor_whose_predictions_overflow_diverges(case):
    """Raw scores are finite then, and their exponentials are not."""
    X, y = case.data(np.float32)
    options = {"early_stopping": True, "scoring": "r2", "learning_rate_init": 50.0, "solver": "adam"}
    with pytest.raises(DivergenceError, match="diverged"):
        case.new(**options).fit(X, y)


@pytest.mark.parametrize("variational", [False, True])
def test_far_outliers_have_the_lowest_finite_scores(variational):
    X = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    model = Autoencoder(2, 4, variational=variational, max_iter=3, random_state=0).fit(X)
    far = model.score_samples(np.float32([[0, 0, 0], [1e5, 0, 0], [1e20, 0, 0], [1e37, 0, 0]]))
    assert np.isfinite(far).all()
    assert (np.diff(far) < 0).all()


def test_far_outliers_of_diffusion_models_have_low_finite_scores():
    X = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    model = DiffusionModel(4, max_iter=2, random_state=0).fit(X)
    scores = model.score_samples(np.float32([[0, 0, 0], [1e5, 0, 0], [1e15, 0, 0]]))
    assert np.isfinite(scores).all()
    assert (np.diff(scores) < 0).all()


def test_values_outside_of_zero_to_one_are_outlying_to_the_log_loss():
    X = (np.random.default_rng(0).random((200, 6)) < 0.9).astype(float)
    model = Autoencoder(2, 8, max_iter=20, random_state=0).fit(X)
    assert model.loss_function_ == "log_loss"
    rows = np.ones((4, 6))
    rows[:, 0] = [1, 1.5, 3, 100]
    assert (np.diff(model.score_samples(rows)) < 0).all()
    rows[:, 0] = [0, -0.5, -3, -100]
    assert (np.diff(model.score_samples(rows)) < 0).all()


def test_features_of_graphs_beyond_the_precision_of_training():
    small = Graph(np.ones((2, 1), np.float32), [[0, 1], [1, 0]])
    model = GNNGraphRegressor(hidden_layer_sizes=4, max_iter=1).fit([small] * 4, np.arange(4.0))
    for large in ({"features": [[1e39], [1.0]]}, {"adjacency": [[0, 1e39], [1, 0]]}):
        graph = Graph(**{"features": np.ones((2, 1)), "adjacency": [[0, 1], [1, 0]], **large})
        with pytest.raises(ValueError, match="too large for float32"):
            model.predict([small, graph])
    nodes = GNNNodeRegressor(hidden_layer_sizes=4, max_iter=1).fit(
        GraphNodes(np.ones((2, 1), np.float32), [[0, 1], [1, 0]]), [0.0, 1]
    )
    with pytest.raises(ValueError, match="features has values too large for float32"):
        nodes.predict(GraphNodes([[1e39], [1.0]], [[0, 1], [1, 0]]))


@pytest.mark.parametrize("kind", ["float64", "float32", "mixed"])
def test_a_column_that_is_constant_up_to_a_rounding_error_has_no_effect(kind):
    rng = np.random.default_rng(0)
    dtype = np.float32 if kind == "float32" else np.float64
    signal, constant = rng.normal(size=40).astype(dtype), np.full(40, 0.1, dtype)
    rounded = np.where(rng.random(40) < 0.4, np.nextafter(constant, dtype(1)), constant)

    def predicted(column):
        X = np.column_stack([signal, column])
        if kind == "mixed":
            X = pd.DataFrame(X, columns=["a", "b"]).assign(c=pd.Categorical(["x", "y"] * 20))
        return TabularMLPRegressor(hidden_layer_sizes=8, max_iter=3, random_state=0).fit(X, signal).predict(X)

    np.testing.assert_array_equal(predicted(rounded), predicted(constant))


def test_scale_of_x_is_found_where_squares_overflow():
    X, y = patients()
    model = ESTIMATORS["autoencoder"].new(**BRIEF)
    expected = model.fit(X, y).transform(X)
    np.testing.assert_allclose(model.fit(np.ldexp(X, 700), y).transform(np.ldexp(X, 700)), expected, rtol=1e-9)


@every(REGRESSORS)
def test_tiny_targets_are_not_compared_with_a_loss_of_zero(case):
    X, y = (values[::4] for values in case.data(np.float64))
    ensure_finite(case.new(**BRIEF, normalize_y=False).fit(X, y * 1e-200).predict(X))
