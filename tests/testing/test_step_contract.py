"""The check of steps finds planted mistakes."""

import numpy as np
import pytest

from skneural.layers import Layer
from skneural.testing import check_steps
from skneural.testing.batch_contract import BATCH_FIRST, TIME_FIRST
from tests.layers.cases import BATCHES


class LooksAhead(Layer):
    """The sum of each step and the next one."""

    def forward(self, p, x, context):
        y = x.copy()
        y[:, :-1] += x[:, 1:]

        def backward(dy, g):
            dx = dy.copy()
            dx[:, 1:] += dy[:, :-1]
            return dx

        return y, backward

    def step(self, p, x, state=None):
        return x, None


def test_check_steps_finds_what_looks_ahead():
    with pytest.raises(AssertionError, match="step 0 is not that of the whole series"):
        check_steps(LooksAhead(), BATCHES[BATCH_FIRST], BATCH_FIRST, BATCH_FIRST)


class WritesIntoState(Layer):
    """Sum of the steps so far."""

    def forward(self, p, x, context):
        return np.cumsum(x, axis=0), lambda dy, g: np.cumsum(dy[::-1], axis=0)[::-1]

    def step(self, p, x, state=None):
        state = np.zeros_like(x) if state is None else state
        state += x
        return state.copy(), state


def test_check_steps_finds_what_writes_into_its_state():
    with pytest.raises(AssertionError, match="writes into its state"):
        check_steps(WritesIntoState(), BATCHES[TIME_FIRST], TIME_FIRST, TIME_FIRST)
