import numpy as np
import pytest

from skneural.layers import Chain, Dense, Ensemble
from skneural.losses import LINKS
from skneural.networks.ensemble import ensemble_of, network_names
from tests.networks.cases import started

X = np.random.default_rng(0).standard_normal((5, 4))
NETWORK = Chain(output=Dense(4, 3))


def test_one_network_is_returned_as_it_is():
    assert ensemble_of(NETWORK, 1, "softmax") is NETWORK


@pytest.mark.parametrize("n_networks", [2, 3])
def test_networks_have_parameters_of_their_own(n_networks):
    network = ensemble_of(NETWORK, n_networks, "softmax")
    tree = started(network)
    names = network_names(n_networks)
    assert isinstance(network["networks"], Ensemble)
    assert list(tree["networks"]) == names
    each = [LINKS["softmax"](NETWORK.predict(tree["networks"][name], X)) for name in names]
    assert np.ptp(each, axis=0).min() > 0
    np.testing.assert_allclose(LINKS["softmax"](network.predict(tree, X)), np.mean(each, axis=0), rtol=1e-12)
