"""The channel axis is moved to the end without copying."""

import numpy as np
import pytest

from skneural import CNNClassifier, CNNSequenceClassifier
from skneural.preprocessing import channels_first_to_last

rng = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(5, 2, 7), (5, 3, 8, 6)], ids=["series", "images"])
def test_arrays(shape):
    X = rng.standard_normal(shape)
    moved = channels_first_to_last(X)
    assert moved.shape == (shape[0], *shape[2:], shape[1])
    assert np.shares_memory(moved, X)
    for channel in range(shape[1]):
        np.testing.assert_array_equal(moved[..., channel], X[:, channel])


@pytest.mark.parametrize("container", [list, tuple, "object"])
def test_series_of_unequal_lengths(container):
    pieces = [rng.standard_normal((2, steps)) for steps in (4, 9, 1)]
    X = np.empty(3, dtype=object) if container == "object" else container(pieces)
    if container == "object":
        X[:] = pieces
    moved = channels_first_to_last(X)
    assert isinstance(moved, list)
    for series, piece in zip(moved, pieces, strict=True):
        np.testing.assert_array_equal(series, piece.T)
        assert np.shares_memory(series, piece)


def test_lists_of_images_are_as_arrays_of_them():
    X = rng.standard_normal((5, 3, 8, 6))
    np.testing.assert_array_equal(np.stack(channels_first_to_last(list(X))), channels_first_to_last(X))


def test_numbers_in_nested_lists():
    assert [series.tolist() for series in channels_first_to_last([[[1, 2, 3], [4, 5, 6]]])] == [
        [[1, 4], [2, 5], [3, 6]]
    ]


def test_estimators_take_what_comes_out():
    y = [0, 1] * 10
    series = [rng.standard_normal((2, steps)) for steps in rng.integers(3, 9, 20)]
    model = CNNSequenceClassifier(channels=4, max_iter=2, random_state=0).fit(channels_first_to_last(series), y)
    assert model.n_features_in_ == 2
    model = CNNClassifier(channels=4, hidden_layer_sizes=4, max_iter=2, random_state=0)
    assert model.fit(channels_first_to_last(rng.standard_normal((20, 3, 8, 6))), y).image_shape_ == (8, 6, 3)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((3, 4)), r"X has shape \(3, 4\): it must be .* pass X\[np.newaxis\]"),
        (np.zeros(3), r"X has shape \(3,\)"),
        (np.zeros((1, 2, 3, 4, 5)), r"X has shape \(1, 2, 3, 4, 5\)"),
        ([1, 2], r"X\[0\] has shape \(\)"),
        ([np.zeros((2, 3)), np.zeros(3)], r"X\[1\] has shape \(3,\)"),
        ([np.zeros((2, 3)), np.zeros((2, 3, 4))], r"X\[1\] has shape \(2, 3, 4\): in a list, all are series"),
        ([np.zeros((2, 3)), np.zeros((3, 3))], r"X\[1\] has 3 channels, but X\[0\] has 2"),
    ],
)
def test_other_shapes(X, message):
    with pytest.raises(ValueError, match=message):
        channels_first_to_last(X)
