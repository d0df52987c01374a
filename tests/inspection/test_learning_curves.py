"""The lines of a drawing are the curves of the training, and the marked epoch is the one that is kept."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skneural import HopfieldNetwork, MLPClassifier, MLPRegressor
from skneural.inspection import LearningCurveDisplay
from tests.estimators.cases import flowers, patients

pyplot = pytest.importorskip("matplotlib.pyplot")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = flowers()
OPTIONS = {"early_stopping": True, "max_iter": 12, "learning_rate_init": 0.05, "random_state": 0}
BOTH = {name: (f"training_{name}", f"validation_{name}") for name in ("loss", "accuracy", "f1_macro")}


@pytest.fixture(scope="module")
def model():
    model = MLPClassifier(8, scoring=["accuracy", "f1_macro", "loss"], training_scores=True, **OPTIONS)
    return model.fit(X, Y)


@pytest.fixture(autouse=True)
def closed():
    yield
    pyplot.close("all")


@pytest.mark.parametrize(
    ("metrics", "names"),
    [
        (None, {"loss", *BOTH["loss"], *BOTH["accuracy"], *BOTH["f1_macro"]}),
        (["loss"], {"loss", *BOTH["loss"]}),
        (["accuracy"], {*BOTH["accuracy"]}),
        (("f1_macro", "loss"), {"loss", *BOTH["loss"], *BOTH["f1_macro"]}),
    ],
)
def test_the_lines_are_the_curves(model, metrics, names):
    display = LearningCurveDisplay.from_estimator(model, metrics=metrics)
    assert set(display.lines_) == names
    for name, line in display.lines_.items():
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, model.n_iter_ + 1))
        np.testing.assert_array_equal(line.get_ydata(), model.history_[name])
        assert line.axes is (display.ax_ if name.endswith("loss") else display.metric_ax_)
        assert (line.get_linestyle() == "-") == name.startswith("validation")
    assert display.figure_ is display.ax_.figure
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert len(set(labels)) == len(names) + 1


def test_axes_are_named(model):
    display = LearningCurveDisplay.from_estimator(model)
    assert display.ax_.get_xlabel() == "epoch"
    assert display.ax_.get_ylabel() == "log loss (nats)"
    assert display.metric_ax_.get_ylabel() == "score (greater is better)"
    data = patients()
    regressor = MLPRegressor(4, scoring=["loss", "neg_mean_absolute_error"], **OPTIONS).fit(*data)
    display = LearningCurveDisplay.from_estimator(regressor)
    assert display.ax_.get_ylabel() == "squared error (half, in squared units of y)"
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert "validation neg_mean_absolute_error (units of y)" in labels
    absolute = MLPRegressor(4, loss="absolute_error", max_iter=2).fit(*data)
    assert LearningCurveDisplay.from_estimator(absolute).ax_.get_ylabel() == "absolute error (units of y)"
    normal = MLPRegressor(4, loss="gaussian", max_iter=2, random_state=0).fit(*patients())
    assert LearningCurveDisplay.from_estimator(normal).ax_.get_ylabel().startswith("negative log-likelihood (nats")


@pytest.mark.parametrize("scoring", ["accuracy", "loss"])
def test_the_marked_epoch_is_kept(scoring):
    model = MLPClassifier(8, scoring=scoring, training_scores=True, **OPTIONS)
    model.fit(X, Y, X_val=X[::2], y_val=Y[::2])
    best = LearningCurveDisplay.from_estimator(model).best_epoch
    again = MLPClassifier(8, scoring=scoring, training_scores=True, **OPTIONS | {"max_iter": best})
    np.testing.assert_array_equal(again.fit(X, Y, X_val=X[::2], y_val=Y[::2]).weights_, model.weights_)


def test_the_best_epoch_of_a_continued_training_is_of_the_last_fit():
    model = MLPClassifier(8, warm_start=True, **OPTIONS | {"early_stopping": False}, batch_size=16).fit(X, Y)
    model.set_params(learning_rate_init=1.0, max_iter=2).fit(X, Y)
    assert np.argmin(model.loss_curve_) < 12
    assert LearningCurveDisplay.from_estimator(model).best_epoch in (13, 14)


def test_given_axes_are_drawn_into(model):
    _, ax = pyplot.subplots()
    display = LearningCurveDisplay.from_estimator(model, ax=ax)
    assert display.ax_ is ax
    _, other = pyplot.subplots()
    assert display.plot(ax=other).ax_ is other


def test_mistakes(model):
    with pytest.raises(NotFittedError):
        LearningCurveDisplay.from_estimator(MLPClassifier())
    with pytest.raises(ValueError, match="HopfieldNetwork has no history_: it is not trained in epochs"):
        LearningCurveDisplay.from_estimator(HopfieldNetwork().fit(np.sign(X - X.mean(axis=0))))
    for metrics in (["recall"], []):
        with pytest.raises(ValueError, match=r"must be some of those that were recorded: \['loss', 'accuracy'"):
            LearningCurveDisplay.from_estimator(model, metrics=metrics)
