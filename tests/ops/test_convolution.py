import itertools

import numpy as np
import pytest
from scipy.signal import correlate, correlate2d

from skneural.ops import convolution as module
from skneural.ops import patches
from skneural.ops.convolution import convolution, depthwise_convolution, transposed_convolution
from skneural.ops.window import Window

SHAPES = [(7, 1, 9, 3), (7, 5, 12, 3), (7, 20, 9, 2)]  # few channels, which are gathered, and many, which are not
KERNELS = [(1, 1), (3, 3), (2, 4), (1, 5), (4, 1)]
every_case = pytest.mark.parametrize(
    ("shape", "kernel_size", "stride", "dilation", "padding"),
    list(
        itertools.product(
            SHAPES, KERNELS, [(1, 1), (2, 2), (1, 3), (2, 1)], [(1, 1), (2, 1), (1, 2)], ["same", "valid"]
        )
    ),
)
MOVES = [((1, 1), (1, 1)), ((2, 2), (1, 1)), ((2, 1), (1, 1)), ((1, 1), (2, 2)), ((1, 2), (2, 1))]
each_op = pytest.mark.parametrize(
    ("op", "channels_in"), [(convolution, 3), (depthwise_convolution, 1)], ids=["full", "depthwise"]
)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def both_ways(op, x, kernel, window, dtype=np.float64, order=np.asarray, **options):
    """Output, dx, d_kernel and d_bias, with x and dy in a memory order."""
    bias = numbers(kernel.shape[3], seed=2).astype(dtype)
    kernel = kernel.astype(dtype)
    y, vjp = op(order(x.astype(dtype)), kernel, window, bias, **options)
    d_kernel, d_bias = np.full_like(kernel, np.nan), np.full_like(bias, np.nan)
    dx = vjp(order(numbers(*y.shape, seed=3).astype(dtype)), d_kernel, d_bias)
    return y, dx, d_kernel, d_bias


def by_scipy(x, kernel, window):
    """Reference by SciPy: image by image and channel by channel, padded, with zeros in the gaps of the kernel."""
    (height, width), (apart, beside) = window.size, window.dilation
    spread = np.zeros((apart * (height - 1) + 1, beside * (width - 1) + 1, *kernel.shape[2:]))
    spread[::apart, ::beside] = kernel
    image = window.padded(x)
    images = [
        [
            sum(correlate2d(image[:, c, :, b], spread[:, :, c, o], "valid") for c in range(x.shape[1]))
            for o in range(kernel.shape[3])
        ]
        for b in range(x.shape[3])
    ]
    return np.array(images).transpose(2, 1, 3, 0)[:: window.stride[0], :, :: window.stride[1]]


@every_case
def test_convolution_is_scipys_correlation(shape, kernel_size, stride, dilation, padding, monkeypatch):
    monkeypatch.setattr(patches, "LEAST_UNPADDED", 0)
    x, kernel = numbers(*shape), numbers(*kernel_size, shape[1], 2, seed=1)
    window = Window.over(shape, kernel_size, stride, dilation, padding)
    y, _ = convolution(x, kernel, window)
    np.testing.assert_allclose(y, by_scipy(x, kernel, window), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("kernel_size", "mode"), [((3, 3), "same"), ((5, 1), "same"), ((2, 4), "valid")])
def test_images_of_one_channel_are_correlate2d(kernel_size, mode):
    x, kernel = numbers(8, 1, 9, 1), numbers(*kernel_size, 1, 1, seed=1)
    y, _ = convolution(x, kernel, Window.over(x.shape, kernel_size, (1, 1), (1, 1), mode))
    np.testing.assert_allclose(y[:, 0, :, 0], correlate2d(x[:, 0, :, 0], kernel[:, :, 0, 0], mode), rtol=1e-10)


@pytest.mark.parametrize(("size", "mode"), [(3, "same"), (7, "same"), (4, "valid"), (1, "valid")])
def test_series_are_correlate(size, mode):
    x, kernel = numbers(1, 1, 20, 1), numbers(1, size, 1, 1, seed=1)
    y, _ = convolution(x, kernel, Window.over(x.shape, (1, size), (1, 1), (1, 1), mode))
    np.testing.assert_allclose(y[0, 0, :, 0], correlate(x[0, 0, :, 0], kernel[0, :, 0, 0], mode), rtol=1e-10)


def test_an_even_kernel_has_more_padding_after_than_before():
    x, kernel = numbers(1, 1, 6, 1), np.ones((1, 2, 1, 1))
    y, _ = convolution(x, kernel, Window.over(x.shape, (1, 2), (1, 1), (1, 1), "same"))
    row = x[0, 0, :, 0]
    np.testing.assert_allclose(y[0, 0, :, 0], row + np.append(row[1:], 0))


def test_a_kernel_of_one_pixel_is_a_product():
    x, kernel, bias = numbers(5, 4, 6, 3), numbers(1, 1, 4, 2, seed=1), numbers(2, seed=2)
    y, _ = convolution(x, kernel, Window((1, 1)), bias)
    expected = np.einsum("hcwb,co->howb", x, kernel[0, 0]) + bias[:, np.newaxis, np.newaxis]
    np.testing.assert_allclose(y, expected, rtol=1e-12)


@every_case
@pytest.mark.parametrize("least_unpadded", [0, 10**9])
def test_gradients_are_the_adjoint(shape, kernel_size, stride, dilation, padding, least_unpadded, monkeypatch):
    monkeypatch.setattr(patches, "LEAST_UNPADDED", least_unpadded)
    x, kernel = numbers(*shape), numbers(*kernel_size, shape[1], 2, seed=1)
    window = Window.over(shape, kernel_size, stride, dilation, padding)
    y, vjp = convolution(x, kernel, window, np.zeros(2))
    dy, d_kernel, d_bias = numbers(*y.shape, seed=2), np.full_like(kernel, np.nan), np.full(2, np.nan)
    dx = vjp(dy, d_kernel, d_bias)
    along_x, along_kernel = numbers(*shape, seed=3), numbers(*kernel.shape, seed=4)
    assert np.sum(dx * along_x) == pytest.approx(np.sum(dy * convolution(along_x, kernel, window)[0]), rel=1e-9)
    assert np.sum(d_kernel * along_kernel) == pytest.approx(
        np.sum(dy * convolution(x, along_kernel, window)[0]), rel=1e-9
    )
    np.testing.assert_allclose(d_bias, dy.sum(axis=(0, 2, 3)), rtol=1e-10)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("stride", "dilation"), MOVES)
@pytest.mark.parametrize("size", [1, 50, 400])
@pytest.mark.parametrize(("least_unpadded", "wide_terms"), [(0, 10**9), (10**9, 0), (0, 0)])
def test_sizes_of_blocks_and_kinds_of_products_change_nothing(
    shape, stride, dilation, size, least_unpadded, wide_terms, monkeypatch
):
    monkeypatch.setattr(patches, "LEAST_UNPADDED", least_unpadded)
    monkeypatch.setattr(patches, "STACKED_TERMS", wide_terms)
    monkeypatch.setattr(module, "WIDE_TERMS", wide_terms)
    x, kernel = numbers(*shape), numbers(3, 3, shape[1], 4, seed=1)
    window = Window.over(shape, (3, 3), stride, dilation, "same")
    results = []
    for block in (10**9, size):
        monkeypatch.setattr(module, "OUTPUTS_PER_BLOCK", block)
        monkeypatch.setattr(module, "OUTPUTS_PER_STACKED_BLOCK", block)
        monkeypatch.setattr(module, "OUTPUTS_PER_GRADIENT_BLOCK", block)
        results.append(both_ways(convolution, x, kernel, window))
    for expected, in_blocks in zip(*results, strict=True):
        np.testing.assert_allclose(in_blocks, expected, rtol=1e-10, atol=1e-12)


@each_op
def test_skipping_dx_leaves_the_rest_as_it_is(op, channels_in):
    x, kernel = numbers(5, 3, 6, 2), numbers(3, 3, channels_in, 3, seed=1)
    window = Window.over(x.shape, (3, 3), (1, 1), (1, 1), "same")
    y, dx, *gradients = both_ways(op, x, kernel, window)
    y_again, nothing, *gradients_again = both_ways(op, x, kernel, window, input_gradient=False)
    assert dx.shape == x.shape
    assert nothing is None
    for actual, expected in zip((y_again, *gradients_again), (y, *gradients), strict=True):
        np.testing.assert_array_equal(actual, expected)


@each_op
@pytest.mark.parametrize(("stride", "dilation"), MOVES)
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_float32_stays_and_agrees_with_float64(op, channels_in, stride, dilation, padding):
    x, kernel = numbers(7, 3, 8, 2), numbers(3, 2, channels_in, 3, seed=1)
    window = Window.over(x.shape, (3, 2), stride, dilation, padding)
    exact = both_ways(op, x, kernel, window)
    for actual, expected in zip(both_ways(op, x, kernel, window, dtype=np.float32), exact, strict=True):
        assert actual.dtype == np.float32
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)


@each_op
@pytest.mark.parametrize(("stride", "dilation"), MOVES)
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_the_memory_order_of_arrays_does_not_matter(op, channels_in, stride, dilation, padding):
    x, kernel = numbers(7, 3, 8, 2), numbers(3, 2, channels_in, 3, seed=1)
    window = Window.over(x.shape, (3, 2), stride, dilation, padding)
    expected = both_ways(op, x, kernel, window)
    for order in (np.asfortranarray, lambda array: np.repeat(array, 2, axis=3)[..., ::2]):
        for actual, expected_array in zip(both_ways(op, x, kernel, window, order=order), expected, strict=True):
            np.testing.assert_allclose(actual, expected_array, rtol=1e-10, atol=1e-12)


def test_a_kernel_that_does_not_learn_needs_no_gradient():
    x, kernel = numbers(5, 3, 6, 2), numbers(3, 3, 3, 4, seed=1)
    window = Window.over(x.shape, (3, 3), (1, 1), (1, 1), "same")
    y, dx, *_ = both_ways(convolution, x, kernel, window)
    np.testing.assert_array_equal(convolution(x, kernel, window)[1](numbers(*y.shape, seed=3)), dx)


@pytest.mark.parametrize(("stride", "dilation"), MOVES)
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_depthwise_is_a_convolution_with_a_diagonal_kernel(stride, dilation, padding):
    x, kernel, bias = numbers(7, 4, 8, 3), numbers(3, 2, 1, 4, seed=1), numbers(4, seed=2)
    diagonal = kernel * np.eye(4)
    window = Window.over(x.shape, (3, 2), stride, dilation, padding)
    y, vjp = depthwise_convolution(x, kernel, window, bias)
    expected, expected_vjp = convolution(x, diagonal, window, bias)
    np.testing.assert_allclose(y, expected, rtol=1e-10, atol=1e-12)
    dy, d_kernel, d_bias = numbers(*y.shape, seed=3), np.full_like(kernel, np.nan), np.full(4, np.nan)
    expected_kernel, expected_bias = np.empty_like(diagonal), np.empty(4)
    dx = vjp(dy, d_kernel, d_bias)
    np.testing.assert_allclose(dx, expected_vjp(dy, expected_kernel, expected_bias), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(d_kernel[:, :, 0], np.einsum("hwcc->hwc", expected_kernel), rtol=1e-10)
    np.testing.assert_allclose(d_bias, expected_bias, rtol=1e-10)


@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (1, 3)], ids=str)
@pytest.mark.parametrize("kernel_size", [(3, 3), (2, 4)], ids=str)
def test_a_transposed_convolution_is_the_transpose(kernel_size, stride):
    """Inner products with images satisfy the definition of the transpose."""
    image, kernel = numbers(8, 2, 9, 3), numbers(*kernel_size, 2, 4, seed=1)
    window = Window.over(image.shape, kernel_size, stride, (1, 1), "same")
    y, _ = convolution(image, kernel, window)
    x = numbers(*y.shape, seed=2)
    grown, _ = transposed_convolution(x, kernel, window, (8, 9))
    assert grown.shape == image.shape
    np.testing.assert_allclose(np.sum(grown * image), np.sum(x * y))
