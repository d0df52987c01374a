"""Spaces of hyper-parameters for random searches."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import HalvingRandomSearchCV, ParameterSampler, RandomizedSearchCV

import skneural
from skneural import CNNSequenceClassifier, MLPClassifier, PerceptronClassifier, RNNSequenceClassifier, search_space
from skneural.template.estimator import NeuralEstimator
from tests.estimators.cases import (
    ESTIMATORS,
    OF_LONG_SERIES,
    OF_PAIRS,
    OF_TEXTS,
    UNTRAINED,
    every,
    flowers,
    of_each_class,
    with_defaults,
)

CASES = of_each_class(ESTIMATORS | OF_TEXTS | OF_PAIRS | OF_LONG_SERIES | UNTRAINED)
KINDS = [kind for kind in map(vars(skneural).get, skneural.__all__) if hasattr(kind, "get_params")]
# Those of which nothing is to be chosen.
EMPTY = {("PerceptronClassifier", "step")}


def drawn(estimator, size, n, seed=0):
    """Different candidates of a space; fewer if it has fewer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that there are fewer
        return list(ParameterSampler(search_space(estimator, size), n, random_state=seed))


def test_every_estimator_is_tested():
    assert {kind.__name__ for kind in KINDS} <= set(CASES)


@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.parametrize("kind", KINDS)
def test_all_candidates_of_defaults_are_valid_and_change_something(kind, size, recwarn):
    model = with_defaults(kind)
    space = search_space(model, size)
    assert space
    for candidate in drawn(model, size, 40):
        changed = clone(model).set_params(**candidate)
        if isinstance(changed, NeuralEstimator):
            checked = changed._checked()
            checked._warn_of_unused(checked._settings(one_pass=False))
    assert not recwarn.list


@pytest.mark.filterwarnings("ignore")
@every(CASES)
@pytest.mark.slow
def test_models_are_fitted_with_candidates(case):
    """A few of the large space, in the small networks of the cases, whose own values stay as they are."""
    X, y = case.data()
    for candidate in drawn(case.estimator, "large", 3):
        model = case.new(**candidate)
        model.fit(X, y)
        after, before = model.get_params(deep=False), case.estimator.get_params(deep=False)
        kept = set(after) - set(candidate)
        assert all(np.all(after[name] == before[name]) for name in kept - {"callbacks"})


def test_a_large_space_contains_the_small_one():
    for kind in KINDS:
        assert set(search_space(with_defaults(kind), "small")) <= set(search_space(with_defaults(kind), "large")), kind


def test_ranges_are_around_the_default_of_the_estimator():
    rates = search_space(skneural.TabularMLPClassifier())["learning_rate_init"]
    assert rates.support() == pytest.approx((0.0005, 0.05))


@pytest.mark.parametrize(
    ("model", "left_out"),
    [
        (MLPClassifier(solver="lbfgs"), {"learning_rate_init", "learning_rate", "batch_size"}),
        (MLPClassifier(alpha=0.5), {"alpha"}),
        (RNNSequenceClassifier(), {"embedding_size"}),
        (RNNSequenceClassifier(vocabulary_size=10), {"standardize"}),
        (CNNSequenceClassifier(vocabulary_size=10), {"architecture"}),
        (PerceptronClassifier(), {"learning_rate_init"}),
    ],
)
def test_what_is_set_or_not_used_is_left_out(model, left_out):
    assert not left_out & set(search_space(model, "large"))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_searches_of_scikit_learn_take_a_space():
    X, y = flowers()
    model = MLPClassifier(4, max_iter=4, random_state=0)
    space = search_space(model)
    assert set(RandomizedSearchCV(model, space, n_iter=2, cv=2, random_state=0).fit(X, y).best_params_) == set(space)
    halving = HalvingRandomSearchCV(
        model.set_params(max_iter=200),
        space,
        resource="max_iter",
        min_resources=2,
        max_resources=8,
        cv=2,
        random_state=0,
    )
    assert set(space) < set(halving.fit(X, y).best_params_)


def test_other_estimators_and_sizes_are_refused():
    with pytest.raises(TypeError, match="LogisticRegression"):
        search_space(LogisticRegression())
    with pytest.raises(ValueError, match="size"):
        search_space(MLPClassifier(), "huge")
