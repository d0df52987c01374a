"""The simple recurrent network, in which each unit depends on the states of all units (Elman 1990)."""

from __future__ import annotations

import numpy as np

from skneural.ops.memory import empty_like
from skneural.ops.recurrence import (
    ColumnCounts,
    chunks_backwards,
    side_by_side,
    slabs,
    stacked_inputs,
    stacked_weight,
    step_product,
    tanh_slope,
    unstack,
)
from skneural.ops.types import Array, Vjp


def elman(
    x: Array,
    recurrent: Array,
    inputs: Array,
    bias: Array,
    columns: ColumnCounts = None,
    *,
    input_gradient: bool = True,
    keep: bool = True,
) -> tuple[Array, Vjp]:
    """States of ``state = tanh(recurrent @ state + inputs @ x + bias)`` after each step.

    Parameters
    ----------
    x : array of shape (steps, features, batch)
    recurrent : array of shape (n, n)
    inputs : array of shape (features, n)
    bias : array of shape (n,)
    columns : sequence of int, optional
        For each step, the number of columns that have it; the columns are sorted by length, the longest first.
    input_gradient : bool
        False to skip dx.
    keep : bool
        Accepted for consistency with the other recurrences; without effect, because only the states are stored.

    Returns
    -------
    y : array of shape (steps, n, batch)
        Zero beyond the end of a series.
    vjp : ``vjp(dy, d_recurrent, d_inputs, d_bias) -> dx``
    """
    n_steps, n, batch = len(x), len(recurrent), x.shape[2]
    z = stacked_inputs(x, n, columns)
    weight = stacked_weight(recurrent, inputs, bias)
    multiply = step_product(columns)
    for stacked, state in zip(slabs(z[:-1], columns), slabs(z[1:, :n], columns), strict=False):
        multiply(weight, stacked, state)
        np.tanh(state, state)
    y = z[1:, :n]

    def vjp(dy: Array, d_recurrent: Array, d_inputs: Array, d_bias: Array) -> Array | None:
        d_weight = np.zeros_like(weight)
        dx = empty_like(x) if input_gradient else None
        for steps, d, chunk_columns in chunks_backwards((n_steps, n, batch), n, columns, x.dtype):
            _walk_back(recurrent, tanh_slope(y[steps]), dy[steps], d, chunk_columns)
            d_weight += side_by_side(d[:-1]) @ side_by_side(z[steps]).T
            if dx is not None:
                np.matmul(inputs, d[:-1], out=dx[steps])
        unstack(d_weight, d_recurrent, d_inputs, d_bias)
        return dx

    return y, vjp


def elman_step(x: Array, state: Array, recurrent: Array, inputs: Array, bias: Array) -> tuple[Array, Array]:
    """One step: x of shape (features, batch), and state of shape (n, batch)."""
    state = np.tanh(recurrent.T @ state + inputs.T @ x + bias[:, np.newaxis])
    return state, state


def _walk_back(recurrent: Array, slope: Array, dy: Array, d: Array, columns: ColumnCounts) -> None:
    """Fill d, of shape (steps + 1, n, batch), with the gradients of the arguments of tanh.

    `columns` begins with the last step.
    """
    multiply = step_product(columns)
    for d_next, dy_step, slope_step, d_step in zip(
        slabs(d[:0:-1], columns),
        slabs(dy[::-1], columns),
        slabs(slope[::-1], columns),
        slabs(d[-2::-1], columns),
        strict=False,
    ):
        multiply(recurrent, d_next, d_step)
        np.add(d_step, dy_step, d_step)
        np.multiply(d_step, slope_step, d_step)
