import numpy as np
import pytest

from skneural.ops.embedding import RowGradient, embedding, embedding_mean


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_are_looked_up_and_gradients_of_equal_tokens_added(dtype):
    rng = np.random.default_rng(0)
    table, tokens = rng.standard_normal((6, 3)).astype(dtype), rng.integers(0, 5, (4, 7))
    y, vjp = embedding(tokens, table)
    np.testing.assert_array_equal(y, table[tokens])
    dy = rng.standard_normal(y.shape).astype(dtype)
    d_table, expected = np.full_like(table, np.nan), np.zeros_like(table)
    assert vjp(dy, d_table) is None
    np.add.at(expected, tokens, dy)
    np.testing.assert_allclose(d_table, expected, rtol=1e-5, atol=1e-6)
    assert (d_table[5] == 0).all()  # no token 5
    assert d_table.dtype == dtype


def test_gradients_of_rows_are_those_of_the_table():
    rng = np.random.default_rng(0)
    table, tokens = rng.standard_normal((9, 3)), np.array([[7, 2], [2, 5]])
    y, vjp = embedding(tokens, table)
    dy, whole = rng.standard_normal(y.shape), np.empty_like(table)
    vjp(dy, whole)
    rows, places = np.array([2, 5, 7]), np.full(9, -1)
    places[rows] = range(3)
    of_rows = RowGradient(places, np.full((3, 3), np.nan))
    vjp(dy, of_rows)
    np.testing.assert_allclose(of_rows.values, whole[rows], rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_means_are_those_of_the_tokens_that_count(dtype):
    rng = np.random.default_rng(0)
    table, tokens = rng.standard_normal((9, 3)).astype(dtype), rng.integers(0, 8, (4, 7))
    counts = np.arange(7) < np.array([[7], [3], [0], [1]])
    y, vjp = embedding_mean(tokens, table, counts)
    assert y.dtype == dtype
    np.testing.assert_allclose(y[0], table[tokens[0]].mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(y[1], table[tokens[1, :3]].mean(axis=0), rtol=1e-5)
    np.testing.assert_array_equal(y[2], 0)
    dy, d_table, expected = (
        rng.standard_normal(y.shape).astype(dtype),
        np.full_like(table, np.nan),
        np.zeros_like(table),
    )
    vjp(dy, d_table)
    for row, n in enumerate((7, 3, 0, 1)):
        for token in tokens[row, :n]:
            expected[token] += dy[row] / n
    np.testing.assert_allclose(d_table, expected, rtol=1e-4, atol=1e-6)
    rows = np.unique(tokens[counts])
    places = np.full(9, -1)
    places[rows] = np.arange(len(rows))
    of_rows = RowGradient(places, np.full((len(rows), 3), np.nan, dtype))
    vjp(dy, of_rows)
    np.testing.assert_allclose(of_rows.values, d_table[rows], rtol=1e-5)


@pytest.mark.parametrize("token", [-1, 9])
def test_means_of_tokens_outside_the_table_are_refused(token):
    with pytest.raises(IndexError, match="outside a table of 9 rows"):
        embedding_mean(np.array([[0, token]]), np.zeros((9, 2)), np.ones((1, 2), bool))
