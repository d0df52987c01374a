import copy

import numpy as np
import pytest

from skneural.optimizers import SGD, Adam, Averaging, Schedule
from skneural.training.train import Observer, train
from skneural.training.training_state import TrainingState
from tests.training.test_train import descent, monitor, samples, scripted

SCORES = [1, 5, 3, 4, 4.5, 2, 2, 2, 2, 2]


class Keep(Observer):
    """Keeps the state of training after each epoch."""

    def __init__(self, method):
        self.method, self.states = method, []

    def epoch_ends(self, monitor):
        self.states.append(TrainingState.of(monitor, self.method.state))
        return False


@pytest.mark.parametrize("optimizer", [SGD(0.9, True), Adam(), Averaging(Adam(), 0.9)], ids=str)
@pytest.mark.parametrize("n_epochs", [1, 4, 6])
def test_training_continues_to_the_same_bits_from_every_epoch(optimizer, n_epochs):
    options = {"schedule": Schedule("adaptive", 0.1), "max_epochs": 10}
    whole = descent(optimizer, **options)
    keep = Keep(whole)
    history = train(whole, samples(), monitor(whole, patience=1, validate=scripted(SCORES), observers=[keep]))
    progress = copy.deepcopy(keep.states[n_epochs - 1])
    resumed = descent(optimizer, start=progress.snapshot, state=progress.optimizer_state, **options)
    observed = monitor(resumed, patience=1, validate=scripted(SCORES[n_epochs:]))
    progress.resume(observed)
    assert train(resumed, samples(), observed) == history
    np.testing.assert_array_equal(resumed.objective.weights.vector, whole.objective.weights.vector)
    seconds = observed.history.curves.pop("seconds")
    assert seconds[:n_epochs] == history.curves.pop("seconds")[:n_epochs]
    assert seconds == sorted(seconds)
    assert observed.history.curves == history.curves


def test_a_finished_training_does_not_go_on():
    whole = descent(max_epochs=10)
    keep = Keep(whole)
    history = train(whole, samples(), monitor(whole, patience=1, validate=scripted(SCORES), observers=[keep]))
    assert history.n_epochs < 10
    resumed = descent(max_epochs=10, start=keep.states[-1].snapshot)
    observed = monitor(resumed, patience=1, validate=scripted([]))
    keep.states[-1].resume(observed)
    assert train(resumed, samples(), observed) == history


def test_later_epochs_do_not_change_it():
    method = descent(max_epochs=3)
    keep = Keep(method)
    train(method, samples(), monitor(method, observers=[keep]))
    first, last = keep.states[0], keep.states[-1]
    assert len(first.losses) == 1
    assert not np.array_equal(first.weights, last.weights)
    assert not np.array_equal(first.optimizer_state["first"], last.optimizer_state["first"])
