"""The check of gradients finds planted mistakes."""

from dataclasses import dataclass

import numpy as np
import pytest

from skneural.layers import Context, Dense, Layer
from skneural.losses import SquaredLoss
from skneural.parameters import Parameter
from skneural.testing import check_gradients, check_layer, check_loss, check_vjp
from tests.testing.mistaken_layers import Unwritten, Wrapped, WritesIntoX, X


class WrongInput(Wrapped):
    def going_back(self, dy, g, backward):
        return 1.001 * backward(dy, g)


class WrongParameter(Wrapped):
    def going_back(self, dy, g, backward):
        dx = backward(dy, g)
        g["shift"][-1] = 0
        return dx


class Accumulating(Wrapped):
    def going_back(self, dy, g, backward):
        before = g["shift"].copy()
        dx = backward(dy, g)
        g["shift"] += before
        return dx


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


def test_the_context_is_not_used_up():
    context = Context(np.random.default_rng(0))
    check_gradients(Dense(4, 3), X, context)
    assert context.rng.random() == np.random.default_rng(0).random()


@dataclass(frozen=True)
class WrongLoss(SquaredLoss):
    """Forgets one element."""

    def losses_and_slopes(self, y, raw):
        losses, slopes = super().losses_and_slopes(y, raw)
        slopes[0, 0] = 0
        return losses, slopes


@dataclass(frozen=True)
class WritingLoss(SquaredLoss):
    def losses_and_slopes(self, y, raw):
        raw -= y
        return super().losses_and_slopes(0 * y, raw)


class WithoutTotal(SquaredLoss):
    def value_and_gradient(self, y, raw, sample_weight=None, total=None):
        return super().value_and_gradient(y, raw, sample_weight)


class Wide(SquaredLoss):
    def value_and_gradient(self, y, raw, sample_weight=None, total=None):
        return super().value_and_gradient(y, raw.astype(np.float64), sample_weight, total)


class UnweightedConstant(SquaredLoss):
    def best_constant(self, y, sample_weight=None):
        return y.mean(axis=0)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (WithoutTotal(), "a weight of two is not equivalent to a repetition|do not add up"),
        (Wide(), "the gradient of float32 is float64"),
        (UnweightedConstant(), "best_constant is another one"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_check_loss_notices_what_breaks_the_protocol(loss, message):
    rng = np.random.default_rng(0)
    with pytest.raises(AssertionError, match=message):
        check_loss(loss, rng.standard_normal((9, 2)), rng.standard_normal((9, 2)))


def test_check_loss_finds_wrong_gradients_and_writing():
    y = X[::-1] + 0.3
    check_loss(SquaredLoss(), y, X)
    with pytest.raises(AssertionError, match="slope"):
        check_loss(WrongLoss(), y, X)
    with pytest.raises(AssertionError, match="writes into"):
        check_loss(WritingLoss(), y, X)


WEIGHT = np.random.default_rng(1).standard_normal((X.shape[1], 3))


def product(x, weight):
    return x @ weight, lambda dy, d_weight: (np.matmul(x.T, dy, out=d_weight), dy @ weight.T)[1]


def wrong_product(x, weight):
    return x @ weight, lambda dy, d_weight: (np.matmul(x.T, dy, out=d_weight), 2 * dy @ weight.T)[1]


def unwritten_product(x, weight):
    return x @ weight, lambda dy, d_weight: dy @ weight.T


def writing_product(x, weight):
    return x @ weight, lambda dy, d_weight: (np.matmul(x.T, dy, out=d_weight), np.multiply(dy, 2, out=dy) @ weight.T)[1]


@pytest.mark.parametrize(
    ("op", "sentence"),
    [
        (wrong_product, "central differences"),
        (unwritten_product, "Not all of the gradients of parameters"),
        (writing_product, "writes into its arguments or into dy"),
    ],
)
def test_check_vjp_finds_wrong_gradients_and_writing(op, sentence):
    check_vjp(product, [X], [WEIGHT])
    with pytest.raises(AssertionError, match=sentence):
        check_vjp(op, [X], [WEIGHT])


def test_an_input_without_gradient_is_held_fixed():
    check_vjp(lambda x, mask: (x * mask, lambda dy: (dy * mask, None)), [X, (X > 0) * 1.0])
