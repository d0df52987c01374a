"""The container protocol, checked for every container; the table has one row for each."""

import numpy as np
import pytest
from scipy import sparse

from skneural import data
from skneural.data import (
    Container,
    Graph,
    Graphs,
    MaskedWindows,
    Nodes,
    Pairs,
    PixelImages,
    Rows,
    ScoredPairs,
    Series,
    Targets,
    TokenWindows,
    TrainingPairs,
)
from skneural.data.container import BatchInfo
from skneural.data.links import Kinds, NonLinks
from skneural.data.message_blocks import MessageBlock
from skneural.data.nodes import WholeGraph
from skneural.data.object_columns import object_array
from skneural.data.stored import StoredArray, StoredRows
from skneural.estimators.autoencoder.container import ReconstructedRows
from skneural.estimators.diffusion.container import DiffusedRows
from skneural.ops.diffusion import levels, linear_estimate, predict_clean, prediction_target

RNG = np.random.default_rng(0)
LENGTHS = np.array([3, 7, 1, 2, 5, 5, 4])
FLAT = RNG.standard_normal((LENGTHS.sum(), 2))
TOKENS = RNG.integers(0, 9, 40)


def edges(n, seed=0):
    """Random weighted edges of a directed graph."""
    rng = np.random.default_rng(seed)
    return sparse.csr_array(rng.random((n, n)) * (rng.random((n, n)) < 0.4))


def graphs(edge_features=False):
    for i, n in enumerate(LENGTHS):
        adjacency = edges(n, i)
        features = np.random.default_rng(i).standard_normal((n, 2))
        yield Graph(features, adjacency, np.arange(2.0 * adjacency.nnz).reshape(-1, 2) if edge_features else None)


PAIRS = RNG.integers(0, 7, (7, 2))


def scored_pairs():
    return ScoredPairs(WholeGraph(FLAT[:7], edges(7)), PAIRS, 2, np.arange(7) >= 5)


CONTAINERS = {
    "table": lambda: Rows(RNG.standard_normal((7, 3))),
    "sparse table": lambda: Rows(sparse.csr_array(RNG.standard_normal((7, 3)))),
    "table to be converted": lambda: Rows(RNG.standard_normal((7, 3)), np.dtype(np.float32)),
    "diffused rows": lambda: DiffusedRows(
        RNG.standard_normal((7, 3)), RNG.standard_normal((7, 2)), 10, "noise", 0.1, (np.zeros(3), np.ones(3))
    ),
    "images": lambda: Rows(RNG.standard_normal((7, 4, 4, 1)).astype(np.float32)),
    "images of bytes": lambda: Rows(RNG.integers(0, 256, (7, 4, 4, 1), np.uint8), np.dtype(np.float32)),
    "reconstructed rows": lambda: ReconstructedRows(Rows(RNG.standard_normal((7, 3))), np.zeros(3), np.ones(3), 0.1),
    "stored table": lambda: StoredRows(StoredArray(FLAT[:7]), (2,), FLAT.dtype, np.dtype(np.float32)),
    "stored series": lambda: StoredRows(StoredArray(FLAT[:21].reshape(7, 6)), (3, 2), FLAT.dtype, FLAT.dtype, Series),
    "series": lambda: Series(RNG.standard_normal((7, 5, 2))),
    "series of integers": lambda: Series(RNG.integers(0, 9, (7, 5, 2)), None, np.dtype(np.float64)),
    "unequal series": lambda: Series.of(FLAT, LENGTHS),
    "unequal series of integers": lambda: Series.of(TOKENS[: LENGTHS.sum(), None], LENGTHS, np.dtype(np.float32)),
    "padded series": lambda: Series(Series.of(FLAT, LENGTHS).values, LENGTHS),
    "tokens": lambda: Series(RNG.integers(0, 9, (7, 5))),
    "pairs": lambda: Pairs(Series.of(FLAT, LENGTHS), Series.of(TOKENS[: LENGTHS.sum()], LENGTHS[::-1])),
    "pairs of a table and tokens": lambda: Pairs(Rows(RNG.standard_normal((7, 3))), Series(TOKENS[:35].reshape(7, 5))),
    "nodes": lambda: Nodes(WholeGraph(RNG.standard_normal((7, 3)), edges(7)), np.arange(7), 2),
    "scored pairs of nodes": scored_pairs,
    "pairs of nodes in training": lambda: TrainingPairs(scored_pairs(), NonLinks(PAIRS[:5], Kinds(7)), 7),
    "images with targets of pixels": lambda: PixelImages(RNG.standard_normal((7, 4, 6, 2)), 2),
    "images to be padded": lambda: PixelImages(RNG.integers(0, 256, (7, 5, 3, 1), np.uint8), 4, np.dtype(np.float32)),
    "images of several sizes": lambda: PixelImages(
        object_array([RNG.standard_normal((n, 8 - n, 2)) for n in LENGTHS]), 2, form="list"
    ),
    "graphs": lambda: Graphs.of(list(graphs()), np.float64),
    "graphs with edge features": lambda: Graphs.of(list(graphs(edge_features=True)), np.float64),
}
TEXTS = [np.arange(n) for n in LENGTHS]
CONTAINERS |= {
    "texts": lambda: TokenWindows.from_sequences(TEXTS, start=9),
    "windows of a text": lambda: TokenWindows.from_sequences([np.arange(21)], start=21).cut(3),
    "windows to be masked": lambda: MaskedWindows(TokenWindows.from_sequences(TEXTS, 9).without_start(), 10, 9),
    "masked tokens": lambda: MaskedWindows(TokenWindows.from_sequences(TEXTS, 9), 10, 9).resample(RNG, None)[0],
}
every_container = pytest.mark.parametrize("make", CONTAINERS.values(), ids=CONTAINERS.keys())


def batch_of(container):
    """Inputs of the network without padding beyond the longest series, as a list, and the batch information."""
    x, batch_info = container.as_batch()
    if not isinstance(x, tuple):
        return [cut(x.toarray() if sparse.issparse(x) else x, batch_info.lengths)], batch_info
    return [
        cut(part, lengths) for part, lengths in zip(x, (batch_info.memory_lengths, batch_info.lengths), strict=True)
    ], batch_info


def cut(x, lengths):
    return x if lengths is None or x.ndim < 2 else x[:, : lengths.max()]


def assert_same_samples(first, second):
    (x, batch_info), (y, other_info) = batch_of(first), batch_of(second)
    for lengths, other_lengths in zip(batch_info[::2], other_info[::2], strict=True):
        np.testing.assert_array_equal(lengths, other_lengths)
    if isinstance(batch_info.structure, MessageBlock):
        np.testing.assert_array_equal(batch_info.structure.edges.toarray(), other_info.structure.edges.toarray())
        np.testing.assert_array_equal(batch_info.structure.edge_features, other_info.structure.edge_features)
    for part, other_part in zip(x, y, strict=True):
        np.testing.assert_array_equal(part, other_part)


@pytest.mark.parametrize("prediction", ["velocity", "noise"])
def test_targets_of_diffused_rows_lead_back_to_rows_of_the_same_condition(prediction):
    condition = np.repeat(np.eye(2), 40, axis=0)
    values = condition[:, :1] * 4 + RNG.uniform(-1, 1, (80, 3))
    moments = values.mean(axis=0), values.var(axis=0)
    diffused = DiffusedRows(values, condition, 1000, prediction, 0.0, moments)
    rows, targets = diffused.resample(np.random.default_rng(0), None)
    noisy, time = rows.as_batch()[0][:, :3], rows.as_batch()[0][:, -1:]
    early = time[:, 0] < 0.9  # where division by the signal level is well conditioned
    signal, level = levels(time)
    linear = linear_estimate(noisy, moments, signal, level)
    linear_part = prediction_target(prediction, linear, (noisy - signal * linear) / level, signal, level)
    clean = predict_clean(noisy, targets.values + linear_part, prediction, signal, level)[early]
    first_class = condition[early, 0] == 1
    assert (clean[first_class] > 2.9).all()
    assert (clean[~first_class] < 1.1).all()


def test_every_container_has_a_row():
    members = {value for value in vars(data).values() if isinstance(value, type) and issubclass(value, Container)}
    rows = {type(make()) for make in CONTAINERS.values()}
    assert members - {Container} == {row for row in rows if row.__module__.startswith(data.__name__)}


@every_container
def test_length_shape_and_dtype_match_the_network_input(make):
    container = make()
    x, batch_info = container.as_batch()
    n_rows = batch_info.lengths.sum() if isinstance(container, Graphs) else 7
    assert len(container) == container.shape[0] == 7
    first = x[0] if isinstance(x, tuple) else x
    assert first.shape[0] == n_rows
    assert container.dtype == first.dtype
    assert isinstance(batch_info, BatchInfo)
    # as scorers use them: the number of samples, and selection of rows
    assert container.original.shape[0] == 7
    assert container.original[2:5].shape[0] == 3


@every_container
def test_selecting_twice_is_selecting_once(make):
    container, rows = make(), np.array([5, 0, 3, 3])
    assert_same_samples(container[rows][np.array([1, 2])], container[np.array([0, 3])])
    assert_same_samples(container[1:6][1:3], container[2:4])
    assert_same_samples(container[2:5], container[np.arange(2, 5)])
    assert len(container[::3]) == 3


@every_container
@pytest.mark.parametrize("n_rows", [1, 3, 7, 10])
def test_blocks_are_all_samples_once(make, n_rows):
    container = make()
    blocks = list(container.blocks(n_rows))
    numbers = np.concatenate([np.arange(7)[block] for block in blocks])
    np.testing.assert_array_equal(np.sort(numbers), np.arange(7))
    assert max(len(container[block]) for block in blocks) <= n_rows
    np.testing.assert_array_equal(np.sort(container.batch_order(np.array([4, 1, 2]))), [1, 2, 4])


PADDED = [name for name, make in CONTAINERS.items() if make().padded_lengths is not None]


def arrays_of(container):
    x = container.as_batch()[0]
    return x if isinstance(x, tuple) else (x,)


@pytest.mark.parametrize("name", PADDED)
def test_shards_see_as_many_steps_as_their_batch(name):
    """All shards then draw random numbers of the same shape."""
    batch = CONTAINERS[name]()[np.array([1, 4, 3, 2])]
    whole = batch.with_common_width()
    for rows in (slice(0, 2), slice(2, 4)):
        for shard, array in zip(arrays_of(whole[rows]), arrays_of(batch), strict=True):
            np.testing.assert_array_equal(shard, array[rows])


@pytest.mark.parametrize("name", PADDED)
def test_blocks_hold_samples_of_like_lengths(name):
    container = CONTAINERS[name]()
    lengths = container.padded_lengths
    for n_rows in (1, 2, 4):
        for block in container.blocks(n_rows):
            assert len(block) == 1 or len(block) * lengths[block].max() <= n_rows * container.typical_length


@pytest.mark.parametrize("rows", [slice(2, 5), slice(None, None, 3), np.array([6, 0, 2]), np.arange(0)], ids=str)
def test_targets_of_steps_follow_their_series(rows):
    targets, lengths = Targets(FLAT, LENGTHS)[rows], LENGTHS[rows]
    pieces = np.split(FLAT, np.cumsum(LENGTHS)[:-1])
    expected = [pieces[i] for i in np.arange(7)[rows]]
    assert len(targets) == len(lengths)
    np.testing.assert_array_equal(targets.lengths, lengths)
    np.testing.assert_array_equal(targets.values, np.concatenate([np.empty((0, 2)), *expected]))
    np.testing.assert_array_equal(targets.spread(np.arange(len(lengths))), np.repeat(np.arange(len(lengths)), lengths))


@every_container
def test_a_subset_is_the_selection_of_the_same_samples(make):
    x, rows = make(), np.array([1, 5, 2, 6])
    subset, expected = x.subset(rows), x[rows]
    assert (len(subset), subset.dtype, subset.shape) == (len(expected), expected.dtype, expected.shape)
    for part in (slice(None), slice(1, 3), np.array([3, 0])):
        assert_same_samples(subset[part], expected[part])
    assert_same_samples(subset.subset(np.array([0, 3])), expected[np.array([0, 3])])


@pytest.mark.parametrize("name", ["table", "images", "series"])
def test_a_subset_shares_the_memory_of_the_whole(name):
    x = CONTAINERS[name]()
    subset = x.subset(np.array([1, 5, 2]))
    assert np.shares_memory(subset.steps if name == "series" else subset[:2].whole.values, x.values)
