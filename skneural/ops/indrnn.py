"""Independently recurrent network (IndRNN): each unit depends on its own state only (Li et al. 2018).

state        output of the layer                            h
recurrent    a weight for the previous state of each unit   u
inputs       weights of x                                   W
"""

from __future__ import annotations

import numpy as np

from skneural.ops.memory import empty, empty_like
from skneural.ops.recurrence import (
    ColumnCounts,
    chunks_backwards,
    each_step,
    side_by_side,
    slabs,
)
from skneural.ops.types import Array, Vjp


def indrnn(
    x: Array,
    recurrent: Array,
    inputs: Array,
    bias: Array,
    columns: ColumnCounts = None,
    *,
    input_gradient: bool = True,
    keep: bool = True,
) -> tuple[Array, Vjp]:
    """States of ``state = relu(recurrent * state + inputs @ x + bias)``, unit by unit, after each step.

    Parameters
    ----------
    x : array of shape (steps, features, batch)
    recurrent : array of shape (n,)
    inputs : array of shape (features, n)
    bias : array of shape (n,)
    columns, input_gradient, keep
        As in `skneural.ops.elman.elman`.

    Returns
    -------
    y : array of shape (steps, n, batch)
        Zero beyond the end of a series.
    vjp : ``vjp(dy, d_recurrent, d_inputs, d_bias) -> dx``
    """
    n_steps, n, batch = len(x), len(recurrent), x.shape[2]
    kept = recurrent[:, np.newaxis]
    states = empty((n_steps + 1, n, batch), x.dtype)
    states[0] = 0
    np.matmul(inputs.T, x, out=states[1:])  # independent of the states, so all steps at once
    states[1:] += bias[:, np.newaxis]
    if columns is not None:
        for state, n_columns in zip(states[1:], columns, strict=True):
            state[:, n_columns:] = 0
    zero = np.zeros((), x.dtype)
    scratch = each_step(empty((n, batch), x.dtype), columns)
    for before, state, carried in zip(slabs(states, columns), slabs(states[1:], columns), scratch, strict=False):
        np.multiply(before, kept, carried)
        np.add(state, carried, state)
        np.maximum(state, zero, out=state)
    y = states[1:]

    def vjp(dy: Array, d_recurrent: Array, d_inputs: Array, d_bias: Array) -> Array | None:
        dx = empty_like(x) if input_gradient else None
        d_recurrent[...] = d_inputs[...] = d_bias[...] = 0
        for steps, d, chunk_columns in chunks_backwards((n_steps, n, batch), n, columns, x.dtype):
            _walk_back(kept, y[steps] > 0, dy[steps], d, chunk_columns)
            d_recurrent += np.einsum("tnb,tnb->n", d[:-1], states[steps])
            d_bias += np.einsum("tnb->n", d[:-1])
            d_inputs += side_by_side(x[steps]) @ side_by_side(d[:-1]).T
            if dx is not None:
                np.matmul(inputs, d[:-1], out=dx[steps])
        return dx

    return y, vjp


def indrnn_step(x: Array, state: Array, recurrent: Array, inputs: Array, bias: Array) -> tuple[Array, Array]:
    """One step: x of shape (features, batch), and state of shape (n, batch)."""
    state = np.maximum(recurrent[:, np.newaxis] * state + inputs.T @ x + bias[:, np.newaxis], 0.0)
    return state, state


def _walk_back(kept: Array, slope: Array, dy: Array, d: Array, columns: ColumnCounts) -> None:
    """Fill d, of shape (steps + 1, n, batch), with the gradients of the arguments of the ReLU.

    `columns` begins with the last step.
    """
    for d_next, dy_step, slope_step, d_step in zip(
        slabs(d[:0:-1], columns),
        slabs(dy[::-1], columns),
        slabs(slope[::-1], columns),
        slabs(d[-2::-1], columns),
        strict=False,
    ):
        np.multiply(d_next, kept, d_step)
        np.add(d_step, dy_step, d_step)
        np.multiply(d_step, slope_step, d_step)
