"""Simple recurrences: fully connected, independent, and from the output.

A state follows from x and from the state of the step before: through all units (Elman 1990), through the same unit
only (Li et al. 2018), or, where the output feeds back, through a second layer (Jordan 1986).
"""

from __future__ import annotations

import numpy as np

from skneural.ops.memory import empty, empty_like
from skneural.ops.recurrence import (
    Columns,
    StepGradients,
    chunk_size,
    chunks_backwards,
    each_step,
    same_memory,
    side_by_side,
    slabs,
    stacked_inputs,
    stacked_weight,
)
from skneural.ops.types import Array, Vjp


def elman(
    x: Array,
    recurrent: Array,
    inputs: Array,
    bias: Array,
    columns: Columns = None,
    *,
    input_gradient: bool = True,
    keep: bool = True,
) -> tuple[Array, Vjp]:
    """``state = tanh(recurrent @ state + inputs @ x + bias)``: the state after each step.

    Parameters
    ----------
    x : array of shape (steps, features, batch)
    recurrent : array of shape (n, n)
    inputs : array of shape (features, n)
    bias : array of shape (n,)
    columns : sequence of int, optional
        How many of the columns, which are sorted by length, have each step.
    input_gradient : bool
        Whether anybody reads dx.
    keep : bool
        As with the other recurrences; here it makes no difference: the states are all that is held.

    Returns
    -------
    y : array of shape (steps, n, batch)
        Zero where there is no step.
    vjp : ``vjp(dy, d_recurrent, d_inputs, d_bias) -> dx``
    """
    n_steps, n, batch = len(x), len(recurrent), x.shape[2]
    z = stacked_inputs(x, n, columns)
    weight = stacked_weight(recurrent, inputs, bias)
    for stacked, state in zip(slabs(z[:-1], columns), slabs(z[1:, :n], columns), strict=False):
        np.matmul(weight, stacked, out=state)
        np.tanh(state, state)
    y = z[1:, :n]

    def vjp(dy: Array, d_recurrent: Array, d_inputs: Array, d_bias: Array) -> Array | None:
        size = chunk_size(n_steps, n * batch)
        d_steps = StepGradients(n, batch, size, columns, x.dtype)
        d_weight = np.zeros((n, z.shape[1]), x.dtype)
        dx = empty_like(x) if input_gradient else None
        for steps in chunks_backwards(n_steps, size):
            d = d_steps.chunk(steps)
            _elman_back(recurrent, _slope(y[steps]), dy[steps], d, None if columns is None else columns[steps])
            d_weight += side_by_side(d[:-1]) @ side_by_side(z[steps]).T
            if dx is not None:
                np.matmul(inputs, d[:-1], out=dx[steps])
        d_recurrent[...] = d_weight[:, :n].T
        d_bias[...] = d_weight[:, n]
        d_inputs[...] = d_weight[:, n + 1 :].T
        return dx

    return y, vjp


def elman_step(x: Array, state: Array, recurrent: Array, inputs: Array, bias: Array) -> tuple[Array, Array]:
    """One step: x of shape (features, batch), and state of shape (n, batch)."""
    state = np.tanh(recurrent.T @ state + inputs.T @ x + bias[:, np.newaxis])
    return state, state


def _elman_back(recurrent: Array, slope: Array, dy: Array, d: Array, columns: Columns) -> None:
    """Fill d, of shape (steps + 1, n, batch), with the gradients of what tanh was taken of."""
    columns = None if columns is None else columns[::-1]
    for d_next, dy_step, slope_step, d_step in zip(
        slabs(d[:0:-1], columns),
        slabs(dy[::-1], columns),
        slabs(slope[::-1], columns),
        slabs(d[-2::-1], columns),
        strict=False,
    ):
        np.matmul(recurrent, d_next, out=d_step)
        np.add(d_step, dy_step, d_step)
        np.multiply(d_step, slope_step, d_step)


def independent(
    x: Array,
    recurrent: Array,
    inputs: Array,
    bias: Array,
    columns: Columns = None,
    *,
    input_gradient: bool = True,
    keep: bool = True,
) -> tuple[Array, Vjp]:
    """``state = relu(recurrent * state + inputs @ x + bias)``, unit by unit: the state after each step.

    Parameters
    ----------
    x : array of shape (steps, features, batch)
    recurrent : array of shape (n,)
    inputs : array of shape (features, n)
    bias : array of shape (n,)
    columns, input_gradient, keep
        As in `elman`.

    Returns
    -------
    y : array of shape (steps, n, batch)
        Zero where there is no step.
    vjp : ``vjp(dy, d_recurrent, d_inputs, d_bias) -> dx``
    """
    n_steps, n, batch = len(x), len(recurrent), x.shape[2]
    kept = recurrent[:, np.newaxis]
    states = empty((n_steps + 1, n, batch), x.dtype)
    states[0] = 0
    np.matmul(inputs.T, x, out=states[1:])  # no step needs another's, so all at once
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
        size = chunk_size(n_steps, n * batch)
        d_steps = StepGradients(n, batch, size, columns, x.dtype)
        dx = empty_like(x) if input_gradient else None
        d_recurrent[...] = d_inputs[...] = d_bias[...] = 0
        for steps in chunks_backwards(n_steps, size):
            d, slope = d_steps.chunk(steps), y[steps] > 0
            _independent_back(kept, slope, dy[steps], d, None if columns is None else columns[steps])
            d_recurrent += np.einsum("tnb,tnb->n", d[:-1], states[steps])
            d_bias += np.einsum("tnb->n", d[:-1])
            d_inputs += side_by_side(x[steps]) @ side_by_side(d[:-1]).T
            if dx is not None:
                np.matmul(inputs, d[:-1], out=dx[steps])
        return dx

    return y, vjp


def independent_step(x: Array, state: Array, recurrent: Array, inputs: Array, bias: Array) -> tuple[Array, Array]:
    """One step: x of shape (features, batch), and state of shape (n, batch)."""
    state = np.maximum(recurrent[:, np.newaxis] * state + inputs.T @ x + bias[:, np.newaxis], 0.0)
    return state, state


def _independent_back(kept: Array, slope: Array, dy: Array, d: Array, columns: Columns) -> None:
    """Fill d, of shape (steps + 1, n, batch), with the gradients of what was rectified."""
    columns = None if columns is None else columns[::-1]
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


def jordan(
    x: Array,
    recurrent: Array,
    inputs: Array,
    bias: Array,
    outputs: Array,
    output_bias: Array,
    columns: Columns = None,
    *,
    input_gradient: bool = True,
    keep: bool = True,
) -> tuple[Array, Vjp]:
    """``hidden = tanh(recurrent @ y + inputs @ x + bias)``, ``y = tanh(outputs @ hidden + output_bias)``: each y.

    Parameters
    ----------
    x : array of shape (steps, features, batch)
    recurrent : array of shape (n, n)
    inputs : array of shape (features, n)
    bias : array of shape (n,)
    outputs : array of shape (n, n)
    output_bias : array of shape (n,)
    columns, input_gradient
        As in `elman`.
    keep : bool
        False if nobody will go back: 1 instead of 2 numbers are held for each step, unit and row.

    Returns
    -------
    y : array of shape (steps, n, batch)
        Zero where there is no step.
    vjp : ``vjp(dy, d_recurrent, d_inputs, d_bias, d_outputs, d_output_bias) -> dx``
    """
    n_steps, n, batch = len(x), len(recurrent), x.shape[2]
    z = stacked_inputs(x, n, columns)
    weight = stacked_weight(recurrent, inputs, bias)
    output_weight = np.concatenate([outputs.T, output_bias[:, np.newaxis]], axis=1)
    hidden = empty((n_steps if keep else 1, n + 1, batch), x.dtype)
    if columns is not None:
        hidden[...] = 0  # going back multiplies what has no step by zero: it must be finite
    hidden[:, n] = 1
    hidden_of_steps = hidden if keep else same_memory(hidden[0], n_steps)
    for stacked, units, with_one, output in zip(
        slabs(z[:-1], columns),
        slabs(hidden_of_steps[:, :n], columns),
        slabs(hidden_of_steps, columns),
        slabs(z[1:, :n], columns),
        strict=False,
    ):
        np.matmul(weight, stacked, out=units)
        np.tanh(units, units)
        np.matmul(output_weight, with_one, out=output)
        np.tanh(output, output)
    y = z[1:, :n]

    def vjp(
        dy: Array, d_recurrent: Array, d_inputs: Array, d_bias: Array, d_outputs: Array, d_output_bias: Array
    ) -> Array | None:
        size = chunk_size(n_steps, n * batch)
        d_steps = StepGradients(2 * n, batch, size, columns, x.dtype)
        d_weight, d_output_weight = np.zeros_like(weight), np.zeros_like(output_weight)
        dx = empty_like(x) if input_gradient else None
        for steps in chunks_backwards(n_steps, size):
            d = d_steps.chunk(steps)
            slopes = _slope(hidden[steps, :n]), _slope(y[steps])
            _jordan_back(recurrent, outputs, slopes, dy[steps], d, None if columns is None else columns[steps])
            d_weight += side_by_side(d[:-1, :n]) @ side_by_side(z[steps]).T
            d_output_weight += side_by_side(d[:-1, n:]) @ side_by_side(hidden[steps]).T
            if dx is not None:
                np.matmul(inputs, d[:-1, :n], out=dx[steps])
        d_recurrent[...] = d_weight[:, :n].T
        d_bias[...] = d_weight[:, n]
        d_inputs[...] = d_weight[:, n + 1 :].T
        d_outputs[...] = d_output_weight[:, :n].T
        d_output_bias[...] = d_output_weight[:, n]
        return dx

    return y, vjp


def jordan_step(
    x: Array, state: Array, recurrent: Array, inputs: Array, bias: Array, outputs: Array, output_bias: Array
) -> tuple[Array, Array]:
    """One step: x of shape (features, batch), and state, which is the last output, of shape (n, batch)."""
    hidden = np.tanh(recurrent.T @ state + inputs.T @ x + bias[:, np.newaxis])
    state = np.tanh(outputs.T @ hidden + output_bias[:, np.newaxis])
    return state, state


def _jordan_back(
    recurrent: Array, outputs: Array, slopes: tuple[Array, Array], dy: Array, d: Array, columns: Columns
) -> None:
    """Fill d, of shape (steps + 1, 2 * n, batch), with the gradients of what tanh was taken of: hidden, then output."""
    n = len(recurrent)
    columns = None if columns is None else columns[::-1]
    for d_next, dy_step, hidden_slope, output_slope, d_hidden, d_output in zip(
        slabs(d[:0:-1, :n], columns),
        slabs(dy[::-1], columns),
        slabs(slopes[0][::-1], columns),
        slabs(slopes[1][::-1], columns),
        slabs(d[-2::-1, :n], columns),
        slabs(d[-2::-1, n:], columns),
        strict=False,
    ):
        np.matmul(recurrent, d_next, out=d_output)
        np.add(d_output, dy_step, d_output)
        np.multiply(d_output, output_slope, d_output)
        np.matmul(outputs, d_output, out=d_hidden)
        np.multiply(d_hidden, hidden_slope, d_hidden)


def _slope(y: Array) -> Array:
    """Derivative of tanh where it is y."""
    slope = empty(y.shape, y.dtype)
    np.multiply(y, y, out=slope)
    return np.subtract(1.0, slope, out=slope)
