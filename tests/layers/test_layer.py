"""The protocol of layers, and the context in which they compute."""

import numpy as np
import pytest

from skneural.layers import PREDICTING, AttentionPooling, Context, Layer, Share
from skneural.parameters import Layout
from skneural.testing.batch_contract import ROWS_FIRST
from tests.layers.cases import BATCHES, LENGTHS, WEIGHTS, numbers


def test_the_base_layer_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="Layer must define forward"):
        Layer().forward({}, numbers(2, 2), PREDICTING)


# What the context tells


def test_masks_have_a_row_for_each_sample():
    mask = Context(lengths=LENGTHS).mask(7)
    assert mask.shape == (4, 7)
    np.testing.assert_array_equal(mask.sum(axis=1), LENGTHS)
    assert Context().mask(7) is None


def test_steps_weigh_as_their_series_and_padding_nothing():
    both = Context(lengths=LENGTHS, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(both.step_weight(7, np.float64).sum(axis=1), LENGTHS * WEIGHTS)
    np.testing.assert_array_equal(both.row_weight(16, "elements"), np.repeat(WEIGHTS, LENGTHS))
    np.testing.assert_array_equal(both.row_weight(4), WEIGHTS)
    equal = Context(sample_weight=WEIGHTS)
    np.testing.assert_array_equal(equal.row_weight(12, "elements"), np.repeat(WEIGHTS, 3))
    np.testing.assert_array_equal(np.broadcast_to(equal.step_weight(7, np.float64), (4, 7)).sum(axis=1), 7 * WEIGHTS)
    assert Context(lengths=LENGTHS).row_weight(16, "elements") is None
    assert Context().step_weight(7, np.float64) is None


def test_elements_of_a_shard_follow_from_its_samples_where_all_have_equally_many():
    context = Context(samples=Share(slice(1, 3), 4))
    assert context.share(10, "elements") == Share(slice(5, 15), 20)
    assert context.share(2) == Share(slice(1, 3), 4)
    assert Context().share(10, "elements") is None


def test_notes_are_left_on_request_by_forward_and_predict():
    layer, x = AttentionPooling(3, 5), BATCHES[ROWS_FIRST]
    layout = Layout(layer.parameters())
    tree = layout.views(*layout.initial(np.random.default_rng(0), np.float64))
    context = Context(np.random.default_rng(0), lengths=LENGTHS, notes={})
    layer.forward(tree, x, context)
    layer.predict(tree, x, context)
    first, second = context.notes["pooling"]
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first.sum(axis=1), 1)
    Context().note("pooling", x)  # to no avail, and no harm
