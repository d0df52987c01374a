import dataclasses

import numpy as np
import pytest

from skneural.layers import Chain, Context, MultiheadScan, RMSNormalization, SelectiveScan
from skneural.networks.mamba import mamba_block, mamba_encoder, mamba_network
from skneural.parameters import Layout, Weights, leaves
from skneural.testing import check_gradients, check_layer

LENGTHS = np.array([5, 9, 1])
VARIANTS = ("mamba2", "mamba")
each_variant = pytest.mark.parametrize("variant", VARIANTS)
each_layer = pytest.mark.parametrize(
    ("layer", "n_in"), [(SelectiveScan(4, 3, 4, 2), 8), (MultiheadScan(6, 2, 3), 20)], ids=["channels", "heads"]
)


def encoder(variant, **sizes):
    made = mamba_encoder(6, 3, variant=variant, **sizes)
    assert made.n_out == 6
    return Chain(made.layers)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def started(layer, dtype=np.float64, moved=0.1):
    layout = Layout(layer.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), dtype))
    weights.vector += (moved * np.random.default_rng(1).standard_normal(layout.size)).astype(dtype)
    return weights


@each_variant
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_gradients_and_contract(variant, lengths):
    network, x = encoder(variant, n_layers=2, dropout=0.2), numbers(3, 9, 6)
    context = Context(np.random.default_rng(0), lengths=lengths)
    check_gradients(network, x, context)
    check_layer(network, x, context, batch_axis=0 if lengths is None else None)


@each_variant
def test_features_become_as_wide_as_the_blocks(variant):
    network = encoder(variant, n_in=2, n_layers=1)
    assert network.predict(started(network).tree, numbers(3, 9, 2)).shape == (3, 9, 6)
    check_gradients(network, numbers(3, 9, 2))


@each_variant
def test_no_step_sees_a_later_one(variant):
    network, x = encoder(variant), numbers(2, 40, 6)
    p, changed = started(network).tree, numbers(2, 40, 6)
    changed[:, 33:] += 1.0
    y, expected = network.predict(p, changed), network.predict(p, x)
    np.testing.assert_allclose(y[:, :33], expected[:, :33], rtol=1e-12)
    assert (y[:, 33] != expected[:, 33]).all()


@each_variant
def test_each_direction_is_an_encoder_of_its_own(variant):
    made = mamba_encoder(6, 3, variant=variant, bidirectional=True)
    network, x = Chain(made.layers), numbers(3, 9, 6)
    ((forwards, backwards),) = p = started(network).tree
    y, one = network.predict(p, x, Context(lengths=LENGTHS)), encoder(variant)
    assert (made.n_out, y.shape) == (12, (3, 9, 12))
    for i, n in enumerate(LENGTHS):
        np.testing.assert_allclose(y[i, :n, :6], one.predict(forwards, x[i : i + 1, :n])[0], rtol=1e-10)
        alone = one.predict(backwards["inner"], x[i : i + 1, :n][:, ::-1])[0, ::-1]
        np.testing.assert_allclose(y[i, :n, 6:], alone, rtol=1e-10)


def test_the_last_of_each_direction_is_where_it_has_seen_the_whole_series():
    sizes = {"n_features": 2, "n_out": 3, "d_model": 6, "state_size": 3, "bidirectional": True, "standardize": False}
    network, x = mamba_network(pooling="last", **sizes), numbers(3, 9, 2)
    tree = started(network).tree
    before = network.predict(tree, x, Context(lengths=LENGTHS))
    for i, n in enumerate(LENGTHS):
        for step in (0, n - 1):
            changed = x.copy()
            changed[i, step] += 10
            after = network.predict(tree, changed, Context(lengths=LENGTHS))
            np.testing.assert_array_equal((after != before).any(axis=1), np.arange(3) == i)


@each_variant
def test_what_stands_beyond_the_end_of_a_series_changes_nothing(variant):
    network, x = encoder(variant), numbers(3, 9, 6)
    real = (np.arange(9) < LENGTHS[:, np.newaxis])[:, :, np.newaxis]
    weights, context = started(network), Context(lengths=LENGTHS)
    y, backward = network.forward(weights.tree, np.where(real, x, 50.0), context)
    dx = backward(numbers(3, 9, 6, seed=2) * real, weights.gradient_tree)
    assert (dx * ~real == 0).all()
    gradient = np.zeros_like(weights.gradient)
    for i, n in enumerate(LENGTHS):
        alone, back = network.forward(weights.tree, x[i : i + 1, :n], Context())
        np.testing.assert_allclose(y[i, :n], alone[0], rtol=1e-10)
        own = back(numbers(3, 9, 6, seed=2)[i : i + 1, :n], weights.layout.views(part := np.empty_like(gradient)))
        np.testing.assert_allclose(dx[i, :n], own[0], rtol=1e-9, atol=1e-12)
        gradient += part
    np.testing.assert_allclose(weights.gradient, gradient, rtol=1e-8, atol=1e-11)


@each_layer
def test_step_equals_forward(layer, n_in):
    p, x, state = started(layer).tree, numbers(3, 9, n_in), None
    for t, expected in enumerate(layer.predict(p, x).transpose(1, 0, 2)):
        y, state = layer.step(p, x[:, t], state)
        np.testing.assert_allclose(y, expected, rtol=1e-10, atol=1e-12)


@each_layer
def test_shape_tells_what_comes_out(layer, n_in):
    x = numbers(3, 9, n_in)
    assert layer.shape(x.shape) == layer.predict(started(layer).tree, x).shape


# How they start, and where they stay


@each_layer
def test_steps_start_between_their_bounds(layer, n_in):
    sizes = np.log1p(np.exp(started(dataclasses.replace(layer), moved=0).tree["step_bias"]))
    assert 1e-3 <= sizes.min() <= sizes.max() <= 1e-1


def test_decays_start_as_published():
    p = started(SelectiveScan(4, 3), moved=0).tree
    np.testing.assert_allclose(np.exp(p["log_decay"]), [[1] * 4, [2] * 4, [3] * 4], rtol=1e-12)
    rates = np.exp(started(MultiheadScan(200, 200), moved=0).tree["log_decay"])
    assert 1 <= rates.min() < 2 < 15 < rates.max() <= 16
    np.testing.assert_array_equal(p["skip"], 1)


@each_layer
def test_decay_never_vanishes(layer, n_in):
    weights = started(layer)
    weights.tree["log_decay"][...] = -50
    weights.keep_limits()
    np.testing.assert_allclose(np.exp(weights.tree["log_decay"]), 1e-4, rtol=1e-6)


@each_variant
def test_decay_skip_and_biases_are_not_penalized(variant):
    declared = dict(leaves(mamba_block(6, 3, variant=variant).parameters()))
    kept = {path.rsplit(".", 1)[1] for path, parameter in declared.items() if not parameter.penalized}
    assert kept == {"gamma", "kernel_bias", "step_bias", "log_decay", "skip"}


@pytest.mark.parametrize("d_model", [1, 6, 24, 50, 64])
def test_heads_share_any_number_of_channels_evenly(d_model):
    network = mamba_block(d_model)
    assert network.predict(started(network).tree, numbers(2, 3, d_model)).shape == (2, 3, d_model)


# Normalization


def test_rows_have_a_root_mean_square_of_one():
    layer, x = RMSNormalization(50, epsilon=0.0), 3 + numbers(4, 50)
    y = layer.predict(started(layer, moved=0).tree, x)
    np.testing.assert_allclose(np.mean(y**2, axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(y / x, (y / x)[:, :1] * np.ones(50), rtol=1e-12)
