import pytest

from skneural.layers import Context, Pooling
from tests.layers.cases import LENGTHS, SERIES


def test_the_mean_of_windows_that_reach_beyond_the_end_is_not_defined():
    with pytest.raises(ValueError, match="average pooling of series of unequal lengths"):
        Pooling("average", (1, 3), (1, 1), "same").forward({}, SERIES, Context(lengths=LENGTHS))
