import numpy as np
import pytest

from skneural.ops.join_steps import join_steps
from skneural.testing.gradient_check import check_vjp

X = np.random.default_rng(0).standard_normal((5, 2, 3))  # steps, features, batch


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("n_joined", [1, 2, 5, 7])
def test_features_of_consecutive_steps_are_side_by_side(axis, n_joined):
    x = X if axis == 0 else X.transpose(2, 0, 1)
    y, _ = join_steps(x, n_joined, axis)
    y = y if axis == 0 else y.transpose(1, 2, 0)
    for step in range(len(y)):
        parts = X[step * n_joined : (step + 1) * n_joined]
        expected = np.concatenate([*parts, *np.zeros((n_joined - len(parts), 2, 3))])
        np.testing.assert_array_equal(y[step], expected)


@pytest.mark.parametrize("n_joined", [1, 2, 5])
def test_gradient(n_joined):
    mask = (np.arange(5)[:, np.newaxis] < [5, 3, 1])[:, np.newaxis]
    check_vjp(lambda x: join_steps(x, n_joined, 0, mask), [X])
    check_vjp(lambda x: join_steps(x, n_joined, 1), [np.ascontiguousarray(X.transpose(2, 0, 1))])
