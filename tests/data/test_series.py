import numpy as np

from skneural.data import Series

LENGTHS = np.array([2, 5, 1, 4])
FLAT = np.random.default_rng(0).standard_normal((12, 3))


def test_series_one_behind_the_other_are_padded():
    series = Series.of(FLAT, LENGTHS)
    assert series.shape == (4, 5, 3)
    for padded, own, n in zip(series.values, np.split(FLAT, np.cumsum(LENGTHS)[:-1]), LENGTHS, strict=True):
        np.testing.assert_array_equal(padded[:n], own)
    np.testing.assert_array_equal(series.n_steps, LENGTHS)


def test_series_without_lengths_have_all_steps():
    series = Series(FLAT.reshape(4, 3, 3))
    np.testing.assert_array_equal(series.n_steps, [3, 3, 3, 3])
    assert series.original is series.values
    assert series[1:3].lengths is None


def test_batches_have_the_longest_series_first():
    series = Series.of(FLAT, LENGTHS)
    np.testing.assert_array_equal(series.batch_order(np.array([0, 1, 2, 3])), [1, 3, 0, 2])
    np.testing.assert_array_equal(
        [len(series.values[0])] + [series[rows].shape[1] for rows in series.blocks(2)], [5, 5, 2]
    )
