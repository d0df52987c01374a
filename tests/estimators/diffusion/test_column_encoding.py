import numpy as np
import pytest

from skneural.estimators.diffusion.column_encoding import ColumnEncoding
from skneural.template.state import plain_state

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
    np.testing.assert_allclose(restored, TABLE, rtol=1e-6)
    np.testing.assert_array_equal(np.isnan(restored), np.isnan(TABLE))


@by_rank_or_not
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [2, 3, 5, 100, 3000])
def test_the_least_and_the_greatest_number_come_back_exactly(n, dtype, by_rank):
    """Also the common number may be the greatest, and generated rows may lie beyond the encoded range."""
    long_tail = np.concatenate([10.0 * np.arange(n - 1), [1000 / 3 + 10 * n]])
    often_greatest = np.minimum(np.arange(n), 0.7 * n)
    table = np.stack([long_tail, -long_tail, often_greatest, np.full(n, 0.1)], axis=1)
    encoding = ColumnEncoding.learn(table, np.zeros(4, int), by_rank, None)
    encoded = encoding.encode(table, np.dtype(dtype))
    restored = encoding.decode(encoded)
    np.testing.assert_array_equal(restored.min(axis=0), table.min(axis=0))
    np.testing.assert_array_equal(restored.max(axis=0), table.max(axis=0))
    np.testing.assert_allclose(restored, table, atol=1e-3 * n)
    beyond = encoding.decode(np.where(np.arange(encoding.size) < 4, 9 * encoded, encoded))
    np.testing.assert_array_equal(beyond[[0, -1], 0], table[[0, -1], 0])


def test_numbers_between_the_last_two_ranks_can_be_generated():
    encoding = ColumnEncoding.learn(np.array([[0.0, 10, 20, 30, 1000]]).T, np.array([0]), True, None)
    generated = encoding.decode(np.linspace(encoding.lower, encoding.upper, 2000))
    assert np.diff(generated.ravel()).max() < 2


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
    weight = RNG.integers(1, 4, 500)
    weighted = ColumnEncoding.learn(TABLE, N_CATEGORIES, by_rank, weight.astype(float))
    repeated = ColumnEncoding.learn(np.repeat(TABLE, weight, axis=0), N_CATEGORIES, by_rank, None)
    for name in ("center", "scale", "quantiles", "least_rank", "common", "mean", "variance"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(repeated, name), atol=1e-12)


def test_the_encoding_is_plain_arrays():
    state = plain_state(ColumnEncoding.learn(TABLE, N_CATEGORIES, True, None))
    moments = [state.pop(name) for name in ("numbers", "encoded")]
    assert all(isinstance(array, np.ndarray) for array in state.values())
    assert all(isinstance(array, np.ndarray | float) for each in moments for array in each.values())


@pytest.mark.parametrize("seed", range(8))
def test_the_common_number_is_that_of_the_greatest_weight(seed):
    rng = np.random.default_rng(seed)
    table, weight = rng.integers(0, 9, (60, 3)).astype(float), rng.integers(1, 9, 60)
    weight[table[:, 0] == 4] *= 9  # rows of one number count more
    table[rng.random((60, 3)) < 0.1] = np.nan
    weighted = ColumnEncoding.learn(table, np.zeros(3, int), True, weight.astype(float))
    repeated = ColumnEncoding.learn(np.repeat(table, weight, axis=0), np.zeros(3, int), True, None)
    assert weighted.common[0] == 4
    for name in ("common", "center", "scale"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(repeated, name), rtol=1e-9)
