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
