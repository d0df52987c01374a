"""Properties of encoder-decoder networks."""

import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import Context
from tests.networks.cases import N_OUT, NETWORKS, started
from tests.networks.defaults import sequence_to_sequence_network

UNEQUAL = {name: case for name, case in NETWORKS.items() if case.memory_lengths is not None}
each_network = pytest.mark.parametrize("case", UNEQUAL.values(), ids=UNEQUAL)


@each_network
def test_steps_equal_the_whole(case):
    network, (source, target) = case.build(), case.x
    p = started(network)
    whole = network.predict(p, case.x, Context(batch=BatchInfo(memory_lengths=case.memory_lengths))).reshape(
        *target.shape, N_OUT
    )
    state = network.initial_state(p, source, case.memory_lengths)
    rows = np.arange(len(source))
    for t, tokens in enumerate(target.T):
        y, state = network.step(p, (None, tokens[rows]), state)
        np.testing.assert_allclose(y, whole[rows, t], rtol=1e-8, atol=1e-10)
        kept = np.array([len(rows) - 1, *range(len(rows) - 1)])[: max(2, len(rows) - 1)]  # in another order, fewer
        rows, state = rows[kept], network.select_state(state, kept)


@each_network
def test_neither_later_tokens_nor_padding_are_seen(case):
    network, (source, target) = case.build(), case.x
    p = started(network)
    context = Context(batch=BatchInfo(lengths=case.lengths, memory_lengths=case.memory_lengths))
    pieces = np.split(network.predict(p, case.x, context), np.cumsum(case.lengths)[:-1])
    for i, (piece, n, n_source) in enumerate(zip(pieces, case.lengths, case.memory_lengths, strict=True)):
        for m in range(1, n + 1):
            alone = network.predict(p, (source[i : i + 1, :n_source], target[i : i + 1, :m]))
            np.testing.assert_allclose(alone, piece[:m], rtol=1e-8, atol=1e-10)


def test_an_unknown_encoder_is_named():
    with pytest.raises(ValueError, match="encoder must be one of rnn, transformer, cnn, dense; got 'mlp'"):
        sequence_to_sequence_network(3, 4, encoder="mlp", source="tokens")
