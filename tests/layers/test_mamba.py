import dataclasses

import numpy as np
import pytest

from skneural.layers import MultiheadScan, SelectiveScan
from tests.layers.cases import numbers, started

each_layer = pytest.mark.parametrize(
    ("layer", "n_in"), [(SelectiveScan(4, 3, 4, 2), 8), (MultiheadScan(6, 2, 3), 20)], ids=["channels", "heads"]
)


@each_layer
def test_step_equals_forward(layer, n_in):
    p, x, state = started(layer).tree, numbers(3, 9, n_in), None
    for t, expected in enumerate(layer.predict(p, x).transpose(1, 0, 2)):
        y, state = layer.step(p, x[:, t], state)
        np.testing.assert_allclose(y, expected, rtol=1e-10, atol=1e-12)


@each_layer
def test_shape_tells_what_comes_out(layer, n_in):
    x = numbers(3, 9, n_in)
    assert layer.shape(x.shape) == layer.predict(started(layer).tree, x).shape


# Initial parameters, and stability


@each_layer
def test_steps_start_between_their_bounds(layer, n_in):
    sizes = np.log1p(np.exp(started(dataclasses.replace(layer), moved=0).tree["step_bias"]))
    assert 1e-3 <= sizes.min() <= sizes.max() <= 1e-1


def test_decays_start_as_published():
    p = started(SelectiveScan(4, 3), moved=0).tree
    np.testing.assert_allclose(np.exp(p["log_decay"]), [[1] * 4, [2] * 4, [3] * 4], rtol=1e-12)
    rates = np.exp(started(MultiheadScan(200, 200), moved=0).tree["log_decay"])
    assert 1 <= rates.min() < 2 < 15 < rates.max() <= 16
    np.testing.assert_array_equal(p["skip"], 1)


@each_layer
def test_decay_never_vanishes(layer, n_in):
    weights = started(layer)
    weights.tree["log_decay"][...] = -50
    weights.keep_limits()
    np.testing.assert_allclose(np.exp(weights.tree["log_decay"]), 1e-4, rtol=1e-6)
