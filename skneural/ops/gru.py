"""Gated recurrent unit (Cho et al. 2014), in the variant whose reset gate is applied after the recurrent product.

==========  ============================================================  ======
name        meaning                                                       paper
==========  ============================================================  ======
state       output of the layer                                           h
reset       reset gate, share of the state in the candidate: logistic     r
update      update gate, share of the state that is kept: logistic        z
recalled    recurrent product of the candidate                            U h
candidate   candidate state, which replaces the rest: tanh                h~, n
==========  ============================================================  ======

    candidate = tanh(inputs @ x + reset * recalled)
    state = update * state + (1 - update) * candidate

Here, as in cuDNN, PyTorch and Keras, the update gate is the share of the state that is kept; in the text of the paper
it is the share that is replaced. As the reset gate is applied after the product, `recalled` has a separate bias, and
a single product of the state serves all three gates.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skneural.ops.memory import empty, empty_like
from skneural.ops.pointwise import sigmoid
from skneural.ops.products import in_rows
from skneural.ops.recurrence import (
    ColumnCounts,
    by_block,
    chunks_backwards,
    each_step,
    same_memory,
    side_by_side,
    slabs,
    stacked_inputs,
    stacked_weight,
    step_product,
)
from skneural.ops.types import Array, Vjp

N_GRU_GATES = 3  # of the state: recalled, reset, update; of x: reset, update, candidate
N_BIASES = 4  # recalled, reset, update, candidate


def gru(
    x: Array,
    recurrent: Array,
    inputs: Array,
    bias: Array,
    columns: ColumnCounts = None,
    *,
    first: Array | None = None,
    input_gradient: bool = True,
    keep: bool = True,
) -> tuple[Array, Vjp]:
    """States of a GRU after each step.

    Parameters
    ----------
    x : array of shape (steps, features, batch)
    recurrent : array of shape (n, 3 * n)
        Weights of the state for recalled, reset and update.
    inputs : array of shape (features, 3 * n)
        Weights of x for reset, update and candidate.
    bias : array of shape (4 * n,)
        Biases of recalled, reset, update and candidate.
    columns : sequence of int, optional
        For each step, the number of columns that have it; the columns are sorted by length, the longest first.
    first : array of shape (n, batch), optional
        The state before the first step, which must exist in all columns; zero by default.
    input_gradient : bool
        False to skip dx.
    keep : bool
        False if there is no backward pass: 2 instead of 5 numbers are stored for each step, unit and row.

    Returns
    -------
    y : array of shape (steps, n, batch)
        Zero beyond the end of a series.
    vjp : ``vjp(dy, d_recurrent, d_inputs, d_bias) -> dx``
        With `first`, the pair of dx and the gradient of `first`.
    """
    n_steps, n_in, batch = x.shape
    n = len(recurrent)
    z = stacked_inputs(x, n, columns, first)
    unseen: Array = np.zeros((n_in, n), x.dtype)  # recalled does not depend on x
    weight = stacked_weight(recurrent, np.concatenate([unseen, inputs[:, : 2 * n]], axis=1), bias[: 3 * n])
    weight[n:] *= 0.5  # the logistic function is 0.5 * tanh(0.5 * x) + 0.5
    candidate_weight = np.concatenate([bias[3 * n :, np.newaxis], inputs[:, 2 * n :].T], axis=1)
    candidate = np.matmul(candidate_weight, z[:-1, n:], out=empty((n_steps, n, batch), x.dtype))
    gates = empty((n_steps if keep else 1, 3 * n, batch), x.dtype)
    if columns is not None:
        gates[...] = 0  # the backward pass multiplies missing steps by zero, so they must be finite
    _walk(weight, z, gates if keep else same_memory(gates[0], n_steps), candidate, columns)

    def vjp(dy: Array, d_recurrent: Array, d_inputs: Array, d_bias: Array) -> Any:
        d_of_state, d_of_x = np.zeros((3 * n, n + 1), x.dtype), np.zeros((3 * n, n_in + 1), x.dtype)
        dx = empty_like(x) if input_gradient else None
        for steps, d, chunk_columns in chunks_backwards((n_steps, 5 * n, batch), n, columns, x.dtype):
            factors = _factors(gates[steps], candidate[steps], z[steps, :n], n)
            _walk_back(recurrent, factors, dy[steps], d, chunk_columns)
            d_rows, z_rows = side_by_side(d[:-1, : 4 * n]), side_by_side(z[steps])
            d_of_state += d_rows[: 3 * n] @ z_rows[: n + 1].T
            d_of_x += d_rows[n:] @ z_rows[n:].T
            if dx is not None:
                np.matmul(inputs, d[:-1, n : 4 * n], out=dx[steps])
        d_recurrent[...] = d_of_state[:, :n].T
        d_inputs[...] = d_of_x[:, 1:].T
        d_bias[:n] = d_of_state[:n, n]
        d_bias[n:] = d_of_x[:, 0]
        if first is None:
            return dx
        return dx, recurrent @ d[0, : 3 * n] + d[0, 4 * n :]

    return z[1:, :n], vjp


def gru_step(x: Array, state: Array, recurrent: Array, inputs: Array, bias: Array) -> tuple[Array, Array]:
    """One step: x of shape (features, batch), and state of shape (n, batch)."""
    n = len(recurrent)
    of_state = recurrent.T @ state + bias[: 3 * n, np.newaxis]
    of_x = inputs.T @ x
    reset, update = sigmoid(of_state[n : 2 * n] + of_x[:n]), sigmoid(of_state[2 * n :] + of_x[n : 2 * n])
    candidate = np.tanh(of_x[2 * n :] + bias[3 * n :, np.newaxis] + reset * of_state[:n])
    state = update * state + (1.0 - update) * candidate
    return state, state


def _walk(weight: Array, z: Array, gates: Array, candidate: Array, columns: ColumnCounts) -> None:
    n = candidate.shape[1]
    half = np.array(0.5, z.dtype)
    weight = in_rows(weight, z.shape[2])
    multiply = step_product(columns, weight)
    for inputs, before, all_three, recalled, logistic, reset, update, new, change, state in zip(
        slabs(z[:-1], columns),
        slabs(z[:-1, :n], columns),
        slabs(by_block(gates, weight), columns),
        slabs(gates[:, :n], columns),
        slabs(gates[:, n:], columns),
        slabs(gates[:, n : 2 * n], columns),
        slabs(gates[:, 2 * n :], columns),
        slabs(candidate, columns),
        each_step(empty((n, z.shape[2]), z.dtype), columns),
        slabs(z[1:, :n], columns),
        strict=False,
    ):
        multiply(weight, inputs, all_three)
        np.tanh(logistic, logistic)
        np.multiply(logistic, half, logistic)
        np.add(logistic, half, logistic)
        np.multiply(recalled, reset, change)
        np.add(new, change, new)
        np.tanh(new, new)
        np.subtract(before, new, change)
        np.multiply(change, update, change)
        np.add(change, new, state)


def _factors(gates: Array, candidate: Array, before: Array, n: int) -> Array:
    """Factors by which the gradient of the state is multiplied, for a chunk of steps.

    The products are the gradients of recalled, reset, update, candidate, and of the kept part of the previous state.
    """
    factors = empty((len(gates), 5 * n, gates.shape[2]), gates.dtype)
    recalled, reset, update = gates[:, :n], gates[:, n : 2 * n], gates[:, 2 * n :]
    by_recalled, by_reset, by_update = factors[:, :n], factors[:, n : 2 * n], factors[:, 2 * n : 3 * n]
    by_candidate, kept = factors[:, 3 * n : 4 * n], factors[:, 4 * n :]
    np.subtract(1.0, gates[:, n:], out=factors[:, n : 3 * n])
    np.multiply(candidate, candidate, out=by_candidate)
    np.subtract(1.0, by_candidate, out=by_candidate)
    by_candidate *= by_update
    np.multiply(by_candidate, reset, out=by_recalled)
    by_reset *= recalled
    by_reset *= by_recalled
    by_update *= update
    by_update *= np.subtract(before, candidate, out=kept)
    kept[...] = update
    return factors


def _walk_back(recurrent: Array, factors: Array, dy: Array, d: Array, columns: ColumnCounts) -> None:
    """Fill d, of shape (steps + 1, 5 * n, batch), with the gradients that are listed in `_factors`.

    `columns` begins with the last step.
    """
    n, batch, n_steps = len(recurrent), d.shape[2], len(factors)
    recurrent = in_rows(recurrent, batch)
    multiply = step_product(columns, recurrent)
    state = empty((n, batch), d.dtype)
    for product, d_state, d_next, d_kept, dy_step, step_factors, d_step in zip(
        each_step(by_block(state, recurrent), columns),
        each_step(state, columns),
        slabs(d[:0:-1, : 3 * n], columns),
        slabs(d[:0:-1, 4 * n :], columns),
        slabs(dy[::-1], columns),
        slabs(factors.reshape(n_steps, 5, n, batch)[::-1], columns),
        slabs(d[:-1].reshape(n_steps, 5, n, batch)[::-1], columns),
        strict=False,
    ):
        multiply(recurrent, d_next, product)
        np.add(d_state, d_kept, d_state)
        np.add(d_state, dy_step, d_state)
        np.multiply(d_state, step_factors, d_step)
