import numpy as np
import pytest

from skneural.ops.layer_normalize import layer_normalize, rms_normalize

# layout -> shape of x, axis of the 4 features
LAYOUTS = {"rows": ((9, 4), -1), "steps": ((3, 5, 4), -1), "batch last": ((5, 4, 3), 1), "images": ((2, 4, 3, 5), 1)}
each_layout = pytest.mark.parametrize(("shape", "axis"), LAYOUTS.values(), ids=LAYOUTS)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def features_last(x, axis):
    return np.moveaxis(x, axis, -1)


@each_layout
def test_layer_normalization_is_its_formula(shape, axis):
    x, gamma, beta = 3 + 2 * numbers(*shape), numbers(4, seed=1), numbers(4, seed=2)
    y, _ = layer_normalize(x, gamma, beta, 1e-5, axis=axis)
    rows = features_last(x, axis)
    expected = (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + 1e-5) * gamma + beta
    np.testing.assert_allclose(features_last(y, axis), expected, rtol=1e-10, atol=1e-12)


@each_layout
def test_rms_normalization_is_its_formula(shape, axis):
    x, gamma = 3 + 2 * numbers(*shape), numbers(4, seed=1)
    y, _ = rms_normalize(x, gamma, 1e-5, axis=axis)
    rows = features_last(x, axis)
    expected = rows / np.sqrt((rows**2).mean(-1, keepdims=True) + 1e-5) * gamma
    np.testing.assert_allclose(features_last(y, axis), expected, rtol=1e-10)


def layer(x, axis):
    y, vjp = layer_normalize(x, numbers(4, seed=1), numbers(4, seed=2), 1e-5, axis=axis)
    return y, lambda dy, gradients: vjp(dy, *gradients)


def rms(x, axis):
    y, vjp = rms_normalize(x, numbers(4, seed=1), 1e-5, axis=axis)
    return y, lambda dy, gradients: vjp(dy, gradients[0])


@each_layout
@pytest.mark.parametrize("normalize", [layer, rms])
def test_layouts_give_the_same(shape, axis, normalize):
    x, dy = numbers(*shape), numbers(*shape, seed=3)
    gradients, expected = np.zeros((2, 4)), np.zeros((2, 4))
    y, vjp = normalize(x, axis)
    y_rows, vjp_rows = normalize(np.ascontiguousarray(features_last(x, axis)), -1)
    dx, dx_rows = vjp(dy, gradients), vjp_rows(np.ascontiguousarray(features_last(dy, axis)), expected)
    np.testing.assert_allclose(features_last(y, axis), y_rows, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(features_last(dx, axis), dx_rows, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(gradients, expected, rtol=1e-10)


def test_layer_normalization_does_not_see_shift_and_scale():
    x = numbers(6, 4)
    y, _ = layer_normalize(x, np.ones(4), np.zeros(4), 0.0)
    np.testing.assert_allclose(layer_normalize(5 + 3 * x, np.ones(4), np.zeros(4), 0.0)[0], y, rtol=1e-8)


def test_the_gradient_is_at_right_angles_to_what_changes_nothing():
    x, dy = numbers(6, 4), numbers(6, 4, seed=3)
    dx = layer_normalize(x, numbers(4, seed=1), np.zeros(4), 0.0)[1](dy, np.empty(4), np.empty(4))
    np.testing.assert_allclose(dx.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose((dx * x).sum(axis=1), 0, atol=1e-12)


def test_variance_survives_a_large_mean_in_float32():
    x = (1e3 + numbers(50, 64)).astype(np.float32)
    y, _ = layer_normalize(x, np.ones(64, np.float32), np.zeros(64, np.float32), 1e-5)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y.var(axis=1), 1, rtol=1e-3)
