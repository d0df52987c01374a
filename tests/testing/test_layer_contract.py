"""The check of layers finds planted mistakes."""

from dataclasses import dataclass

import numpy as np
import pytest

from skneural.layers import Layer
from skneural.testing import check_gradients, check_layer
from tests.testing.mistaken_layers import Scale, Unwritten, Wrapped, WritesIntoX, X


@dataclass(frozen=True)
class HoldsArray(Scale):
    table: object = None

    def __hash__(self):
        return 0


class Widening(Wrapped):
    def after(self, y):
        return y * np.float64(1.0)


class WideningBack(Wrapped):
    def going_back(self, dy, g, backward):
        return backward(dy, g) * np.float64(1.0)


class OtherPrediction(Scale):
    def predict(self, p, x, context=None):
        return 1.01 * (x * p["scale"] + p["shift"])


class MixesRows(Wrapped):
    def before(self, p, x, context):
        return x - x.mean(axis=0)


class CountsWhilePredicting(Wrapped):
    def before(self, p, x, context):
        p["count"] += 1
        return x


class WritesIntoXWhilePredicting(Scale):
    def predict(self, p, x, context=None):
        x *= p["scale"]
        x += p["shift"]
        return x


class Remembers(Wrapped):
    """Keeps its last x on the class."""

    last = {}

    def before(self, p, x, context):
        self.last["x"] = x
        return x

    def going_back(self, dy, g, backward):
        dx = backward(dy, g)
        np.sum(dy * self.last["x"], axis=0, out=g["scale"])
        return dx


class NeedsContiguous(Wrapped):
    def after(self, y):
        return y if y.flags.c_contiguous else y.ravel(order="K").reshape(y.shape)


CONTRACT_BUGS = {
    HoldsArray: "holds an array",
    Widening: "y is float64",
    WideningBack: "dx is float64",
    OtherPrediction: "predict differs from forward",
    MixesRows: "depends on the other rows",
    CountsWhilePredicting: "changes parameters or buffers while predicting",
    WritesIntoXWhilePredicting: "predict writes into x",
    Remembers: "a second forward changes",
    NeedsContiguous: "the output depends on the memory layout of x",
    Unwritten: "does not write all of the gradient of scale",
    WritesIntoX: "forward writes into x",
}


@pytest.mark.parametrize("bug", CONTRACT_BUGS, ids=lambda bug: bug.__name__)
def test_check_layer_finds(bug):
    layer = bug(np.zeros(3)) if bug is HoldsArray else bug()
    with pytest.raises(AssertionError, match=CONTRACT_BUGS[bug]):
        check_layer(layer, X)


def test_check_layer_finds_what_is_not_frozen():
    class Plain(Layer):
        __dataclass_params__ = type("Parameters", (), {"frozen": False})

    with pytest.raises(AssertionError, match="must be a frozen dataclass"):
        check_layer(Plain(), X)


def test_a_right_layer_passes():
    check_gradients(Scale(), X)
    check_layer(Scale(), X)


def test_rows_may_depend_on_each_other_where_there_is_no_batch_axis():
    check_layer(MixesRows(), X, batch_axis=None)


@dataclass(frozen=True)
class CountsUnknown(Scale):
    def shape(self, x_shape):
        return range(x_shape[0]).stop, 4


@dataclass(frozen=True)
class GuessesUnknown(Scale):
    def shape(self, x_shape):
        return (x_shape[0] if isinstance(x_shape[0], int) else 1), 4


@pytest.mark.parametrize(
    ("bug", "sentence"), [(CountsUnknown, "does not accept a named dimension"), (GuessesUnknown, "shape returns")]
)
def test_shapes_with_unknown_numbers_are_checked(bug, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_layer(bug(), X)
