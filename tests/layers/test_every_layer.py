"""Gradients and the contract of every layer."""

import pytest

from skneural.layers import Context
from skneural.ops.dimension import Dimension
from skneural.testing import check_gradients, check_layer
from tests.layers.cases import LAYER_CASES, every_layer_class

each_case = pytest.mark.parametrize("case", LAYER_CASES.values(), ids=LAYER_CASES)


def test_every_layer_has_a_row():
    assert every_layer_class() == {type(case.layer) for case in LAYER_CASES.values()}


@each_case
@pytest.mark.parametrize("seed", [0, 1])
def test_gradients_while_training(case, seed):
    check_gradients(case.layer, case.x, seed=seed)


@each_case
def test_gradients_while_predicting(case):
    check_gradients(case.layer, case.x, Context())


@each_case
def test_contract(case):
    check_layer(case.layer, case.x, batch_axis=case.batch_axis)


WITHOUT_PAIRS = {name: case for name, case in LAYER_CASES.items() if not case.takes_pair}


@pytest.mark.parametrize("case", WITHOUT_PAIRS.values(), ids=WITHOUT_PAIRS)
def test_shapes_may_be_unknown_in_part(case):
    """The numbers that `shape` returns then agree with those for a shape that is known."""
    shape = case.x.shape
    known = case.layer.shape(shape)
    for axis in range(len(shape)):
        partial = case.layer.shape((*shape[:axis], Dimension("unknown"), *shape[axis + 1 :]))
        assert len(partial) == len(known)
        assert all(
            isinstance(number, Dimension) or number == other for number, other in zip(partial, known, strict=True)
        )
