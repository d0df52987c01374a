"""Fixtures of the tests of optimizers."""

import numpy as np
import pytest

from tests.optimizers.steps import N_WEIGHTS


@pytest.fixture
def gradients():
    rng = np.random.default_rng(0)
    return rng.standard_normal((30, N_WEIGHTS)) * np.geomspace(1e-3, 1e3, N_WEIGHTS)
