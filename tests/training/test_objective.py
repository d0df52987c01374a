import numpy as np
import pytest

from skneural.data import Samples, Series, Targets
from skneural.layers import BatchNormalization, Chain, Dense, Dropout, RealSteps
from skneural.losses import SquaredLoss
from skneural.parameters import Layout, Weights
from skneural.testing.batch_contract import BATCH_FIRST
from skneural.training.objective import Objective
from skneural.training.threads import Shards
from tests.layers.cases import BATCHES, LENGTHS, WEIGHTS


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["equal lengths", "unequal lengths"])
def test_objectives_tell_shards_which_elements_they_hold(lengths):
    x, rng = BATCHES[BATCH_FIRST], np.random.default_rng(0)
    network = Chain(RealSteps(), Dropout(0.4, rows="elements"), BatchNormalization(3, rows="elements"), Dense(3, 1))
    layout = Layout(network.parameters())
    n_steps = np.full(4, 7) if lengths is None else lengths
    y = Targets(rng.standard_normal((n_steps.sum(), 1)), n_steps)
    samples = Samples(Series(x, lengths), y, WEIGHTS)
    samples.weigh()
    found = []
    for n_shards in (1, 2, 3):
        weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
        with Shards(n_shards) as shards:
            objective = Objective(network, SquaredLoss(), weights, shards=shards)
            objective.start_epoch([np.random.default_rng(0) for _ in range(n_shards)])
            found.append((objective(samples), weights.gradient, weights.buffers))
    for of_shards in found[1:]:
        for one, whole in zip(of_shards, found[0], strict=True):
            np.testing.assert_allclose(one, whole, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("n_shards", [1, 2])
def test_a_batch_of_unequal_series_has_the_same_gradient_in_parts(n_shards, monkeypatch):
    rng, lengths = np.random.default_rng(0), np.array([3, 40, 2, 5, 38])
    network = Chain(RealSteps(), Dense(3, 1))
    layout = Layout(network.parameters())
    y = Targets(rng.standard_normal((lengths.sum(), 1)), lengths)
    samples = Samples(Series.of(rng.standard_normal((lengths.sum(), 3)), lengths), y, rng.random(5))
    samples.weigh()
    computed = []
    for least in (10**6, 1):
        monkeypatch.setattr("skneural.data.like_lengths.LEAST_DIVIDED", least)
        weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
        with Shards(n_shards) as shards:
            objective = Objective(network, SquaredLoss(), weights, penalty=0.1, shards=shards)
            objective.start_epoch([np.random.default_rng(0) for _ in range(n_shards)])
            computed.append((objective(samples), weights.gradient))
    assert len(samples.parts()) > 1
    for divided, whole in zip(*computed, strict=True):
        np.testing.assert_allclose(divided, whole, rtol=1e-9)


def test_dropout_in_parts_does_not_depend_on_shards(monkeypatch):
    monkeypatch.setattr("skneural.data.like_lengths.LEAST_DIVIDED", 1)
    rng, lengths = np.random.default_rng(0), np.array([40, 3, 2, 5, 4])  # the first part is a single series
    network = Chain(RealSteps(), Dropout(0.4, rows="elements"), Dense(3, 1))
    layout = Layout(network.parameters())
    y = Targets(rng.standard_normal((lengths.sum(), 1)), lengths)
    samples = Samples(Series.of(rng.standard_normal((lengths.sum(), 3)), lengths), y)
    gradients = []
    for n_shards in (1, 2):
        weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
        with Shards(n_shards) as shards:
            objective = Objective(network, SquaredLoss(), weights, shards=shards)
            objective.start_epoch([np.random.default_rng(0) for _ in range(n_shards)])
            objective(samples)
            gradients.append(weights.gradient)
    np.testing.assert_allclose(gradients[1], gradients[0], rtol=1e-9)
