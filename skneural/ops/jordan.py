"""Recurrent network whose recurrence starts from its output, behind a second layer (Jordan 1986)."""

from __future__ import annotations

import numpy as np

from skneural.ops.memory import empty, empty_like
from skneural.ops.recurrence import (
    ColumnCounts,
    chunks_backwards,
    same_memory,
    side_by_side,
    slabs,
    stacked_inputs,
    stacked_weight,
    step_product,
    tanh_slope,
    unstack,
)
from skneural.ops.types import Array, Vjp


def jordan(
    x: Array,
    recurrent: Array,
    inputs: Array,
    bias: Array,
    outputs: Array,
    output_bias: Array,
    columns: ColumnCounts = None,
    *,
    input_gradient: bool = True,
    keep: bool = True,
) -> tuple[Array, Vjp]:
    """Outputs of ``hidden = tanh(recurrent @ y + inputs @ x + bias)``, ``y = tanh(outputs @ hidden + output_bias)``.

    Parameters
    ----------
    x : array of shape (steps, features, batch)
    recurrent : array of shape (n, n)
    inputs : array of shape (features, n)
    bias : array of shape (n,)
    outputs : array of shape (n, n)
    output_bias : array of shape (n,)
    columns, input_gradient
        As in `skneural.ops.elman.elman`.
    keep : bool
        False if there is no backward pass: 1 instead of 2 numbers are stored for each step, unit and row.

    Returns
    -------
    y : array of shape (steps, n, batch)
        Zero beyond the end of a series.
    vjp : ``vjp(dy, d_recurrent, d_inputs, d_bias, d_outputs, d_output_bias) -> dx``
    """
    n_steps, n, batch = len(x), len(recurrent), x.shape[2]
    z = stacked_inputs(x, n, columns)
    weight = stacked_weight(recurrent, inputs, bias)
    output_weight = np.concatenate([outputs.T, output_bias[:, np.newaxis]], axis=1)
    hidden = empty((n_steps if keep else 1, n + 1, batch), x.dtype)
    if columns is not None:
        hidden[...] = 0  # the backward pass multiplies missing steps by zero, so they must be finite
    hidden[:, n] = 1
    hidden_of_steps = hidden if keep else same_memory(hidden[0], n_steps)
    multiply = step_product(columns)
    for stacked, units, units_and_one, output in zip(
        slabs(z[:-1], columns),
        slabs(hidden_of_steps[:, :n], columns),
        slabs(hidden_of_steps, columns),
        slabs(z[1:, :n], columns),
        strict=False,
    ):
        multiply(weight, stacked, units)
        np.tanh(units, units)
        multiply(output_weight, units_and_one, output)
        np.tanh(output, output)
    y = z[1:, :n]

    def vjp(
        dy: Array, d_recurrent: Array, d_inputs: Array, d_bias: Array, d_outputs: Array, d_output_bias: Array
    ) -> Array | None:
        d_weight, d_output_weight = np.zeros_like(weight), np.zeros_like(output_weight)
        dx = empty_like(x) if input_gradient else None
        for steps, d, chunk_columns in chunks_backwards((n_steps, 2 * n, batch), n, columns, x.dtype):
            slopes = tanh_slope(hidden[steps, :n]), tanh_slope(y[steps])
            _walk_back(recurrent, outputs, slopes, dy[steps], d, chunk_columns)
            d_weight += side_by_side(d[:-1, :n]) @ side_by_side(z[steps]).T
            d_output_weight += side_by_side(d[:-1, n:]) @ side_by_side(hidden[steps]).T
            if dx is not None:
                np.matmul(inputs, d[:-1, :n], out=dx[steps])
        unstack(d_weight, d_recurrent, d_inputs, d_bias)
        d_outputs[...] = d_output_weight[:, :n].T
        d_output_bias[...] = d_output_weight[:, n]
        return dx

    return y, vjp


def jordan_step(
    x: Array, state: Array, recurrent: Array, inputs: Array, bias: Array, outputs: Array, output_bias: Array
) -> tuple[Array, Array]:
    """One step: x of shape (features, batch), and state, which is the previous output, of shape (n, batch)."""
    hidden = np.tanh(recurrent.T @ state + inputs.T @ x + bias[:, np.newaxis])
    state = np.tanh(outputs.T @ hidden + output_bias[:, np.newaxis])
    return state, state


def _walk_back(
    recurrent: Array, outputs: Array, slopes: tuple[Array, Array], dy: Array, d: Array, columns: ColumnCounts
) -> None:
    """Fill d, of shape (steps + 1, 2 * n, batch), with the gradients of the arguments of tanh: hidden, then output.

    `columns` begins with the last step.
    """
    n = len(recurrent)
    multiply = step_product(columns)
    for d_next, dy_step, hidden_slope, output_slope, d_hidden, d_output in zip(
        slabs(d[:0:-1, :n], columns),
        slabs(dy[::-1], columns),
        slabs(slopes[0][::-1], columns),
        slabs(slopes[1][::-1], columns),
        slabs(d[-2::-1, :n], columns),
        slabs(d[-2::-1, n:], columns),
        strict=False,
    ):
        multiply(recurrent, d_next, d_output)
        np.add(d_output, dy_step, d_output)
        np.multiply(d_output, output_slope, d_output)
        multiply(outputs, d_output, d_hidden)
        np.multiply(d_hidden, hidden_slope, d_hidden)
