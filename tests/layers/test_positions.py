from dataclasses import dataclass, field

import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import (
    Chain,
    Context,
    Layer,
    LayerNormalization,
    LearnedPositions,
    Residual,
    RMSNormalization,
    Scale,
    SelfAttention,
    SinusoidalPositions,
    StepPooling,
    WithClassToken,
)
from skneural.layers.layer import Shard, Share
from skneural.parameters import Layout
from skneural.testing import check_gradients, check_layer

LENGTHS = np.array([7, 3, 1, 5])
X = np.random.default_rng(0).standard_normal((4, 7, 8))

STEPWISE = {
    "sinusoidal": SinusoidalPositions(),
    "learned": LearnedPositions(100, 8),
    "scale": Scale(2.5),
    "layer normalization": LayerNormalization(8),
    "rms normalization": RMSNormalization(8),
}
TOKEN = WithClassToken(Chain(Residual(SelfAttention(8, 2)), LayerNormalization(8)), 8)


def started(layer, dtype=np.float64):
    layout = Layout(layer.parameters())
    return layout.views(*layout.initial(np.random.default_rng(0), dtype))


@pytest.mark.parametrize("layer", STEPWISE.values(), ids=STEPWISE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_steps_equal_the_whole(layer, dtype):
    p, state = started(layer, dtype), None
    x = np.random.default_rng(0).standard_normal((2, 100, 8)).astype(dtype)
    whole = layer.predict(p, x)
    assert layer.shape(x.shape) == whole.shape
    for i in range(100):
        y, state = layer.step(p, x[:, i], state)
        assert y.dtype == dtype
        np.testing.assert_allclose(y, whole[:, i], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n_features", [1, 5, 8])
def test_sinusoids_are_their_formula(n_features):
    y = SinusoidalPositions().predict({}, np.zeros((1, 9, n_features)))[0]
    for position, i in np.ndindex(9, n_features):
        angle = position / 10000 ** (2 * (i // 2) / n_features)
        assert y[position, i] == pytest.approx(np.cos(angle) if i % 2 else np.sin(angle), abs=1e-12)


def test_learned_positions_end_with_an_error_that_says_what_to_do():
    layer = LearnedPositions(6, 8)
    p = started(layer)
    with pytest.raises(ValueError, match="7 steps, but positions were learned for 6"):
        layer.predict(p, X)
    with pytest.raises(ValueError, match="7 steps"):
        layer.step(p, X[:, 0], 6)


def test_a_class_token_sees_each_series_and_no_padding():
    p = started(TOKEN)
    junk = np.where((np.arange(7) < LENGTHS[:, np.newaxis])[:, :, np.newaxis], X, 1e3)
    together = TOKEN.predict(p, junk, Context(batch=BatchInfo(lengths=LENGTHS)))
    alone = [TOKEN.predict(p, x[np.newaxis, :n]) for x, n in zip(X, LENGTHS, strict=True)]
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-9)


def test_a_class_token_is_the_first_step():
    p = started(TOKEN)
    token = np.broadcast_to(p["token"], (4, 1, 8))
    whole = TOKEN.inner.predict(p["inner"], np.concatenate([token, X], axis=1))
    np.testing.assert_allclose(TOKEN.predict(p, X), StepPooling("first").predict({}, whole), rtol=1e-12)


def test_gradients_of_a_class_token_where_lengths_differ():
    context = Context(np.random.default_rng(0), BatchInfo(lengths=LENGTHS))
    check_gradients(TOKEN, X, context)
    check_layer(TOKEN, X, context, batch_axis=None)


def test_the_shape_with_a_class_token_is_that_of_a_row():
    layer = WithClassToken(SelfAttention(8, 2), 8)
    assert layer.shape(X.shape) == layer.predict(started(layer), X).shape


@dataclass(frozen=True)
class Recorder(Layer):
    """Identity that records which elements of a batch are in its shard."""

    elements: list = field(default_factory=list)

    def forward(self, p, x, context):
        self.elements.append(context.shard.elements)
        return x, lambda dy, g: dy


@pytest.mark.parametrize("rows", [slice(0, 1), slice(1, 3), slice(2, 4)], ids=str)
def test_each_series_of_a_shard_has_a_class_token_among_its_elements(rows):
    def elements(lengths):
        return Share(slice(lengths[: rows.start].sum(), lengths[: rows.stop].sum()), lengths.sum())

    layer = WithClassToken(Recorder(), 8)
    shard = Shard(Share(rows, len(LENGTHS)), elements(LENGTHS))
    layer.forward(started(layer), X[rows], Context(np.random.default_rng(0), BatchInfo(LENGTHS[rows]), shard))
    assert layer.inner.elements == [elements(LENGTHS + 1)]
