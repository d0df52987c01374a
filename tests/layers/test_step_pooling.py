"""Poolings of series to rows."""

import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import AttentionPooling, Context, StepPooling
from skneural.testing import check_gradients, check_layer
from tests.layers.cases import started
from tests.layers.series import UNSORTED, each_order, rows, series, with_lengths

# From steps to rows

POOLINGS = {name: StepPooling(name) for name in ("first", "last", "mean", "max")} | {
    "attention": AttentionPooling(3, 5)
}
each_pooling = pytest.mark.parametrize("layer", POOLINGS.values(), ids=POOLINGS)


@each_pooling
@each_order
def test_gradients_of_pooling_where_lengths_differ(layer, lengths):
    check_gradients(layer, rows(), with_lengths(lengths))
    check_layer(layer, rows(), with_lengths(lengths), batch_axis=None)


@each_pooling
@each_order
def test_pooling_sees_each_series_alone(layer, lengths):
    p, x = started(layer).tree, rows()
    y = layer.predict(
        p,
        np.where(np.arange(7)[:, np.newaxis] < lengths[:, np.newaxis, np.newaxis], x, 1e3),
        Context(batch=BatchInfo(lengths=lengths)),
    )
    for i, n in enumerate(lengths):
        np.testing.assert_allclose(y[i], layer.predict(p, x[i : i + 1, :n])[0], rtol=1e-12)


def test_poolings_give_what_they_say():
    x, lengths = rows(), UNSORTED
    expected = {
        "first": [own[0] for own in x],
        "last": [own[n - 1] for own, n in zip(x, lengths, strict=True)],
        "mean": [own[:n].mean(axis=0) for own, n in zip(x, lengths, strict=True)],
        "max": [own[:n].max(axis=0) for own, n in zip(x, lengths, strict=True)],
    }
    for name, rows_expected in expected.items():
        np.testing.assert_allclose(
            StepPooling(name).predict({}, x, Context(batch=BatchInfo(lengths=lengths))), rows_expected, rtol=1e-12
        )


def test_the_first_of_equal_steps_takes_the_gradient_of_the_maximum():
    _, backward = StepPooling("max").forward({}, np.ones((2, 3, 2)), Context())
    dx = backward(np.ones((2, 2)), {})
    np.testing.assert_array_equal(dx, [[[1, 1], [0, 0], [0, 0]]] * 2)


def test_attention_is_a_mean_with_the_shares_it_tells():
    layer, x = POOLINGS["attention"], rows()
    p = started(layer).tree
    context = Context(batch=BatchInfo(lengths=UNSORTED), notes={})
    y = layer.predict(p, x, context)
    (shares,) = context.notes["pooling"]
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(shares[np.arange(7) >= UNSORTED[:, np.newaxis]], 0)
    np.testing.assert_allclose(y, np.einsum("bt,btf->bf", shares, x), rtol=1e-12)


@pytest.mark.parametrize("name", ["first", "last", "mean", "max"])
def test_pooling_keeps_the_memory_order_of_recurrences(name):
    """Else each step of its gradient would have to be gathered from far apart."""
    x = series()
    _, backward = StepPooling(name).forward({}, x.transpose(2, 0, 1), Context())
    assert backward(np.ones((5, 3)), {}).transpose(1, 2, 0).flags.c_contiguous
