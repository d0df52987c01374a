import numpy as np

from skneural.layers import BatchNormalization, Chain, Dense, Dropout, Frozen
from skneural.parameters import Layout
from tests.layers.cases import numbers, started, training

INNER = Chain(Dense(4, 3), BatchNormalization(3), Dropout(0.5))


def test_it_predicts_while_others_train():
    x, layer = numbers(6, 4), Frozen(INNER)
    weights = started(layer)
    before = weights.buffers.copy()
    y, _ = layer.forward(weights.tree, x, training())
    np.testing.assert_allclose(y, INNER.predict(weights.tree["inner"], x), rtol=1e-12)
    np.testing.assert_array_equal(weights.buffers, before)


def test_nothing_of_it_learns():
    assert Layout(Frozen(INNER).parameters()).size == 0


def test_gradients_go_through_it_where_layers_before_it_learn():
    x, weights = numbers(6, 4), started(Frozen(Dense(4, 3)))
    dy = numbers(6, 3, seed=1)
    _, backward = Frozen(Dense(4, 3)).forward(weights.tree, x, training())
    np.testing.assert_allclose(backward(dy, {}), dy @ weights.tree["inner"]["weight"].T, rtol=1e-12)
    _, backward = Frozen(Dense(4, 3), input_gradient=False).forward(weights.tree, x, training())
    assert backward(dy, {}) is None
