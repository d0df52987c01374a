"""Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000).

====================  =====================================================  ======
name                  meaning                                                paper
====================  =====================================================  ======
state                 output of the layer, hidden state                      h
memory                cell state                                             c
output, input,        gates: shares of the memory that are emitted, of the   o, i, f
forget                candidate that are added, of the memory that are kept
candidate             candidate for the memory: tanh                         g
====================  =====================================================  ======

    memory = forget * memory + input * candidate
    state = output * tanh(memory)

The logistic function of the gates is computed as ``0.5 * tanh(0.5 * x) + 0.5``, so that one call of tanh serves gates
and candidate: NumPy's tanh takes 0.5 ns per number, SciPy's `expit` ten times as long. For each step, output, input,
forget, candidate and the memory of the previous step follow each other in memory in this order, so that the pair
(input, forget) is multiplied by its neighbours (candidate, memory) in one call.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skneural.ops.memory import empty, empty_like, zeros
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
    unstack,
)
from skneural.ops.types import Array, Vjp

N_LSTM_GATES = 4  # output, input, forget, candidate, which is the order of the columns of the weights


def lstm(
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
    """States of an LSTM after each step.

    Parameters
    ----------
    x : array of shape (steps, features, batch)
    recurrent : array of shape (n, 4 * n)
    inputs : array of shape (features, 4 * n)
    bias : array of shape (4 * n,)
    columns : sequence of int, optional
        For each step, the number of columns that have it; the columns are sorted by length, the longest first.
    first : array of shape (2 * n, batch), optional
        State and memory before the first step, which must exist in all columns; zero by default.
    input_gradient : bool
        False to skip dx.
    keep : bool
        False if there is no backward pass: 1 instead of 7 numbers are stored for each step, unit and row.

    Returns
    -------
    y : array of shape (steps, n, batch)
        Zero beyond the end of a series.
    vjp : ``vjp(dy, d_recurrent, d_inputs, d_bias) -> dx``
        With `first`, the pair of dx and the gradient of `first`.
    """
    n_steps, _, batch = x.shape
    n = len(recurrent)
    weight = stacked_weight(recurrent, inputs, bias)
    weight[: 3 * n] *= 0.5
    z = stacked_inputs(x, n, columns, None if first is None else first[:n])
    gates, emitted = _memory_of_steps(n_steps, n, batch, columns, x.dtype, keep)
    if first is not None:
        gates[0, 4 * n :] = first[n:]
    _walk(weight, z, gates, emitted, columns)

    def vjp(dy: Array, d_recurrent: Array, d_inputs: Array, d_bias: Array) -> Any:
        d_weight = np.zeros_like(weight)
        dx = empty_like(x) if input_gradient else None
        for steps, d, chunk_columns in chunks_backwards((n_steps, 6 * n, batch), n, columns, x.dtype):
            _walk_back(recurrent, _factors(gates[steps], emitted[steps], n), dy[steps], d, chunk_columns)
            d_gates = d[:-1, n : 5 * n]
            d_weight += side_by_side(d_gates) @ side_by_side(z[steps]).T
            if dx is not None:
                np.matmul(inputs, d_gates, out=dx[steps])
        unstack(d_weight, d_recurrent, d_inputs, d_bias)
        if first is None:
            return dx
        return dx, np.concatenate([recurrent @ d[0, n : 5 * n], d[0, 5 * n :]])

    return z[1:, :n], vjp


def lstm_step(
    x: Array, state: tuple[Array, Array], recurrent: Array, inputs: Array, bias: Array
) -> tuple[Array, tuple[Array, Array]]:
    """One step: x of shape (features, batch), and state and memory of shape (n, batch)."""
    hidden, memory = state
    gates = recurrent.T @ hidden + inputs.T @ x + bias[:, np.newaxis]
    output, input_gate, forget, candidate = np.split(gates, N_LSTM_GATES)
    memory = sigmoid(forget) * memory + sigmoid(input_gate) * np.tanh(candidate)
    hidden = sigmoid(output) * np.tanh(memory)
    return hidden, (hidden, memory)


def _memory_of_steps(
    n_steps: int, n: int, batch: int, columns: ColumnCounts, dtype: np.dtype, keep: bool
) -> tuple[Array, Array]:
    """Arrays for gates and previous memory of each step and one more, and for tanh of the memory of each step."""
    if not keep:
        return same_memory(zeros((5 * n, batch), dtype), n_steps + 1), same_memory(empty((n, batch), dtype), n_steps)
    gates, emitted = empty((n_steps + 1, 5 * n, batch), dtype), empty((n_steps, n, batch), dtype)
    gates[0, 4 * n :] = 0
    if columns is not None:
        # The backward pass computes factors for missing steps, too, where uninitialized memory could overflow.
        gates[...] = 0
        emitted[...] = 0
    return gates, emitted


def _walk(weight: Array, z: Array, gates: Array, emitted: Array, columns: ColumnCounts) -> None:
    n = emitted.shape[1]
    products = empty((2 * n, z.shape[2]), z.dtype)
    half = np.array(0.5, z.dtype)
    weight = in_rows(weight, z.shape[2])
    multiply = step_product(columns, weight)
    for inputs, all_four, logistic, two_gates, two_values, product, new, kept, memory, out, output, state in zip(
        slabs(z[:-1], columns),
        slabs(by_block(gates[:-1, : 4 * n], weight), columns),
        slabs(gates[:-1, : 3 * n], columns),  # output, input, forget
        slabs(gates[:-1, n : 3 * n], columns),  # input, forget
        slabs(gates[:-1, 3 * n :], columns),  # candidate, memory of the previous step
        each_step(products, columns),
        each_step(products[:n], columns),  # input * candidate
        each_step(products[n:], columns),  # forget * memory of the previous step
        slabs(gates[1:, 4 * n :], columns),
        slabs(emitted, columns),  # tanh(memory)
        slabs(gates[:-1, :n], columns),
        slabs(z[1:, :n], columns),
        strict=False,
    ):
        multiply(weight, inputs, all_four)
        np.tanh(all_four, all_four)
        np.multiply(logistic, half, logistic)
        np.add(logistic, half, logistic)
        np.multiply(two_gates, two_values, product)
        np.add(new, kept, memory)
        np.tanh(memory, out)
        np.multiply(output, out, state)


def _factors(gates: Array, emitted: Array, n: int) -> Array:
    """Factors by which the gradients of state (first two factors) and memory (the others) are multiplied, for a chunk.

    The products are the gradients of the memory, the four gates, and the memory of the previous step.
    """
    factors = empty((len(gates), 6 * n, gates.shape[2]), gates.dtype)
    to_memory, logistic, candidate = factors[:, :n], factors[:, n : 4 * n], factors[:, 4 * n : 5 * n]
    np.multiply(emitted, emitted, out=to_memory)
    np.subtract(1.0, to_memory, out=to_memory)
    to_memory *= gates[:, :n]
    np.subtract(1.0, gates[:, : 3 * n], out=logistic)
    logistic *= gates[:, : 3 * n]
    logistic[:, :n] *= emitted
    logistic[:, n:] *= gates[:, 3 * n :]
    np.multiply(gates[:, 3 * n : 4 * n], gates[:, 3 * n : 4 * n], out=candidate)
    np.subtract(1.0, candidate, out=candidate)
    candidate *= gates[:, n : 2 * n]
    factors[:, 5 * n :] = gates[:, 2 * n : 3 * n]
    return factors


def _walk_back(recurrent: Array, factors: Array, dy: Array, d: Array, columns: ColumnCounts) -> None:
    """Fill d, of shape (steps + 1, 6 * n, batch): gradients of memory, gates, and of the memory of the previous step.

    `columns` begins with the last step.
    """
    n, batch = len(recurrent), d.shape[2]
    n_steps = len(factors)
    by_state = factors[:, : 2 * n].reshape(n_steps, 2, n, batch)
    by_memory = factors[:, 2 * n :].reshape(n_steps, 4, n, batch)
    d_by_state = d[:-1, : 2 * n].reshape(n_steps, 2, n, batch)
    d_by_memory = d[:-1, 2 * n :].reshape(n_steps, 4, n, batch)
    recurrent = in_rows(recurrent, batch)
    multiply = step_product(columns, recurrent)
    state = empty((n, batch), d.dtype)
    for product, d_state, d_next, dy_step, state_factors, d_two, d_memory, d_carried, memory_factors, d_four in zip(
        each_step(by_block(state, recurrent), columns),
        each_step(state, columns),
        slabs(d[:0:-1, n : 5 * n], columns),
        slabs(dy[::-1], columns),
        slabs(by_state[::-1], columns),
        slabs(d_by_state[::-1], columns),
        slabs(d[-2::-1, :n], columns),
        slabs(d[:0:-1, 5 * n :], columns),
        slabs(by_memory[::-1], columns),
        slabs(d_by_memory[::-1], columns),
        strict=False,
    ):
        multiply(recurrent, d_next, product)
        np.add(d_state, dy_step, d_state)
        np.multiply(d_state, state_factors, d_two)
        np.add(d_memory, d_carried, d_memory)
        np.multiply(d_memory, memory_factors, d_four)
