import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import PREDICTING, Context, CrossAttention, SelfAttention, Share
from skneural.layers.layer import Shard
from skneural.parameters import Layout, leaves
from skneural.testing import check_gradients, check_layer
from tests.layers.self_attention import SELF, causal, numbers, started

LENGTHS = np.array([7, 3, 1, 5])
X = numbers(4, 7, 8)
MEMORY = numbers(4, 6, 3, seed=1)
MEMORY_LENGTHS = np.array([2, 6, 0, 1])  # one of them is empty
real = np.arange(7) < LENGTHS[:, np.newaxis]
each_self = pytest.mark.parametrize("layer", SELF.values(), ids=SELF)
CROSS = CrossAttention(8, 2, 3)


def noted(layer, x, **known):
    context = Context(batch=BatchInfo(**known), notes={})
    layer.predict(started(layer), x, context)
    return next(iter(context.notes.values()))


@each_self
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_gradients_where_lengths_differ(layer, dropout):
    layer = SelfAttention(8, 2, layer.causal, layer.rotary, dropout, layer.block_size)
    context = Context(np.random.default_rng(0), BatchInfo(lengths=LENGTHS))
    check_gradients(layer, X, context)
    check_layer(layer, X, context, batch_axis=None)  # one row alone would need its own length


@each_self
@pytest.mark.parametrize("junk", [0.0, 1e3, -1e6])
def test_padding_changes_nothing(layer, junk):
    p = started(layer)
    longer = np.concatenate([np.where(real[:, :, np.newaxis], X, junk), np.full((4, 3, 8), junk)], axis=1)
    together = layer.predict(p, longer, Context(batch=BatchInfo(lengths=LENGTHS)))
    for y, x, n in zip(together, X, LENGTHS, strict=True):
        np.testing.assert_allclose(y[:n], layer.predict(p, x[np.newaxis, :n])[0], rtol=1e-9, atol=1e-12)


@each_self
def test_no_gradient_goes_to_padding(layer):
    context = Context(np.random.default_rng(0), BatchInfo(lengths=LENGTHS))
    p, layout = started(layer), Layout(layer.parameters())
    _, backward = layer.forward(p, X, context)
    dx = backward(real[:, :, np.newaxis] * numbers(4, 7, 8, seed=2), layout.views(np.empty(layout.size)))
    np.testing.assert_allclose(dx[~real], 0, atol=1e-12)


@causal
def test_the_past_does_not_depend_on_the_future(layer):
    other = X.copy()
    other[:, 4:] += 1.0
    p = started(layer)
    np.testing.assert_allclose(layer.predict(p, X)[:, :4], layer.predict(p, other)[:, :4], rtol=1e-12)


def test_steps_in_another_order_give_the_same_in_that_order():
    layer, order = SELF["all steps"], np.random.default_rng(1).permutation(7)
    p = started(layer)
    np.testing.assert_allclose(layer.predict(p, X[:, order]), layer.predict(p, X)[:, order], rtol=1e-10)


def test_with_rotary_positions_the_order_counts_but_not_the_place():
    layer = SELF["rotary"]
    weights = noted(layer, np.concatenate([X, X], axis=1))[0]
    ratio = weights[:, :, :7, :7] / weights[:, :, 7:, 7:]  # the same scores; the denominators differ
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio[..., :1], ratio.shape), rtol=1e-8)
    assert not np.allclose(layer.predict(started(layer), X[:, ::-1]), layer.predict(started(layer), X)[:, ::-1])


@causal
@pytest.mark.parametrize("n_steps", [1, 7, 40])
def test_steps_equal_the_whole(layer, n_steps):
    p, x, state = started(layer), numbers(3, n_steps, 8), None
    whole = layer.predict(p, x)
    for i in range(n_steps):
        y, state = layer.step(p, x[:, i], state)
        np.testing.assert_allclose(y, whole[:, i], rtol=1e-9, atol=1e-12)
    assert state.n_steps == n_steps


def test_only_causal_attention_goes_step_by_step():
    with pytest.raises(NotImplementedError, match="no step unless it is causal"):
        SELF["all steps"].step(started(SELF["all steps"]), X[:, 0])


def test_weights_are_noted_on_request():
    weights = noted(SELF["the past"], X, lengths=LENGTHS)
    assert len(weights) == 1
    assert weights[0].shape == (4, 2, 7, 7)
    np.testing.assert_allclose(weights[0].sum(axis=-1), 1, rtol=1e-12)
    assert (weights[0].transpose(0, 3, 1, 2)[~real] == 0).all()
    np.testing.assert_array_equal(weights[0], np.tril(weights[0]))
    whole = noted(SELF["rotary"], X)[0]
    blocks = noted(SelfAttention(8, 2, rotary=True, block_size=2), X)[0]
    np.testing.assert_allclose(blocks, whole, rtol=1e-10)


@pytest.mark.parametrize("layer", [SelfAttention(8, 2, dropout=0.4), SelfAttention(8, 2, dropout=0.4, block_size=2)])
def test_dropout_on_weights_keeps_the_mean(layer):
    p = started(layer)
    context = Context(np.random.default_rng(0))
    ys = np.array([layer.forward(p, X, context)[0] for _ in range(1500)])
    error = ys.std(axis=0) / np.sqrt(len(ys))
    assert (np.abs(ys.mean(axis=0) - layer.predict(p, X)) < 5 * error).all()
    assert (error > 0).all()


@pytest.mark.parametrize("block_size", [3, 100])
def test_shards_drop_what_the_whole_batch_drops(block_size):
    layer = SelfAttention(8, 2, dropout=0.4, block_size=block_size)
    p, whole = started(layer), Context(np.random.default_rng(0))
    shards = [Shard(Share(rows, 4)) for rows in (slice(0, 1), slice(1, 4))]
    contexts = [Context(np.random.default_rng(0), shard=shard) for shard in shards]
    for _ in range(2):  # the second time, too: all generators must have moved on alike
        parts = [layer.forward(p, X[each.shard.samples.rows], each)[0] for each in contexts]
        np.testing.assert_allclose(np.concatenate(parts), layer.forward(p, X, whole)[0], rtol=1e-10)


def test_without_training_nothing_is_dropped():
    p = started(SELF["all steps"])
    y, _ = SelfAttention(8, 2, dropout=0.4).forward(p, X, PREDICTING)
    np.testing.assert_array_equal(y, SELF["all steps"].predict(p, X))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SelfAttention(8, 3), "n_heads=3; the nearest that fit are d_model=6 or 9, or n_heads=2"),
        (lambda: SelfAttention(2, 3), "the nearest that fit are d_model=3, or n_heads=2"),
        (lambda: CrossAttention(8, 3), "shared evenly"),
        (lambda: SelfAttention(6, 2, rotary=True), "odd number.* d_model=4 or 8, or n_heads=1"),
        (lambda: SelfAttention(7, 1, rotary=True), "odd number.* nearest that fit are d_model=6 or 8[.]"),
    ],
)
def test_heads_that_do_not_fit_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# Cross attention


def test_cross_attention_to_itself_is_self_attention():
    layer, same = CrossAttention(8, 2), SELF["all steps"]
    p = dict(leaves(started(layer)))
    joined = {
        "weight": np.concatenate([p["query_weight"], p["memory_weight"]], axis=1),
        "bias": np.concatenate([p["query_bias"], p["memory_bias"]]),
        "output_weight": p["output_weight"],
        "output_bias": p["output_bias"],
    }
    np.testing.assert_allclose(layer.predict(p, (X, X)), same.predict(joined, X), rtol=1e-10)


@pytest.mark.parametrize("block_size", [3, 100])
def test_cross_attention_where_memories_differ_in_length(block_size):
    layer = CrossAttention(8, 2, 3, 0.3, block_size)
    context = Context(np.random.default_rng(0), BatchInfo(memory_lengths=MEMORY_LENGTHS))
    check_gradients(layer, (X, MEMORY), context)
    check_layer(layer, (X, MEMORY), context, batch_axis=None)


def test_what_stands_beyond_the_end_of_a_memory_is_not_seen():
    p = started(CROSS)
    junk = np.where((np.arange(6) < MEMORY_LENGTHS[:, np.newaxis])[:, :, np.newaxis], MEMORY, 1e4)
    together = CROSS.predict(p, (X, junk), Context(batch=BatchInfo(memory_lengths=MEMORY_LENGTHS)))
    for y, x, memory, n in zip(together, X, MEMORY, MEMORY_LENGTHS, strict=True):
        if n == 0:
            np.testing.assert_array_equal(y, np.broadcast_to(p["output_bias"], y.shape))
        else:
            expected = CROSS.predict(p, (x[np.newaxis], memory[np.newaxis, :n]))[0]
            np.testing.assert_allclose(y, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("lengths", [None, MEMORY_LENGTHS])
def test_steps_of_cross_attention_equal_the_whole(lengths):
    p = started(CROSS)
    whole = CROSS.predict(p, (X, MEMORY), Context(batch=BatchInfo(memory_lengths=lengths)))
    state = None if lengths is None else CROSS.initial_state(p, MEMORY, lengths)
    for i in range(7):
        y, state = CROSS.step(p, (X[:, i], MEMORY), state)
        np.testing.assert_allclose(y, whole[:, i], rtol=1e-9, atol=1e-12)


def test_weights_of_cross_attention_are_noted():
    weights = noted(CROSS, (X, MEMORY), memory_lengths=MEMORY_LENGTHS)[0]
    assert weights.shape == (4, 2, 7, 6)
    np.testing.assert_allclose(weights.sum(axis=-1)[MEMORY_LENGTHS > 0], 1, rtol=1e-12)


@each_self
def test_shapes_are_told_beforehand(layer):
    assert layer.shape(X.shape) == layer.predict(started(layer), X).shape
    assert CROSS.shape((X.shape, MEMORY.shape)) == CROSS.predict(started(CROSS), (X, MEMORY)).shape
