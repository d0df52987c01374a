import numpy as np
import pytest

from skneural.parameters import Snapshot
from skneural.training.early_stopping import EarlyStopping


def after(scores, tol=0.0, patience=2.0):
    """Early stopping after a sequence of scores; the weights of each snapshot are the index of its score."""
    stopping = EarlyStopping(tol, patience)
    for number, score in enumerate(scores):
        stopping.update(score, lambda number=number: Snapshot(np.array([number]), np.empty(0)))
    return stopping


# scores, tol, index of the best score, number of epochs without improvement
SEQUENCES = {
    "single": ([1.0], 0.0, 0, 0),
    "rising": ([1.0, 2.0, 3.0], 0.0, 2, 0),
    "falling": ([3.0, 2.0, 1.0], 0.0, 0, 2),
    "peak": ([1.0, 3.0, 2.0, 2.5], 0.0, 1, 2),
    "waiting restarts": ([3.0, 2.0, 2.0, 4.0, 1.0], 0.0, 3, 1),
    "of equals the latest is kept": ([1.0, 1.0, 1.0], 0.0, 2, 2),
    "small steps are kept but do not count": ([1.0, 1.05, 1.1], 0.2, 2, 2),
    "small steps do not add up": ([1.0, 1.15, 1.3, 1.45], 0.2, 3, 3),
    "a step of exactly tol does not count": ([1.0, 1.5], 0.5, 1, 1),
    "nan is never kept": ([1.0, np.nan], 0.0, 0, 1),
    "negative scores": ([-5.0, -4.0], 0.5, 1, 0),
}


@pytest.mark.parametrize(("scores", "tol", "best", "n_waited"), SEQUENCES.values(), ids=list(SEQUENCES))
def test_keeps_the_best_and_counts_the_wait(scores, tol, best, n_waited):
    stopping = after(scores, tol)
    assert stopping.best_snapshot.vector == [best]
    assert stopping.best_score == scores[best]
    assert stopping.n_waited == n_waited


@pytest.mark.parametrize("patience", [0, 1, 3])
def test_stops_after_one_more_epoch_than_its_patience(patience):
    assert not after([1.0] + [0.0] * patience, patience=patience).should_stop
    assert after([1.0] + [0.0] * (patience + 1), patience=patience).should_stop


def test_does_not_stop_while_the_score_rises_below_the_best():
    swing = [1.0, 0.5, 0.0, -0.5, 0.0]
    assert not after(swing).should_stop
    assert not after([*swing, 0.5]).should_stop
    assert after([*swing, 0.5, 0.5]).should_stop
    assert after(swing, tol=0.5).should_stop  # increases up to tol do not count


def test_infinite_patience_never_ends():
    assert not after([1.0] + [0.0] * 1000, patience=np.inf).should_stop


def test_resetting_the_patience_keeps_the_best():
    stopping = after([2.0, 1.0, 1.0, 1.0])
    assert stopping.should_stop
    stopping.reset_patience()
    assert not stopping.should_stop
    assert (stopping.best_score, stopping.best_snapshot.vector) == (2.0, [0])


def test_weights_are_copied_only_when_they_are_the_best():
    stopping, taken = EarlyStopping(0.0, 5), []
    for score in [1.0, 0.5, 2.0, 1.5]:
        stopping.update(score, lambda score=score: taken.append(score))
    assert taken == [1.0, 2.0]
