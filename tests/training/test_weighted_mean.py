"""Weighted means of weights, buffers and states."""

import numpy as np
import pytest

from skneural.layers import BatchNormalization, Chain, Dense, Standardization
from skneural.parameters import Layout, Snapshot
from skneural.training.weighted_mean import mean_snapshot, mean_state, mean_vector

NETWORK = Chain(dense=Dense(3, 2), normalization=BatchNormalization(2))
LAYOUT = Layout(NETWORK.parameters())


def snapshots(n=4, seed=0):
    rng = np.random.default_rng(seed)
    start = LAYOUT.initial(rng, np.float64)
    return [
        Snapshot(rng.standard_normal(LAYOUT.size), start.buffers + rng.random(LAYOUT.buffer_size)) for _ in range(n)
    ]


def test_a_mean_of_means_is_that_of_all():
    """So a cluster may add up in a tree."""
    a, b, c, d = snapshots()
    whole = mean_snapshot(NETWORK, LAYOUT, [a, b, c, d], [0.1, 0.2, 0.3, 0.4])
    pairs = [
        mean_snapshot(NETWORK, LAYOUT, [a, b], [1 / 3, 2 / 3]),
        mean_snapshot(NETWORK, LAYOUT, [c, d], [3 / 7, 4 / 7]),
    ]
    tree = mean_snapshot(NETWORK, LAYOUT, pairs, [0.3, 0.7])
    for one, other in zip(whole, tree, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_statistics_that_are_learned_once_must_agree():
    network = Chain(standardization=Standardization(2), dense=Dense(2, 1))
    layout = Layout(network.parameters())
    start = layout.initial(np.random.default_rng(0), np.float64)
    other = Snapshot(start.vector, start.buffers + 1)
    with pytest.raises(ValueError, match="in the layer 'standardization'"):
        mean_snapshot(network, layout, [start, other], [0.5, 0.5])


def test_the_mean_keeps_the_precision_and_sums_in_a_higher_one():
    vectors = [np.full(3, 0.1, np.float32)] * 1000
    mean = mean_vector(vectors, [1e-3] * 1000)
    assert mean.dtype == np.float32
    np.testing.assert_array_equal(mean, vectors[0])


def test_of_states_numbers_are_averaged_and_steps_counted():
    one, two = ({"solver": "adam", "n_steps": n, "mean": np.full(2, float(n))} for n in (3, 5))
    mean = mean_state([one, two], [0.5, 0.5])
    assert (mean["solver"], mean["n_steps"], mean["mean"].tolist()) == ("adam", 5, [4.0, 4.0])
    assert mean_state([one, {"solver": "sgd"}], [0.5, 0.5]) == {}
