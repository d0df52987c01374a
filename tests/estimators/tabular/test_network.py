import numpy as np
import pytest

from skneural.estimators.tabular.network import CATEGORY_SIZE, EMBEDDINGS, MOST_ONE_HOT, tabular_network
from skneural.layers import CategoryEmbedding, MemberFactors, MemberOutputs, OneHot
from skneural.layers.traversal import find
from tests.networks.cases import started

MANY = MOST_ONE_HOT + 1
# two numbers, the second of which may be missing; a category of three and one of many
X = np.array([[0.5, np.nan, 2.0, 4.0], [-1.0, 3.0, -1.0, 0.0]])


@pytest.mark.parametrize("embedding", [None, *EMBEDDINGS])
@pytest.mark.parametrize("n_members", [1, 3])
def test_every_column_counts(embedding, n_members):
    network = tabular_network(2, [1], [3, MANY], 2, embedding=embedding, hidden_layer_sizes=(8,), n_members=n_members)
    tree = started(network)
    y = network.predict(tree, X)
    assert y.shape == (2, 2)
    assert np.isfinite(y).all()
    for column in range(4):
        moved = X.copy()
        moved[1, column] += 1
        assert not np.allclose(network.predict(tree, moved)[1], y[1])
        np.testing.assert_allclose(network.predict(tree, moved)[0], y[0], rtol=1e-10)


def test_categories_with_many_values_have_learned_vectors():
    network = tabular_network(0, [], [3, MOST_ONE_HOT, MANY], 2, hidden_layer_sizes=(8,))
    ((one_hot, _),) = find(network, started(network), OneHot)
    ((embedding, _),) = find(network, started(network), CategoryEmbedding)
    assert one_hot.sizes == (3, MOST_ONE_HOT)
    assert (embedding.sizes, embedding.size) == ((MANY,), CATEGORY_SIZE)


def test_members_differ_in_the_factors_of_features_and_in_outputs():
    network = tabular_network(2, [], [], 2, hidden_layer_sizes=(8, 8), n_members=3, members_per_row=2)
    for kind in (MemberFactors, MemberOutputs):
        ((layer, _),) = find(network, started(network), kind)
        assert (layer.n_members, layer.members_per_row) == (3, 2)
