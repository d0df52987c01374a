import numpy as np
import pytest

from skneural.ops.pixels import pixels_as_rows

Y = np.random.default_rng(0).standard_normal((4, 2, 5, 3))
SIZES = {
    "no padding": None,
    "one size": np.array([[3, 5]] * 3),
    "several sizes": np.array([[4, 5], [1, 2], [3, 4]]),
}
each_size = pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)


@each_size
def test_pixels_follow_each_other_image_by_image_and_row_by_row(sizes):
    rows, _ = pixels_as_rows(Y, sizes)
    each = [(4, 5)] * 3 if sizes is None else sizes
    expected = [Y[i, :, j, n] for n, (height, width) in enumerate(each) for i in range(height) for j in range(width)]
    np.testing.assert_array_equal(rows, expected)


@each_size
def test_gradients_are_the_adjoint(sizes):
    rows, vjp = pixels_as_rows(Y, sizes)
    d_rows = np.random.default_rng(1).standard_normal(rows.shape)
    assert np.sum(vjp(d_rows) * Y) == pytest.approx(np.sum(d_rows * rows))
    assert np.count_nonzero(vjp(d_rows)) == rows.size
