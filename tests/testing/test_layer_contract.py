"""The checks must find planted bugs."""

from dataclasses import dataclass

import numpy as np
import pytest

from skneural.layers import Context, Dense, Layer
from skneural.losses import SquaredLoss
from skneural.parameters import Buffer, Parameter
from skneural.testing import check_gradients, check_layer, check_loss

X = np.random.default_rng(0).standard_normal((6, 4))


@dataclass(frozen=True)
class Scale(Layer):
    """y = scale * x + shift, with room for a bug."""

    def parameters(self):
        return {"scale": Parameter((4,)), "shift": Parameter((4,)), "count": Buffer(())}

    def forward(self, p, x, context):
        def backward(dy, g):
            np.sum(dy * x, axis=0, out=g["scale"])
            np.sum(dy, axis=0, out=g["shift"])
            return dy * p["scale"]

        return x * p["scale"] + p["shift"], backward


@dataclass(frozen=True)
class Wrapped(Scale):
    """A `Scale` whose passes go through `bug` hooks."""

    def before(self, p, x, context):
        return x

    def after(self, y):
        return y

    def going_back(self, dy, g, backward):
        return backward(dy, g)

    def forward(self, p, x, context):
        y, backward = super().forward(p, self.before(p, x, context), context)
        return self.after(y), lambda dy, g: self.going_back(dy, g, backward)


class WrongInput(Wrapped):
    def going_back(self, dy, g, backward):
        return 1.001 * backward(dy, g)


class WrongParameter(Wrapped):
    def going_back(self, dy, g, backward):
        dx = backward(dy, g)
        g["shift"][-1] = 0
        return dx


class Unwritten(Wrapped):
    def going_back(self, dy, g, backward):
        dx = backward(dy, g)
        g["scale"][0] = np.nan
        return dx


class Accumulating(Wrapped):
    def going_back(self, dy, g, backward):
        before = g["shift"].copy()
        dx = backward(dy, g)
        g["shift"] += before
        return dx


class WritesIntoX(Wrapped):
    def before(self, p, x, context):
        x *= 1.5
        return x


class WritesIntoDy(Wrapped):
    def going_back(self, dy, g, backward):
        dx = backward(dy, g)
        dy *= 2
        return dx


class WritesIntoParameters(Wrapped):
    def before(self, p, x, context):
        p["scale"] *= 1.5
        return x


class WrongShape(Wrapped):
    def going_back(self, dy, g, backward):
        return backward(dy, g).sum(axis=0)


GRADIENT_BUGS = {
    WrongInput: "slope",
    WrongParameter: "slope",
    Unwritten: "does not write all of the gradient of scale",
    Accumulating: "does not write all of the gradient of shift",
    WritesIntoX: "forward writes into x",
    WritesIntoDy: "backward writes into dy",
    WritesIntoParameters: "writes into the parameters",
    WrongShape: "dx has shape",
}


@pytest.mark.parametrize("bug", GRADIENT_BUGS, ids=lambda bug: bug.__name__)
def test_check_gradients_finds(bug):
    with pytest.raises(AssertionError, match=GRADIENT_BUGS[bug]):
        check_gradients(bug(), X)


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
    MixesRows: "depends on the rows beside it",
    CountsWhilePredicting: "changes parameters or buffers while predicting",
    WritesIntoXWhilePredicting: "predict writes into x",
    Remembers: "a second forward changes",
    NeedsContiguous: "depends on how x lies in memory",
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
class PairProduct(Layer):
    """Two inputs that both need gradients; the second one's is multiplied by `factor`."""

    factor: float = 1.0

    def shape(self, x_shape):
        return x_shape[0]

    def forward(self, p, x, context):
        left, right = x
        return left * right, lambda dy, g: (dy * right, self.factor * dy * left)


def test_pairs_are_checked_in_both_parts():
    pair = X, X[::-1] + 0.5
    check_gradients(PairProduct(), pair)
    check_layer(PairProduct(), pair)
    with pytest.raises(AssertionError, match="slope"):
        check_gradients(PairProduct(1.01), pair)


@dataclass(frozen=True)
class Lookup(Layer):
    def parameters(self):
        return {"table": Parameter((5, 3))}

    def shape(self, x_shape):
        return (*x_shape, 3)

    def forward(self, p, x, context):
        def backward(dy, g):
            g["table"][...] = 0
            np.add.at(g["table"], x, dy)

        return p["table"][x], backward


def test_integers_are_held_fixed():
    tokens = np.random.default_rng(0).integers(0, 5, (6, 2))
    check_gradients(Lookup(), tokens)
    check_layer(Lookup(), tokens)


@dataclass(frozen=True)
class CountsUnknown(Scale):
    def shape(self, x_shape):
        return x_shape[0] + 0, 4


@dataclass(frozen=True)
class GuessesUnknown(Scale):
    def shape(self, x_shape):
        return x_shape[0] or 1, 4


@pytest.mark.parametrize(("bug", "sentence"), [(CountsUnknown, "does not take None"), (GuessesUnknown, "shape tells")])
def test_shapes_with_unknown_numbers_are_checked(bug, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_layer(bug(), X)


def test_the_context_is_not_used_up():
    context = Context(np.random.default_rng(0))
    check_gradients(Dense(4, 3), X, context)
    assert context.rng.random() == np.random.default_rng(0).random()


@dataclass(frozen=True)
class WrongLoss(SquaredLoss):
    """Forgets one element."""

    def _losses_and_slopes(self, y, raw):
        losses, slopes = super()._losses_and_slopes(y, raw)
        slopes[0, 0] = 0
        return losses, slopes


@dataclass(frozen=True)
class WritingLoss(SquaredLoss):
    def _losses_and_slopes(self, y, raw):
        raw -= y
        return super()._losses_and_slopes(0 * y, raw)


def test_check_loss_finds_wrong_gradients_and_writing():
    y = X[::-1] + 0.3
    check_loss(SquaredLoss(), y, X)
    with pytest.raises(AssertionError, match="slope"):
        check_loss(WrongLoss(), y, X)
    with pytest.raises(AssertionError, match="writes into"):
        check_loss(WritingLoss(), y, X)
