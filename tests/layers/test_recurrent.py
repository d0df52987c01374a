import tracemalloc

import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import (
    GRU,
    LSTM,
    Branches,
    Context,
    Elman,
    IndRNN,
    Jordan,
)
from skneural.parameters import Layout, Weights
from skneural.testing import check_gradients, check_layer
from tests.layers.cases import started
from tests.layers.series import UNSORTED, each_order, series, with_lengths

CELLS = {"elman": Elman, "lstm": LSTM, "gru": GRU, "indrnn": IndRNN, "jordan": Jordan}
each_cell = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
each_direction = pytest.mark.parametrize("reverse", [False, True], ids=["forwards", "backwards"])


def both_ways(layer, x, dy, lengths=None):
    weights = started(layer)
    y, backward = layer.forward(weights.tree, x, Context(batch=BatchInfo(lengths=lengths)))
    return y, backward(dy, weights.gradient_tree), weights.gradient


# One step at a time


@each_cell
def test_step_equals_forward(cell):
    layer, x = cell(3, 4), series()
    p, state = started(layer).tree, None
    for x_step, expected in zip(x, layer.predict(p, x), strict=True):
        y, state = layer.step(p, x_step, state)
        np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-14)


# Directions


@each_cell
def test_backwards_is_forwards_on_the_reversed_series(cell):
    x, dy = series(), series(n_features=4, seed=1)
    y, dx, gradient = both_ways(cell(3, 4), x[::-1], dy[::-1])
    y_reverse, dx_reverse, gradient_reverse = both_ways(cell(3, 4, reverse=True), x, dy)
    np.testing.assert_allclose(y_reverse, y[::-1], rtol=1e-12)
    np.testing.assert_allclose(dx_reverse, dx[::-1], rtol=1e-12)
    np.testing.assert_allclose(gradient_reverse, gradient, rtol=1e-10, atol=1e-13)


@each_cell
@pytest.mark.parametrize("lengths", [None, UNSORTED])
def test_both_directions_are_two_plain_layers_on_each_series_and_its_reverse(cell, lengths):
    layer, x = Branches(forward=cell(3, 4), backward=cell(3, 4, reverse=True), axis=1), series()
    p = started(layer).tree
    y = layer.predict(p, x, Context(batch=BatchInfo(lengths=lengths)))
    for i, n in enumerate([7] * 5 if lengths is None else lengths):
        own = x[:n, :, i : i + 1]
        forwards = cell(3, 4).predict(p["forward"], own)
        backwards = cell(3, 4).predict(p["backward"], own[::-1])[::-1]
        np.testing.assert_allclose(y[:n, :, i : i + 1], np.concatenate([forwards, backwards], axis=1), rtol=1e-12)


# Unequal lengths


@each_cell
@each_direction
@each_order
def test_gradients_where_lengths_differ(cell, reverse, lengths):
    check_gradients(cell(3, 4, reverse), series(), with_lengths(lengths))


@each_cell
@each_direction
def test_contract_where_lengths_differ(cell, reverse):
    check_layer(cell(3, 4, reverse), series(), with_lengths(UNSORTED), batch_axis=None)


@each_cell
@each_direction
@each_order
def test_what_stands_beyond_the_end_is_not_seen(cell, reverse, lengths):
    x, dy = series(), series(n_features=4, seed=1)
    real = (np.arange(7)[:, np.newaxis] < lengths)[:, np.newaxis]
    longer = np.concatenate([np.where(real, x, 1e3), np.full((2, 3, 5), 1e3)])
    longer_dy = np.concatenate([np.where(real, dy, 1e3), np.full((2, 4, 5), 1e3)])
    expected_y, expected_dx, expected_gradient = both_ways(cell(3, 4, reverse), x, dy, lengths)
    y, dx, gradient = both_ways(cell(3, 4, reverse), longer, longer_dy, lengths)
    np.testing.assert_allclose(y[:7], expected_y, rtol=1e-12)
    np.testing.assert_allclose(dx[:7], expected_dx, rtol=1e-12)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-10)
    for array in (y, dx):
        np.testing.assert_array_equal(array * ~np.pad(real, ((0, 2), (0, 0), (0, 0))), 0)


@each_cell
@each_direction
@each_order
def test_a_padded_series_gives_what_it_gives_alone(cell, reverse, lengths):
    layer, x = cell(3, 4, reverse), series()
    p = started(layer).tree
    y = layer.predict(p, x, Context(batch=BatchInfo(lengths=lengths)))
    for i, n in enumerate(lengths):
        np.testing.assert_allclose(y[:n, :, i], layer.predict(p, x[:n, :, i : i + 1])[..., 0], rtol=1e-12)


@each_cell
def test_going_back_twice_gives_the_same(cell):
    layer, dy = cell(3, 4), series(n_features=4, seed=1)
    weights = started(layer)
    _, backward = layer.forward(weights.tree, series(), Context())
    first = backward(dy, weights.gradient_tree), weights.gradient.copy()
    second = backward(dy, weights.gradient_tree), weights.gradient
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


@each_cell
def test_memory_grows_with_steps_and_batch_as_is_stated(cell):
    """In numbers for each step, unit and row, beside x."""
    stated = {Elman: 1, LSTM: 7, GRU: 5, IndRNN: 1, Jordan: 2}[cell]
    layer = cell(2, 64, input_gradient=False)
    weights, n_numbers = started(layer), []
    layer.forward(weights.tree, series(50, 2, 64), with_lengths(None))  # the first product looks at the BLAS libraries
    for n_steps, n in ((50, 64), (100, 64), (50, 128)):
        x = series(n_steps, 2, n)
        tracemalloc.start()
        held = layer.forward(weights.tree, x, with_lengths(None))
        n_numbers.append(tracemalloc.get_traced_memory()[0] / (8 * n_steps * 64 * n))
        tracemalloc.stop()
        del held
    assert max(n_numbers) < stated + 0.3
    np.testing.assert_allclose(n_numbers, n_numbers[0], rtol=0.1)


# Initial parameters


@pytest.mark.parametrize(("cell", "n_gates"), [(Elman, 1), (LSTM, 4), (GRU, 3)])
def test_the_recurrence_of_each_gate_starts_orthogonal(cell, n_gates):
    layout = Layout(cell(3, 6).parameters())
    recurrent = layout.views(*layout.initial(np.random.default_rng(0), np.float64))["recurrent"]
    for gate in np.split(recurrent, n_gates, axis=1):
        np.testing.assert_allclose(gate @ gate.T, np.eye(6), atol=1e-12)


def test_the_forget_gate_starts_open():
    layout = Layout(LSTM(3, 2).parameters())
    bias = layout.views(*layout.initial(np.random.default_rng(0), np.float64))["bias"]
    np.testing.assert_array_equal(bias, [0, 0, 0, 0, 1, 1, 0, 0])


def test_what_a_unit_of_indrnn_keeps_has_a_limit():
    layer = IndRNN(3, 50)
    weights = Weights(layout := Layout(layer.parameters()), layout.initial(np.random.default_rng(0), np.float64))
    kept = weights.tree["recurrent"]
    assert kept.min() >= 0
    assert kept.max() <= 1
    weights.vector += 2.0
    others = weights.tree["inputs"].copy()
    weights.keep_limits()
    np.testing.assert_array_equal(kept, 1)
    np.testing.assert_array_equal(weights.tree["inputs"], others)
    assert layout.n_penalized == others.size
