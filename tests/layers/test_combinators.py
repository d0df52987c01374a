"""Combinators of layers against their formulas."""

import numpy as np
import pytest

from skneural.layers import Activation, Branches, Chain, Dense, Gate, Residual
from tests.layers.cases import numbers, started

# Combinators against their formulas


def test_residual_adds_x():
    inner, x = Dense(4, 4), numbers(6, 4)
    weights = started(Residual(inner))
    expected = x + inner.predict(weights.tree["inner"], x)
    np.testing.assert_allclose(Residual(inner).predict(weights.tree, x), expected, rtol=1e-12)


def test_residual_adds_its_shortcut():
    layer, x = Residual(Dense(4, 3), Dense(4, 3)), numbers(6, 4)
    p = started(layer).tree
    expected = layer.inner.predict(p["inner"], x) + layer.shortcut.predict(p["shortcut"], x)
    np.testing.assert_allclose(layer.predict(p, x), expected, rtol=1e-12)


def test_residual_with_a_shortcut_is_rescaled_as_a_whole():
    layer, x = Residual(Dense(4, 3), Dense(4, 3, bias=None)), numbers(6, 4)
    p = started(layer).tree
    factor, shift = np.array([2.0, 0.5, -1.0]), np.array([1.0, 0.0, 3.0])
    expected = factor * layer.predict(p, x) + shift
    assert layer.rescale_output(p, factor, shift) is None
    np.testing.assert_allclose(layer.predict(p, x), expected, rtol=1e-12)
    assert layer.output_bias(p) is p["inner"]["bias"]


def test_residual_without_a_shortcut_is_no_output_layer():
    layer = Residual(Dense(3, 3))
    p = started(layer).tree
    assert layer.output_bias(p) is None
    with pytest.raises(NotImplementedError, match="Residual must define rescale_output"):
        layer.rescale_output(p, np.ones(3), np.zeros(3))


def test_gate_multiplies():
    layer, x = Gate(Dense(4, 3), Dense(4, 3)), numbers(6, 4)
    p = started(layer).tree
    expected = layer.value.predict(p["value"], x) * layer.gate.predict(p["gate"], x)
    np.testing.assert_allclose(layer.predict(p, x), expected, rtol=1e-12)


@pytest.mark.parametrize("axis", [-1, 1])
def test_branches_stand_in_order_along_the_axis(axis):
    layer, x = Branches(Dense(4, 3), Activation("tanh"), Dense(4, 3), axis=axis), numbers(6, 4)
    layer = layer if axis == -1 else Branches(Dense(4, 3), Dense(4, 3), axis=axis)
    x = x if axis == -1 else numbers(6, 2, 4)
    p = started(layer).tree
    expected = [branch.predict(p[name], x) for name, branch in layer.children().items()]
    np.testing.assert_array_equal(layer.predict(p, x), np.concatenate(expected, axis=axis))


def test_chain_applies_its_layers_in_order():
    layer, x = Chain(Dense(4, 3), Activation("relu"), Dense(3, 2)), numbers(6, 4)
    p = started(layer).tree
    hidden = np.maximum(x @ p["dense_1"]["weight"] + p["dense_1"]["bias"], 0)
    np.testing.assert_allclose(layer.predict(p, x), hidden @ p["dense_2"]["weight"] + p["dense_2"]["bias"], rtol=1e-12)
