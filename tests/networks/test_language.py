import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import Context
from skneural.networks.language import LANGUAGE_ARCHITECTURES
from tests.networks.cases import started
from tests.networks.defaults import language_network

TOKENS = np.random.default_rng(0).integers(0, 7, (3, 6))
SIZES = {"d_model": 8, "n_heads": 2, "n_layers": 1, "feedforward_size": 8}


@pytest.mark.parametrize("architecture", LANGUAGE_ARCHITECTURES)
def test_causal_networks_score_each_step_from_the_steps_before_it(architecture):
    network = language_network(5, 2, architecture, **SIZES)
    tree = started(network)
    y = network.predict(tree, TOKENS).reshape(3, 6, 5)
    other = TOKENS.copy()
    other[:, 4:] = (other[:, 4:] + 1) % 7
    np.testing.assert_allclose(network.predict(tree, other).reshape(3, 6, 5)[:, :4], y[:, :4], rtol=1e-10)
    assert not np.allclose(network.predict(tree, other).reshape(3, 6, 5)[:, 4:], y[:, 4:])


def test_masked_networks_score_chosen_steps_from_all_others():
    network = language_network(5, 2, objective="masked", **SIZES)
    tree, chosen = started(network), np.zeros(TOKENS.shape, bool)
    chosen[[0, 2], [1, 3]] = True
    y = network.predict(tree, TOKENS, Context(batch=BatchInfo(structure=chosen)))
    assert y.shape == (2, 5)
    other = TOKENS.copy()
    other[:, 5] = (other[:, 5] + 1) % 7
    assert not np.isclose(network.predict(tree, other, Context(batch=BatchInfo(structure=chosen))), y).all(axis=1).any()


@pytest.mark.parametrize("architecture", [name for name in LANGUAGE_ARCHITECTURES if name != "transformer"])
def test_only_transformers_see_steps_on_both_sides(architecture):
    with pytest.raises(ValueError, match=f"got architecture='{architecture}'"):
        language_network(5, 2, architecture, "masked", **SIZES)
