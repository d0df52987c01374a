"""Draws and divergences of the middle of variational autoencoders."""

import numpy as np
import pytest

from skneural.data import Rows, Samples, Targets
from skneural.layers import Chain, Context, Dense, GaussianLatent
from skneural.losses import SquaredLoss
from skneural.parameters import Layout, Weights
from skneural.testing.gradient_check import random_start
from skneural.training.objective import Objective
from skneural.training.threads import Shards

X = np.random.default_rng(0).normal(size=(9, 4))
WEIGHT = np.array([1.0, 3, 0.5, 2, 1, 1, 4, 0.1, 1])
NETWORK = Chain(Dense(4, 6), GaussianLatent(3, 0.3), Dense(3, 4))


def objective(n_shards=1):
    layout = Layout(NETWORK.parameters())
    weights = Weights(layout, random_start(layout, np.random.default_rng(0), np.float64))
    return Objective(NETWORK, SquaredLoss(), weights, shards=Shards(n_shards))


def value(objective, samples):
    objective.start_epoch([np.random.default_rng(1) for _ in range(objective.shards.n_shards)])
    return float(np.mean(objective(samples)))


def batch(weight=None, mean_weight=1.0):
    return Samples(Rows(X), Targets(X), weight, mean_weight)


def test_predicting_draws_nothing():
    layer = GaussianLatent(2)
    np.testing.assert_array_equal(layer.predict({}, X), X[:, :2])
    np.testing.assert_array_equal(layer.forward({}, X, Context())[0], X[:, :2])


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("n_shards", [1, 2, 4])
def test_gradient_of_loss_and_divergence(weight, n_shards):
    """The gradient of what is minimized, divergence included, is that of its central differences."""
    goal, samples = objective(n_shards), batch(weight, 1.5)
    along = np.random.default_rng(2).normal(size=goal.weights.vector.size)
    value(goal, samples)
    slope, start = float(goal.weights.gradient @ along), goal.weights.vector.copy()
    sides = []
    for step in (1e-6, -1e-6):
        goal.weights.vector[...] = start + step * along
        sides.append(value(goal, samples))
    np.testing.assert_allclose(slope, (sides[0] - sides[1]) / 2e-6, rtol=1e-7)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("n_shards", [2, 4])
def test_shards_are_one_batch(weight, n_shards):
    whole, split = objective(), objective(n_shards)
    np.testing.assert_allclose(value(split, batch(weight, 1.5)), value(whole, batch(weight, 1.5)), rtol=1e-12)
    np.testing.assert_allclose(split.weights.gradient, whole.weights.gradient, atol=1e-14)


def test_a_light_batch_pulls_less():
    """The divergence of a batch is divided by what its loss is divided by: the weight of as many average samples."""
    goal = objective()
    heavy = value(goal, batch())
    np.testing.assert_allclose(value(goal, batch(np.full(9, 0.5), 1.0)), heavy / 2)
