"""What users are told where nothing fails: warnings that name the cause and the cure, and no warnings otherwise."""

import numpy as np
import pytest
from estimator_cases import ESTIMATORS, flowers, patients
from sklearn.base import is_classifier

from skneural import MLPClassifier, MLPRegressor

CLASSIFIERS = {name: case for name, case in ESTIMATORS.items() if is_classifier(case.estimator)}
every_classifier = pytest.mark.parametrize("case", CLASSIFIERS.values(), ids=CLASSIFIERS.keys())


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


# Endless patience, and divergence


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_infinite_patience_uses_all_epochs(solver):
    X, y = patients()
    model = MLPRegressor(4, solver=solver, n_iter_no_change=np.inf, tol=1e9 if solver != "lbfgs" else 0, max_iter=30)
    assert model.fit(X, y).n_iter_ == 30


@pytest.mark.parametrize("scoring", ["loss", "r2", "neg_max_error"])
def test_divergence_behind_held_out_data_ends_with_its_best_epoch(scoring):
    X, y = patients()
    options = {"solver": "sgd", "learning_rate_init": 1.0, "max_iter": 200, "momentum": 0.0, "random_state": 0}
    model = MLPRegressor(4, "identity", scoring=scoring, early_stopping=True, **options)
    with pytest.warns(UserWarning, match="diverged.*best epoch by held-out data.*is kept"):
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
