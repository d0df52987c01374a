"""Members read the last steps of a window, and all that is known of the future."""

import numpy as np

from skneural.layers import Context
from skneural.networks.forecast import forecast_network
from skneural.parameters import Layout
from tests.networks.cases import started

X = np.random.default_rng(0).standard_normal((6, 11))  # four steps of two numbers, and three of the future
NETWORK = forecast_network([4, 2], step_size=2, n_future=3, n_out=2, hidden_layer_sizes=[5])


def test_prediction_is_the_mean_of_the_members():
    tree = started(NETWORK)
    each = NETWORK.forward(tree, X, Context(np.random.default_rng(0)))[0]
    assert each.shape == (6, 2, 2)
    np.testing.assert_allclose(NETWORK.predict(tree, X), each.mean(axis=1), rtol=1e-12)


def test_members_read_the_last_steps():
    tree, earlier, future = started(NETWORK), X.copy(), X.copy()
    earlier[:, 3] += 1
    future[:, 8] += 1
    before, after, ahead = (NETWORK["members"].predict(tree["members"], x) for x in (X, earlier, future))
    assert (before[:, :2] != after[:, :2]).all()
    np.testing.assert_array_equal(before[:, 2:], after[:, 2:])
    assert (before != ahead).all()


def test_training_starts_at_zero_from_which_the_centre_of_targets_is_forecast():
    layout = Layout(NETWORK.parameters())
    tree = layout.views(*layout.initial(np.random.default_rng(0), np.float64))
    np.testing.assert_array_equal(NETWORK.predict(tree, X), 0)
