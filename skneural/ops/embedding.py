"""Embedding: rows of a table, looked up by index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from skneural.ops.types import Array, Vjp


@dataclass(frozen=True)
class RowGradient:
    """Gradient of the rows of a table that a batch reads; that of all others is zero.

    Parameters
    ----------
    places : integer array of shape (vocabulary,)
        Place of each row of the table among `values`; only those of the rows of the batch are defined.
    values : array of shape (rows of the batch, size)
    """

    places: Array
    values: Array


def embedding(tokens: Array, table: Array) -> tuple[Array, Vjp]:
    """The row of the table for each token.

    Parameters
    ----------
    tokens : integer array of shape (batch, steps)
    table : array of shape (vocabulary, size)

    Returns
    -------
    y : array of shape (batch, steps, size)
    vjp : ``vjp(dy, d_table) -> None``
        `d_table` is an array like `table`, or a `RowGradient`. Tokens have no gradient.
    """

    def vjp(dy: Array, d_table: Array | RowGradient) -> None:
        # A sparse product sums the rows of equal tokens; np.add.at takes ten times as long.
        n = tokens.size
        rows, d_rows = _placed(tokens.ravel(), d_table)
        pick = sparse.csc_array((np.ones(n, dy.dtype), rows, np.arange(n + 1)), shape=(len(d_rows), n))
        d_rows[...] = pick @ dy.reshape(n, -1)

    return table.take(tokens, axis=0), vjp


def embedding_mean(tokens: Array, table: Array, counts: Array) -> tuple[Array, Vjp]:
    """Mean of the rows of the table for the tokens of each sample that count; zero if none does.

    Parameters
    ----------
    tokens : integer array of shape (batch, steps)
    table : array of shape (vocabulary, size)
    counts : boolean array of shape (batch, steps)

    Returns
    -------
    y : array of shape (batch, size)
    vjp : ``vjp(dy, d_table) -> None``
        `d_table` is an array like `table`, or a `RowGradient`. Tokens have no gradient.
    """
    if tokens.size and not 0 <= tokens.min() <= tokens.max() < len(table):  # the sparse product would not notice
        raise IndexError(f"Tokens from {tokens.min()} to {tokens.max()} are outside a table of {len(table)} rows.")
    n_tokens = counts.sum(axis=1)
    shares = np.repeat((1 / np.maximum(n_tokens, 1)).astype(table.dtype), n_tokens)
    ends, counted = np.concatenate([[0], np.cumsum(n_tokens)]), tokens[counts]

    def vjp(dy: Array, d_table: Array | RowGradient) -> None:
        rows, d_rows = _placed(counted, d_table)
        d_rows[...] = sparse.csc_array((shares, rows, ends), shape=(len(d_rows), len(tokens))) @ dy

    # The product of a sparse matrix: 1600 tokens in 0.03 ms, instead of 0.15 ms for rows that are looked up and summed.
    return sparse.csr_array((shares, counted, ends), shape=(len(tokens), len(table))) @ table, vjp


def _placed(tokens: Array, d_table: Array | RowGradient) -> tuple[Array, Array]:
    """Place of each token in the gradient, and the array of the gradient."""
    if isinstance(d_table, RowGradient):
        return d_table.places.take(tokens), d_table.values
    return tokens, d_table
