import numpy as np
import pytest

from skneural.estimators.diffusion.column_encoding import ColumnEncoding

RNG = np.random.default_rng(0)
TABLE = np.stack(
    [
        RNG.normal(1e6, 0.1, 500),
        RNG.integers(0, 3, 500),  # categories
        RNG.exponential(size=500) ** 3,
        np.full(500, 0.1),
        RNG.integers(0, 4, 500),  # few equal numbers
        RNG.integers(0, 2, 500),  # categories
    ],
    axis=1,
)
TABLE[:50, 2] = np.nan
N_CATEGORIES = np.array([0, 3, 0, 0, 0, 2])
by_rank_or_not = pytest.mark.parametrize("by_rank", [False, True])


@by_rank_or_not
def test_what_was_encoded_comes_back(by_rank):
    encoding = ColumnEncoding.learn(TABLE, N_CATEGORIES, by_rank, None)
    encoded = encoding.encode(TABLE, np.dtype(np.float64))
    assert encoded.shape == (500, 4 + 1 + by_rank + 3 + 2)  # one for what is missing, one for a common number
    np.testing.assert_allclose(encoding.mean, encoded.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(encoding.variance, encoded.var(axis=0), atol=1e-9)
    assert np.abs(encoded).max() < 12
    restored = encoding.decode(encoded)
    exact = [1, 3, 4, 5]
    np.testing.assert_array_equal(restored[:, exact], TABLE[:, exact])
    inside = np.sort(np.argsort(TABLE[:, 2])[5:-55])  # the last ranks are cut
    np.testing.assert_allclose(restored[inside], TABLE[inside], rtol=1e-6)
    np.testing.assert_array_equal(np.isnan(restored), np.isnan(TABLE))


def test_ranks_are_normal_whatever_the_numbers():
    skewed = RNG.exponential(size=(2000, 1)) ** 4
    encoding = ColumnEncoding.learn(skewed, np.array([0]), True, None)
    z = encoding.encode(skewed, np.dtype(np.float64))
    assert abs(z.mean()) < 0.01
    assert z.std() == pytest.approx(1, abs=0.02)


def test_equal_numbers_have_the_middle_of_their_ranks():
    zeros = np.concatenate([np.zeros(80), np.arange(1, 921)])[:, np.newaxis]
    encoding = ColumnEncoding.learn(zeros, np.array([0]), True, None)
    z = encoding.encode(zeros[:1], np.dtype(np.float64))
    assert z[0, 0] == pytest.approx(-1.7507, abs=0.01)  # the normal quantile of 0.04
    np.testing.assert_array_equal(encoding.decode(np.array([[-3.0], [-2.0], [-1.5]])), np.zeros((3, 1)))


def test_a_common_number_stands_apart_from_the_ranks_of_the_others():
    zeros = np.concatenate([np.zeros(800), np.arange(1, 201)])[:, np.newaxis]
    encoding = ColumnEncoding.learn(zeros, np.array([0]), True, None)
    z = encoding.encode(zeros[[0, 900]], np.dtype(np.float64))
    np.testing.assert_allclose(z, [[0, 1], [0, -1]], atol=0.01)  # the middle of the others is 100.5
    np.testing.assert_allclose(
        encoding.decode(np.array([[3.0, 0.1], [0.0, -0.1], [9, -1]])), [[0], [100.5], [200]], rtol=1e-9
    )
    other = np.where(zeros == 0, np.nan, zeros)
    other[:300] = 5
    both = ColumnEncoding.learn(other, np.array([0]), True, None)
    np.testing.assert_array_equal(both.decode(np.array([[0, 1, 1], [0, 1, -1.0]])), [[np.nan], [5]])


def test_truth_values_and_constants_have_no_common_number():
    for column in (np.repeat([0.0, 1.0], [90, 10]), np.full(100, 3.0)):
        assert np.isnan(ColumnEncoding.learn(column[:, np.newaxis], np.array([0]), True, None).common).all()


@by_rank_or_not
def test_weights_are_repetitions(by_rank):
    table, weight = np.tile(TABLE, (3, 1)), RNG.integers(1, 4, 1500)  # from 1000 rows on there are as many quantiles
    weighted = ColumnEncoding.learn(table, N_CATEGORIES, by_rank, weight.astype(float))
    repeated = ColumnEncoding.learn(np.repeat(table, weight, axis=0), N_CATEGORIES, by_rank, None)
    for name in ("center", "scale", "quantiles", "common", "mean", "variance"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(repeated, name), atol=1e-12)


def test_the_encoding_is_plain_arrays():
    encoding = ColumnEncoding.learn(TABLE, N_CATEGORIES, True, None)
    assert all(isinstance(array, np.ndarray) for array in vars(encoding).values())
