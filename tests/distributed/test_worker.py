"""Computations of the workers of a cluster."""

import numpy as np
import pytest

from skneural.data import Rows, Samples, Targets
from skneural.distributed.worker import EpochPlan, PartitionGroup, Round, RoundResult, _aligned, merged, trained
from skneural.losses import SquaredLoss
from skneural.optimizers import Adam, Schedule
from skneural.parameters import Layout
from skneural.training.seeds import Seeds
from skneural.training.train import DivergenceError, PartOfEpoch
from tests.networks.defaults import mlp_network

NETWORK = mlp_network(3, 1, (4,), dropout=0.3)
LAYOUT = Layout(NETWORK.parameters())


def plan(**options):
    defaults = {
        "network": NETWORK,
        "layout": LAYOUT,
        "loss": SquaredLoss(),
        "penalty": 0.0,
        "n_jobs": 1,
        "optimizer": Adam(),
        "schedule": Schedule("cosine", 0.01),
        "seeds": Seeds(0),
        "batch_size": 5,
        "max_epochs": 2,
        "shuffle": True,
        "max_grad_norm": None,
        "epochs_before": 0,
        "rows_before": 0,
    }
    return EpochPlan(**defaults | options)


def partitions(*sizes):
    rng = np.random.default_rng(0)
    return [Samples(Rows(rng.standard_normal((n, 3))), Targets(rng.standard_normal((n, 1)))) for n in sizes]


def start():
    weights = LAYOUT.initial(np.random.default_rng(1), np.float64)
    return RoundResult(weights, Adam().start(weights.vector))


def turn(first, n_steps, of=6):
    return Round(PartOfEpoch(0, of, 0, first_step=first), n_steps)


GROUP = PartitionGroup(0, (0, 3))
PARTS = partitions(12, 13)  # three batches each


@pytest.mark.parametrize("shuffle", [True, False])
def test_rounds_together_see_each_sample_of_an_epoch_once(shuffle):
    """Without dropout, they are the steps of one round."""
    still = plan(network=mlp_network(3, 1, (4,)), shuffle=shuffle)
    whole = trained(still, start(), turn(0, 6), GROUP, *PARTS)
    result = start()
    for first in (0, 2, 4):
        result = trained(still, result, turn(first, 2), GROUP, *PARTS)
    assert (whole.n_seen, result.n_seen) == (25, 25)
    np.testing.assert_allclose(result.weights.vector, whole.weights.vector)
    np.testing.assert_allclose(result.total, whole.total)
    assert result.learning_rate == whole.learning_rate


def test_a_round_is_a_function_of_its_arguments():
    """So a worker that replaces another one computes the same."""
    begin = start()
    before = begin.weights.vector.copy()
    one, two = (trained(plan(), begin, turn(0, 3), GROUP, *PARTS) for _ in range(2))
    np.testing.assert_array_equal(one.weights.vector, two.weights.vector)
    np.testing.assert_array_equal(begin.weights.vector, before)
    assert begin.optimizer_state["n_steps"] == 0 if "n_steps" in begin.optimizer_state else True


def test_shares_and_rounds_differ_in_their_random_numbers():
    vectors = [
        trained(plan(shuffle=False, schedule=Schedule("constant", 0.01)), start(), turn(first, 1), share, *PARTS)
        for share in (GROUP, PartitionGroup(1, (0, 3)))
        for first in (0, 0)
    ]
    np.testing.assert_array_equal(vectors[0].weights.vector, vectors[1].weights.vector)
    assert np.abs(vectors[0].weights.vector - vectors[2].weights.vector).max() > 0


def test_samples_are_aligned_wherever_a_message_has_put_them():
    values = np.arange(6.0).reshape(3, 2)
    X = np.frombuffer(b"x" + values.tobytes(), np.float64, offset=1).reshape(3, 2)
    assert not X.flags.aligned
    assert _aligned(X).flags.aligned
    np.testing.assert_array_equal(_aligned(X), values)
    assert _aligned(values) is values


def test_results_count_by_the_samples_of_their_round():
    one = trained(plan(), start(), turn(0, 1), GROUP, *PARTS)
    two = trained(plan(), start(), turn(0, 3), PartitionGroup(1, (1,)), *partitions(12))
    mean = merged(plan(), one, two)
    assert (mean.n_samples, mean.n_seen) == (17, 17)
    np.testing.assert_allclose(mean.weights.vector, (5 * one.weights.vector + 12 * two.weights.vector) / 17)
    np.testing.assert_allclose(mean.total, one.total + two.total)


def test_the_losses_of_earlier_rounds_count_once():
    first = merged(plan(), *(trained(plan(), start(), turn(0, 1), PartitionGroup(k, (k,)), *PARTS) for k in (0, 1)))
    second = merged(plan(), *(trained(plan(), first, turn(1, 1), PartitionGroup(k, (k,)), *PARTS) for k in (0, 1)))
    assert (first.n_seen, second.n_seen, second.n_samples) == (10, 20, 10)


def test_divergence_names_the_partitions():
    with pytest.raises(DivergenceError, match=r"On partitions 0, 3: Training diverged"):
        trained(plan(schedule=Schedule("constant", 1e300)), start(), turn(0, 6), GROUP, *PARTS)
    assert str(PartitionGroup(0, (2,))) == "partition 2"
    assert str(PartitionGroup(0, tuple(range(12)))).endswith("9, ...")
