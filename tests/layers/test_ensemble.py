"""Ensembles of separate networks: predictions are means, and training sees each network."""

import numpy as np
import pytest

from skneural.layers import Activation, Chain, Context, Dense, Ensemble, MemberFactors, MemberOutputs
from skneural.losses import LINKS
from tests.networks.cases import started

X = np.random.default_rng(0).standard_normal((5, 4))
LINEAR, DEEP = Dense(4, 2), Chain(Dense(4, 3), Activation("tanh"), Dense(3, 2))


@pytest.mark.parametrize("link", ["identity", "exp", "logistic", "softmax"])
def test_predictions_of_networks_are_averaged(link):
    network = Ensemble(first=LINEAR, second=DEEP, link=link)
    tree = started(network)
    each = [LINKS[link](layer.predict(tree[name], X)) for name, layer in network.parts]
    np.testing.assert_allclose(LINKS[link](network.predict(tree, X)), np.mean(each, axis=0), rtol=1e-12)


def test_training_returns_the_outputs_of_all_networks_and_of_their_members():
    members = Chain(MemberFactors(3, 4), MemberOutputs(3, 4, 2))
    network = Ensemble(first=LINEAR, second=members)
    tree = started(network)
    y, _ = network.forward(tree, X, Context(np.random.default_rng(0)))
    assert y.shape == (5, 4, 2)
    np.testing.assert_array_equal(y[:, 0], LINEAR.predict(tree["first"], X))
    np.testing.assert_allclose(y[:, 1:].mean(axis=1), members.predict(tree["second"], X), rtol=1e-12)


def test_units_of_the_outputs_of_all_networks_change():
    network = Ensemble(first=LINEAR, second=DEEP)
    tree = started(network)
    before = network.predict(tree, X)
    factor, shift = np.array([2.0, -1.0]), np.array([0.5, 3.0])
    assert network.rescale_output(tree, factor, shift) is None
    np.testing.assert_allclose(network.predict(tree, X), factor * before + shift, rtol=1e-12)


def test_networks_must_have_output_layers_to_be_rescaled():
    network = Ensemble(first=LINEAR, second=Chain(DEEP, Activation("tanh")))
    with pytest.raises(NotImplementedError):
        network.rescale_output(started(network), np.ones(2), np.ones(2))


def test_an_ensemble_is_a_value():
    network = Ensemble(first=LINEAR, second=DEEP, link="softmax")
    assert network.with_children({"first": DEEP}) == Ensemble(first=DEEP, second=DEEP, link="softmax")
    assert network.shape((7, 4)) == (7, 2)
