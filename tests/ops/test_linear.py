import numpy as np
import pytest
from scipy import sparse

from skneural.ops.linear import linear


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def both_ways(x, weight, bias, dy, **options):
    """Output, dx, d_weight and d_bias."""
    y, vjp = linear(x, weight, bias, **options)
    d_weight = np.full(weight.shape, np.nan, weight.dtype)
    d_bias = None if bias is None else np.full(bias.shape, np.nan, weight.dtype)
    return y, vjp(dy, d_weight, d_bias), d_weight, d_bias


@pytest.mark.parametrize("n_leading", [1, 2, 3])
def test_output_and_gradients_equal_the_sums_written_out(rng, n_leading):
    shape = (5, 4, 2)[:n_leading]
    x, weight, bias = rng.standard_normal((*shape, 3)), rng.standard_normal((3, 6)), rng.standard_normal(6)
    dy = rng.standard_normal((*shape, 6))
    y, dx, d_weight, d_bias = both_ways(x, weight, bias, dy)
    np.testing.assert_allclose(y, np.einsum("...i,ij->...j", x, weight) + bias, rtol=1e-12)
    np.testing.assert_allclose(dx, np.einsum("...j,ij->...i", dy, weight), rtol=1e-12)
    np.testing.assert_allclose(
        d_weight, sum(map(np.outer, x.reshape(-1, 3), dy.reshape(-1, 6))), rtol=1e-12, atol=1e-14
    )
    np.testing.assert_allclose(d_bias, dy.sum(axis=tuple(range(n_leading))), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csr_array, sparse.csc_matrix])
def test_sparse_rows_give_what_dense_rows_give(rng, container, dtype):
    x = (rng.standard_normal((7, 9)) * (rng.random((7, 9)) < 0.3)).astype(dtype)
    weight, bias, dy = (rng.standard_normal(shape).astype(dtype) for shape in ((9, 4), (4,), (7, 4)))
    from_dense = both_ways(x, weight, bias, dy, input_gradient=False)
    from_sparse = both_ways(container(x), weight, bias, dy, input_gradient=False)
    assert from_sparse[1] is None
    for sparse_result, dense_result in zip(from_sparse, from_dense, strict=True):
        if sparse_result is not None:
            assert type(sparse_result) is np.ndarray
            assert sparse_result.dtype == dtype
            np.testing.assert_allclose(sparse_result, dense_result, rtol=1e-5, atol=1e-6)


def test_without_bias(rng):
    x, weight, dy = rng.standard_normal((5, 3)), rng.standard_normal((3, 2)), rng.standard_normal((5, 2))
    y, dx, d_weight, d_bias = both_ways(x, weight, None, dy)
    np.testing.assert_allclose(y, x @ weight, rtol=1e-12)
    assert d_bias is None
    with_zeros = both_ways(x, weight, np.zeros(2), dy)
    np.testing.assert_allclose(dx, with_zeros[1], rtol=1e-12)
    np.testing.assert_allclose(d_weight, with_zeros[2], rtol=1e-12)


def test_dx_is_left_out_on_request(rng):
    x, weight, dy = rng.standard_normal((5, 3)), rng.standard_normal((3, 2)), rng.standard_normal((5, 2))
    _, dx, d_weight, _ = both_ways(x, weight, None, dy, input_gradient=False)
    assert dx is None
    np.testing.assert_allclose(d_weight, x.T @ dy, rtol=1e-12)


def test_inputs_are_only_borrowed(rng):
    arrays = [rng.standard_normal(shape) for shape in ((5, 3), (3, 2), (2,), (5, 2))]
    before = [array.copy() for array in arrays]
    both_ways(*arrays)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)
