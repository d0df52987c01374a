"""The choice of the samples that are held out for early stopping."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, StratifiedKFold, TimeSeriesSplit

from skneural import MLPClassifier, MLPRegressor, RNNSequenceRegressor
from skneural.preprocessing import SlidingWindows
from tests.estimators.cases import ESTIMATORS, OF_PAIRS, OF_TEXTS, every

N = 40
X, Y = np.arange(N, dtype=float)[:, np.newaxis], np.arange(N, dtype=float)


def held_out(n=N, **options):
    """Rows on which a scorer is called."""
    seen = []
    model = MLPRegressor(
        2,
        max_iter=1,
        batch_size=10,
        early_stopping=True,
        validation_fraction=0.25,
        scoring=lambda model, X, y: seen.append(X[:, 0].astype(int).tolist()) or 0.0,
        random_state=0,
        **options,
    )
    model.fit(X[:n], Y[:n])
    return seen[0]


def test_the_last_samples_are_held_out():
    assert held_out(validation_split="last") == list(range(30, N))
    assert held_out(n=17, validation_split="last") == list(range(12, 17))


def test_the_last_samples_are_held_out_without_shuffling():
    assert held_out(shuffle=False) == list(range(30, N))


def test_samples_are_drawn_at_random_by_default():
    rows = held_out()
    assert rows == held_out(validation_split="random")
    assert len(rows) == 10
    assert rows != list(range(30, N))


@pytest.mark.parametrize(
    "splitter", [KFold(5), ShuffleSplit(2, random_state=0), TimeSeriesSplit(4, gap=3)], ids=lambda value: repr(value)
)
def test_a_splitter_chooses_them_by_its_last_split(splitter):
    *_, (_, last) = splitter.split(X)
    assert held_out(validation_split=splitter) == sorted(last)
    assert held_out(validation_split=splitter, shuffle=False) == sorted(last)


def test_a_gap_is_in_neither_part():
    model = MLPRegressor(2, max_iter=1, batch_size=10, early_stopping=True, validation_split=TimeSeriesSplit(4, gap=3))
    model.fit(X, Y)
    assert model.t_ == 40 - 8 - 3


def test_stratified_splitters_are_given_the_classes():
    rows = []
    model = MLPClassifier(
        2,
        max_iter=1,
        batch_size=10,
        early_stopping=True,
        validation_split=StratifiedKFold(4),
        scoring=lambda model, X, y: rows.append(y) or 0.0,
    )
    model.fit(X, np.repeat(["rare", "common"], [8, 32]))
    assert sorted(rows[0]) == ["common"] * 8 + ["rare"] * 2


class NothingHeldOut:
    """A splitter that holds out nothing."""

    def split(self, X, y=None, groups=None):
        yield np.arange(len(X)), np.arange(0)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("lst", r"validation_split must be .*did you mean 'last'\?"),
        (KFold, "validation_split must be"),
        (0.1, "validation_split must be"),
        (NothingHeldOut(), "splits 40 samples into 40 for training and 0 for validation"),
        (GroupKFold(2), "groups"),
    ],
    ids=("misspelled", "class", "share", "nothing", "groups"),
)
def test_mistakes_are_named(value, message):
    with pytest.raises(ValueError, match=message):
        held_out(validation_split=value)


@every(ESTIMATORS | OF_TEXTS | OF_PAIRS)
def test_every_estimator_can_hold_out_the_last_samples(case):
    if getattr(case.estimator, "solver", "adam") == "lbfgs":
        return
    X, y = case.data()
    n = len(X)
    model = case.new(early_stopping=True, max_iter=1, validation_fraction=0.25)
    last = clone(model).set_params(validation_split="last").fit(X, y)
    by_splitter = clone(model).set_params(validation_split=KFold(4)).fit(X, y)
    assert len(last.validation_scores_) == 1
    if n % 4 == 0:  # the last fold is the last quarter
        assert last.validation_scores_ == by_splitter.validation_scores_


def test_windows_drawn_at_random_are_known_from_training():
    """On a random walk, scores of overlapping windows are better than those of the last ones."""
    walk = np.cumsum(np.random.default_rng(0).standard_normal(200))
    windows, following = SlidingWindows(10, horizon=1).windows_and_targets(walk)
    model = RNNSequenceRegressor(
        hidden_size=8, max_iter=20, learning_rate_init=0.02, batch_size=50, early_stopping=True, random_state=0
    )
    scores = [
        clone(model).set_params(validation_split=split).fit(windows, following).best_validation_score_
        for split in ("random", "last")
    ]
    assert scores[0] > scores[1]
