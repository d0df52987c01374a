import itertools

import numpy as np
import pytest

from skneural.ops import pooling as module
from skneural.ops.pooling import average_pooling, global_average_pooling, global_max_pooling, max_pooling
from skneural.ops.window import Window

SHAPE = (7, 2, 9, 3)
SIZES = [(1, 1), (2, 2), (3, 3), (1, 3), (2, 1)]
STRIDES = [(1, 1), (2, 2), (3, 2), (2, 3)]
every_window = pytest.mark.parametrize(
    "window",
    [
        Window.over(SHAPE, size, stride, (1, 1), padding)
        for size, stride, padding in itertools.product(SIZES, STRIDES, ["same", "valid"])
    ],
    ids=str,
)
LENGTHS = np.array([9, 1, 4])
MASK = np.arange(9)[:, np.newaxis] < LENGTHS


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def by_hand(function, x, window):
    """Reference: pool each window separately; elements outside of the image are NaN, and ignored."""
    image = window.padded(x, np.nan)
    height, channels, width, batch = window.output_shape(x.shape, x.shape[1])
    y = np.empty((height, channels, width, batch))
    for i, j in np.ndindex(height, width):
        top, left = i * window.stride[0], j * window.stride[1]
        y[i, :, j] = function(image[top : top + window.size[0], :, left : left + window.size[1]], axis=(0, 2))
    return y


@every_window
@pytest.mark.parametrize(("pooling", "function"), [(max_pooling, np.nanmax), (average_pooling, np.nanmean)])
def test_each_window_is_pooled(pooling, function, window):
    x = numbers(*SHAPE)
    np.testing.assert_allclose(pooling(x, window)[0], by_hand(function, x, window), rtol=1e-12)


@every_window
@pytest.mark.parametrize("pooling", [max_pooling, average_pooling])
def test_gradients(pooling, window):
    x, along = numbers(*SHAPE), numbers(*SHAPE, seed=1)
    y, vjp = pooling(x, window)
    dy = numbers(*y.shape, seed=2)
    dx = vjp(dy)
    assert dx.shape == x.shape
    step = 1e-6
    slope = np.sum(dy * (pooling(x + step * along, window)[0] - pooling(x - step * along, window)[0])) / (2 * step)
    assert np.sum(dx * along) == pytest.approx(slope, rel=1e-6)


@every_window
def test_one_of_several_equal_elements_has_the_gradient(window):
    _, vjp = max_pooling(np.ones(SHAPE), window)
    dx = vjp(np.ones(window.output_shape(SHAPE, 2)))
    assert dx.sum() == np.prod(window.output_shape(SHAPE, 2))


@pytest.mark.parametrize("window", [Window((2, 2), (2, 2)), Window((1, 3), (2, 3)), Window((2, 1), (3, 1))], ids=str)
@pytest.mark.parametrize("n_values", [1, 2, 3])
def test_if_windows_do_not_overlap_one_maximum_of_each_has_the_gradient(window, n_values):
    x = np.random.default_rng(0).integers(0, n_values, SHAPE).astype(np.float64)
    y, vjp = max_pooling(x, window)
    dy = numbers(*y.shape, seed=1)
    dx = vjp(dy)
    taps = [(rows, columns) for _, rows, columns in window.taps(y.shape[0], y.shape[2])]
    np.testing.assert_array_equal(sum(dx[rows, :, columns] != 0 for rows, columns in taps), np.ones(y.shape))
    for rows, columns in taps:
        taken = dx[rows, :, columns] != 0
        np.testing.assert_array_equal(dx[rows, :, columns][taken], dy[taken])
        np.testing.assert_array_equal(x[rows, :, columns][taken], y[taken])
    assert np.count_nonzero(dx) == dy.size


@pytest.mark.parametrize("shape", [(8, 2, 6, 3), (7, 2, 9, 3), (3, 1, 2, 1), (1, 2, 5, 3)])
@pytest.mark.parametrize("size", [1, 100, 10**9])
def test_squares_are_pooled_in_blocks_as_other_windows_are(shape, size, monkeypatch):
    x, window = numbers(*shape), Window((2, 2), (2, 2))
    monkeypatch.setattr(module, "POOLED_AT_ONCE", size)
    y, vjp = max_pooling(x, window)
    monkeypatch.setattr(module, "DISJOINT_SQUARES", None)
    expected, expected_vjp = max_pooling(x, window)
    dy = numbers(*y.shape, seed=1)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(vjp(dy), expected_vjp(dy))


@pytest.mark.parametrize("pooling", [max_pooling, average_pooling])
def test_padding_does_not_reach_the_output(pooling):
    window = Window.over(SHAPE, (3, 3), (2, 2), (1, 1), "same")
    assert window.before + window.after != (0, 0, 0, 0)
    np.testing.assert_allclose(pooling(np.full(SHAPE, -5.0), window)[0], -5.0, rtol=1e-12)


def test_windows_of_nothing_but_minus_infinity_have_a_gradient():
    """Such windows are beyond the end of a series."""
    dx = max_pooling(np.full(SHAPE, -np.inf), Window((3, 3), (1, 1)))[1](np.ones((5, 2, 7, 3)))
    assert np.isfinite(dx).all()


@pytest.mark.parametrize("pooling", [max_pooling, average_pooling, global_average_pooling, global_max_pooling])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept(pooling, dtype):
    x = numbers(*SHAPE).astype(dtype)
    windows = [Window((2, 2), (2, 2))] if pooling in (max_pooling, average_pooling) else []
    y, vjp = pooling(x, *windows)
    assert y.dtype == dtype
    assert vjp(np.ones_like(y)).dtype == dtype


@pytest.mark.parametrize(("pooling", "function"), [(global_max_pooling, np.max), (global_average_pooling, np.mean)])
@pytest.mark.parametrize("height", [1, 3])
def test_global_pooling_of_padded_series_is_that_of_each_alone(pooling, function, height):
    x = numbers(height, 2, 9, 3)
    y, vjp = pooling(x, MASK)
    expected = [function(x[:, :, :n, b], axis=(0, 2)) for b, n in enumerate(LENGTHS)]
    np.testing.assert_allclose(y, expected, rtol=1e-12)
    dx = vjp(numbers(3, 2, seed=1))
    assert (dx * ~MASK == 0).all()
    assert (dx * MASK != 0).any(axis=(0, 2)).all()


@pytest.mark.parametrize("pooling", [global_max_pooling, global_average_pooling])
@pytest.mark.parametrize("mask", [None, MASK], ids=["equal lengths", "unequal lengths"])
def test_gradients_of_global_pooling(pooling, mask):
    x, along = numbers(*SHAPE), numbers(*SHAPE, seed=1)
    y, vjp = pooling(x, mask)
    dy, step = numbers(*y.shape, seed=2), 1e-6
    slope = np.sum(dy * (pooling(x + step * along, mask)[0] - pooling(x - step * along, mask)[0])) / (2 * step)
    assert np.sum(vjp(dy) * along) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("mask", [None, MASK], ids=["equal lengths", "unequal lengths"])
def test_one_of_several_equal_elements_has_the_gradient_of_global_pooling(mask):
    dx = global_max_pooling(np.ones(SHAPE), mask)[1](np.ones((3, 2)))
    np.testing.assert_array_equal(dx.sum(axis=(0, 2)), np.ones((2, 3)))
    assert set(np.unique(dx)) == {0.0, 1.0}
    assert mask is None or (dx * ~mask == 0).all()


@pytest.mark.parametrize("pooling", [global_max_pooling, global_average_pooling])
def test_what_is_masked_is_not_seen_by_global_pooling(pooling):
    x = numbers(*SHAPE)
    (y, vjp), (y_junk, vjp_junk) = pooling(x, MASK), pooling(np.where(MASK, x, 1e9), MASK)
    np.testing.assert_array_equal(y_junk, y)
    dy = numbers(3, 2, seed=1)
    np.testing.assert_array_equal(vjp_junk(dy), vjp(dy))
