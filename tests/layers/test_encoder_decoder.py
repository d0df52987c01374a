"""Decoders that look at a memory: what they attend to, how they start, and step by step."""

import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import (
    GRU,
    LSTM,
    Activation,
    AdditiveAttention,
    Chain,
    Context,
    CrossAttention,
    Dense,
    DotAttention,
    Embedding,
    EncoderDecoder,
    RealSteps,
    Residual,
    RowsFirst,
    SelfAttention,
    StartedByMemory,
    StepPooling,
    StepsFirst,
    WithMemory,
)
from skneural.parameters import Layout
from skneural.testing import check_gradients


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def started(layer):
    layout = Layout(layer.parameters())
    start = layout.initial(np.random.default_rng(0), np.float64)
    return layout.views(start.vector + 0.1 * numbers(layout.size, seed=1), start.buffers)


def first(n_state):
    return Chain(StepPooling("last"), Dense(3, n_state), Activation("tanh"))


def recurrent(cell, attention):
    return WithMemory(StepsFirst(), StartedByMemory(cell(4, 3), first(cell(4, 3).n_state)), RowsFirst(), *attention)


ENCODER = Chain(Embedding(6, 2), StepsFirst(), GRU(2, 3), RowsFirst())
DECODERS = {
    "gru without attention": recurrent(GRU, ()),
    "gru with additive attention": recurrent(GRU, (AdditiveAttention(3, 3, 5), Dense(6, 2))),
    "lstm with attention by products": recurrent(LSTM, (DotAttention(3, 3), Activation("tanh"))),
    "two lstms": recurrent(LSTM, (StepsFirst(), StartedByMemory(LSTM(3, 2), first(4)), RowsFirst())),
    "cross attention": WithMemory(
        Residual(SelfAttention(4, 2, causal=True)),
        WithMemory(Dense(4, 4), CrossAttention(4, 2, 3), residual=True),
        Residual(Dense(4, 4)),
    ),
}
SOURCE = np.random.default_rng(0).integers(0, 6, (4, 7))
SOURCE_LENGTHS = np.array([2, 7, 1, 4])
TARGET, LENGTHS = numbers(4, 5, 4), np.array([3, 1, 5, 4])
KNOWN = Context(batch=BatchInfo(lengths=LENGTHS, memory_lengths=SOURCE_LENGTHS))
each_decoder = pytest.mark.parametrize(
    "layer", [EncoderDecoder(ENCODER, decoder) for decoder in DECODERS.values()], ids=DECODERS
)


@each_decoder
def test_gradients_where_lengths_differ(layer):
    known = Context(np.random.default_rng(0), BatchInfo(lengths=LENGTHS, memory_lengths=SOURCE_LENGTHS))
    check_gradients(Chain(layer, RealSteps()), (SOURCE, TARGET), known)


@each_decoder
def test_steps_equal_the_whole(layer):
    p = started(layer)
    whole = layer.predict(p, (SOURCE, TARGET), Context(batch=BatchInfo(memory_lengths=SOURCE_LENGTHS)))
    state = layer.initial_state(p, SOURCE, SOURCE_LENGTHS)
    rows = np.array([2, 0, 0])
    for t in range(5):
        y, next_state = layer.step(p, (None, TARGET[:, t]), state)
        np.testing.assert_allclose(y, whole[:, t], rtol=1e-9, atol=1e-12)
        of_rows, _ = layer.step(p, (None, TARGET[rows, t]), layer.select_state(state, rows))
        np.testing.assert_allclose(of_rows, y[rows], rtol=1e-9, atol=1e-12)
        state = next_state
    without_lengths, _ = layer.step(p, (SOURCE, TARGET[:, 0]))
    np.testing.assert_allclose(without_lengths, layer.predict(p, (SOURCE, TARGET))[:, 0], rtol=1e-9, atol=1e-12)


@each_decoder
def test_padding_of_either_side_is_not_seen(layer):
    p = started(layer)
    whole = layer.predict(p, (SOURCE, TARGET), KNOWN)
    for i, (n_source, n) in enumerate(zip(SOURCE_LENGTHS, LENGTHS, strict=True)):
        alone = layer.predict(p, (SOURCE[i : i + 1, :n_source], TARGET[i : i + 1, :n]))
        np.testing.assert_allclose(whole[i, :n], alone[0], rtol=1e-9, atol=1e-12)


@each_decoder
def test_no_step_sees_later_ones(layer):
    p, other = started(layer), TARGET.copy()
    other[:, 3:] += 1.0
    before, after = (layer.predict(p, (SOURCE, target)) for target in (TARGET, other))
    np.testing.assert_allclose(before[:, :3], after[:, :3], rtol=1e-12)


@each_decoder
def test_the_source_counts(layer):
    p = started(layer)
    assert not np.allclose(layer.predict(p, (SOURCE, TARGET)), layer.predict(p, (5 - SOURCE, TARGET)))


def test_backwards_there_is_no_state_to_start_from():
    with pytest.raises(NotImplementedError, match="start at different steps"):
        GRU(3, 4, reverse=True).forward({}, (numbers(5, 3, 2), numbers(4, 2)), Context())
