"""Tables of every dtype come back as they were, and generated numbers as the nearest that a column can hold."""

import numpy as np
import pytest

from skneural.data import Rows
from skneural.estimators.diffusion.reader import RestorableTable
from skneural.readers import InputSpec
from skneural.readers.categories import CategoryOptions

pandas = pytest.importorskip("pandas")
SPEC = InputSpec((np.float32, np.float64), "DiffusionModel")
WHOLE = np.array([[-3, 0, 7], [2, 1, 9], [0, 5, 100]])
DTYPES = ["int8", "int64", "uint8", "float32", "float64", "bool"]


def read_and_restored(X, moved=0.0):
    """X after reading and restoring; numbers are moved up or down in between."""
    reader, x = RestorableTable.learn(X, CategoryOptions(), SPEC)
    values = x.values + np.where(reader.n_categories, 0, moved)
    return reader.restore(Rows(values, x.dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_come_back(dtype):
    X = np.abs(WHOLE).astype(dtype) if dtype[0] in "ub" else WHOLE.astype(dtype)
    restored = read_and_restored(X)
    assert restored.dtype == X.dtype
    np.testing.assert_array_equal(restored, X)


@pytest.mark.parametrize("moved", [0.4, -0.4])
@pytest.mark.parametrize("dtype", ["int8", "int64"])
def test_integers_are_the_nearest(dtype, moved):
    np.testing.assert_array_equal(read_and_restored(WHOLE.astype(dtype), moved), WHOLE)


@pytest.mark.parametrize("moved", [0.0, 0.4, -0.4])
def test_every_column_of_a_frame_is_the_nearest(moved):
    X = pandas.DataFrame(
        {
            "count": [-3, 2, 0],
            "small": np.array([0, 1, 5], np.uint8) + np.uint8(1),
            "nullable": pandas.array([7, None, -100], dtype="Int64"),
            "objects": pandas.Series([4, 5, 6], dtype=object),
            "word": ["a", None, "b"],
            "truth": [True, False, True],
        }
    )
    restored = read_and_restored(X, moved)
    pandas.testing.assert_frame_equal(restored, X.infer_objects(), check_dtype=True)


@pytest.mark.parametrize("moved", [0.0, 0.4, -0.4])
@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_integers_of_other_frames_are_the_nearest(library, moved):
    columns = {"count": [-3, 2, 0], "nullable": [7, None, -100], "word": ["a", "b", "a"]}
    if library == "polars":
        polars = pytest.importorskip("polars")
        X = polars.DataFrame(columns, schema={"count": polars.Int8, "nullable": polars.Int64, "word": polars.String})
        assert read_and_restored(X, moved).equals(X)
    else:
        arrow = pytest.importorskip("pyarrow")
        types = {"count": arrow.int8(), "nullable": arrow.int64(), "word": arrow.string()}
        X = arrow.table({name: arrow.array(values, types[name]) for name, values in columns.items()})
        assert read_and_restored(X, moved).equals(X)
