import numpy as np

from skneural.networks.perceptron import perceptron_network
from skneural.parameters import Layout


def test_perceptron_starts_at_zero_and_is_linear():
    x = np.random.default_rng(0).standard_normal((8, 4))
    network = perceptron_network(4, 3)
    layout = Layout(network.parameters())
    vector = layout.initial(np.random.default_rng(0), np.float64).vector
    np.testing.assert_array_equal(vector, np.zeros(4 * 3 + 3))
    vector[...] = np.arange(15.0)
    tree = layout.views(vector)
    np.testing.assert_allclose(
        network.predict(tree, x), x @ tree["output"]["weight"] + tree["output"]["bias"], rtol=1e-12
    )
    assert layout.n_penalized == 4 * 3
