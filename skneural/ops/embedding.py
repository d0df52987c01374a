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


def _placed(tokens: Array, d_table: Array | RowGradient) -> tuple[Array, Array]:
    """Place of each token in the gradient, and the array of the gradient."""
    if isinstance(d_table, RowGradient):
        return d_table.places.take(tokens), d_table.values
    return tokens, d_table
