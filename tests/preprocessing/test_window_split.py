"""No series is trained on its own future."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score

from skneural.preprocessing import SlidingWindows, TimeSeriesWindowsSplit

SERIES = [np.arange(n, dtype=float) for n in (30, 50, 41)]


@pytest.mark.parametrize(
    ("horizon", "test_size", "stride"), [(1, None, 1), (3, None, 1), (3, 7, 1), (4, 4, 1), (3, 7, 2), (3, 6, 3)]
)
def test_targets_of_training_lie_before_those_of_testing(horizon, test_size, stride):
    cutter = SlidingWindows(5, horizon=horizon, stride=stride)
    X, y = cutter.windows_and_targets(SERIES)
    places = cutter.origins(SERIES)
    split = TimeSeriesWindowsSplit(3, horizon=horizon, test_size=test_size)
    size = test_size or horizon
    tested = []
    for block, (train, test) in zip((2, 1, 0), split.split(X, y, places), strict=True):
        assert not set(train) & set(test)
        for number, series in enumerate(SERIES):
            before, after = (places[rows][places[rows][:, 0] == number, 1] for rows in (train, test))
            start = len(series) - (block + 1) * size
            assert before.max() + horizon <= start <= after.min()
            assert after.max() + horizon <= start + size
        tested += test.tolist()
    assert len(set(tested)) == len(tested)


def test_all_windows_before_a_block_are_trained_on():
    cutter = SlidingWindows(5, horizon=2)
    X, y = cutter.windows_and_targets(SERIES)
    *_, (train, test) = TimeSeriesWindowsSplit(horizon=2).split(X, y, cutter.origins(SERIES))
    assert len(test) == len(SERIES)
    assert len(train) == len(X) - 2 * len(SERIES)  # without those tested, and those that overlap them by a step


def test_the_order_and_the_numbers_of_series_do_not_matter():
    cutter = SlidingWindows(5, horizon=2)
    X, y = cutter.windows_and_targets(SERIES)
    places = cutter.origins(SERIES)
    order = np.random.default_rng(0).permutation(len(X))
    other = places[order] * [7, 1] + [100, 0]
    for (train, test), (shuffled_train, shuffled_test) in zip(
        TimeSeriesWindowsSplit(horizon=2).split(X, y, places),
        TimeSeriesWindowsSplit(horizon=2).split(X[order], y[order], other),
        strict=True,
    ):
        assert set(order[shuffled_train]) == set(train)
        assert set(order[shuffled_test]) == set(test)


def test_one_series_needs_no_groups():
    (*_, (train, test)) = TimeSeriesWindowsSplit(2, horizon=3, test_size=4).split(np.zeros((20, 5)))
    np.testing.assert_array_equal(train, np.arange(16))  # the last of which ends where the block begins
    np.testing.assert_array_equal(test, [18, 19])


def test_cross_validation_and_searches_take_it():
    cutter = SlidingWindows(5, horizon=2, normalize="last")
    X, y = cutter.windows_and_targets(SERIES)
    cv, places = TimeSeriesWindowsSplit(3, horizon=2), cutter.origins(SERIES)
    assert cv.get_n_splits() == 3
    assert cross_val_score(Ridge(), X, y, cv=cv, groups=places, scoring="neg_mean_squared_error").shape == (3,)
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=cv, scoring="neg_mean_squared_error")
    assert search.fit(X, y, groups=places).n_splits_ == 3
    assert clone(cv, safe=False) == cv


@pytest.mark.parametrize(
    ("options", "groups", "message"),
    [
        ({"horizon": 3, "test_size": 2}, None, "test_size=2 is shorter than the targets, of horizon=3 steps"),
        ({"n_splits": 20}, None, "leaves 0 windows for training and 1 for testing .* ends 19 steps before"),
        ({}, np.zeros(20, int), r"groups must be integers of shape \(20, 2\).*got shape \(20,\)"),
        ({}, np.zeros((20, 2)), "dtype float64"),
    ],
)
def test_mistakes(options, groups, message):
    with pytest.raises(ValueError, match=message):
        list(TimeSeriesWindowsSplit(**options).split(np.zeros((20, 4)), groups=groups))
    with pytest.raises(ValueError, match="n_splits must be int >= 1; got 0"):
        TimeSeriesWindowsSplit(0)
