"""Contributions of steps to scores."""

import numpy as np
import pytest

from skneural import RocketSequenceClassifier, RocketSequenceRegressor
from skneural.inspection import StepContributionsDisplay, step_contributions

RNG = np.random.default_rng(0)
N_STEPS = 40
X = RNG.normal(size=(36, N_STEPS, 2))
KIND = np.arange(36) % 3
for series, kind in zip(X, KIND, strict=True):
    series[13 * kind + 4 : 13 * kind + 9, 1] += 5
LABELS = np.array(["early", "later", "last"])[KIND]
CLASSIFIER = RocketSequenceClassifier(n_kernels=1000, random_state=0).fit(X, LABELS)


def of_mean_features(model):
    return model.feature_means_ @ model.coef_.T + model.intercept_


def test_the_deciding_steps_and_features_contribute_most():
    for series, kind in zip(X[:6], KIND[:6], strict=True):
        contributions = step_contributions(CLASSIFIER, series)
        assert contributions.shape == series.shape
        windows = contributions[: 3 * 13].reshape(3, 13, 2).sum(axis=(1, 2))
        assert windows.argmax() == kind
        assert contributions[:, 1].sum() > contributions[:, 0].sum()


@pytest.mark.parametrize("target", [None, "early", "later", "last"])
def test_contributions_add_up_to_the_score_of_the_class(target):
    scores = CLASSIFIER.decision_function(X[:1])[0] - of_mean_features(CLASSIFIER)
    number = CLASSIFIER.classes_.tolist().index(target or CLASSIFIER.predict(X[:1])[0])
    contributions = step_contributions(CLASSIFIER, X[0], target=target)
    np.testing.assert_allclose(contributions.sum(), scores[number], rtol=1e-4)


def test_of_two_classes_the_first_has_the_opposite_contributions():
    model = RocketSequenceClassifier(n_kernels=168, random_state=0).fit(X[:, :, 1], KIND > 0)
    first, second = (step_contributions(model, X[0, :, 1], target=target) for target in (False, True))
    assert first.shape == (N_STEPS,)
    np.testing.assert_array_equal(first, -second)
    np.testing.assert_allclose(
        second.sum(), model.decision_function(X[:1, :, 1])[0] - of_mean_features(model)[0], rtol=1e-4
    )


def test_contributions_of_numbers_are_in_their_units():
    y = np.stack([100.0 * KIND, KIND == 1], axis=1)
    model = RocketSequenceRegressor(n_kernels=168, random_state=0).fit(X, y)
    for target in (0, 1):
        at_mean = of_mean_features(model)[target] * model.y_scale_[target] + model.y_mean_[target]
        expected = model.predict(X[:1])[0, target] - at_mean
        np.testing.assert_allclose(step_contributions(model, X[0], target=target).sum(), expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("series", "target", "message"),
    [
        (X[:2], None, "it is a single one"),
        (X[0], "sooner", "target='sooner' is not among the classes"),
        (X[0, :, :1], None, "1 features at each step"),
    ],
)
def test_what_there_is_not(series, target, message):
    with pytest.raises(ValueError, match=message):
        step_contributions(CLASSIFIER, series, target=target)


def test_outputs_that_there_are_not():
    model = RocketSequenceRegressor(n_kernels=168, random_state=0).fit(X, KIND)
    with pytest.raises(ValueError, match="target=1 is not among the 1 outputs"):
        step_contributions(model, X[0], target=1)


@pytest.mark.parametrize("n_features", [2, 5])
def test_the_colours_are_the_contributions(n_features):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    series = X[:, :, :1].repeat(n_features, axis=2)
    model = RocketSequenceRegressor(n_kernels=168, random_state=0).fit(series, KIND)
    display = StepContributionsDisplay.from_estimator(model, series[0])
    expected = step_contributions(model, series[0])
    drawn = display.ax_.images[0].get_array().T if n_features == 5 else display.ax_.collections[0].get_array()
    np.testing.assert_array_equal(np.ravel(drawn), expected.ravel())
    assert len(display.ax_.lines) == (0 if n_features == 5 else n_features)
    pyplot.close("all")
