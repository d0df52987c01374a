import numpy as np

from skneural.layers import RMSNormalization
from tests.layers.cases import numbers, started


def test_rows_have_a_root_mean_square_of_one():
    layer, x = RMSNormalization(50, epsilon=0.0), 3 + numbers(4, 50)
    y = layer.predict(started(layer, moved=0).tree, x)
    np.testing.assert_allclose(np.mean(y**2, axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(y / x, (y / x)[:, :1] * np.ones(50), rtol=1e-12)
