import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import Context
from skneural.parameters import leaves
from skneural.testing import check_gradients, check_layer
from tests.layers.cases import numbers, started
from tests.networks.defaults import mamba_block, mamba_encoder, mamba_network

LENGTHS = np.array([5, 9, 1])
VARIANTS = ("mamba2", "mamba")
each_variant = pytest.mark.parametrize("variant", VARIANTS)


def encoder(variant, **sizes):
    made = mamba_encoder(6, 3, variant=variant, **sizes)
    assert made.n_out == 6
    return made.body


@each_variant
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_gradients_and_contract(variant, lengths):
    network, x = encoder(variant, n_layers=2, dropout=0.2), numbers(3, 9, 6)
    context = Context(np.random.default_rng(0), BatchInfo(lengths=lengths))
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
    network, x = made.body, numbers(3, 9, 6)
    p = started(network).tree
    forwards, backwards = p["directions"]["forward"], p["directions"]["backward"]
    y, one = network.predict(p, x, Context(batch=BatchInfo(lengths=LENGTHS))), encoder(variant)
    assert (made.n_out, y.shape) == (12, (3, 9, 12))
    for i, n in enumerate(LENGTHS):
        np.testing.assert_allclose(y[i, :n, :6], one.predict(forwards, x[i : i + 1, :n])[0], rtol=1e-10)
        alone = one.predict(backwards["inner"], x[i : i + 1, :n][:, ::-1])[0, ::-1]
        np.testing.assert_allclose(y[i, :n, 6:], alone, rtol=1e-10)


def test_the_last_of_each_direction_is_where_it_has_seen_the_whole_series():
    sizes = {"n_features": 2, "n_out": 3, "d_model": 6, "state_size": 3, "bidirectional": True, "standardize": False}
    network, x = mamba_network(pooling="last", **sizes), numbers(3, 9, 2)
    tree = started(network).tree
    before = network.predict(tree, x, Context(batch=BatchInfo(lengths=LENGTHS)))
    for i, n in enumerate(LENGTHS):
        for step in (0, n - 1):
            changed = x.copy()
            changed[i, step] += 10
            after = network.predict(tree, changed, Context(batch=BatchInfo(lengths=LENGTHS)))
            np.testing.assert_array_equal((after != before).any(axis=1), np.arange(3) == i)


@each_variant
def test_what_stands_beyond_the_end_of_a_series_changes_nothing(variant):
    network, x = encoder(variant), numbers(3, 9, 6)
    real = (np.arange(9) < LENGTHS[:, np.newaxis])[:, :, np.newaxis]
    weights, context = started(network), Context(batch=BatchInfo(lengths=LENGTHS))
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


@each_variant
def test_decay_skip_and_biases_are_not_penalized(variant):
    declared = dict(leaves(mamba_block(6, 3, variant=variant).parameters()))
    kept = {path.rsplit(".", 1)[1] for path, parameter in declared.items() if not parameter.penalized}
    assert kept == {"gamma", "kernel_bias", "step_bias", "log_decay", "skip"}


@pytest.mark.parametrize("d_model", [1, 6, 24, 50, 64])
def test_heads_share_any_number_of_channels_evenly(d_model):
    network = mamba_block(d_model)
    assert network.predict(started(network).tree, numbers(2, 3, d_model)).shape == (2, 3, d_model)
