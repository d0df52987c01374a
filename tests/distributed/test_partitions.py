"""Partitions of dask collections."""

import numpy as np
import pytest

from skneural.distributed.partitions import chunk_of, dask_module, delayed_chunks

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")

X, Y = np.arange(12.0).reshape(6, 2), np.arange(6)


def computed(*parts):
    return dask.compute(*delayed_chunks(*parts), scheduler="synchronous")


@pytest.mark.parametrize(
    "y", [Y, Y.tolist(), da.from_array(Y, chunks=2), da.from_array(Y, chunks=3)], ids=["array", "list", "same", "other"]
)
def test_y_is_divided_like_x(y):
    chunks = computed(da.from_array(X, chunks=(2, 1)), y)
    assert [chunk.X.shape for chunk in chunks] == [(2, 2)] * 3
    np.testing.assert_array_equal(np.concatenate([chunk.y for chunk in chunks]), Y)


def test_partitions_of_unknown_size_are_taken_as_they_are():
    whole = da.from_array(X, chunks=(2, -1))
    some = whole[whole[:, 0] > 1]
    chunks = computed(some, da.from_array(Y, chunks=2)[whole[:, 0] > 1])
    assert [chunk.n_samples for chunk in chunks] == [1, 2, 2]


def test_dataframes_and_bags_are_divided_as_they_are():
    pandas, frames, bags = (pytest.importorskip(name) for name in ("pandas", "dask.dataframe", "dask.bag"))
    frame = frames.from_pandas(pandas.DataFrame(X, columns=["a", "b"]).assign(y=Y), npartitions=2)
    chunks = computed(frame[["a", "b"]], frame["y"])
    assert [list(chunk.X.columns) for chunk in chunks] == [["a", "b"]] * 2
    assert [chunk.X for chunk in computed(bags.from_sequence(["a", "b", "c"], npartitions=3))] == [["a"], ["b"], ["c"]]


def test_a_partition_of_pairs_has_its_y():
    (chunk,) = computed([dask.delayed((X, Y, np.ones(6)))])
    assert chunk.n_samples == 6
    np.testing.assert_array_equal(chunk.y, Y)


@pytest.mark.parametrize(
    ("parts", "error", "message"),
    [
        ((X, Y), TypeError, r"X is a ndarray; .*dask\.array\.from_array"),
        (
            (da.from_array(X, chunks=(2, -1)), da.from_array(np.arange(5), chunks=2)),
            ValueError,
            "y has 5 rows, but X has 6",
        ),
        ((da.from_array(X, chunks=(2, -1)), Y[:5]), ValueError, "y has 5 rows, but X has 6"),
        (([dask.delayed(X)], [dask.delayed(Y)] * 2), ValueError, "X has 1, y has 2"),
        (([dask.delayed(X)], Y), TypeError, "y is a ndarray"),
    ],
    ids=["in memory", "rows", "rows of an array", "partitions", "y of unknown rows"],
)
def test_what_cannot_be_divided_is_refused(parts, error, message):
    with pytest.raises(error, match=message):
        delayed_chunks(*parts)


def test_errors_in_a_partition_name_it():
    with pytest.raises(ValueError, match=r"In partition 3: .*different numbers of samples"):
        chunk_of(X, Y[:2], None, 3)


def test_a_missing_package_is_told_with_the_command_that_installs_it():
    with pytest.raises(ImportError, match=r"pip install skneural\[distributed\]"):
        dask_module("dask.no_such_module")
