"""Random samples of rows of chunks."""

import numpy as np
import pytest
from scipy import sparse

from skneural.streaming.chunks import Chunk
from skneural.streaming.sampling import RowSample, joined_rows


def sampled(n, size, seed, rows=7, y=None, classes=False):
    sample = RowSample(size, np.random.default_rng(seed), classes=classes)
    for start in range(0, n, rows):
        numbers = np.arange(start, min(start + rows, n))
        sample.add(Chunk(numbers, None if y is None else y[numbers]))
    return sample.chunk()


def test_few_rows_are_all_kept_in_their_order():
    np.testing.assert_array_equal(sampled(30, 30, 0).X, np.arange(30))


def test_a_sample_has_its_size_and_the_order_of_the_chunks():
    X = sampled(1000, 20, 0).X
    assert len(X) == 20
    assert (np.diff(X) > 0).all()


@pytest.mark.slow
def test_each_row_is_equally_likely():
    counts = np.zeros(50)
    for seed in range(2000):
        counts[sampled(50, 10, seed).X] += 1
    assert abs(counts / 2000 - 0.2).max() < 5 * np.sqrt(0.2 * 0.8 / 2000)


def test_the_first_row_of_each_class_is_kept():
    y = np.zeros(1000, int)
    y[[400, 900, 950]] = [1, 2, 2]
    chunk = sampled(1000, 10, 0, y=y, classes=True)
    assert set(chunk.y) == {0, 1, 2}
    assert {0, 400, 900} <= set(chunk.X)
    assert len(sampled(1000, 10, 0, y=y).X) == 10


def test_a_thousand_and_more_classes_are_all_known():
    y = np.arange(3000)
    assert len(sampled(3000, 10, 0, rows=500, y=y, classes=True).y) == 3000


def test_classes_of_steps_are_kept():
    sample = RowSample(1, np.random.default_rng(0), classes=True)
    for tags in (["a", "a"], ["a"], ["b", "a"]):
        sample.add(Chunk([[1.0] * len(tags)], [tags]))
    assert {tag for tags in sample.chunk().y for tag in tags} == {"a", "b"}


@pytest.mark.parametrize("kind", ["array", "list", "sparse", "pandas", "polars", "pyarrow"])
def test_parts_of_each_kind_are_joined(kind):
    numbers = np.arange(6.0).reshape(3, 2)
    if kind in ("array", "list", "sparse"):
        make = {"array": np.asarray, "list": list, "sparse": sparse.csr_matrix}[kind]
        whole = joined_rows([make(numbers), make(numbers + 9)])
        values = whole.toarray() if kind == "sparse" else np.asarray(whole)
    else:
        library = pytest.importorskip(kind)
        table = library.table if kind == "pyarrow" else library.DataFrame
        parts = [table({"a": part[:, 0], "b": part[:, 1]}) for part in (numbers, numbers + 9)]
        whole = joined_rows(parts)
        values = np.column_stack([np.asarray(whole[name]) for name in ("a", "b")])
    np.testing.assert_array_equal(values, np.concatenate([numbers, numbers + 9]))
