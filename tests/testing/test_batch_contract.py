"""The checks of padding and of shards find planted mistakes."""

from dataclasses import dataclass

import pytest

from skneural.layers import Dropout, Layer
from skneural.testing import check_padding, check_shards
from skneural.testing.batch_contract import BATCH_FIRST, ELEMENTS, ROWS
from tests.layers.cases import BATCHES, LENGTHS

# The checks find what they are there for


@dataclass(frozen=True)
class SeesPadding(Layer):
    """Takes the mean over all steps, padding included."""

    def forward(self, p, x, context):
        return x - x.mean(axis=1, keepdims=True), lambda dy, g: dy - dy.mean(axis=1, keepdims=True)


@dataclass(frozen=True)
class KnowsItsShard(Layer):
    """Takes off a mean that is that of the shard only."""

    def forward(self, p, x, context):
        return x - x.mean(axis=0), lambda dy, g: dy - dy.mean(axis=0)


@dataclass(frozen=True)
class DrawsForItself(Layer):
    """A dropout that knows of no other shards."""

    def forward(self, p, x, context):
        kept = context.rng.random(x.shape) < 0.5
        return x * kept, lambda dy, g: dy * kept


@dataclass(frozen=True)
class PenalizesTwice(Layer):
    """Each shard adds the penalty of the whole batch."""

    def forward(self, p, x, context):
        context.penalties.append(1.0)
        return x, lambda dy, g: dy


def test_check_padding_finds_what_sees_padding():
    with pytest.raises(AssertionError, match="beyond the end"):
        check_padding(SeesPadding(), BATCHES[BATCH_FIRST], LENGTHS, BATCH_FIRST, BATCH_FIRST)


@pytest.mark.parametrize(
    ("layer", "what"), [(KnowsItsShard(), "y"), (DrawsForItself(), "y"), (PenalizesTwice(), "the penalty")]
)
def test_check_shards_finds_what_knows_its_shard(layer, what):
    with pytest.raises(AssertionError, match=f"{what} of 2 shards differs from that of the whole batch"):
        check_shards(layer, BATCHES[ROWS], ROWS, ROWS, n_samples=4)


def test_rows_that_are_elements_must_be_told():
    """Dropout that takes steps for samples draws other masks in shards."""
    with pytest.raises((AssertionError, ValueError)):
        check_shards(Dropout(0.4), BATCHES[ELEMENTS], ELEMENTS, ELEMENTS, n_samples=4)
