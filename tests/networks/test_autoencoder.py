import math

import numpy as np
import pytest

from skneural.layers import Context, GaussianLatent
from skneural.layers.traversal import find, output_shapes, shape_of
from tests.networks.cases import started
from tests.networks.defaults import autoencoder_network

X = np.random.default_rng(0).standard_normal((5, 6))


@pytest.mark.parametrize("image_shape", [None, (8, 6, 2), (5, 7, 1), (1, 3, 1)])
def test_features_and_pixels_go_through_few_numbers_and_back(image_shape):
    n = 6 if image_shape is None else int(np.prod(image_shape))
    network = autoencoder_network(n, n, image_shape, latent_size=2, hidden_layer_sizes=(5,), channels=(3, 4))
    x = np.zeros((5, n)) if image_shape is None else np.zeros((5, *image_shape))
    assert network.predict(started(network), x).shape == (5, n)
    assert min(math.prod(shape) for shape in output_shapes(network, shape_of(x)).values()) == 5 * 2


def test_only_variational_autoencoders_draw():
    plain, variational = (autoencoder_network(6, 6, variational=choice) for choice in (False, True))
    assert not find(plain, started(plain), GaussianLatent)
    ((latent, _),) = find(variational, started(variational), GaussianLatent)
    assert latent.weight == pytest.approx(1 / 6)  # the loss is a mean over six features
    tree = started(variational)
    ys = [variational.forward(tree, X, Context(np.random.default_rng(seed)))[0] for seed in (0, 0, 1)]
    np.testing.assert_array_equal(ys[0], ys[1])
    assert not np.array_equal(ys[0], ys[2])


def test_far_outliers_enter_as_if_they_were_nearer():
    network = autoencoder_network(6, 6)
    tree = started(network)
    far, farther = np.full((1, 6), 100.0), np.full((1, 6), 1e6)
    np.testing.assert_array_equal(network.predict(tree, far), network.predict(tree, farther))
