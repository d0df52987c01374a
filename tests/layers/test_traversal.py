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
    Ensemble,
    Gate,
    Layer,
    Residual,
    Standardization,
)
from skneural.layers.traversal import find, layer_outputs, mapped, named, rows_read, without_input_gradient
from skneural.parameters import Layout, leaves

SKIPPING = Dense(4, 4, input_gradient=False)
PLAIN = Dense(4, 4)
NETWORK = Chain(
    Standardization(4),
    Residual(Chain(PLAIN, Activation("tanh")), PLAIN),
    Gate(PLAIN, Chain(Dropout(0.5), PLAIN)),
    Branches(PLAIN, Chain(PLAIN, PLAIN)),
    Dense(8, 2),
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


def test_mapping_keeps_the_fields_that_are_no_layers():
    @dataclass(frozen=True)
    class Mixed(Layer):
        first: Layer
        number: int
        missing: Layer | None
        second: Layer

    mixed = Mixed(PLAIN, 1, None, PLAIN)
    assert mixed.children() == {"first": PLAIN, "second": PLAIN}
    skipping = mapped(mixed, lambda name, layer: SKIPPING if layer == PLAIN else layer)
    assert skipping == Mixed(SKIPPING, 1, None, SKIPPING)
    assert set(mixed.parameters()) == {"first", "second"}


def test_outputs_are_those_of_the_layers():
    tree, x = started(NETWORK), np.random.default_rng(1).standard_normal((3, 4))
    outputs = layer_outputs(NETWORK, tree, x)
    np.testing.assert_array_equal(outputs["dense_1"], NETWORK.predict(tree, x))
    np.testing.assert_array_equal(outputs["residual_1"], NETWORK["residual_1"].predict(tree["residual_1"], x))
    assert set(outputs) == {name for name, layer, _ in named(NETWORK, tree) if not isinstance(layer, Chain)}


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (PLAIN, SKIPPING),
        (Chain(PLAIN, PLAIN), Chain(SKIPPING, PLAIN)),
        (Chain(Standardization(4), Dropout(0.1), PLAIN), Chain(Standardization(4), Dropout(0.1), SKIPPING)),
        (Chain(Embedding(9, 4), PLAIN), Chain(Embedding(9, 4), PLAIN)),
        (Residual(PLAIN), Residual(SKIPPING)),
        (Residual(Chain(PLAIN, PLAIN), PLAIN), Residual(Chain(SKIPPING, PLAIN), SKIPPING)),
        (Gate(PLAIN, Chain(Dropout(0.1), PLAIN)), Gate(SKIPPING, Chain(Dropout(0.1), SKIPPING))),
        (Branches(PLAIN, Dropout(0.1)), Branches(SKIPPING, Dropout(0.1))),
        (Ensemble(PLAIN, Chain(PLAIN, PLAIN)), Ensemble(SKIPPING, Chain(SKIPPING, PLAIN))),
        (Chain(Residual(Dropout(0.1)), PLAIN), Chain(Residual(Dropout(0.1)), SKIPPING)),
        (Chain(Dropout(0.1)), Chain(Dropout(0.1))),
    ],
    ids=str,
)
def test_the_first_layer_that_learns_skips_dx_on_each_way_in(network, expected):
    assert without_input_gradient(network) == expected


def test_layers_that_add_a_bias_last_say_where_it_is():
    for layer in (Dense(4, 2), Bias(2), Chain(Dropout(0.1), Dense(4, 2)), Chain(PLAIN, Chain(Dense(4, 2)))):
        tree = started(layer)
        assert layer.output_bias(tree).shape == (2,)
        assert np.shares_memory(layer.output_bias(tree), find(layer, tree, Dense | Bias)[-1][1]["bias"])
    for layer in (Dense(4, 2, bias=None), Chain(PLAIN, Activation("tanh")), Chain(), Residual(PLAIN)):
        assert layer.output_bias(started(layer)) is None


def test_layers_have_the_names_of_their_parameters():
    """Each layer of the network, and each parameter of it, by one path."""
    network = Chain(PLAIN, Chain(Dropout(0.1), PLAIN), encoder=Residual(PLAIN), output=Branches(PLAIN, wide=PLAIN))
    names = [name for name, layer, _ in named(network, network.parameters()) if isinstance(layer, Dense)]
    assert names == [
        "dense_1",
        "chain_1.dense_1",
        "encoder.inner",
        "output.dense_1",
        "output.wide",
    ]
    layout = Layout(network.parameters())
    assert sorted(layout.names) == sorted(f"{name}.{leaf}" for name in names for leaf in ("weight", "bias"))


def test_a_chain_is_a_value():
    chain = Chain(PLAIN, output=Dense(4, 2))
    assert chain == Chain(dense_1=PLAIN, output=Dense(4, 2))
    assert chain != Chain(PLAIN, other=Dense(4, 2))
    assert hash(chain) == hash(Chain(PLAIN, output=Dense(4, 2)))
    assert chain["output"] == Dense(4, 2)
    assert chain.with_children({"output": PLAIN}) == Chain(PLAIN, output=PLAIN)
    assert chain.without("dense_1") == Chain(output=Dense(4, 2))
    assert Chain({"dense_1": PLAIN}, output=Dense(4, 2)) == chain
    assert Branches(PLAIN, axis=1).with_children({"dense_1": SKIPPING}) == Branches(SKIPPING, axis=1)
    assert repr(Branches(Dropout(0.1), axis=1)) == f"Branches(dropout_1={Dropout(0.1)!r}, axis=1)"
    tree, x = started(chain), np.ones((2, 4))
    np.testing.assert_array_equal(chain.without("output").predict(tree, x), PLAIN.predict(tree["dense_1"], x))


@pytest.mark.parametrize(
    ("arguments", "named_layers", "error", "message"),
    [
        (((PLAIN, PLAIN),), {}, TypeError, "takes each layer as a separate argument; tuple_1 is"),
        ((PLAIN,), {"dense_1": PLAIN}, ValueError, "several layers of the name dense_1"),
        ((), {"a.b": PLAIN}, ValueError, "must not contain a dot"),
    ],
)
def test_mistakes_in_names_are_told(arguments, named_layers, error, message):
    with pytest.raises(error, match=message):
        Chain(*arguments, **named_layers)


def test_rows_are_read_by_the_embedding_that_comes_first():
    x, first = np.array([[1, 2]]), Chain(inner=Chain(embedding=Embedding(5, 4)), dense=PLAIN)
    assert {name: tokens is x for name, tokens in rows_read(first, x).items()} == {"inner.embedding.table": True}
    assert rows_read(Chain(Dropout(0.5), Embedding(5, 4)), x) == {}
    assert rows_read(Chain(), x) == {}
