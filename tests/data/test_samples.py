import numpy as np
import pytest
from scipy import sparse

from skneural.data import Rows, Samples, Series, Targets

N = 23
X = np.arange(N * 2.0).reshape(N, 2)
CONTAINERS = {
    "dense": np.asarray,
    "csr": sparse.csr_matrix,
    "csr array": sparse.csr_array,
    "3-D": lambda x: np.stack([x, x], axis=1),
}


def samples(container=np.asarray, weighted=True):
    weight = 100.0 + np.arange(N) if weighted else None
    return Samples(Rows(container(X)), Targets(np.arange(N)), weight, 2.0)


def first_column(x):
    x, _ = x.as_batch()
    x = x.toarray() if sparse.issparse(x) else x
    return x.reshape(len(x), -1)[:, 0]


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=list(CONTAINERS))
@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("size", [1, 5, 22, 23, 100])
def test_every_row_comes_once_with_its_target_and_weight(container, shuffled, size):
    rng = np.random.default_rng(0) if shuffled else None
    batches = list(samples(container).batches(size, rng))
    y = np.concatenate([batch.y.values for batch in batches])
    np.testing.assert_array_equal(np.sort(y), np.arange(N))
    for batch in batches:
        assert len(batch.x) == batch.x.shape[0] == len(batch) == len(batch.sample_weight) <= size
        np.testing.assert_array_equal(first_column(batch.x), 2 * batch.y.values)
        np.testing.assert_array_equal(batch.sample_weight, 100 + batch.y.values)
        assert batch.mean_weight == 2.0
    assert [len(batch) for batch in batches[:-1]] == [size] * (len(batches) - 1)


def orders(rng):
    return np.concatenate([batch.y.values for batch in samples().batches(5, rng)])


def test_the_generator_decides_the_order():
    np.testing.assert_array_equal(orders(None), np.arange(N))
    np.testing.assert_array_equal(orders(np.random.default_rng(0)), orders(np.random.default_rng(0)))
    assert not np.array_equal(orders(np.random.default_rng(0)), np.arange(N))
    assert not np.array_equal(orders(np.random.default_rng(0)), orders(np.random.default_rng(1)))


@pytest.mark.parametrize("size", [N, N + 1])
def test_a_full_batch_is_neither_shuffled_nor_copied(size):
    everything = samples()
    (batch,) = everything.batches(size, np.random.default_rng(0))
    assert batch.x is everything.x
    np.testing.assert_array_equal(batch.y.values, np.arange(N))


def test_without_weights_there_are_none():
    assert all(batch.sample_weight is None for batch in samples(weighted=False).batches(5, np.random.default_rng(0)))


def test_total_is_the_weight_of_as_many_average_rows():
    assert samples().total == N * 2.0
    assert samples().part(slice(0, 4)).total == 8.0


def test_parts_are_views_and_taken_rows_are_copies():
    everything = samples()
    assert np.shares_memory(everything.part(slice(2, 5)).x.values, everything.x.values)
    taken = everything.take(np.array([4, 2]))
    assert not np.shares_memory(taken.x.values, everything.x.values)
    np.testing.assert_array_equal(taken.y.values, [4, 2])


LENGTHS = np.array([3, 7, 1, 2, 5])
STEPS = np.random.default_rng(0).standard_normal((LENGTHS.sum(), 2))


def test_targets_of_elements_weigh_as_their_sample():
    samples = Samples(Series.of(STEPS, LENGTHS), Targets(STEPS, LENGTHS), np.array([1.0, 0.5, 2.0, 1.0, 3.0]))
    weight = samples.target_weight
    np.testing.assert_array_equal(weight, np.repeat(samples.sample_weight, LENGTHS))
    samples.weigh()
    assert samples.mean_weight == weight.sum() / 5
    parts = [samples.take(np.array(rows)) for rows in ([4, 0], [1, 2, 3])]
    assert sum(part.total for part in parts) == pytest.approx(weight.sum())


def test_batches_hold_their_longest_series_first():
    samples = Samples(Series.of(STEPS, LENGTHS), Targets(np.arange(5)))
    seen = []
    for batch in samples.batches(2, np.random.default_rng(0)):
        assert (np.diff(batch.x.n_steps) <= 0).all()
        np.testing.assert_array_equal(batch.x.n_steps, LENGTHS[batch.y.values])
        seen += batch.y.values.tolist()
    assert sorted(seen) == [0, 1, 2, 3, 4]
