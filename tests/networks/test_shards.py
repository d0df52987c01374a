import math

import numpy as np
import pytest

from skneural.data import Rows, Series
from skneural.layers import Convolution, SelectiveScan, SelfAttention
from skneural.networks.shards import LEAST_PRODUCT, LEAST_SHARD, LEAST_WORK, has_large_products, rows_per_shard
from tests.networks.cases import started
from tests.networks.defaults import (
    convolutional_series_network,
    mamba_network,
    mlp_network,
    recurrent_network,
    transformer_network,
)

SERIES = Series(np.zeros((2, 50, 8)))


def rows(network, x=SERIES):
    return rows_per_shard(network, started(network), x)


@pytest.mark.parametrize(
    ("network", "kind", "widest"),
    [
        (convolutional_series_network(8, 3, channels=(16, 16, 16)), Convolution, 16 * 50),
        (transformer_network(8, 3, d_model=32, feedforward_size=64), SelfAttention, 64 * 50),
        (mamba_network(8, 3, d_model=32, variant="mamba"), SelectiveScan, None),
    ],
    ids=["convolutions", "attention", "scans"],
)
def test_a_shard_is_at_least_so_large_in_its_widest_layer(network, kind, widest):
    found = rows(network)
    assert 0 < found < math.inf
    if widest is not None:
        assert found == pytest.approx(LEAST_SHARD[kind] / widest)
    longer = Series(np.zeros((2, 100, 8)))
    assert rows(network, longer) == pytest.approx(found / 2)


def test_a_shard_has_at_least_so_many_multiply_adds_in_dense_layers():
    assert rows(mlp_network(8, 3, (50,)), Rows(np.zeros((2, 8)))) == LEAST_WORK / (8 * 50 + 50 * 3)


def test_recurrences_are_not_split():
    assert rows(recurrent_network(8, 3)) == math.inf


@pytest.mark.parametrize(
    ("network", "x", "multiply_adds"),
    [
        (mlp_network(80, 3, (500,)), Rows(np.zeros((2, 80))), 80 * 500),
        (convolutional_series_network(8, 3, channels=(8, 128), kernel_size=(3, 3)), SERIES, 50 * 3 * 8 * 128),
        (transformer_network(8, 3, d_model=32, feedforward_size=64), SERIES, 50 * 32 * 64),
        (recurrent_network(8, 3, cell="gru", hidden_size=64), SERIES, 64 * 64),
    ],
    ids=["dense", "convolutions", "attention", "steps of a recurrence"],
)
def test_large_products_are_those_of_many_multiply_adds(network, x, multiply_adds):
    tree, limit = started(network), math.ceil(LEAST_PRODUCT / multiply_adds)
    assert has_large_products(network, tree, x, limit)
    assert not has_large_products(network, tree, x, limit - 1)


def test_what_cannot_be_split_is_not():
    network = transformer_network(8, 3)
    series = Series(np.zeros((2, 50, 8)))
    series.shardable = False
    assert rows(network, series) == math.inf
