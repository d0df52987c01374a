import numpy as np

from skneural.layers import TimeEmbedding
from tests.layers.cases import numbers


def test_sines_and_cosines_take_the_place_of_the_time():
    x = numbers(6, 3)
    angles = x[:, 2:] * [1.0, 10**0.5, 10.0]
    y = TimeEmbedding(6, 10.0).predict({}, x)
    np.testing.assert_allclose(y, np.concatenate([x[:, :2], np.sin(angles), np.cos(angles)], axis=1), rtol=1e-12)
