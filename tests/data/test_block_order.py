"""Batches from chunks of blocks."""

import numpy as np
import pytest
from scipy import sparse

from skneural.data import Rows, Samples, ShuffledBlocks, StoredArray, StoredRows, Targets
from skneural.data.block_order import BYTES_OF_A_BLOCK, BYTES_OF_A_CHUNK
from tests.data.test_container import CONTAINERS

N = 103
X = np.arange(N * 2.0).reshape(N, 2)


def samples(n=N):
    return Samples(Rows(X[:n]), Targets(np.arange(n)), 100.0 + np.arange(n), 2.0)


def rows_of(batches):
    return [batch.y.values for batch in batches]


@pytest.mark.parametrize("size", [1, 5, 16, 102])
@pytest.mark.parametrize("n_block", [1, 7, 50])
@pytest.mark.parametrize("n_chunk", [1, 20, 102])
def test_every_row_comes_once_and_batches_are_full(size, n_block, n_chunk):
    batches = list(ShuffledBlocks(samples(), n_block, n_chunk).batches(size, np.random.default_rng(0)))
    np.testing.assert_array_equal(np.sort(np.concatenate(rows_of(batches))), np.arange(N))
    assert [len(batch) for batch in batches[:-1]] == [size] * (N // size - (N % size == 0))
    for batch in batches:
        np.testing.assert_array_equal(batch.x.values[:, 0], 2 * batch.y.values)
        np.testing.assert_array_equal(batch.sample_weight, 100 + batch.y.values)
        assert batch.mean_weight == 2.0


def test_a_chunk_has_whole_blocks_and_batches_mix_them():
    """Chunks of 40 rows are four blocks of ten in random order, of which each batch has rows of several."""
    order = np.concatenate(rows_of(ShuffledBlocks(samples(100), 10, 40).batches(8, np.random.default_rng(0))))
    first, second, last = order[:40], order[40:80], order[80:]
    for chunk in (first, second, last):
        blocks, counts = np.unique(chunk // 10, return_counts=True)
        assert (counts == 10).all()
        assert len(np.unique(chunk[:8] // 10)) > len(blocks) // 2
    assert np.unique(first // 10).tolist() != [0, 1, 2, 3]


def test_the_generator_decides_the_order():
    orders = [rows_of(ShuffledBlocks(samples(), 7, 20).batches(5, np.random.default_rng(seed))) for seed in (0, 0, 1)]
    first, again, other = map(np.concatenate, orders)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(("size", "n_chunk", "shuffled"), [(5, N, True), (N, 20, True), (5, 20, False)])
def test_few_samples_are_shuffled_as_a_whole_and_none_without_a_generator(size, n_chunk, shuffled):
    batches = [
        rows_of(source.batches(size, np.random.default_rng(0) if shuffled else None))
        for source in (ShuffledBlocks(samples(), 7, n_chunk), samples())
    ]
    for one, two in zip(*batches, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("make", CONTAINERS.values(), ids=list(CONTAINERS))
def test_all_containers_have_blocks(make):
    everything = Samples(make(), Targets(np.arange(7)))
    assert len(ShuffledBlocks.of(everything)) == 7
    for batch in ShuffledBlocks(everything, 2, 4).batches(2, np.random.default_rng(0)):
        (given, _), (expected, _) = (x.as_batch() for x in (batch.x, everything.take(batch.y.values).x))
        given, expected = (x.toarray() if sparse.issparse(x) else x for x in (given, expected))
        np.testing.assert_equal(given, expected)


def test_a_block_is_a_megabyte():
    blocks = ShuffledBlocks.of(Samples(Rows(np.zeros((5, 256), np.float32)), Targets(np.arange(5))))
    assert (blocks.n_block, blocks.n_chunk) == (BYTES_OF_A_BLOCK // 1024, BYTES_OF_A_CHUNK // 1024)


def test_rows_of_a_file_are_read_in_runs():
    read = []

    class Recorded:
        shape, dtype, ndim = X.shape, X.dtype, 2

        def __getitem__(self, rows):
            read.append((rows.start, rows.stop))
            return X[rows]

    x = StoredRows(StoredArray(Recorded()), (2,), X.dtype, X.dtype)
    stored = Samples(x, Targets(np.arange(N)))
    batches = list(ShuffledBlocks(stored, 20, 40).batches(8, np.random.default_rng(0)))
    for batch in batches:
        np.testing.assert_array_equal(batch.x.values[:, 0], 2 * batch.y.values)
    assert len(read) <= 6
