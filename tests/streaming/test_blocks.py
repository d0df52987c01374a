"""Rows of stored arrays as chunks."""

import numpy as np
import pytest
from scipy import sparse

from skneural.streaming import RowBlocks


@pytest.mark.parametrize("kind", ["memmap", "h5py", "zarr"])
def test_blocks_of_stored_arrays(kind, tmp_path):
    X, y = np.arange(20.0).reshape(10, 2), np.arange(10)
    if kind == "memmap":
        np.save(tmp_path / "X.npy", X)
        stored = np.load(tmp_path / "X.npy", mmap_mode="r")
    else:
        library = pytest.importorskip(kind)
        file = library.File(tmp_path / "X.h5", "w") if kind == "h5py" else library.open_group(tmp_path / "X", mode="w")
        stored = file.create_dataset("X", data=X) if kind == "h5py" else file.create_array("X", data=X)
    blocks = RowBlocks(stored, y, rows=4)
    assert [len(part) for part, _ in blocks] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate([part for part, _ in blocks]), X)
    np.testing.assert_array_equal(blocks[-1][1], [8, 9])
    np.testing.assert_array_equal(blocks[1:][0][1], [4, 5, 6, 7])


def test_lists_of_labels_and_sparse_rows():
    X = sparse.csr_matrix(np.eye(5))
    blocks = RowBlocks(X, list("abcab"), rows=2)
    assert [part.shape for part, _ in blocks] == [(2, 5), (2, 5), (1, 5)]
    assert [label for _, y in blocks for label in y] == list("abcab")


def test_parts_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match="different numbers of rows"):
        RowBlocks(np.ones((3, 2)), np.ones(4))
    with pytest.raises(ValueError, match="y is not"):
        RowBlocks(np.ones((3, 2)), None, np.ones(3))
    with pytest.raises(ValueError, match="rows must"):
        RowBlocks(np.ones((3, 2)), rows=0)
