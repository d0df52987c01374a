"""Trainings that end at a time limit."""

import time

import numpy as np
import pytest

from skneural import KANRegressor, MLPClassifier, TabularMLPClassifier
from tests.estimators.cases import ESTIMATORS, OF_LONG_SERIES, OF_PAIRS, OF_TEXTS, every, flowers
from tests.estimators.uses import used

CASES = ESTIMATORS | OF_TEXTS | OF_PAIRS | OF_LONG_SERIES
LIMITED = {name: case for name, case in CASES.items() if "max_time" in case.estimator.get_params()}


def time_warnings(recwarn):
    return [str(warning.message) for warning in recwarn if "max_time" in str(warning.message)]


@every(LIMITED)
def test_a_step_is_enough_for_a_model_and_one_warning(case, recwarn):
    X, y = case.data()
    model = case.new(max_time=1e-9).fit(X, y)
    assert model.n_iter_ == 1
    assert np.isfinite(model.weights_).all()
    assert used(model, X[:6])
    (message,) = time_warnings(recwarn)
    assert "1 epoch" in message


@every(LIMITED)
def test_a_long_limit_changes_nothing(case, recwarn):
    X, y = case.data()
    limited, unlimited = case.new(max_time=1e6).fit(X, y), case.fitted()
    np.testing.assert_array_equal(limited.weights_, unlimited.weights_)
    assert not time_warnings(recwarn)


@pytest.mark.parametrize("options", [{}, {"solver": "lbfgs", "tol": 0.0}])
def test_training_ends_in_time(options, recwarn):
    X, y = flowers()
    start = time.monotonic()
    options |= {"n_iter_no_change": np.inf, "random_state": 0}  # without a limit, lbfgs ends after 548 iterations
    MLPClassifier(500, max_iter=10**6, max_time=0.05, **options).fit(X, y)
    assert time.monotonic() - start < 20  # on a busy machine
    assert len(time_warnings(recwarn)) == 1


def test_the_warning_tells_of_a_schedule_that_has_not_ended(recwarn):
    X, y = flowers()
    MLPClassifier(4, learning_rate="cosine", max_iter=10**6, max_time=0.05).fit(X, y)
    (message,) = time_warnings(recwarn)
    assert "learning_rate='cosine' ends at max_iter=1000000" in message


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_networks_that_follow_each_other_share_the_time():
    X, y = flowers()
    options = {"max_iter": 10**6, "n_iter_no_change": np.inf, "n_jobs": 1, "random_state": 0}
    model = TabularMLPClassifier(
        hidden_layer_sizes=(8,), n_members=1, n_cv=3, early_stopping=False, max_time=1.0, **options
    ).fit(X, y)
    assert "network_3" in " ".join(model.weights_by_name())
    KANRegressor(hidden_layer_sizes=(2,), n_init=2, max_time=0.2, **options).fit(X, X[:, 0])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_single_pass_has_no_limit():
    X, y = flowers()
    limited, unlimited = (
        MLPClassifier(4, max_time=limit, batch_size=5, random_state=0).partial_fit(X, y, np.unique(y))
        for limit in (1e-9, None)
    )
    np.testing.assert_array_equal(limited.weights_, unlimited.weights_)
