"""Curves of training: several metrics, the same lengths of all, and their continuation."""

import copy
import math
import pickle
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import f1_score, log_loss
from sklearn.model_selection import GridSearchCV

from skneural import (
    KANRegressor,
    MLPClassifier,
    MLPRegressor,
    RNNSequenceTagger,
    SeriesForecaster,
    TabularMLPClassifier,
    average,
)
from skneural.streaming import RowBlocks
from skneural.streaming import fit as fit_stream
from tests.estimators.cases import (
    ESTIMATORS,
    OF_LONG_SERIES,
    OF_PAIRS,
    OF_TEXTS,
    every,
    flowers,
    of_each_class,
    patients,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
TRAINED = of_each_class(ESTIMATORS | OF_TEXTS | OF_PAIRS | OF_LONG_SERIES)
ALWAYS = ["loss", "seconds", "learning_rate"]
X, Y = flowers()
BRIEF = {"max_iter": 3, "batch_size": 16, "random_state": 0}


def classifier(**options):
    return MLPClassifier(4, **{"early_stopping": True, "validation_fraction": 0.3} | BRIEF | options)


def assert_is_whole(model, *names):
    """All curves are plain floats, of the same length, and time does not go back."""
    history = model.history_
    assert list(history) == [*ALWAYS, *names]
    assert {len(curve) for curve in history.values()} == {len(model.loss_curve_)}
    assert {type(value) for curve in history.values() for value in curve} == {float}
    assert history["loss"] == model.loss_curve_
    assert history["seconds"] == sorted(history["seconds"])
    assert 0 < history["seconds"][-1] < 600


@every(TRAINED)
def test_every_estimator_has_the_curves_of_its_epochs(case):
    model = case.fitted()
    if not hasattr(model, "loss_curve_"):
        pytest.skip("is not trained in epochs")
    scored = ["validation_loss"] if model.validation_scores_ else []
    assert_is_whole(model, *scored)
    if scored:
        assert [-score for score in model.validation_scores_] == model.history_["validation_loss"]


def worst_class(estimator, X, y):
    predicted = estimator.predict(X)
    return min(float(np.mean(predicted[y == each] == each)) for each in estimator.classes_)


METRICS = {
    "the loss": ("loss", ["loss"]),
    "a name": ("accuracy", ["accuracy"]),
    "a callable": (worst_class, ["score"]),
    "names": (["accuracy", "f1_macro", "neg_log_loss"], ["accuracy", "f1_macro", "neg_log_loss"]),
    "names with the loss": (("f1_macro", "loss"), ["f1_macro", "loss"]),
    "a dictionary": ({"share": "accuracy", "log": "loss", "worst": worst_class}, ["share", "log", "worst"]),
}


@pytest.mark.parametrize(("scoring", "names"), METRICS.values(), ids=METRICS)
@pytest.mark.parametrize("training_scores", [False, True])
def test_metrics_are_recorded_by_their_names(scoring, names, training_scores):
    model = classifier(scoring=scoring, training_scores=training_scores).fit(X, Y)
    training = [f"training_{name}" for name in names] if training_scores else []
    assert_is_whole(model, *[f"validation_{name}" for name in names], *training)
    first = model.history_[f"validation_{names[0]}"]
    assert model.validation_scores_ == ([-value for value in first] if names[0] == "loss" else first)


def test_the_curves_are_those_of_each_metric_alone():
    names = ["accuracy", "f1_macro", "neg_log_loss", "loss"]
    together = classifier(scoring=names, tol=0.0, n_iter_no_change=math.inf).fit(X, Y)
    for name in names:
        alone = classifier(scoring=name, tol=0.0, n_iter_no_change=math.inf).fit(X, Y)
        assert alone.history_[f"validation_{name}"] == together.history_[f"validation_{name}"]


def test_the_first_metric_decides():
    options = {"max_iter": 40, "n_iter_no_change": 2, "learning_rate_init": 0.02, "tol": 0.0}
    for first, second in (("accuracy", "loss"), ("loss", "accuracy")):
        alone, both = (classifier(scoring=each, **options).fit(X, Y) for each in (first, [first, second]))
        np.testing.assert_array_equal(both.weights_, alone.weights_)
        assert both.n_iter_ == alone.n_iter_
        assert both.validation_scores_ == alone.validation_scores_


def test_values_are_those_of_the_metrics():
    scoring = {"f": "f1_macro", "worst": worst_class, "log": "loss"}
    model = MLPClassifier(4, scoring=scoring, training_scores=True, alpha=0.0, **BRIEF | {"max_iter": 1})
    weight = np.random.default_rng(0).random(len(Y))
    model.fit(X, Y, weight, X_val=X[::3], y_val=Y[::3])
    last = {name: curve[-1] for name, curve in model.history_.items()}
    assert last["validation_f"] == pytest.approx(f1_score(Y[::3], model.predict(X[::3]), average="macro"))
    assert last["validation_log"] == pytest.approx(log_loss(Y[::3], model.predict_proba(X[::3])), rel=1e-5)
    assert last["validation_worst"] == worst_class(model, X[::3], Y[::3])
    f = f1_score(Y, model.predict(X), average="macro", sample_weight=weight)
    assert last["training_f"] == pytest.approx(f)
    assert last["training_log"] == pytest.approx(log_loss(Y, model.predict_proba(X), sample_weight=weight), rel=1e-5)


def test_predictions_are_computed_once_for_all_metrics(monkeypatch):
    calls = []
    scored = MLPClassifier._scored
    monkeypatch.setattr(MLPClassifier, "_scored", lambda self, X: calls.append(len(X)) or scored(self, X))
    classifier(scoring=["accuracy", "f1_macro", "neg_log_loss", "roc_auc_ovr"]).fit(X, Y)
    assert len(calls) == BRIEF["max_iter"]


def test_training_scores_change_nothing_else():
    options = {"scoring": ["accuracy", "loss"], "dropout": 0.2}
    with_scores, without = (classifier(training_scores=each, **options).fit(X, Y) for each in (True, False))
    np.testing.assert_array_equal(with_scores.weights_, without.weights_)
    assert with_scores.history_["validation_loss"] == without.history_["validation_loss"]


def test_training_scores_need_no_held_out_data(recwarn):
    model = classifier(early_stopping=False, scoring=["accuracy"], training_scores=True).fit(X, Y)
    assert_is_whole(model, "training_accuracy")
    assert model.validation_scores_ is None
    assert not [each for each in recwarn if "has no effect" in str(each.message)]


def test_regression_is_in_the_units_of_y():
    X, y = patients()
    model = MLPRegressor(4, scoring=["r2", "loss"], training_scores=True, alpha=0.0, **BRIEF).fit(X, 10 * y)
    error = np.mean((model.predict(X) - 10 * y) ** 2) / 2
    assert min(model.history_["training_loss"]) == pytest.approx(error, rel=1e-5)


def test_steps_are_scored():
    series, tags = [[0.0, 1.0, 2.0], [2.0, 0.0], [1.0, 2.0, 0.0]] * 4, [[0, 0, 1], [1, 0], [0, 1, 0]] * 4
    model = RNNSequenceTagger(
        hidden_size=4, scoring=["accuracy", "neg_log_loss"], training_scores=True, **BRIEF | {"batch_size": 6}
    )
    model.fit(series, tags, X_val=series[:4], y_val=tags[:4])
    assert model.history_["validation_accuracy"][-1] == pytest.approx(model.score(series[:4], tags[:4]))
    assert model.history_["training_accuracy"][-1] == pytest.approx(model.score(series, tags))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
@pytest.mark.parametrize("continued", ["warm_start", "partial_fit"])
def test_curves_continue(copied, continued):
    model = classifier(scoring=["accuracy", "loss"], early_stopping="auto", warm_start=True)
    model.fit(X, Y, X_val=X[:20], y_val=Y[:20])
    before, model = copy.deepcopy(model.history_), copied(model)
    if continued == "warm_start":
        model.set_params(scoring=["accuracy", "f1_macro"]).fit(X, Y, X_val=X[:20], y_val=Y[:20])
        names = ["accuracy", "loss", "f1_macro"]
    else:
        model.partial_fit(X, Y).partial_fit(X, Y)
        names = ["accuracy", "loss"]
    assert_is_whole(model, *[f"validation_{name}" for name in names])
    for name, curve in before.items():
        assert model.history_[name][:3] == curve
    unknown = model.history_["validation_loss"][3:]
    assert np.isnan(unknown).all()
    assert model.history_["learning_rate"] == [1e-3] * (6 if continued == "warm_start" else 5)


def test_a_new_fit_forgets_the_curves():
    model = classifier(scoring=["accuracy", "loss"]).fit(X, Y).set_params(scoring="loss")
    assert_is_whole(model.fit(X, Y), "validation_loss")
    assert len(model.history_["loss"]) == 3


def test_learning_rates_are_those_of_the_schedule():
    model = classifier(learning_rate="linear", max_iter=4).fit(X, Y)
    rates = model.history_["learning_rate"]
    assert rates == sorted(rates, reverse=True)
    assert len(set(rates)) == 4
    assert np.isnan(classifier(solver="lbfgs", batch_size="auto").fit(X, Y).history_["learning_rate"]).all()


def test_stages_and_several_networks():
    x = np.linspace(-1, 1, 60)[:, np.newaxis]
    refined = KANRegressor(
        grid_refinement=(8,), max_iter=2, random_state=0, scoring=["r2", "loss"], early_stopping=True
    )
    assert_is_whole(refined.fit(x, x[:, 0] ** 2), "validation_r2", "validation_loss")
    assert refined.n_iter_ == len(refined.history_["loss"]) == 4
    folds = TabularMLPClassifier(hidden_layer_sizes=4, n_cv=3, max_iter=2, scoring=["accuracy", "loss"], random_state=0)
    assert_is_whole(folds.fit(X, Y), "validation_accuracy", "validation_loss")
    forecaster = SeriesForecaster(3, hidden_layer_sizes=4, max_iter=4, training_scores=True, random_state=0)
    assert_is_whole(forecaster.fit(np.sin(0.5 * np.arange(60))), "training_loss")


def test_means_of_models():
    start = MLPClassifier(4, warm_start=True, **BRIEF).fit(X, Y)
    parts = [copy.deepcopy(start).fit(X[k::2], Y[k::2]) for k in (0, 1)]
    mean = average(parts)
    assert_is_whole(mean)
    assert mean.history_["loss"] == pytest.approx(np.mean([part.loss_curve_ for part in parts], axis=0))
    assert mean.history_["seconds"][-1] == max(part.history_["seconds"][-1] for part in parts)
    assert_is_whole(mean.partial_fit(X, Y))


def test_streams_are_scored_on_validation_data():
    model = MLPClassifier(4, scoring=["accuracy", "loss"], **BRIEF)
    blocks = RowBlocks(X, Y, rows=40)
    model = fit_stream(model, blocks, n_passes=3, X_val=X[:20], y_val=Y[:20])
    assert_is_whole(model, "validation_accuracy", "validation_loss")
    with pytest.raises(ValueError, match="training_scores=True scores the training data as a whole"):
        fit_stream(model.set_params(training_scores=True), blocks, n_passes=3, X_val=X[:20], y_val=Y[:20])


def test_the_metrics_are_printed(capsys):
    classifier(scoring=["accuracy", "loss"], verbose=True, max_iter=1).fit(X, Y)
    assert "validation accuracy = " in (line := capsys.readouterr().out)
    assert "validation loss = " in line


MISTAKES = {
    "no metric": [],
    "the same twice": ["accuracy", "accuracy"],
    "a callable in a list": ["accuracy", worst_class],
    "a misspelt name": ["accuracy", "f1_makro"],
    "an empty dictionary": {},
    "a dictionary of numbers": {"accuracy": 1},
    "a set": {"accuracy"},
}


@pytest.mark.parametrize("scoring", MISTAKES.values(), ids=MISTAKES)
def test_mistakes(scoring):
    with pytest.raises(ValueError, match="scoring must be"):
        classifier(scoring=scoring).fit(X, Y)


def test_searches_clone_several_metrics():
    model = classifier(scoring=["accuracy", "loss"], max_iter=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        search = GridSearchCV(model, {"scoring": [["accuracy", "loss"], "loss"]}, cv=2).fit(X, Y)
    assert search.best_estimator_.history_["loss"]
