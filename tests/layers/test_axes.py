"""Layers that change where the batch, the steps and the features are."""

import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import (
    BatchLast,
    Context,
    Flatten,
    GlobalPooling,
    RealSteps,
    RowsFirst,
    StepsFirst,
    Unflatten,
)
from skneural.testing import check_gradients, check_layer
from tests.layers.cases import IMAGES, numbers
from tests.layers.series import each_order, rows, series, with_lengths


def test_images_get_their_rows_first_and_their_batch_last():
    x = numbers(4, 5, 6, 3)
    y = BatchLast().predict({}, x)
    assert y.flags.c_contiguous
    np.testing.assert_array_equal(y, np.einsum("bhwc->hcwb", x))


def test_series_become_images_of_height_one():
    x = numbers(4, 5, 3)
    np.testing.assert_array_equal(BatchLast().predict({}, x)[0], x.transpose(2, 1, 0))


def test_flatten_gives_each_image_a_row_without_copying():
    y = Flatten().predict({}, IMAGES)
    np.testing.assert_array_equal(y, [IMAGES[..., i].ravel() for i in range(4)])
    assert np.shares_memory(y, IMAGES)


@pytest.mark.parametrize(
    ("layer", "x", "batch_axis"),
    [
        (BatchLast(), numbers(4, 5, 6, 3), 0),
        (BatchLast(), numbers(4, 5, 3), 0),
        (Flatten(), IMAGES, 3),
        (GlobalPooling("average"), IMAGES, 3),
        (GlobalPooling("max"), IMAGES, 3),
    ],
)
def test_what_moves_the_batch_keeps_its_rows_apart(layer, x, batch_axis):
    """`check_layer` knows one axis for x and y alike."""
    whole = layer.predict({}, x)
    for i in range(4):
        alone = layer.predict({}, x.take([i], batch_axis))
        np.testing.assert_array_equal(alone, whole.take([i], 0 if whole.ndim == 2 else 3))


def test_unflatten_undoes_flatten():
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    np.testing.assert_array_equal(Unflatten(2, 3, 4).predict({}, Flatten().predict({}, x)), x)


@each_order
def test_steps_become_rows_in_the_order_of_the_series(lengths):
    x = rows()
    y = RealSteps().predict({}, x, Context(batch=BatchInfo(lengths=lengths)))
    np.testing.assert_array_equal(y, np.concatenate([own[:n] for own, n in zip(x, lengths, strict=True)]))
    check_gradients(RealSteps(), x, with_lengths(lengths))
    check_layer(RealSteps(), x, with_lengths(lengths), batch_axis=None)


def test_steps_first_and_rows_first_are_inverse():
    x = rows()
    np.testing.assert_array_equal(RowsFirst().predict({}, StepsFirst().predict({}, x)), x)
    assert np.shares_memory(RowsFirst().predict({}, series_ := series()), series_)
