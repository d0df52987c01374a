import numpy as np
import pytest
from scipy import sparse

from skneural.networks.mlp import mlp_network
from skneural.parameters import Layout
from skneural.training.predict import predict_raw


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
@pytest.mark.parametrize("n", [1, 4, 5, 11])
def test_blocks_give_what_the_whole_gives(container, n, monkeypatch):
    network = mlp_network(3, 2, (5,))
    layout = Layout(network.parameters())
    tree = layout.views(*layout.initial(np.random.default_rng(0), np.float64))
    x = np.random.default_rng(1).standard_normal((n, 3))
    whole = network.predict(tree, x)
    sizes = []
    monkeypatch.setattr(type(network.layers[-1]), "predict", counting(type(network.layers[-1]).predict, sizes))
    np.testing.assert_allclose(predict_raw(network, tree, container(x), rows_per_block=4), whole, rtol=1e-12)
    assert max(sizes) <= 4


def counting(predict, sizes):
    def counted(self, p, x, context):
        sizes.append(x.shape[0])
        return predict(self, p, x, context)

    return counted
