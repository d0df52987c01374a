import numpy as np
import pytest

from skneural.ops import products as module
from skneural.ops.memory import empty, recycling
from skneural.ops.products import in_rows, is_aliased, is_unpacked, packs_small_products, product, sum_of_products


def numbers(*shape, seed=0):
    """Numbers at an aligned address."""
    with recycling():
        array = empty((max(2**16, int(np.prod(shape))),), np.float32)[: int(np.prod(shape))].reshape(shape)
    array[...] = np.random.default_rng(seed).standard_normal(shape)
    return array


@pytest.fixture(params=[False, True], ids=["unpacked", "packed"])
def kernels(request, monkeypatch):
    monkeypatch.setattr(module, "packs_small_products", lambda: request.param)


@pytest.mark.parametrize("n_columns", [32, 160, 192, 896, 928, 1000])
def test_a_product_is_that_of_matmul(kernels, n_columns):
    a, b, out = numbers(64, 96), numbers(3, 96, n_columns, seed=1), np.full((3, 64, n_columns), np.nan, np.float32)
    assert product(a, b, out) is out or np.shares_memory(product(a, b, out), out)
    np.testing.assert_allclose(out, a @ b, rtol=1e-4, atol=1e-4)


def test_a_product_of_views_is_that_of_copies(kernels):
    b, out = numbers(3, 96, 1024, seed=1), np.full((3, 64, 1024), np.nan, np.float32)
    a = numbers(64, 200)[:, 50:146]
    product(a, b[:, :, 64:960], out[:, :, 32:928])
    np.testing.assert_allclose(out[:, :, 32:928], a @ b[:, :, 64:960], rtol=1e-4, atol=1e-4)
    assert np.isnan(out[:, :, :32]).all()
    assert np.isnan(out[:, :, 928:]).all()


@pytest.mark.parametrize(("height", "width"), [(8, 24), (64, 96), (48, 72), (32, 60), (37, 41), (16, 144), (200, 100)])
def test_a_sum_of_products_is_that_of_einsum(kernels, height, width):
    a, b = numbers(3, height, 96), numbers(3, width, 96, seed=1)
    np.testing.assert_allclose(sum_of_products(a, b), np.einsum("nit,njt->ij", a, b), rtol=1e-4, atol=1e-3)


def test_pieces_are_not_packed(monkeypatch):
    monkeypatch.setattr(module, "packs_small_products", lambda: False)
    shapes, whole = [], np.matmul

    def matmul(a, b, out=None):
        shapes.append((a.shape, b.shape))
        return whole(a, b, out)

    monkeypatch.setattr(np, "matmul", matmul)
    product(numbers(64, 96), numbers(2, 96, 928), np.empty((2, 64, 928), np.float32))
    sum_of_products(numbers(2, 64, 96), numbers(2, 96, 96))
    assert len(shapes) > 2
    for (*_, n_rows, n_terms), (*_, n_columns) in shapes[:2]:
        assert n_rows * n_terms * n_columns <= module.LARGEST_UNPACKED
    for (*_, n_rows, _), (*_, n_columns) in shapes[2:]:
        assert n_rows * n_columns <= module.LARGEST_UNPACKED_RESULT


def test_rows_that_cross_cache_lines_are_packed(monkeypatch):
    monkeypatch.setattr(module, "packs_small_products", lambda: False)
    assert is_unpacked(numbers(2, 96, 912))
    assert not is_unpacked(numbers(2, 96, 916))
    assert not is_unpacked(numbers(2, 96, 912)[:, :, 4:])
    assert is_aliased(4096)
    assert not is_aliased(3584)


@pytest.mark.parametrize(
    ("kernels_of_libraries", "expected"),
    [(["SkylakeX"], False), (["Haswell"], True), (["SkylakeX", "Zen"], True), ([None], True), ([], True)],
)
def test_kernels_that_pack_are_recognized(kernels_of_libraries, expected, monkeypatch):
    class Library:
        user_api = "blas"

        def __init__(self, architecture):
            if architecture is not None:
                self.architecture = architecture

    class Controller:
        lib_controllers = [Library(kernel) for kernel in kernels_of_libraries]

    monkeypatch.setattr(module, "ThreadpoolController", Controller)
    assert packs_small_products.__wrapped__() is expected


@pytest.mark.parametrize(("n_columns", "n_blocks"), [(16, None), (96, 6), (128, 6), (100, None)])
def test_factors_of_large_products_are_in_blocks_of_rows(n_columns, n_blocks, monkeypatch):
    monkeypatch.setattr(module, "packs_small_products", lambda: False)
    a, b = numbers(384, 109), numbers(109, n_columns, seed=1)
    blocks = in_rows(a, n_columns)
    assert np.shares_memory(blocks, a)
    assert blocks.shape == ((384, 109) if n_blocks is None else (n_blocks, 384 // n_blocks, 109))
    np.testing.assert_allclose((blocks @ b).reshape(384, n_columns), a @ b, rtol=1e-4, atol=1e-4)
