import numpy as np

from skneural.data import Targets
from skneural.estimators.diffusion.container import DiffusedRows

RNG = np.random.default_rng(0)
VALUES, CONDITION = RNG.standard_normal((400, 3)), np.repeat([[0.0], [1.0]], 200, axis=0)


def drawn(seed=0, dropout=0.0, n_steps=10, values=VALUES):
    rows = DiffusedRows(values, CONDITION, n_steps, "velocity", dropout, (np.zeros(3), np.ones(3)))
    x, targets = rows.resample(np.random.default_rng(seed), Targets(values))
    return x.as_batch()[0], targets.values


def test_times_are_spread_evenly_over_the_steps():
    times = drawn()[0][:, -1]
    np.testing.assert_array_equal(np.unique(np.rint(10 * times)), np.arange(1, 11))
    counts = np.bincount(np.rint(10 * times).astype(int))[1:]
    assert counts.min() >= 39
    assert counts.max() <= 41


def test_a_share_of_the_conditions_is_withheld():
    np.testing.assert_array_equal(drawn()[0][:, 3], CONDITION[:, 0])
    known = [drawn(seed, dropout=0.5)[0][200:, 3].mean() for seed in range(5)]
    assert 0.45 < np.mean(known) < 0.55


def test_the_same_generator_draws_the_same():
    for one, again, other in zip(drawn(), drawn(), drawn(1), strict=True):
        np.testing.assert_array_equal(one, again)
        assert not np.array_equal(one, other)


def test_single_precision_stays():
    assert all(array.dtype == np.float32 for array in drawn(values=VALUES.astype(np.float32)))


def targets_of(rows, seed=0):
    return rows.resample(np.random.default_rng(seed), Targets(rows.values))[1].values


def test_rows_whose_condition_is_dropped_may_have_come_from_every_row():
    """If all are dropped, targets are those without a condition."""
    moments = np.zeros(3), np.ones(3)
    dropped = DiffusedRows(VALUES, CONDITION, 10, "velocity", 1.0, moments)
    without = DiffusedRows(VALUES, np.zeros((400, 0)), 10, "velocity", 0.0, moments)
    np.testing.assert_allclose(targets_of(dropped), targets_of(without), atol=1e-9)


def test_rows_with_a_condition_have_come_from_rows_with_the_same_condition():
    moments = np.zeros(3), np.ones(3)
    others = np.where(CONDITION == 1, 7 + VALUES, VALUES)
    targets = [targets_of(DiffusedRows(values, CONDITION, 10, "noise", 0.0, moments)) for values in (VALUES, others)]
    np.testing.assert_allclose(*(part[:200] for part in targets), atol=1e-9)
    assert not np.allclose(*(part[200:] for part in targets))


def test_some_dropped_rows_see_all_and_the_others_their_own():
    rows = DiffusedRows(VALUES, CONDITION, 10, "velocity", 0.5, (np.zeros(3), np.ones(3)))
    others = DiffusedRows(np.where(CONDITION == 1, 7 + VALUES, VALUES), CONDITION, 10, "velocity", 0.5, rows.moments)
    (x, targets), (_, changed) = (one.resample(np.random.default_rng(0), Targets(VALUES)) for one in (rows, others))
    late = x.as_batch()[0][:200, -1] > 0.5  # where a row may have come from many others
    moved = ~np.isclose(targets.values[:200], changed.values[:200], atol=1e-9).all(axis=1)
    assert 0.3 < moved[late].mean() < 0.7
