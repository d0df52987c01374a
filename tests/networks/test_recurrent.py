import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import Context
from skneural.layers.recurrent import CELLS
from tests.networks.cases import LENGTHS, RECURRENT, SERIES, started
from tests.networks.defaults import recurrent_network

each_case = pytest.mark.parametrize("options", RECURRENT.values(), ids=RECURRENT)


def small(**options):
    return recurrent_network(2, 3, hidden_size=4, **options)


@each_case
@pytest.mark.parametrize("steps", [0, 1, 30])
def test_padding_changes_nothing(options, steps):
    network = small(**options)
    tree = started(network)
    longer = np.concatenate([SERIES, np.full((4, steps, 2), 1e3)], axis=1)
    together = network.predict(tree, longer, Context(batch=BatchInfo(lengths=LENGTHS)))
    alone = [network.predict(tree, series[np.newaxis, :n]) for series, n in zip(SERIES, LENGTHS, strict=True)]
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_the_last_state_in_both_directions_has_seen_the_whole_series(cell):
    network = small(cell=cell, bidirectional=True)
    tree = started(network)
    before = network.predict(tree, SERIES, Context(batch=BatchInfo(lengths=LENGTHS)))
    for i, n in enumerate(LENGTHS):
        for step in (0, n - 1):
            changed = SERIES.copy()
            changed[i, step] += 10
            after = network.predict(tree, changed, Context(batch=BatchInfo(lengths=LENGTHS)))
            np.testing.assert_array_equal((after != before).any(axis=1), np.arange(4) == i)


def test_steps_are_tagged_from_what_was_before_or_from_both_sides():
    for bidirectional in (False, True):
        network = small(pooling=None, bidirectional=bidirectional)
        tree = started(network)
        changed = SERIES.copy()
        changed[:, 4] += 1
        moved = network.predict(tree, changed) != network.predict(tree, SERIES)
        expected = np.ones(7, bool) if bidirectional else np.arange(7) >= 4
        np.testing.assert_array_equal(moved.any(axis=1).reshape(4, 7), np.tile(expected, (4, 1)))
