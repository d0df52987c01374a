"""The estimators among scikit-learn's tools, with pandas, and with callbacks."""

import importlib.util
import pickle

import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, cross_val_score, learning_curve
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skneural import MLPClassifier, MLPRegressor, PerceptronClassifier
from tests.estimators.cases import (
    every_numeric_estimator,
    every_sparse_estimator,
    every_trained_class,
    flowers,
    most_precise_output,
    patients,
    two_flowers,
)

# Older releases of scikit-learn, such as 1.7, show hyper-parameters only.
SHOWS_FITTED_ATTRIBUTES = importlib.util.find_spec("sklearn.utils._repr_html.fitted_attributes") is not None


def test_grid_search_in_two_processes_over_a_pipeline():
    X, y = flowers()
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(8, solver="lbfgs", max_iter=50, random_state=0))
    grid = {"mlpclassifier__alpha": [1e-3, 1e4], "mlpclassifier__hidden_layer_sizes": [(4,), (4, 4)]}
    serial = GridSearchCV(pipeline, grid, cv=3, n_jobs=1).fit(X, y)
    parallel = GridSearchCV(pipeline, grid, cv=3, n_jobs=2).fit(X, y)
    assert parallel.best_params_["mlpclassifier__alpha"] == 1e-3
    assert parallel.best_score_ > 0.9
    np.testing.assert_allclose(
        parallel.cv_results_["mean_test_score"], serial.cv_results_["mean_test_score"], atol=0.05
    )


def test_halving_search_over_epochs():
    X, y = two_flowers()
    search = HalvingGridSearchCV(
        MLPClassifier(8, random_state=0),
        {"learning_rate_init": [1e-6, 1e-2]},
        resource="max_iter",
        factor=2,
        min_resources=5,
        max_resources=20,
        cv=2,
        random_state=0,
    ).fit(X, y)
    assert search.best_params_["learning_rate_init"] == 1e-2
    assert search.best_estimator_.max_iter == search.n_resources_[-1] > 5


def test_validation_data_goes_through_the_pipeline():
    X, y = two_flowers()
    X_val, y_val = X[1::2] * 1000 + 7, y[1::2]
    X, y = X[::2] * 1000 + 7, y[::2]
    with sklearn.config_context(enable_metadata_routing=True):
        model = MLPClassifier(8, solver="lbfgs", max_iter=20, random_state=0)
        pipeline = Pipeline(
            [("scale", StandardScaler()), ("model", model.set_fit_request(X_val=True, y_val=True))],
            transform_input=["X_val"],
        ).fit(X, y, X_val=X_val, y_val=y_val)
    scale = StandardScaler().fit(X)
    by_hand = MLPClassifier(8, solver="lbfgs", max_iter=20, random_state=0)
    by_hand.fit(scale.transform(X), y, X_val=scale.transform(X_val), y_val=y_val)
    assert pipeline["model"].validation_scores_ == by_hand.validation_scores_
    np.testing.assert_array_equal(pipeline.predict_proba(X_val), by_hand.predict_proba(scale.transform(X_val)))


def test_sample_weight_is_routed():
    X, y = two_flowers()
    weight = np.where(y == y[0], 1e-3, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        model = PerceptronClassifier(alpha=0.1).set_fit_request(sample_weight=True)
        routed = make_pipeline("passthrough", model).fit(X, y, sample_weight=weight)
    alone = PerceptronClassifier(alpha=0.1).fit(X, y, weight)
    np.testing.assert_array_equal(routed[-1].coef_, alone.coef_)
    assert (routed.predict(X) == y[-1]).mean() > (PerceptronClassifier(alpha=0.1).fit(X, y).predict(X) == y[-1]).mean()


def test_stacking():
    X, y = flowers()
    members = [
        ("mlp", MLPClassifier(8, solver="lbfgs", max_iter=30, random_state=0)),
        ("perceptron", PerceptronClassifier(max_iter=30)),
    ]
    stack = StackingClassifier(members, LogisticRegression(), cv=2).fit(X, y)
    assert stack.score(X, y) > 0.93
    assert stack.final_estimator_.coef_.shape == (3, 6)


def test_calibration():
    X, y = two_flowers()
    calibrated = CalibratedClassifierCV(PerceptronClassifier("step", random_state=0), cv=2).fit(X, y)
    probabilities = calibrated.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert calibrated.score(X, y) > 0.85


def test_bagging_and_voting():
    X, y = flowers()
    bagged = BaggingClassifier(PerceptronClassifier(max_iter=30), n_estimators=3, random_state=0).fit(X, y)
    assert bagged.score(X, y) > 0.9
    X, y = patients()
    members = [("a", MLPRegressor(4, solver="lbfgs", max_iter=30, random_state=i)) for i in range(1)]
    voting = VotingRegressor([*members, ("b", MLPRegressor(4, solver="lbfgs", max_iter=30, random_state=5))]).fit(X, y)
    np.testing.assert_allclose(voting.predict(X), np.mean([m.predict(X) for m in voting.estimators_], axis=0))


def test_multi_output_wrapper_agrees_in_shape_with_our_own():
    X, y = patients()
    Y = np.stack([y, -y], axis=1)
    model = MLPRegressor(4, solver="lbfgs", max_iter=30, random_state=0)
    assert MultiOutputRegressor(model).fit(X, Y).predict(X).shape == model.fit(X, Y).predict(X).shape == (80, 2)


@pytest.mark.parametrize("scoring", ["roc_auc", "neg_log_loss", "average_precision", "neg_brier_score"])
def test_scorers_of_probabilities(scoring):
    X, y = two_flowers()
    y = (y == y[0]).astype(int)
    model = MLPClassifier(8, solver="lbfgs", max_iter=30, random_state=0)
    scores = cross_val_score(model, X, y, scoring=scoring, cv=2)
    chance = cross_val_score(model, X, np.random.default_rng(0).permutation(y), scoring=scoring, cv=2)
    assert scores.mean() > chance.mean() + 0.1


def test_learning_curve_grows():
    X, y = flowers()
    order = np.random.default_rng(0).permutation(len(y))
    sizes, _, scores = learning_curve(PerceptronClassifier(), X[order], y[order], train_sizes=[6, 50], cv=3)
    assert sizes.tolist() == [6, 50]
    assert scores[1].mean() > 0.9


# --- containers -----------------------------------------------------------------------------------------


@every_numeric_estimator
def test_data_frames(case):
    pandas = pytest.importorskip("pandas")
    X, y = case.data()
    frame = pandas.DataFrame(X, columns=[f"column {i}" for i in range(X.shape[1])])
    target = {1: pandas.Series, 2: pandas.DataFrame, 3: list}[y.ndim](y)
    model, plain = case.new().fit(frame, target), case.fitted()
    assert list(model.feature_names_in_) == list(frame.columns)
    assert not hasattr(plain, "feature_names_in_")
    found, expected = most_precise_output(model, frame), most_precise_output(plain, X)
    if expected.dtype == object:  # texts
        np.testing.assert_array_equal(found, expected)
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
    with pytest.raises(ValueError, match="feature names should match"):
        most_precise_output(model, frame[frame.columns[::-1]])
    assert not hasattr(model.fit(X, y), "feature_names_in_")


@every_sparse_estimator
@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_array, sparse.csr_matrix, sparse.coo_array])
def test_sparse_equals_dense(case, container):
    X, y = case.data()
    X = np.where(np.abs(X) < 0.3, 0.0, X)
    dense, from_sparse = case.new().fit(X, y), case.new().fit(container(X), y)
    expected = most_precise_output(dense, X)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(most_precise_output(from_sparse, container(X)), expected, atol=1e-6 * scale)
    np.testing.assert_allclose(most_precise_output(from_sparse, X), expected, atol=1e-6 * scale)


@every_sparse_estimator
def test_sparse_partial_fit_equals_dense(case):
    if not case.in_minibatches:
        pytest.skip("no partial_fit")
    X, y = case.data()
    dense = case.new(early_stopping=False).partial_fit(X, y).partial_fit(X, y)
    from_sparse = case.new(early_stopping=False).partial_fit(sparse.csr_array(X), y).partial_fit(X, y)
    np.testing.assert_allclose(from_sparse.weights_, dense.weights_, atol=1e-9)


@pytest.mark.parametrize("convert", [np.asfortranarray, np.ascontiguousarray, lambda X: X[::-1][::-1], list])
def test_memory_layout_does_not_matter(convert):
    X, y = flowers(np.float32)
    expected = MLPClassifier(8, max_iter=3, random_state=0).fit(X, y).predict_proba(X)
    model = MLPClassifier(8, max_iter=3, random_state=0).fit(convert(X), y)
    np.testing.assert_allclose(model.predict_proba(convert(X)), expected, atol=1e-5)


@every_numeric_estimator
@pytest.mark.parametrize("fitted", [False, True])
def test_html_representation(case, fitted):
    model = case.fitted() if fitted else case.new()
    html = model._repr_html_()
    assert type(model).__name__ in html
    assert "max_iter" in html
    if SHOWS_FITTED_ATTRIBUTES:
        assert ("loss_curve_" in html) == fitted


def test_short_representation():
    assert repr(MLPClassifier((8,), dropout=0.5)) == "MLPClassifier(dropout=0.5, hidden_layer_sizes=(8,))"
    assert repr(MLPRegressor()) == "MLPRegressor()"


# --- callbacks ------------------------------------------------------------------------------------------


class StopAfter:
    """Stops training after some epochs, and keeps what it was shown."""

    def __init__(self, n_epochs):
        self.n_epochs = n_epochs
        self.shown = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
        if context.task_name != "epoch":
            return False
        self.shown.append((fitted_estimator, most_precise_output(fitted_estimator, X)))
        return len(self.shown) >= self.n_epochs


@every_numeric_estimator
def test_a_callback_stops_training(case):
    X, y = case.data()
    stopper = StopAfter(2)
    model = case.new(max_iter=20, n_iter_no_change=20).set_callbacks(stopper).fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == len(stopper.shown) == 2


@every_numeric_estimator
def test_callbacks_see_each_epoch_as_it_was(case):
    """The fitted estimator of an epoch does not change when training goes on, and callbacks change no model."""
    X, y = case.data()
    watcher = StopAfter(100)
    model = case.new().set_callbacks(watcher).fit(X, y)
    np.testing.assert_array_equal(model.weights_, case.fitted().weights_)
    assert len(watcher.shown) == model.n_iter_
    for shown, then in watcher.shown:
        np.testing.assert_array_equal(most_precise_output(shown, X), then)
    assert not np.array_equal(watcher.shown[0][1], watcher.shown[-1][1])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_scoring_monitor_in_a_grid_search(solver):
    from sklearn.callback import ScoringMonitor

    pytest.importorskip("pandas")
    X, y = flowers()
    monitor = ScoringMonitor(scoring="accuracy")
    model = MLPClassifier(8, solver=solver, max_iter=4, random_state=0).set_callbacks(monitor)
    search = GridSearchCV(make_pipeline(StandardScaler(), model), {"mlpclassifier__alpha": [0.1, 1]}, cv=2).fit(X, y)
    epochs = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(epochs) == (2 * 2 + 1) * 4
    assert epochs[-1]["accuracy"] == pytest.approx(search.score(X, y), abs=0.2)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_progress_bar(capsys):
    from sklearn.callback import ProgressBar

    pytest.importorskip("rich")
    X, y = flowers()
    MLPClassifier(8, max_iter=4, random_state=0).set_callbacks(ProgressBar()).fit(X, y)
    shown = capsys.readouterr().out
    assert "MLPClassifier" in shown
    assert "100%" in shown


@every_trained_class
def test_a_model_given_to_a_callback_has_its_curves_and_can_be_saved_and_resumed(case):
    """After two of three epochs it is the model of two, also if it is pickled and continues."""
    X, y = case.data()
    stopper, options = StopAfter(2), {"max_iter": 3, "warm_start": True, "early_stopping": False}
    model = case.new(**options).set_callbacks(stopper).fit(X, y)
    shown = pickle.loads(pickle.dumps(stopper.shown[1][0]))
    for name in ("n_iter_", "t_", "loss_", "loss_curve_", "best_loss_", "validation_scores_", "best_validation_score_"):
        assert getattr(shown, name) == getattr(model, name), name
    last_is_best = np.array_equal(shown.weights_, model.weights_)
    continued = [each.set_callbacks().set_params(max_iter=1).fit(X, y) for each in (shown, model)]
    assert len(continued[0].loss_curve_) == 3
    if last_is_best:  # otherwise `fit` kept the weights of the first epoch
        np.testing.assert_array_equal(continued[0].weights_, continued[1].weights_)
