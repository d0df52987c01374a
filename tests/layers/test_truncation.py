"""Truncated networks compute the outputs of their layers."""

import numpy as np
import pytest

from skneural.layers import Activation, Bias, Branches, Chain, Dense, Ensemble, Residual, Reversed
from skneural.layers.traversal import layer_outputs
from skneural.layers.truncation import before_output, up_to
from skneural.parameters import Layout

RELU = Activation("relu")


def tree_of(network):
    layout = Layout(network.parameters())
    start = layout.initial(np.random.default_rng(0), np.float64)
    start.vector[...] = np.random.default_rng(1).normal(size=layout.size)
    return layout.views(*start)


def x_of(*shape):
    return np.random.default_rng(2).normal(size=shape)


NESTED = Chain(
    start=Dense(3, 4),
    body=Chain(
        both=Branches(left=Dense(4, 2), right=Chain(dense=Dense(4, 2), activation=RELU)),
        around=Residual(Chain(dense=Dense(4, 4), activation=RELU), Dense(4, 4)),
    ),
    output=Dense(4, 2),
)


@pytest.mark.parametrize("name", layer_outputs(NESTED, tree_of(NESTED), x_of(5, 3)))
def test_output_of_each_layer(name):
    tree, x = tree_of(NESTED), x_of(5, 3)
    np.testing.assert_array_equal(up_to(NESTED, name.split(".")).predict(tree, x), layer_outputs(NESTED, tree, x)[name])


def test_layers_in_reversed_order_are_in_the_order_of_the_steps():
    network = Chain(backward=Reversed(Chain(dense=Dense(3, 4), activation=RELU)), output=Dense(4, 2))
    tree, x = tree_of(network), x_of(5, 6, 3)
    dense = network["backward"]["inner"]["dense"]
    expected = dense.predict(tree["backward"]["inner"]["dense"], x)
    np.testing.assert_allclose(up_to(network, ["backward", "inner", "dense"]).predict(tree, x), expected)


BODY = Chain(dense=Dense(3, 4), activation=RELU)


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (Chain(body=BODY, output=Dense(4, 2)), [["body"]]),
        (Chain(body=BODY, head=Dense(4, 2), bias=Bias(2)), [["body"]]),
        (Chain(body=Chain(first=BODY, last=Dense(4, 2)), activation=RELU), [["body", "first"]]),
        (Residual(Chain(body=BODY, output=Dense(4, 2)), Dense(3, 2)), [["inner", "body"]]),
        (
            Chain(all=Ensemble(a=Chain(body=BODY, output=Dense(4, 2)), b=Chain(body=BODY, output=Dense(4, 2)))),
            [["all", "a", "body"], ["all", "b", "body"]],
        ),
    ],
    ids=["output", "bias", "nested", "linear path", "ensemble"],
)
def test_input_of_the_output_layer(network, expected):
    tree, x = tree_of(network), x_of(5, 3)
    parts = [up_to(network, path).predict(tree, x) for path in expected]
    np.testing.assert_array_equal(before_output(network).predict(tree, x), np.concatenate(parts, axis=-1))


@pytest.mark.parametrize("network", [Dense(3, 2), Chain(output=Dense(3, 2)), Chain(activation=RELU)])
def test_networks_without_hidden_layers_have_the_input(network):
    x = x_of(5, 3)
    np.testing.assert_array_equal(before_output(network).predict(tree_of(network), x), x)
