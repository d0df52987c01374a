"""Held-out samples of a training problem."""

import numpy as np
import pytest

from skneural import MLPClassifier, MLPRegressor
from skneural.tasks import FitArguments
from skneural.template.problem import pose

NO_VALIDATION_DATA = FitArguments(None, None)
X = np.random.default_rng(0).normal(size=(100, 3))
CLASSES = np.repeat(["frequent", "rare"], [80, 20])


def held_out(model, y, fitted=None):
    arguments = FitArguments(X, y)
    problem = pose(model._specification(), model._settings(False), arguments, NO_VALIDATION_DATA, fitted)
    return problem.held_out


@pytest.mark.parametrize("seed", range(5))
def test_classes_are_held_out_in_proportion(seed):
    part = held_out(MLPClassifier(early_stopping=True, random_state=seed), CLASSES)
    labels, counts = np.unique(part.y, return_counts=True)
    assert dict(zip(labels, counts, strict=True)) == {"frequent": 8, "rare": 2}


@pytest.mark.parametrize(("estimator", "y"), [(MLPClassifier, CLASSES), (MLPRegressor, X[:, 0])])
def test_continued_training_holds_out_the_same_samples_whatever_random_state_is(estimator, y):
    model = estimator(max_iter=1, n_iter_no_change=np.inf, early_stopping=True, random_state=0, tol=0)
    first = held_out(model, y)
    fitted = model.fit(X, y)._fitted()
    for seed in (0, 1):
        np.testing.assert_array_equal(held_out(model.set_params(random_state=seed), y, fitted).X, first.X)


def test_another_seed_holds_out_other_samples():
    parts = [held_out(MLPRegressor(early_stopping=True, random_state=seed), X[:, 0]).X for seed in (0, 1)]
    assert not np.array_equal(*parts)


@pytest.mark.parametrize("class_weight", [None, "balanced", {"frequent": 0.0, "rare": 3.0}])
def test_class_weights_are_in_the_targets_of_training_samples_alone(class_weight):
    model = MLPClassifier(early_stopping=True, class_weight=class_weight, random_state=0)
    arguments = FitArguments(X, CLASSES, np.abs(X[:, 0]))
    problem = pose(model._specification(), model._settings(False), arguments, NO_VALIDATION_DATA)
    part, samples = problem.held_out, problem.samples
    np.testing.assert_array_equal(part.samples.target_weight, np.abs(part.X[:, 0]))
    np.testing.assert_array_equal(samples.sample_weight, np.abs(samples.x.values[:, 0]))
    rare = samples.y.values[:, 0] == 1
    by_class = [samples.target_weight[rows].sum() for rows in (rare, ~rare)]
    by_sample = [samples.sample_weight[rows].sum() for rows in (rare, ~rare)]
    if class_weight == "balanced":  # both classes weigh half of the total
        by_sample = [sum(by_sample) / 2] * 2
    elif class_weight is not None:
        by_sample = [3 * by_sample[0], 0.0]
    np.testing.assert_allclose(by_class, by_sample)
