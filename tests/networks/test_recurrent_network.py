import numpy as np
import pytest

from skneural.layers import PREDICTING, Context
from skneural.layers.recurrent import CELLS
from skneural.networks.recurrent import POOLINGS, recurrent_network
from skneural.parameters import Layout
from skneural.testing import check_gradients, check_layer

LENGTHS = np.array([1, 5, 7, 3])
SERIES = np.random.default_rng(0).standard_normal((4, 7, 2))
TOKENS = np.random.default_rng(0).integers(0, 9, (4, 7))

# case -> arguments of recurrent_network after n_features and n_out
CASES = {
    **{f"{cell} with {pooling}": {"cell": cell, "pooling": pooling} for cell in CELLS for pooling in POOLINGS},
    **{f"{cell} for each step": {"cell": cell, "pooling": None} for cell in CELLS},
    **{
        f"two layers of {cell} in both directions with {pooling}": {
            "cell": cell,
            "pooling": pooling,
            "n_layers": 2,
            "bidirectional": True,
            "dropout": 0.3,
        }
        for cell in CELLS
        for pooling in (*POOLINGS, None)
    },
    "three layers": {"n_layers": 3, "dropout": 0.3, "standardize": False},
}
each_case = pytest.mark.parametrize("options", CASES.values(), ids=CASES)


def small(**options):
    return recurrent_network(2, 3, hidden_size=4, **options)


def started(network):
    layout = Layout(network.parameters())
    return layout.views(*layout.initial(np.random.default_rng(0), np.float64))


@each_case
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["equal lengths", "unequal lengths"])
def test_gradients(options, lengths):
    check_gradients(small(**options), SERIES, Context(np.random.default_rng(0), lengths=lengths))


@each_case
def test_gradients_of_tokens(options):
    network = small(vocabulary_size=9, embedding_size=3, **options)
    check_gradients(network, TOKENS, Context(np.random.default_rng(0), lengths=LENGTHS))


@each_case
def test_contract(options):
    batch_axis = 0 if options.get("pooling", "last") else None  # else there is a row for each step
    check_layer(small(**options), SERIES, batch_axis=batch_axis)
    check_layer(small(vocabulary_size=9, **options), TOKENS, batch_axis=batch_axis)


@each_case
@pytest.mark.parametrize("steps", [0, 1, 30])
def test_padding_changes_nothing(options, steps):
    network = small(**options)
    tree = started(network)
    longer = np.concatenate([SERIES, np.full((4, steps, 2), 1e3)], axis=1)
    together = network.predict(tree, longer, Context(lengths=LENGTHS))
    alone = [network.predict(tree, series[np.newaxis, :n]) for series, n in zip(SERIES, LENGTHS, strict=True)]
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-9, atol=1e-12)


@each_case
def test_nobody_computes_the_gradient_of_series(options):
    network = small(**options)
    layout = Layout(network.parameters())
    vector, buffers = layout.initial(np.random.default_rng(0), np.float64)
    y, backward = network.forward(layout.views(vector, buffers), SERIES, PREDICTING)
    assert backward(np.ones_like(y), layout.views(np.empty_like(vector))) is None


@pytest.mark.parametrize("cell", CELLS)
def test_the_last_state_in_both_directions_has_seen_the_whole_series(cell):
    network = small(cell=cell, bidirectional=True)
    tree = started(network)
    before = network.predict(tree, SERIES, Context(lengths=LENGTHS))
    for i, n in enumerate(LENGTHS):
        for step in (0, n - 1):
            changed = SERIES.copy()
            changed[i, step] += 10
            after = network.predict(tree, changed, Context(lengths=LENGTHS))
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
