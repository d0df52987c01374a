"""The dtype of X in any library, and the precision in which it is read."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from skneural.readers import FLOATS, InputSpec, dtype_of

NUMBERS = np.array([[1.0, 2.0], [3.0, 4.0]])


def spec():
    return InputSpec(FLOATS, "Estimator")


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (NUMBERS.astype(">f4"), ">f4"),
        (sparse.csr_array(NUMBERS), "float64"),
        (NUMBERS.tolist(), "float64"),
        ([[1, 2]], "int64"),
        (np.array([[1.5, None]]), "float64"),
        (np.array([[1, 2]], dtype=object), "object"),
        (np.array([[1.5, "a"]], dtype=object), "object"),
        (pd.DataFrame({"a": [1, 2], "b": np.float32([1, 2])}), "float64"),
        (pd.DataFrame({"a": np.int16([1, 2]), "b": np.float32([1, 2])}), "float32"),
        (pd.DataFrame({"a": [1.5, 2.5], "b": [True, False], "c": ["a", "b"]}), "float64"),
        (pd.DataFrame({"a": [1.5, None]}, dtype="Float64"), "float64"),
        (pd.DataFrame({"a": [1.5, None]}, dtype="float[pyarrow]"), "float32"),
        (pd.DataFrame({"a": pd.arrays.SparseArray([1.5, 0.0])}), "float64"),
        (pd.DataFrame({"a": [1.5, 2.5]}, dtype=object), "float64"),
        (pd.DataFrame({"a": ["a", "b"]}), "object"),
        (pl.DataFrame({"a": [1, 2], "b": [1.5, None]}), "float64"),
        (pl.DataFrame({"a": [True, False], "b": pl.Series([1.5, 2.5], dtype=pl.Float32)}), "float32"),
        (pl.DataFrame({"a": ["a", "b"]}), "object"),
        (pa.table({"a": [1.5, None], "b": ["a", "b"]}), "float64"),
        (pa.table({"a": pa.array([1.5, 2.5], pa.float32())}), "float32"),
        (pa.table({"a": pa.array([1, 2], pa.uint8())}), "uint8"),
    ],
)
def test_dtype_of_the_numbers_of_any_table(X, expected):
    assert dtype_of(X) == np.dtype(expected)


@pytest.mark.parametrize(
    ("dtype", "precision"),
    [
        ("float16", "float32"),
        (">f4", "float32"),
        (">f8", "float64"),
        ("longdouble", "float64"),
        ("int64", "float32"),
        ("bool", "float32"),
        ("object", "float32"),
    ],
)
def test_floats_are_read_in_the_first_precision_that_holds_them(dtype, precision):
    assert spec().resolve(dtype) == np.dtype(precision)
    assert InputSpec(np.dtype(np.float32), "Estimator").resolve(dtype) == np.float32
