"""Operations on the edges of graphs against their formulas."""

import numpy as np
import pytest

from skneural.ops.graph import pool_segments
from tests.layers.cases import numbers

N = 9
X = numbers(N, 4)


@pytest.mark.parametrize(("pooling", "function"), [("sum", np.sum), ("mean", np.mean), ("max", np.max)])
def test_pooling_is_what_it_is_called(pooling, function):
    lengths = np.array([3, 1, 5])
    expected = [function(part, axis=0) for part in np.split(X, [3, 4])]
    np.testing.assert_allclose(pool_segments(X, lengths, pooling)[0], expected)
