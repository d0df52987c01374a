"""The factor of scores has the smallest log loss."""

import numpy as np
import pytest

from skneural.ops.softmax import softmax
from skneural.ops.temperature import GREATEST, LEAST, best_factor

RNG = np.random.default_rng(0)
SCORES = RNG.normal(size=(4000, 3))
ONES = np.ones(len(SCORES))


def log_loss(factor, targets, weight):
    return -np.average((targets * np.log(softmax(factor * SCORES))).sum(axis=1), weights=weight)


@pytest.mark.parametrize("factor", [0.3, 1.0, 4.0])
def test_the_factor_of_the_probabilities_is_found(factor):
    targets = softmax(factor * SCORES)
    found, loss = best_factor(SCORES, targets, ONES)
    assert found == pytest.approx(factor, rel=0.01)
    assert loss == pytest.approx(log_loss(factor, targets, ONES), rel=1e-6)


def test_rows_count_by_their_weight():
    targets = np.eye(3)[SCORES.argmax(axis=1)]
    targets[:500] = np.roll(targets[:500], 1, axis=1)
    weight = np.where(np.arange(len(SCORES)) < 500, 2.0, 0.5)
    repeated = np.concatenate([SCORES, *[SCORES[:500]] * 3]), np.concatenate([targets, *[targets[:500]] * 3])
    assert best_factor(SCORES, targets, weight)[0] == pytest.approx(
        best_factor(*repeated, np.ones(len(repeated[0])))[0], rel=1e-2
    )


def test_bounds():
    right = np.eye(3)[SCORES.argmax(axis=1)]
    assert best_factor(SCORES, right, ONES)[0] == pytest.approx(GREATEST, rel=0.01)
    assert best_factor(SCORES, np.eye(3)[SCORES.argmin(axis=1)], ONES)[0] == pytest.approx(LEAST, rel=0.01)
