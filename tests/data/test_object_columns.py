import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from skneural import Graph
from skneural.data.object_columns import object_array, unpacked

LISTS = [[1.0, 2.0], [3.0], [4.0, 5.0, 6.0]]
COLUMNS = {
    "object array": lambda lists: object_array([np.array(values) for values in lists]),
    "column of an object array": lambda lists: object_array(lists)[:, np.newaxis],
    "pandas": lambda lists: pd.Series(lists, index=range(3, 3 + len(lists))),
    "pandas table": lambda lists: pd.DataFrame({"series": lists}),
    "pandas with arrow": lambda lists: pd.Series(pa.array(lists), dtype=pd.ArrowDtype(pa.list_(pa.float64()))),
    "polars": pl.Series,
    "polars table": lambda lists: pl.DataFrame({"series": lists}),
    "polars objects": lambda lists: pl.Series("series", [np.array(values) for values in lists], dtype=pl.Object),
    "arrow": pa.array,
    "arrow chunks": lambda lists: pa.chunked_array([lists[:1], lists[1:]]),
    "arrow table": lambda lists: pa.table({"series": lists}),
}


@pytest.mark.parametrize("make", COLUMNS.values(), ids=COLUMNS)
@pytest.mark.parametrize("lists", [LISTS, LISTS[1:2], [[1.0], [2.0]]], ids=["unequal", "one", "equal"])
def test_columns_are_their_values(make, lists):
    values = unpacked(make(lists))
    assert values.dtype == object
    assert values.shape == (len(lists),)
    assert [list(value) for value in values] == lists


def test_arrays_of_fixed_size_are_rows():
    values = unpacked(pl.Series([[1.0, 2.0], [3.0, 4.0]], dtype=pl.Array(pl.Float64, 2)))
    assert [list(value) for value in values] == [[1.0, 2.0], [3.0, 4.0]]


def test_columns_of_graphs_are_their_graphs():
    graph = Graph([[1.0]], [[0]])
    assert unpacked(pd.DataFrame({"graph": [graph]}))[0] is graph
    assert unpacked(object_array([graph])[:, np.newaxis])[0] is graph


@pytest.mark.parametrize(
    "X",
    [
        LISTS,
        np.zeros((3, 1)),
        np.zeros((3, 1), dtype=object),
        np.array([["a"], ["b"]], dtype=object),
        pd.DataFrame({"a": [1.0, 2.0]}),
        pd.DataFrame({"a": ["one", "two"]}),
        pd.DataFrame({"a": LISTS, "b": LISTS}),
        pd.Series(["one", "two"]),
        pl.DataFrame({"a": [1, 2]}),
        pa.table({"a": [1, 2]}),
        None,
    ],
    ids=lambda X: type(X).__name__,
)
def test_anything_else_stays_as_it_is(X):
    assert unpacked(X) is X
