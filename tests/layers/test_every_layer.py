"""Gradients and the contract of every layer."""

import pytest

from skneural.layers import (
    Context,
)
from skneural.testing import check_gradients, check_layer
from tests.layers.cases import (
    BATCH_AXIS,
    LAYER_CASES,
    OF_PAIRS,
    every_layer_class,
)

each_case = pytest.mark.parametrize(
    ("layer", "x", "batch_axis"),
    [(layer, x, BATCH_AXIS.get(name, 0)) for name, (layer, x) in LAYER_CASES.items()],
    ids=list(LAYER_CASES),
)


def test_every_layer_has_a_row():
    assert every_layer_class() == {type(layer) for layer, _ in LAYER_CASES.values()}


@each_case
@pytest.mark.parametrize("seed", [0, 1])
def test_gradients_while_training(layer, x, batch_axis, seed):
    check_gradients(layer, x, seed=seed)


@each_case
def test_gradients_while_predicting(layer, x, batch_axis):
    check_gradients(layer, x, Context())


@each_case
def test_contract(layer, x, batch_axis):
    check_layer(layer, x, batch_axis=batch_axis)


OF_ONE = {name: case for name, case in LAYER_CASES.items() if type(case[0]).__name__ not in OF_PAIRS}


@pytest.mark.parametrize(("layer", "x"), OF_ONE.values(), ids=OF_ONE)
def test_shapes_may_be_unknown_in_part(layer, x):
    """What is told then agrees with what is told where all is known."""
    known = layer.shape(x.shape)
    for axis in range(x.ndim):
        told = layer.shape((*x.shape[:axis], None, *x.shape[axis + 1 :]))
        assert len(told) == len(known)
        assert all(one in (None, other) for one, other in zip(told, known, strict=True))
