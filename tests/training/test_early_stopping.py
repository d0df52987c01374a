import numpy as np
import pytest

from skneural.parameters import Snapshot
from skneural.training.early_stopping import EarlyStopping


def watched(scores, tol=0.0, patience=2.0):
    """The stopping after it saw the scores; snapshots carry the number of their score."""
    stopping = EarlyStopping(tol, patience)
    for number, score in enumerate(scores):
        stopping.see(score, lambda number=number: Snapshot(np.array([number]), np.empty(0)))
    return stopping


# scores, tol -> number of the score that is kept, how often training waited in a row
SEQUENCES = {
    "one": ([1.0], 0.0, 0, 0),
    "rising": ([1.0, 2.0, 3.0], 0.0, 2, 0),
    "falling": ([3.0, 2.0, 1.0], 0.0, 0, 2),
    "peak": ([1.0, 3.0, 2.0, 2.5], 0.0, 1, 2),
    "waiting starts anew": ([3.0, 2.0, 2.0, 4.0, 1.0], 0.0, 3, 1),
    "of equals the latest is kept": ([1.0, 1.0, 1.0], 0.0, 2, 2),
    "small steps are kept but do not count": ([1.0, 1.05, 1.1], 0.2, 2, 2),
    "small steps do not add up": ([1.0, 1.15, 1.3, 1.45], 0.2, 3, 3),
    "a step of exactly tol does not count": ([1.0, 1.5], 0.5, 1, 1),
    "not a number is never kept": ([1.0, np.nan], 0.0, 0, 1),
    "negative scores": ([-5.0, -4.0], 0.5, 1, 0),
}


@pytest.mark.parametrize(("scores", "tol", "kept", "waited"), SEQUENCES.values(), ids=list(SEQUENCES))
def test_keeps_the_best_and_counts_the_wait(scores, tol, kept, waited):
    stopping = watched(scores, tol)
    assert stopping.kept.vector == [kept]
    assert stopping.best_score == scores[kept]
    assert stopping.waited == waited


@pytest.mark.parametrize("patience", [0, 1, 3])
def test_is_satisfied_after_one_more_epoch_than_its_patience(patience):
    assert not watched([1.0] + [0.0] * patience, patience=patience).satisfied
    assert watched([1.0] + [0.0] * (patience + 1), patience=patience).satisfied


def test_is_not_satisfied_while_the_score_rises_though_below_the_best():
    swing = [1.0, 0.5, 0.0, -0.5, 0.0]
    assert not watched(swing).satisfied
    assert not watched([*swing, 0.5]).satisfied
    assert watched([*swing, 0.5, 0.5]).satisfied
    assert watched(swing, tol=0.5).satisfied  # rises by no more than tol are none


def test_infinite_patience_never_ends():
    assert not watched([1.0] + [0.0] * 1000, patience=np.inf).satisfied


def test_waiting_again_keeps_the_best():
    stopping = watched([2.0, 1.0, 1.0, 1.0])
    assert stopping.satisfied
    stopping.wait_again()
    assert not stopping.satisfied
    assert (stopping.best_score, stopping.kept.vector) == (2.0, [0])


def test_weights_are_copied_only_when_they_are_the_best():
    stopping, taken = EarlyStopping(0.0, 5), []
    for score in [1.0, 0.5, 2.0, 1.5]:
        stopping.see(score, lambda score=score: taken.append(score))
    assert taken == [1.0, 2.0]
