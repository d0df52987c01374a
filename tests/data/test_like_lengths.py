import numpy as np
import pytest

from skneural.data.like_lengths import LEAST_DIVIDED, blocks_of_like_lengths, divided_by_length

RNG = np.random.default_rng(0)
LENGTHS = {
    "one giant": np.append(RNG.integers(10, 50, 99), 20_000),
    "two kinds": np.repeat([30, 900], 50),
    "powers": 2 ** RNG.integers(0, 12, 100),
    "exponential": 1 + RNG.exponential(300, 100).astype(int),
    "alike": RNG.integers(300, 600, 100),
    "one": np.array([7000]),
}
every_kind = pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)


def n_padded(lengths, parts):
    return sum(len(part) * lengths[part].max() for part in parts)


@every_kind
@pytest.mark.parametrize("n_rows", [1, 7, 1000])
def test_blocks_are_bounded(lengths, n_rows):
    blocks = list(blocks_of_like_lengths(lengths, n_rows))
    np.testing.assert_array_equal(np.sort(np.concatenate(blocks)), np.arange(len(lengths)))
    assert all(len(block) <= n_rows for block in blocks)
    assert all(len(block) == 1 or n_padded(lengths, [block]) <= n_rows * np.median(lengths) for block in blocks)


@every_kind
def test_divided_batches_are_padded_little(lengths):
    parts = divided_by_length(lengths)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(len(lengths)))
    assert n_padded(lengths, parts) <= 3.3 * lengths.sum() + LEAST_DIVIDED * len(parts)


def test_only_batches_that_are_mostly_padding_are_divided():
    assert [len(part) for part in divided_by_length(LENGTHS["one giant"])] == [1, 99]
    assert [len(part) for part in divided_by_length(LENGTHS["two kinds"])] == [50, 50]
    assert len(divided_by_length(LENGTHS["alike"])) == 1
    assert len(divided_by_length(np.array([1, 2, 400]))) == 1  # too small to pay
