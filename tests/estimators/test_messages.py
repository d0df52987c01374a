"""Warnings that name the cause and the remedy, and no warnings otherwise."""

import inspect
import warnings

import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.utils import get_tags

import skneural
from skneural import (
    KANRegressor,
    MLPClassifier,
    MLPRegressor,
    RNNSequenceClassifier,
    RNNSequenceRegressor,
    RNNSequenceTagger,
)
from skneural.data.object_columns import object_array
from skneural.preprocessing import channels_first_to_last
from tests.estimators.cases import ESTIMATORS, every_numeric_or_text_estimator, flowers, patients, with_defaults

CLASSIFIERS = {name: case for name, case in ESTIMATORS.items() if is_classifier(case.estimator)}
every_classifier = pytest.mark.parametrize("case", CLASSIFIERS.values(), ids=CLASSIFIERS.keys())
REGRESSORS = {name: case for name, case in ESTIMATORS.items() if is_regressor(case.estimator)}
# A hundred epochs of these take seconds, and warnings do not depend on the network.
SLOW_REGRESSORS = (
    *("mamba regressor", "mamba regressor of steps", "regressor of pixels", "series regressor"),
    *("tabular regressor of two with members", "transformer regressor"),
)
every_regressor = pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=name, marks=pytest.mark.slow if name in SLOW_REGRESSORS else ())
        for name, case in REGRESSORS.items()
    ],
)


# One class


@every_classifier
def test_a_single_class_is_certain(case):
    X, y = case.data()
    model = case.new().fit(X, np.full(len(y), "rose"))
    assert list(model.classes_) == ["rose"]
    assert set(model.predict(X)) == {"rose"}
    if hasattr(model, "predict_proba"):
        np.testing.assert_array_equal(model.predict_proba(X), np.ones((len(X), 1)))
        np.testing.assert_array_equal(model.predict_log_proba(X), np.zeros((len(X), 1)))


def test_a_single_class_may_have_a_weight_and_held_out_data():
    X, _ = flowers()
    model = MLPClassifier(4, max_iter=3, class_weight="balanced", early_stopping=True, scoring="accuracy")
    assert model.fit(X, np.ones(len(X), int)).best_validation_score_ == 1


def test_a_first_pass_over_a_single_class_asks_for_all_of_them():
    X, y = flowers()
    with pytest.raises(ValueError, match=r"1 class: \['setosa'\].*classes=\[\.\.\.\]"):
        MLPClassifier(4).partial_fit(X[:10], y[:10])
    model = MLPClassifier(4).partial_fit(X[:10], y[:10], classes=np.unique(y))
    assert model.partial_fit(X[:10], y[:10]).predict_proba(X).shape == (len(X), 3)
    assert MLPClassifier(4).partial_fit(X[:10], y[:10], classes=["setosa"]).n_outputs_ == 1


# Methods before fit

NOT_FITTED = {
    "predict": (),
    "predict_proba": (),
    "predict_log_proba": (),
    "decision_function": (),
    "transform": (),
    "score_samples": (),
    "score": ("y",),
    "perplexity": (),
    "summary": None,
    "inverse_transform": (),
    "attention_weights": (),
    "feature_maps": (),
    "symbolic_formula": None,
    "plot": None,
    "generate": None,
    "sample": None,
    "get_feature_names_out": None,
    "energy": (),
}


@every_numeric_or_text_estimator
def test_methods_before_fit_say_that_it_is_missing(case):
    """Also where a method needs what it learned before it predicts."""
    X, y = case.data()
    model = case.new()
    for name, further in NOT_FITTED.items():
        if hasattr(model, name):
            arguments = [] if further is None else [X, *(y for _ in further)]
            with pytest.raises(NotFittedError, match="not fitted yet"):
                getattr(model, name)(*arguments)


# Endless patience, and divergence


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_infinite_patience_uses_all_epochs(solver):
    X, y = patients()
    model = MLPRegressor(4, solver=solver, n_iter_no_change=np.inf, tol=1e9 if solver != "lbfgs" else 0, max_iter=30)
    assert model.fit(X, y).n_iter_ == 30


@pytest.mark.filterwarnings("ignore:On the training data, the fitted model is worse")
@pytest.mark.parametrize("scoring", ["loss", "r2", "neg_max_error"])
def test_divergence_behind_held_out_data_ends_with_its_best_epoch(scoring):
    X, y = patients()
    options = {"solver": "sgd", "learning_rate_init": 2.0, "max_iter": 200, "momentum": 0.0, "random_state": 0}
    model = MLPRegressor(4, "identity", scoring=scoring, early_stopping=True, **options)
    with pytest.warns(UserWarning, match="diverged.*best of .* epochs on the validation data is kept"):
        model.fit(X, y)
    assert model.n_iter_ == len(model.validation_scores_) >= 1
    assert np.isfinite(model.predict(X)).all()
    if scoring == "r2":
        own = MLPRegressor(4, "identity", scoring=scoring, **options)
        with pytest.warns(UserWarning, match="diverged"):
            own.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
        assert own.score(X[60:], y[60:]) == pytest.approx(own.best_validation_score_, rel=1e-5)
    with pytest.raises(ValueError, match="diverged"):
        model.set_params(early_stopping=False).fit(X, y)
    with pytest.raises(ValueError, match="diverged"):
        model.set_params(early_stopping=True, learning_rate_init=1e200).fit(X, y)


# Regressors that are worse than a constant, and the solver in the warning


def test_a_regressor_that_is_worse_than_a_constant_says_that():
    X, y = patients()
    options = {"random_state": 0, "tol": 10.0, "n_iter_no_change": 1}
    with pytest.warns(ConvergenceWarning, match="worse than a constant.*times that of the best constant"):
        model = MLPRegressor(4, learning_rate_init=1.0, **options).fit(X, y)
    assert model.score(X, y) < 0
    with pytest.warns(ConvergenceWarning, match="reached max_iter=3.*worse than a constant"):
        MLPRegressor(4, learning_rate_init=3.0, max_iter=3, random_state=0).fit(X, y)


@every_regressor
def test_a_regressor_that_has_learned_nothing_new_is_silent(case):
    """A constant y, and noise: the fit is about as good as a constant."""
    X, y = case.data()
    case.new().fit(X, np.ones_like(y))
    without_dropout = {"dropout": 0.0} if hasattr(case.estimator, "dropout") else {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        case.new(max_iter=100, early_stopping=False, **without_dropout).fit(X, y)
    assert not any("worse than" in str(one.message) for one in caught)


@pytest.mark.parametrize(
    ("options", "told", "untold"),
    [
        ({"solver": "adam"}, "max_iter=3.*learning_rate_init", "lbfgs"),
        ({"solver": "lbfgs"}, "max_iter=3 before lbfgs", "learning_rate"),
        ({"solver": "lbfgs", "max_fun": 2}, "max_fun=2 evaluations", "learning_rate"),
    ],
)
def test_the_convergence_warning_fits_the_solver(options, told, untold):
    X, y = patients()
    with pytest.warns(ConvergenceWarning, match=told) as caught:
        MLPRegressor(4, max_iter=3, random_state=0, **options).fit(X, y)
    assert untold not in str(caught[0].message)


# X of an unintended kind


COUNTS = np.random.default_rng(0).integers(0, 9, (20, 6))
LABELS = np.arange(20) % 2


def small(estimator=RNNSequenceClassifier, **options):
    return estimator(**{"hidden_size": 2, "max_iter": 1, "random_state": 0} | options)


@pytest.mark.parametrize("container", [np.array, list, lambda X: X.tolist(), lambda X: [x[: 3 + x[0] % 4] for x in X]])
def test_integers_without_a_vocabulary_warn_once(container):
    X, model = container(COUNTS), small()
    with pytest.warns(UserWarning, match="set vocabulary_size"):
        model.fit(X, LABELS)
    model.predict(X)
    model.partial_fit(X, LABELS)


@pytest.mark.parametrize("X", [COUNTS.astype(float), COUNTS - 4, np.stack([COUNTS, COUNTS], axis=2)])
def test_numbers_that_cannot_be_tokens_do_not_warn(X):
    small().fit(X, LABELS)
    small(vocabulary_size=9).fit(COUNTS, LABELS)


def test_series_much_wider_than_long_warn_of_channels():
    X = np.random.default_rng(0).random((20, 3, 24))
    with pytest.warns(UserWarning, match=r"3 steps with 24 features.*channels_first_to_last\(X\)"):
        small().fit(X, LABELS)
    small().fit(channels_first_to_last(X), LABELS)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_data_outside_of_an_explicit_grid_warn(solver):
    X, y = patients()
    model = KANRegressor(hidden_layer_sizes=(), grid_range=(-1, 1), solver=solver, max_iter=2, random_state=0)
    with pytest.warns(UserWarning, match=r"outside grid_range=\(-1, 1\) \(features 0, 1.*extrapolated linearly"):
        model.fit(X, y)
    model.fit(np.clip(X, -1, 1), y)
    model.set_params(grid_range="auto").fit(X, y)


@pytest.mark.parametrize("options", [{}, {"solver": "lbfgs"}])
def test_scoring_without_held_out_data_warns(options):
    X, y = flowers()
    model = MLPClassifier(4, max_iter=2, scoring="accuracy", **options)
    with pytest.warns(UserWarning, match="scoring='accuracy' has no effect.*early_stopping='auto' is off"):
        model.fit(X, y)
    model.fit(X, y, X_val=X, y_val=y)
    model.set_params(early_stopping=True).fit(X, y)
    model.set_params(early_stopping=False).fit(X, y)


# Weights of classes


@pytest.mark.parametrize("estimator", [MLPClassifier(2, max_iter=1), small(RNNSequenceTagger)])
@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({0: -1.0, 1: 1.0}, "finite numbers >= 0; got -1.0 for class 0"),
        ({0: np.nan, 1: 1.0}, "got nan for class 0"),
        ({0: np.inf, 1: 1.0}, "got inf for class 0"),
        ({0: 0.0, 1: 0}, "only classes of weight zero"),
    ],
)
def test_class_weights_are_checked_as_sample_weights_are(estimator, weights, message):
    y = np.tile(LABELS[:, np.newaxis], (1, 6)) if isinstance(estimator, RNNSequenceTagger) else LABELS
    with pytest.raises(ValueError, match=message):
        clone(estimator).set_params(class_weight=weights).fit(COUNTS.astype(float), y)


def steps_of_classes(n=20, seed=0):
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(steps, 2)) for steps in rng.integers(2, 9, n)]
    return X, [(x[:, 0] > 1).astype(int) for x in X]


def test_class_weights_of_steps_equal_sample_weights_where_a_series_has_one_class():
    X, _ = steps_of_classes()
    y = [np.full(len(x), i % 2) for i, x in enumerate(X)]
    options = {"hidden_size": 3, "max_iter": 5, "batch_size": 7, "standardize": False}
    by_class = small(RNNSequenceTagger, **options, class_weight={0: 3.0, 1: 1.0}).fit(X, y)
    by_sample = small(RNNSequenceTagger, **options).fit(X, y, sample_weight=[3.0, 1.0] * 10)
    np.testing.assert_allclose(by_class.weights_, by_sample.weights_, rtol=1e-4, atol=1e-6)


def test_balanced_steps_find_the_rare_class():
    X, y = steps_of_classes(60)
    options = {"hidden_size": 3, "max_iter": 30, "learning_rate_init": 1e-2}
    plain, balanced = (
        np.concatenate(small(RNNSequenceTagger, **options, class_weight=weight).fit(X, y).predict(X))
        for weight in (None, "balanced")
    )
    assert balanced.sum() > plain.sum()


@pytest.mark.parametrize("name", ["accuracy", "f1", "roc_auc", "neg_log_loss"])
def test_named_scorers_of_taggers_score_steps(name):
    X, y = steps_of_classes()
    model = small(RNNSequenceTagger, scoring=name, max_iter=3).fit(X, y, X_val=X, y_val=y)
    if name == "accuracy":
        assert model.best_validation_score_ == pytest.approx(model.score(X, y))
    chances = np.concatenate(model.predict_proba(X))
    if name == "roc_auc":
        assert model.best_validation_score_ == pytest.approx(roc_auc_score(np.concatenate(y), chances[:, 1]))


@pytest.mark.parametrize("name", ["r2", "neg_mean_absolute_error"])
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_named_scorers_of_regressors_of_steps(name, n_outputs):
    X, _ = steps_of_classes()
    y = [x[:, :n_outputs] for x in X]
    model = small(RNNSequenceRegressor, scoring=name, max_iter=3).fit(X, y, X_val=X, y_val=y)
    if name == "r2":
        assert model.best_validation_score_ == pytest.approx(model.score(X, y), rel=1e-5)


@pytest.mark.parametrize("container", [list, object_array])
def test_cross_validation_predicts_steps_of_unequal_lengths(container):
    X, y = steps_of_classes()
    model = small(RNNSequenceTagger)
    predicted = cross_val_predict(model, container(X), container(y), cv=3)
    assert [len(one) for one in predicted] == [len(one) for one in X]
    _, second, third = (np.array(part) for part in np.array_split(np.arange(20), 3))
    expected = model.fit([X[i] for i in (*second, *third)], [y[i] for i in (*second, *third)])
    np.testing.assert_array_equal(predicted[0], expected.predict([X[0]])[0])


# Documentation


@pytest.mark.parametrize("name", skneural.estimators.__all__)
def test_documentation_promises_sparse_x_where_it_is_taken(name):
    cls = getattr(skneural, name)
    methods = inspect.getmembers(cls, inspect.isfunction)
    own = [method.__doc__ or "" for _, method in methods if method.__module__.startswith("skneural")]
    assert ("sparse matrix" in cls.__doc__) == get_tags(with_defaults(cls)).input_tags.sparse
    assert not any("sparse matrix" in doc for doc in own)
