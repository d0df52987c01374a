import itertools

import numpy as np
import pytest

from skneural.ops import patches as module
from skneural.ops.patches import Patches, from_kernel_matrices, kernel_matrices
from skneural.ops.window import Window

CASES = list(
    itertools.product([(7, 5, 9, 3), (2, 20, 3, 2)], [(1, 1), (3, 3), (2, 4), (5, 1)], [(1, 1), (2, 1), (2, 2)])
)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("padding", [False, True], ids=["views", "padded"])
@pytest.mark.parametrize(("shape", "size", "stride"), CASES)
@pytest.mark.parametrize("block", [30, 10**6])
def test_products_with_the_kernel_add_up_to_the_convolution(shape, size, stride, block, padding, monkeypatch):
    monkeypatch.setattr(module, "LEAST_UNPADDED", 10**9 if padding else 0)
    x, kernel = numbers(*shape), numbers(*size, shape[1], 4, seed=1)
    window = Window.over(shape, size, stride, (1, 1), "same")
    y = np.zeros(window.output_shape(shape, 4))
    expected = np.zeros_like(y)
    image = window.padded(x)
    for (i, j), rows, columns in window.taps(y.shape[0], y.shape[2]):
        expected += np.einsum("hcwb,co->howb", image[rows, :, columns], kernel[i, j])
    patches = Patches(x, window, y.shape)
    weight = kernel_matrices(kernel, patches.gathered)
    for each in patches.blocks(block):
        part = y.reshape(*y.shape[:2], -1)[each.rows, :, each.columns]
        for patch in each.patches:
            part[:, :, patch.outputs] += weight[patch.column, :, patch.terms] @ patch.matrix
    np.testing.assert_allclose(y, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("size", [(3, 3), (2, 4), (1, 5)])
def test_large_images_are_not_copied(size, monkeypatch):
    monkeypatch.setattr(module, "LEAST_UNPADDED", 0)
    x = numbers(7, 20, 9, 3)
    window = Window.over(x.shape, size, (1, 1), (1, 1), "same")
    patches = Patches(x, window, x.shape)
    for block in patches.blocks(10**6):
        for patch in block.patches:
            assert np.shares_memory(patch.matrix, x)


def test_strips_are_the_images_under_the_bands(monkeypatch):
    monkeypatch.setattr(module, "LEAST_UNPADDED", 0)
    x = numbers(7, 20, 9, 3)
    strips = list(Patches(x, Window.over(x.shape, (3, 3), (1, 1), (1, 1), "same"), x.shape).strips())
    assert [(strip.rows.start, strip.rows.stop) for strip in strips] == [(0, 1), (1, 6), (6, 7)]
    assert [(strip.terms.start, strip.terms.stop) for strip in strips] == [(20, 60), (0, 60), (0, 40)]
    np.testing.assert_array_equal(strips[2].view[0], x[5:].reshape(40, 27))


@pytest.mark.parametrize("gathered", [False, True])
def test_kernel_matrices_have_an_inverse(gathered):
    kernel, window = numbers(3, 2, 4, 5), Window((3, 2))
    matrices = kernel_matrices(kernel, gathered)
    np.testing.assert_array_equal(from_kernel_matrices(matrices, window, gathered), kernel)
