import numpy as np
import pytest

from skneural.estimators.diffusion.network import diffusion_network
from tests.networks.cases import started

X = np.random.default_rng(0).uniform(0, 1, (5, 3 + 2 + 1))  # noisy values, condition, time


@pytest.mark.parametrize("sizes", [(), (8,), (8, 8), (8, 6)])
def test_values_condition_and_time_all_count(sizes):
    network = diffusion_network(3, 2, 4, sizes)
    tree = started(network)
    y = network.predict(tree, X)
    assert y.shape == (5, 4)
    for column in range(6):
        moved = X.copy()
        moved[:, column] += 0.3
        assert not np.allclose(network.predict(tree, moved), y)


def test_rows_are_computed_alone():
    network = diffusion_network(3, 2, 4, (8,))
    tree = started(network)
    np.testing.assert_allclose(network.predict(tree, X[2:3]), network.predict(tree, X)[2:3], rtol=1e-10)
