"""The perceptron: logistic regression, and Rosenblatt's rule."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression

from skneural import MLPClassifier, MLPRegressor, PerceptronClassifier
from tests.estimators.cases import cancer, iris, noisy_line

# --- the logistic perceptron is logistic regression -------------------------------------------------------


@pytest.mark.parametrize("data", [iris, cancer])
@pytest.mark.parametrize("alpha", [1e-4, 1e-2, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_logistic_perceptron_equals_logistic_regression(data, alpha, weighted, class_weight):
    X, y = data()
    X, y = X[20:], y[20:]  # unbalanced, so that "balanced" matters
    weight = np.random.default_rng(0).uniform(0.1, 3, size=len(y)) if weighted else None
    total = np.sum(np.ones(len(y)) if weight is None else weight)
    if weighted and class_weight:
        total = np.sum(weight * _balanced(y, weight))
    ours = PerceptronClassifier(alpha=alpha, class_weight=class_weight).fit(X, y, weight)
    theirs = LogisticRegression(C=1 / (alpha * total), class_weight=class_weight, tol=1e-10, max_iter=10_000)
    theirs.fit(X, y, weight)
    scale = max(1, np.abs(theirs.coef_).max())
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-4 * scale)
    intercept = ours.intercept_ - (ours.intercept_.mean() if len(theirs.intercept_) > 1 else 0)
    np.testing.assert_allclose(intercept, theirs.intercept_, atol=1e-4 * scale)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-4)


def _balanced(y, weight):
    """Class weights as scikit-learn balances them: by the summed sample weights."""
    classes, number = np.unique(y, return_inverse=True)
    per_class = np.bincount(number, weights=weight)
    return (weight.sum() / (len(classes) * per_class))[number]


def test_perceptron_coefficients_are_views():
    X, y = iris()
    model = PerceptronClassifier().fit(X, y)
    model.weights_[...] = 0
    assert not model.coef_.any()
    assert not model.intercept_.any()
    np.testing.assert_allclose(model.predict_proba(X), 1 / 3)


# --- Rosenblatt's rule ------------------------------------------------------------------------------------


def separable(seed, n=100, margin=0.1):
    """Points on both sides of a plane, and the plane: a unit vector with the bias last."""
    rng = np.random.default_rng(seed)
    plane = rng.normal(size=4) * [1, 1, 1, 0.2]
    plane /= np.linalg.norm(plane)
    X = rng.uniform(-1, 1, size=(5 * n, 3))
    score = X @ plane[:3] + plane[3]
    X, score = X[np.abs(score) > margin][:n], score[np.abs(score) > margin][:n]
    return X, (score > 0).astype(int), plane


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("batch_size", [1, 16, "auto"])
def test_no_mistakes_where_a_plane_separates(seed, batch_size):
    X, y, _ = separable(seed)
    model = PerceptronClassifier("step", batch_size=batch_size, random_state=seed).fit(X, y)
    assert model.score(X, y) == 1
    assert model.n_iter_ < model.max_iter


def test_no_mistakes_among_separable_classes():
    X, y = make_blobs(120, centers=[[0, 5], [5, 0], [-5, -5], [5, 5]], cluster_std=0.5, random_state=0)
    assert PerceptronClassifier("step", random_state=0).fit(X, y).score(X, y) == 1


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rate", [1.0, 1e-3])
def test_mistakes_stay_below_novikoffs_bound(seed, rate):
    """Novikoff 1962: no more mistakes than (R / margin)^2.

    A last feature that is a thousandth of the label counts: each mistake adds the same to its weight.
    """
    X, y, plane = separable(seed)
    sign = 2 * y - 1
    X = np.column_stack([X, sign / 1000])
    model = PerceptronClassifier("step", batch_size=1, learning_rate_init=rate, random_state=seed).fit(X, y)
    n_mistakes = model.coef_[0, -1] * 1000 / rate
    assert n_mistakes == pytest.approx(round(n_mistakes))
    radius = np.sqrt((X**2).sum(axis=1) + 1).max()
    margin = (sign * (X[:, :3] @ plane[:3] + plane[3])).min()
    assert 1 <= round(n_mistakes) <= (radius / margin) ** 2


def test_exclusive_or_cannot_be_learnt_by_one_layer():
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
    y = np.array([0, 1, 1, 0])
    for activation in ("step", "logistic"):
        assert PerceptronClassifier(activation, random_state=0).fit(X, y).score(X, y) <= 0.75
    assert PerceptronClassifier("step", batch_size=1, random_state=0).fit(X, y).score(X, y) == 0.75
    assert MLPClassifier(8, "tanh", solver="lbfgs", random_state=0).fit(X, y).score(X, y) == 1


class Recorder:
    """Keeps the training accuracy after every epoch."""

    def __init__(self):
        self.scores = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
        if context.task_name == "epoch":
            self.scores.append(fitted_estimator.score(X, y))


@pytest.mark.parametrize("batch_size", [1, 20])
def test_the_pocket_keeps_the_best_epoch(batch_size):
    X, y = make_blobs(150, centers=3, cluster_std=3, random_state=1)
    recorder = Recorder()
    model = PerceptronClassifier("step", batch_size=batch_size, max_iter=30, random_state=0)
    model.set_callbacks(recorder).fit(X, y)
    assert model.score(X, y) == max(recorder.scores)
    assert recorder.scores[-1] < max(recorder.scores)


@pytest.mark.parametrize("make", [iris, cancer])
@pytest.mark.parametrize("activation", ["step", "logistic"])
def test_integer_weights_equal_repetition(make, activation):
    X, y = make()
    X, y = X[::5], y[::5]
    weight = np.random.default_rng(0).integers(0, 4, size=len(y))
    model = PerceptronClassifier(activation, max_iter=20, batch_size=200 if activation == "logistic" else "auto")
    weighted = clone(model).set_params(batch_size="auto").fit(X, y, weight)
    repeated = clone(model).set_params(batch_size="auto").fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-6)


@pytest.mark.parametrize("normalize_y", [False, True])
def test_integer_weights_equal_repetition_in_the_regressor(normalize_y):
    X, y = noisy_line(40)
    weight = np.random.default_rng(0).integers(0, 4, size=len(y))
    model = MLPRegressor(4, "tanh", max_iter=50, normalize_y=normalize_y, random_state=0)
    weighted = clone(model).fit(X, y, weight)
    repeated = clone(model).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), atol=1e-8)
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, atol=1e-8)


def test_step_has_no_probabilities():
    X, y = iris()
    model = PerceptronClassifier("step").fit(X, y)
    assert not hasattr(model, "predict_proba")
    assert not hasattr(model, "predict_log_proba")
    with pytest.raises(AttributeError) as caught:
        _ = model.predict_proba
    assert 'use activation="logistic"' in str(caught.value.__cause__)
    assert model.set_params(activation="logistic").fit(X, y).predict_proba(X).shape == (150, 3)


def test_probabilities_go_with_what_was_fitted():
    X, y = iris()
    step = PerceptronClassifier("step", max_iter=5).fit(X, y).set_params(activation="logistic")
    logistic = PerceptronClassifier(max_iter=5).fit(X, y).set_params(activation="step")
    assert not hasattr(step, "predict_proba")
    np.testing.assert_allclose(logistic.predict_proba(X).sum(axis=1), 1)
