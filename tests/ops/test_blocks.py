import numpy as np
import pytest

from skneural.ops.blocks import slices


@pytest.mark.parametrize(("n", "size"), [(0, 3), (1, 3), (3, 3), (7, 3), (7, 100)])
def test_slices_cover_everything_once_and_in_order(n, size):
    parts = list(slices(n, size))
    np.testing.assert_array_equal(np.concatenate([[], *(np.arange(n)[part] for part in parts)]), np.arange(n))
    assert all(part.stop - part.start == size for part in parts[:-1])
    assert all(0 < part.stop - part.start <= size for part in parts[-1:])
