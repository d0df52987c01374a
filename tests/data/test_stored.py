"""Rows of arrays in files."""

import numpy as np
import pytest
from scipy import sparse

from skneural.data import Rows
from skneural.data.stored import BYTES_READ_THROUGH, StoredArray, is_array_object, is_stored

X = np.arange(30_000.0).reshape(3000, 10)


class Slices:
    """Array of another library, with slices of rows only; keeps what was read."""

    shape, dtype, ndim = X.shape, X.dtype, 2

    def __init__(self):
        self.read = []

    def __getitem__(self, rows):
        if not isinstance(rows, slice):
            raise TypeError
        self.read.append((rows.start, rows.stop))
        return X[rows]


SELECTIONS = {
    "all": slice(None),
    "run": slice(100, 900),
    "steps": slice(5, None, 7),
    "backward": slice(50, 10, -3),
    "none": slice(7, 7),
    "ascending": np.array([3, 4, 2000]),
    "any order": np.array([9, 2999, 0, 4]),
    "repeated": np.array([4, 4, 1, 4]),
    "dense": np.flatnonzero(np.random.default_rng(0).random(3000) < 0.3),
    "no numbers": np.array([], int),
    "mask": np.arange(3000) % 3 == 0,
}


@pytest.mark.parametrize("rows", SELECTIONS.values(), ids=list(SELECTIONS))
@pytest.mark.parametrize("kind", ["slices", "array"])
def test_rows_are_those_of_the_array(rows, kind):
    stored = StoredArray(Slices() if kind == "slices" else X)
    np.testing.assert_array_equal(stored[rows], X[rows])
    selected = stored.select(rows)
    assert selected.shape == X[rows].shape
    np.testing.assert_array_equal(selected[1:4], X[rows][1:4])
    np.testing.assert_array_equal(selected.select(slice(None, None, 2))[:], X[rows][::2])
    np.testing.assert_array_equal(np.asarray(selected), X[rows])


def test_rows_close_together_are_read_in_one_run():
    array = Slices()
    StoredArray(array)[np.concatenate([np.arange(0, 300, 3), np.arange(2000, 2100)])]
    assert array.read == [(0, 298), (2000, 2100)]
    array = Slices()
    StoredArray(array)[np.arange(3) * (BYTES_READ_THROUGH // 80 + 2)]
    assert [stop - start for start, stop in array.read] == [1, 1, 1]


@pytest.mark.parametrize(
    ("array", "stored"),
    [
        (Slices(), True),
        (StoredArray(X), True),
        (X, False),
        (sparse.csr_array(X), False),
        (Rows(X), False),
        (X.tolist(), False),
        (None, False),
    ],
)
def test_arrays_in_memory_are_told_from_others(array, stored):
    assert is_stored(array) == is_array_object(array) == stored


def test_memory_maps_are_stored_but_behave_as_arrays(tmp_path):
    mapped = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float32, (5, 2))
    assert is_stored(mapped)
    assert not is_array_object(mapped)
    assert not is_stored(mapped[:, 0])
    assert not is_stored(mapped.astype(str))


def test_numbers_of_rows_take_no_memory():
    class Endless(Slices):
        shape = (10**12, 10)

        def __getitem__(self, rows):
            if not isinstance(rows, slice):
                raise TypeError
            return np.full((rows.stop - rows.start, 10), rows.start / 10**12)

    stored = StoredArray(Endless()).select(slice(10**11, None, 2))
    np.testing.assert_array_equal(stored[np.array([0, 2 * 10**11])][:, 0], [0.1, 0.5])
    assert stored.select(slice(5, None)).shape == (45 * 10**10 - 5, 10)


@pytest.mark.parametrize("part", [slice(None), slice(20_000, None)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_runs_of_memory_maps_far_from_each_other(part, order, tmp_path):
    """Of a part of the map, too, which begins elsewhere in the file."""
    whole = np.arange(500_000.0).reshape(50_000, 10)
    np.save(tmp_path / "X.npy", np.asarray(whole, order=order))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")[part]
    n = len(mapped)
    for rows in ([0, n - 1], [n - 1, 0, 3], np.concatenate([np.arange(50), np.arange(n - 50, n)])):
        np.testing.assert_array_equal(StoredArray(mapped)[np.asarray(rows)], whole[part][rows])
