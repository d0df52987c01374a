"""Series of sets as users pass them."""

import re

import numpy as np
import pandas as pd
import pytest

from skneural.data.event_sets import read_sets

SERIES = [np.array([[1, 0], [1, 1], [0, 0]]), np.array([[0, 1]])]


@pytest.mark.parametrize("as_given", [
    lambda series: series,
    tuple,
    lambda series: [each.tolist() for each in series],
    lambda series: [each.astype(bool) for each in series],
    lambda series: [each.astype(float) for each in series],
    pd.Series,
], ids=["list", "tuple", "lists", "booleans", "floats", "column"])  # fmt: skip
def test_forms(as_given):
    for each, expected in zip(read_sets(as_given(SERIES)), SERIES, strict=True):
        assert each.dtype == np.uint8
        np.testing.assert_array_equal(each, expected)


def test_arrays_of_three_axes():
    assert [each.tolist() for each in read_sets(np.stack([np.eye(2)] * 2))] == [[[1, 0], [0, 1]]] * 2


@pytest.mark.parametrize(
    "X", ["text", ["text"], [["a", "b"]], [[0, 1]], np.eye(3, dtype=int), [np.arange(3)], [], None, pd.Series(["a"])]
)
def test_anything_else_is_no_series_of_sets(X):
    assert read_sets(X) is None


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([np.eye(2), np.ones(2)], "data[1] has shape (2,), and data[0] has (2, 2)"),
        ([np.eye(2), np.full((1, 2), 0.5)], "data[1] has the value 0.5"),
    ],
)
def test_mistakes_are_answered(X, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        read_sets(X, "data")
