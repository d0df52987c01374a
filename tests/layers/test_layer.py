"""The protocol of layers, and the context in which they compute."""

import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import PREDICTING, AttentionPooling, Context, Layer, Share
from skneural.layers.layer import Shard
from skneural.parameters import Layout
from skneural.testing.batch_contract import BATCH_FIRST
from tests.layers.cases import BATCHES, LENGTHS, WEIGHTS, numbers


def test_the_base_layer_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="Layer must define forward"):
        Layer().forward({}, numbers(2, 2), PREDICTING)


# The context


def test_masks_have_a_row_for_each_sample():
    mask = Context(batch=BatchInfo(lengths=LENGTHS)).mask(7)
    assert mask.shape == (4, 7)
    np.testing.assert_array_equal(mask.sum(axis=1), LENGTHS)
    assert Context().mask(7) is None


def test_steps_weigh_as_their_series_and_padding_nothing():
    both = Context(batch=BatchInfo(lengths=LENGTHS, sample_weight=WEIGHTS))
    np.testing.assert_array_equal(both.batch.step_weight(7, np.float64).sum(axis=1), LENGTHS * WEIGHTS)
    np.testing.assert_array_equal(both.batch.row_weight(16, "elements"), np.repeat(WEIGHTS, LENGTHS))
    np.testing.assert_array_equal(both.batch.row_weight(4), WEIGHTS)
    equal = Context(batch=BatchInfo(sample_weight=WEIGHTS))
    np.testing.assert_array_equal(equal.batch.row_weight(12, "elements"), np.repeat(WEIGHTS, 3))
    np.testing.assert_array_equal(
        np.broadcast_to(equal.batch.step_weight(7, np.float64), (4, 7)).sum(axis=1), 7 * WEIGHTS
    )
    assert Context(batch=BatchInfo(lengths=LENGTHS)).batch.row_weight(16, "elements") is None
    assert Context().batch.step_weight(7, np.float64) is None


def test_elements_of_a_shard_follow_from_its_samples_where_all_have_equally_many():
    context = Context(shard=Shard(Share(slice(1, 3), 4)))
    assert context.shard.share(10, "elements") == Share(slice(5, 15), 20)
    assert context.shard.share(2) == Share(slice(1, 3), 4)
    assert Context().shard.share(10, "elements") is None


def test_notes_are_left_on_request_by_forward_and_predict():
    layer, x = AttentionPooling(3, 5), BATCHES[BATCH_FIRST]
    layout = Layout(layer.parameters())
    tree = layout.views(*layout.initial(np.random.default_rng(0), np.float64))
    context = Context(np.random.default_rng(0), BatchInfo(lengths=LENGTHS), notes={})
    layer.forward(tree, x, context)
    layer.predict(tree, x, context)
    first, second = context.notes["pooling"]
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first.sum(axis=1), 1)
    Context().note("pooling", x)  # to no avail, and no harm
