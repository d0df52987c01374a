"""A model is the same after it was saved, copied or fitted again, and training goes on from there exactly."""

import copy
import pickle

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.base import clone

from skneural.estimators.diffusion.column_encoding import N_QUANTILES
from skneural.estimators.kan.estimator import KANFields
from skneural.estimators.kan.statistics import SAMPLES_OF_A_FORMULA
from tests.estimators.cases import (
    continuable,
    every_numeric_minibatch_estimator,
    every_numeric_or_text_estimator,
    every_numeric_or_text_minibatch_estimator,
    every_trained_minibatch_class,
    most_precise_output,
)


def assert_same_bits(found, expected):
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def through_joblib(model, folder, mmap_mode=None):
    path = folder / "model.joblib"
    joblib.dump(model, path)
    return joblib.load(path, mmap_mode=mmap_mode)


TRIPS = {
    "pickle": lambda model, folder: pickle.loads(pickle.dumps(model)),
    "deepcopy": lambda model, folder: copy.deepcopy(model),
    "joblib": through_joblib,
    "joblib memmap": lambda model, folder: through_joblib(model, folder, "r"),
    "skops": lambda model, folder: skops.io.loads(skops.io.dumps(model), trusted=to_trust(model)),
}


def class_path(model):
    return f"{type(model).__module__}.{type(model).__qualname__}"


def to_trust(model):
    """The class, and the function of a network that the user brings."""
    function = getattr(model, "network", None)
    return [class_path(model)] + ([] if function is None else [f"{function.__module__}.{function.__qualname__}"])


def half_way_and_straight_on(case, solver):
    """After two passes over the data, and after three without a trip between."""
    X, y = case.data()
    straight = continuable(case).set_params(solver=solver).partial_fit(X, y).partial_fit(X, y)
    half_way = copy.deepcopy(straight)
    return half_way, straight.partial_fit(X, y)


@every_numeric_or_text_estimator
def test_same_seed_same_bits(case):
    X, y = case.data()
    first, second = case.fitted(), case.new().fit(X, y)
    assert_same_bits(first.weights_, second.weights_)
    assert_same_bits(first.buffers_, second.buffers_)
    assert first.loss_curve_ == second.loss_curve_
    assert_same_bits(second.fit(X, y).weights_, first.weights_)


@every_numeric_or_text_minibatch_estimator
def test_another_seed_another_model(case):
    X, y = case.data()
    assert not np.array_equal(case.fitted().weights_, case.new(random_state=1).fit(X, y).weights_)


@every_numeric_or_text_estimator
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_predicts_the_same(case, dtype, tmp_path):
    X, _ = case.data(dtype)
    model = case.fitted(dtype)
    expected = most_precise_output(model, X)
    for name, trip in TRIPS.items():
        back = trip(model, tmp_path)
        assert back is not model, name
        assert_same_bits(most_precise_output(back, X), expected)
        assert back.get_params() == model.get_params(), name
        assert vars(back).keys() == vars(model).keys(), name


@every_numeric_or_text_estimator
def test_predictions_of_a_copy_are_its_own(case):
    X, _ = case.data()
    model = case.fitted()
    before = most_precise_output(model, X)
    copy.deepcopy(model).weights_[...] = 0
    assert_same_bits(most_precise_output(model, X), before)


@every_numeric_or_text_estimator
def test_skops_asks_to_trust_the_class_alone(case):
    model = case.fitted()
    assert skops.io.get_untrusted_types(data=skops.io.dumps(model)) == to_trust(model)


@every_numeric_or_text_estimator
def test_clone_is_unfitted_and_fits_alike(case):
    X, y = case.data()
    model = case.fitted()
    cloned = clone(model)
    assert not [name for name in vars(cloned) if name.endswith("_")]
    assert_same_bits(cloned.fit(X, y).weights_, model.weights_)


@every_numeric_or_text_minibatch_estimator
def test_partial_fit_goes_on_exactly(case, tmp_path):
    half_way, straight = half_way_and_straight_on(case, "adam")
    for trip in TRIPS.values():
        assert_goes_on(trip(half_way, tmp_path), straight, case)


@pytest.mark.parametrize("solver", ["sgd", "adamw", "rmsprop"])
@every_trained_minibatch_class
def test_partial_fit_goes_on_exactly_with_each_solver(case, solver, tmp_path):
    half_way, straight = half_way_and_straight_on(case, solver)
    assert_goes_on(TRIPS["pickle"](half_way, tmp_path), straight, case)


def assert_goes_on(travelled, straight, case):
    X, y = case.data()
    travelled.partial_fit(X, y)
    assert_same_bits(travelled.weights_, straight.weights_)
    assert_same_bits(travelled.buffers_, straight.buffers_)
    assert travelled.loss_curve_ == straight.loss_curve_
    assert travelled.t_ == straight.t_ == 3 * len(X)


@every_numeric_or_text_minibatch_estimator
def test_the_optimizer_state_is_part_of_the_model(case):
    """The test above could not fail otherwise: without the state, training goes on differently."""
    X, y = case.data()
    model = continuable(case)
    if case.estimator.get_params().get("activation") == "step":
        pytest.skip("Rosenblatt's rule has no state")
    model.partial_fit(X, y).partial_fit(X, y)
    forgetful = copy.deepcopy(model)
    forgetful._optimizer_state = {}
    assert not np.array_equal(model.partial_fit(X, y).weights_, forgetful.partial_fit(X, y).weights_)


@every_numeric_or_text_minibatch_estimator
def test_partial_fit_equals_fit_epoch_by_epoch(case):
    X, y = case.data()
    whole = continuable(case).set_params(n_iter_no_change=100)
    if whole.learning_rate == "one_cycle":  # which single passes do not have
        whole.set_params(learning_rate="constant")
    if whole.get_params().get("activation") == "step":
        pytest.skip("its fit keeps the best epoch, not the last")
    stepwise = clone(whole)
    whole.fit(X, y)
    for _ in range(whole.n_iter_):
        stepwise.partial_fit(X, y)
    assert stepwise.loss_curve_ == whole.loss_curve_
    score = whole._training_score(None)
    scores = [score(loss, None) for loss in whole.loss_curve_]
    if scores[-1] == max(scores):  # the last epoch is the one that is kept
        assert_same_bits(stepwise.weights_, whole.weights_)


@every_numeric_or_text_minibatch_estimator
def test_warm_start_goes_on(case, tmp_path):
    X, y = case.data()
    model = case.new(warm_start=True, max_iter=3).fit(X, y)
    curve, weights, epochs = list(model.loss_curve_), model.weights_.copy(), len(model.loss_curve_)
    started_again = copy.deepcopy(model).fit(X, y)
    for name in ("pickle", "joblib memmap"):
        travelled = TRIPS[name](model, tmp_path).fit(X, y)
        assert travelled.loss_curve_[:epochs] == curve
        assert len(travelled.loss_curve_) == epochs + travelled.n_iter_
        assert travelled.t_ > model.t_
        assert_same_bits(model.weights_, weights)
        assert_same_bits(travelled.weights_, started_again.weights_)


def test_warm_start_of_lbfgs_goes_on_from_the_weights():
    from skneural import MLPRegressor

    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 3))
    y = np.sin(X).sum(axis=1)
    model = MLPRegressor(8, solver="lbfgs", warm_start=True, max_iter=10, random_state=0).fit(X, y)
    first = model.loss_
    assert model.fit(X, y).loss_curve_[10] < 1.01 * first
    assert model.loss_ < first


def test_without_warm_start_fit_starts_anew():
    from skneural import MLPRegressor

    X = np.linspace(-1, 1, 50)[:, np.newaxis]
    model = MLPRegressor(8, max_iter=5, random_state=0).fit(X, X[:, 0])
    assert len(model.fit(X, X[:, 0]).loss_curve_) == 5


@every_numeric_minibatch_estimator
def test_a_fitted_model_is_small(case):
    """Nothing of the training data, but for a formula's samples and quantiles, and no dead optimizer state is kept."""
    X, y = case.data()
    repeated = np.tile(X, (6, 1)), np.concatenate([y] * 6)  # 400 samples more, so 5 bytes of each would be seen
    few, many = (len(pickle.dumps(case.new(max_iter=1).fit(*data))) for data in ((X, y), repeated))
    of_a_formula = SAMPLES_OF_A_FORMULA * 8 * (X.shape[1] + 3) if isinstance(case.estimator, KANFields) else 0
    of_ranks = N_QUANTILES * 8 * X.shape[1] if getattr(case.estimator, "scaling", None) == "quantile" else 0
    assert many < few + 2000 + of_a_formula + of_ranks
