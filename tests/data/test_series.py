import numpy as np

from skneural.data import FlatSeries, Series

LENGTHS = np.array([2, 5, 1, 4])
FLAT = np.random.default_rng(0).standard_normal((12, 3))


def test_batches_are_padded():
    series = Series.of(FLAT, LENGTHS)
    assert series.shape == (4, 5, 3)
    for padded, own, n in zip(series.values, np.split(FLAT, np.cumsum(LENGTHS)[:-1]), LENGTHS, strict=True):
        np.testing.assert_array_equal(padded[:n], own)
        assert not padded[n:].any()
    np.testing.assert_array_equal(series.n_steps, LENGTHS)


def test_selecting_pads_only_as_far_as_needed():
    series = Series.of(FLAT, LENGTHS)
    for rows in (np.array([2, 0]), slice(2, None, -2)):
        selected = series[rows]
        assert selected.shape == (2, 2, 3)
        np.testing.assert_array_equal(selected.lengths, [1, 2])
        np.testing.assert_array_equal(selected.values[1], FLAT[:2])
    assert len(series[np.arange(0)]) == 0


def test_selections_copy_no_steps():
    series = Series.of(FLAT, LENGTHS)
    assert series[np.array([3, 1])].steps is FLAT
    assert series[1:].steps is FLAT


def test_series_of_equal_lengths_stay_one_array():
    series = Series.of(FLAT, np.full(4, 3))
    assert not isinstance(series, FlatSeries)
    assert np.shares_memory(series.values, FLAT)
    np.testing.assert_array_equal(series.n_steps, [3, 3, 3, 3])
    assert series.original is series.values
    assert series[1:3].lengths is None


def test_a_batch_of_equal_lengths_has_no_padding():
    batch = FlatSeries(FLAT, np.array([0, 4]), np.array([3, 3]))
    assert batch.lengths is None
    np.testing.assert_array_equal(batch.values, [FLAT[:3], FLAT[4:7]])


def test_batches_have_the_longest_series_first():
    series = Series.of(FLAT, LENGTHS)
    np.testing.assert_array_equal(series.batch_order(np.array([0, 1, 2, 3])), [1, 3, 0, 2])
