import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import Context, Pooling
from tests.layers.cases import LENGTHS, SERIES


def with_lengths(n_steps=7, weights=None):
    return Context(np.random.default_rng(0), BatchInfo(lengths=np.minimum(LENGTHS, n_steps), sample_weight=weights))


def test_the_mean_of_windows_that_reach_beyond_the_end_is_not_defined():
    with pytest.raises(ValueError, match="average pooling of series of unequal lengths"):
        Pooling("average", (1, 3), (1, 1), "same").forward({}, SERIES, with_lengths())
