from dataclasses import dataclass, replace

import numpy as np
import pytest

from skneural.layers import (
    Activation,
    BatchNormalization,
    Bias,
    Branches,
    Chain,
    Dense,
    Dropout,
    Embedding,
    Gate,
    Layer,
    Residual,
    Standardization,
)
from skneural.layers.traversal import children, find, layer_outputs, mapped, named, without_input_gradient
from skneural.parameters import Layout, leaves

SKIPPING = Dense(4, 4, input_gradient=False)
PLAIN = Dense(4, 4)
NETWORK = Chain(
    (
        Standardization(4),
        Residual(Chain((PLAIN, Activation("tanh"))), PLAIN),
        Gate(PLAIN, Chain((Dropout(0.5), PLAIN))),
        Branches((PLAIN, Chain((PLAIN, PLAIN)))),
        Dense(8, 2),
    )
)


def started(network):
    layout = Layout(network.parameters())
    return layout.views(*layout.initial(np.random.default_rng(0), np.float64))


def test_every_layer_is_named_once_and_comes_with_its_parameters():
    found = list(named(NETWORK, started(NETWORK)))
    names = [name for name, _, _ in found]
    assert names[:3] == ["", "standardization_1", "residual_1"]
    assert names[3:6] == ["residual_1.inner", "residual_1.inner.dense_1", "residual_1.inner.activation_1"]
    assert names[-1] == "dense_1"
    assert len(set(names)) == len(names) == 18
    for _, layer, p in found:
        declared = {name: leaf.shape for name, leaf in leaves(layer.parameters())}
        assert {name: array.shape for name, array in leaves(p)} == declared


def test_layers_of_a_class_are_found_wherever_they_stand():
    found = find(NETWORK, started(NETWORK), Dense)
    assert len(found) == 8
    assert found[-1][0] == Dense(8, 2)
    assert found[-1][1]["weight"].shape == (8, 2)
    assert [layer for layer, _ in find(PLAIN, started(PLAIN), Dense)] == [PLAIN]
    assert find(NETWORK, started(NETWORK), BatchNormalization) == []


def test_mapping_replaces_every_layer_inner_ones_first():
    seen = []

    def noted(name, layer):
        seen.append(name)
        return replace(layer, bias="uniform") if isinstance(layer, Dense) else layer

    changed = mapped(NETWORK, noted)
    assert sorted(seen) == sorted(name for name, _, _ in named(NETWORK, started(NETWORK)))
    assert all(seen.index(name) < seen.index(name.rpartition(".")[0]) for name in seen if name)
    assert {layer.bias for layer, _ in find(changed, started(changed), Dense)} == {"uniform"}
    assert mapped(NETWORK, lambda name, layer: layer) == NETWORK


def test_mapping_keeps_what_stands_between_layers():
    @dataclass(frozen=True)
    class Mixed(Layer):
        parts: tuple

    mixed = Mixed((1, PLAIN, "name", PLAIN))
    assert [child.place for child in children(mixed)] == [1, 3]
    assert mapped(mixed, lambda name, layer: SKIPPING if layer == PLAIN else layer).parts == (
        (1, SKIPPING, "name", SKIPPING)
    )


def test_outputs_are_those_of_the_layers():
    tree, x = started(NETWORK), np.random.default_rng(1).standard_normal((3, 4))
    outputs = layer_outputs(NETWORK, tree, x)
    np.testing.assert_array_equal(outputs["dense_1"], NETWORK.predict(tree, x))
    np.testing.assert_array_equal(outputs["residual_1"], NETWORK.layers[1].predict(tree[1], x))
    assert set(outputs) == {name for name, layer, _ in named(NETWORK, tree) if not isinstance(layer, Chain)}


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (PLAIN, SKIPPING),
        (Chain((PLAIN, PLAIN)), Chain((SKIPPING, PLAIN))),
        (Chain((Standardization(4), Dropout(0.1), PLAIN)), Chain((Standardization(4), Dropout(0.1), SKIPPING))),
        (Chain((Embedding(9, 4), PLAIN)), Chain((Embedding(9, 4), PLAIN))),
        (Residual(PLAIN), Residual(SKIPPING)),
        (Residual(Chain((PLAIN, PLAIN)), PLAIN), Residual(Chain((SKIPPING, PLAIN)), SKIPPING)),
        (Gate(PLAIN, Chain((Dropout(0.1), PLAIN))), Gate(SKIPPING, Chain((Dropout(0.1), SKIPPING)))),
        (Branches((PLAIN, Dropout(0.1))), Branches((SKIPPING, Dropout(0.1)))),
        (Chain((Residual(Dropout(0.1)), PLAIN)), Chain((Residual(Dropout(0.1)), SKIPPING))),
        (Chain((Dropout(0.1),)), Chain((Dropout(0.1),))),
    ],
    ids=str,
)
def test_the_first_layer_that_learns_skips_dx_on_each_way_in(network, expected):
    assert without_input_gradient(network) == expected


def test_layers_that_add_a_bias_last_say_where_it_is():
    for layer in (Dense(4, 2), Bias(2), Chain((Dropout(0.1), Dense(4, 2))), Chain((PLAIN, Chain((Dense(4, 2),))))):
        tree = started(layer)
        assert layer.output_bias(tree).shape == (2,)
        assert np.shares_memory(layer.output_bias(tree), find(layer, tree, Dense | Bias)[-1][1]["bias"])
    for layer in (Dense(4, 2, bias=None), Chain((PLAIN, Activation("tanh"))), Chain(()), Residual(PLAIN)):
        assert layer.output_bias(started(layer)) is None
