from dataclasses import replace

import numpy as np
import pytest

from skneural.data import BatchInfo, ImageSizes
from skneural.layers import Chain, Context, Convolution, Mask, PixelScores
from skneural.testing import check_gradients
from tests.layers.cases import numbers, started

X = numbers(12, 2, 18, 3)
SIZES = ImageSizes(np.array([[12, 18], [5, 7], [1, 16]]), (12, 18))
LAYER = PixelScores(Chain(first=Convolution(2, 3), mask=Mask(), second=Convolution(3, 2)), reach=2)


@pytest.mark.parametrize("tile", [1, 4, 5, 11, 12, 17])
@pytest.mark.parametrize("multiple", [1, 2])
@pytest.mark.parametrize("sizes", [None, SIZES], ids=["one size", "several sizes"])
def test_parts_give_the_scores_of_the_whole(tile, multiple, sizes):
    p, context = started(LAYER).tree, Context(batch=BatchInfo(structure=sizes))
    expected = LAYER.forward(p, X, context)[0]
    actual = replace(LAYER, tile=tile, multiple=multiple).predict(p, X, context)
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


def test_a_reach_that_is_too_short_is_seen():
    p = started(LAYER).tree
    actual = replace(LAYER, tile=4, reach=1).predict(p, X)
    assert not np.allclose(actual, LAYER.predict(p, X))


def test_gradients_of_padded_images():
    check_gradients(LAYER, X, Context(np.random.default_rng(0), BatchInfo(structure=SIZES)))
