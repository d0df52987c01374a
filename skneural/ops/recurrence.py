"""Functions shared by all recurrences: iteration over the steps of a batch, forward and backward.

The input x of a recurrence has the shape ``(steps, features, batch)``: with the batch last, the features of a gate are
contiguous, and all columns (the series of the batch) take a step together. Each step has one stacked input

    state of the previous step | 1 | x of this step

so that a single product computes all gates, bias included, and another product, over all steps, computes all gradients
of weights. In the loops over steps, the number of calls matters: a call of NumPy takes about a microsecond before it
computes anything, and a slice a fifth of that, so views are created beforehand and iterated with `zip`.

If lengths differ, the columns are sorted by length, the longest first, and each step processes the columns that have
it: `columns` holds their numbers. The backward pass processes chunks of steps, whose factors are computed together
while they are in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from skneural.ops.memory import empty
from skneural.ops.types import Array

ColumnCounts = Sequence[int] | None

# Values of a gate in a chunk of steps. The backward pass over 100 steps of 64 units and 128 rows took 14.4 ms; 15.9
# with a quarter of that, and 19 with four times as many or all steps at once.
GATE_VALUES_PER_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Walk:
    """Order in which a recurrence visits the steps and columns of x.

    Parameters
    ----------
    columns : sequence of int or None
        Number of columns that have each step, in the order in which steps are visited; None if all columns have all.
    order : integer array of shape (batch,) or None
        Indices that sort the columns by length, the longest first; None if they are sorted already.
    reverse : bool
        Visit the steps from the last to the first.
    """

    columns: ColumnCounts
    order: Array | None
    reverse: bool

    @classmethod
    def over(cls, n_steps: int, lengths: Array | None, reverse: bool) -> Walk:
        """Walk over series of these lengths; None if all have `n_steps` steps."""
        if lengths is None:
            return cls(None, None, reverse)
        ordered = bool((lengths[1:] <= lengths[:-1]).all())
        order = None if ordered else np.argsort(-lengths, kind="stable")
        # Step t exists in the columns that are longer than t.
        columns = len(lengths) - np.searchsorted(np.sort(lengths), np.arange(n_steps), side="right")
        return cls(columns[:: -1 if reverse else 1].tolist(), order, reverse)

    def arrange(self, x: Array) -> Array:
        """Bring an array of shape (steps, features, batch) into the order of the walk."""
        x = x if self.order is None else x[:, :, self.order]
        return x[::-1] if self.reverse else x

    def restore(self, y: Array) -> Array:
        """Inverse of `arrange`."""
        y = y[::-1] if self.reverse else y
        if self.order is None:
            return y
        restored = empty(y.shape, y.dtype)
        restored[:, :, self.order] = y
        return restored

    def arrange_columns(self, state: Array) -> Array:
        """`arrange` for an array of shape (features, batch)."""
        return state if self.order is None else state[:, self.order]

    def restore_columns(self, state: Array) -> Array:
        """`restore` for an array of shape (features, batch)."""
        if self.order is None:
            return state
        restored = empty(state.shape, state.dtype)
        restored[:, self.order] = state
        return restored


def stacked_inputs(x: Array, n_state: int, columns: ColumnCounts, first: Array | None = None) -> Array:
    """Stacked inputs of all steps, and behind the last an entry for the final state.

    `first` is the state before the first step, of shape (n_state, batch); None for zero.

    The states of missing steps are zero.

    Returns
    -------
    array of shape (steps + 1, n_state + 1 + features, batch)
    """
    n_steps, n_in, batch = x.shape
    inputs = empty((n_steps + 1, n_state + n_in + 1, batch), x.dtype)
    inputs[0 if columns is None else slice(None), :n_state] = 0
    if first is not None:
        inputs[0, :n_state] = first
    inputs[:, n_state] = 1
    inputs[:-1, n_state + 1 :] = x
    return inputs


def stacked_weight(recurrent: Array, inputs: Array, bias: Array) -> Array:
    """Weight matrix for products with stacked inputs, of shape (outputs, states + 1 + features)."""
    return np.concatenate([recurrent.T, bias[:, np.newaxis], inputs.T], axis=1)


def unstack(d_weight: Array, d_recurrent: Array, d_inputs: Array, d_bias: Array) -> None:
    """Split the gradient of a stacked weight into those of its parts."""
    n = len(d_recurrent)
    d_recurrent[...] = d_weight[:, :n].T
    d_bias[...] = d_weight[:, n]
    d_inputs[...] = d_weight[:, n + 1 :].T


def step_product(columns: ColumnCounts, weight: Array | None = None) -> Callable[[Array, Array, Array], Any]:
    """Function for the matrix product of a step, with the output as its third argument.

    It is `np.dot` if all matrices are contiguous, which takes 0.4 us less to call: 5 % of a small step. A `weight` may
    be in blocks of rows.
    """
    return np.dot if columns is None and (weight is None or weight.ndim == 2) else np.matmul


def by_block(array: Array, weight: Array) -> Array:
    """View of an array (..., rows, batch) as output of a product with a weight in blocks of rows."""
    if weight.ndim == 2:
        return array
    return array.reshape(*array.shape[:-2], *weight.shape[:2], array.shape[-1])


def slabs(array: Array, columns: ColumnCounts) -> list[Array]:
    """Views of an array for each step, limited to the columns that have the step."""
    if columns is None:
        return list(array)
    return [slab[..., :n] for slab, n in zip(array, columns, strict=False)]


def each_step(scratch: Array, columns: ColumnCounts) -> Any:
    """Views of the same scratch array for each step, limited to the columns that have the step."""
    return repeat(scratch) if columns is None else [scratch[..., :n] for n in columns]


def same_memory(step: Array, n_steps: int) -> Array:
    """View of the array of a single step as an array of all steps, for values that later steps may overwrite."""
    return as_strided(step, (n_steps, *step.shape), (0, *step.strides))


def chunks_backwards(
    shape: tuple[int, int, int], n: int, columns: ColumnCounts, dtype: npt.DTypeLike
) -> Iterator[tuple[slice, Array, ColumnCounts]]:
    """Iterate over chunks of steps, from the last step to the first.

    Parameters
    ----------
    shape : tuple of int
        (steps, rows, batch), the shape of the gradients of all steps.
    n : int
        Number of units, which determines the number of steps in a chunk.
    columns : sequence of int or None
    dtype : dtype

    Yields
    ------
    steps : slice
    d : array of shape (steps of the chunk + 1, rows, batch)
        Array for the gradients of these steps, in which missing steps are zero already, followed by the gradients of
        the first step of the previous chunk; these are zero for the first chunk.
    columns : list of int or None
        The column counts of these steps, beginning with the last step.
    """
    n_steps, n_rows, batch = shape
    size = min(n_steps, max(1, GATE_VALUES_PER_CHUNK // max(1, n * batch)))
    gradients = empty((size + 1, n_rows, batch), dtype)
    gradients[0] = 0
    for stop in range(n_steps, 0, -size):
        steps = slice(max(0, stop - size), stop)
        n_chunk_steps = stop - steps.start
        gradients[n_chunk_steps] = gradients[0]
        chunk_columns = None if columns is None else columns[steps]
        if chunk_columns is not None:
            for slab, n_columns in zip(gradients, chunk_columns, strict=False):
                slab[:, n_columns:] = 0
        yield steps, gradients[: n_chunk_steps + 1], None if chunk_columns is None else chunk_columns[::-1]


def side_by_side(array: Array) -> Array:
    """Concatenate all steps in one matrix: (steps, rows, batch) becomes (rows, steps * batch).

    The gradient of a weight, a sum over steps, then is a single product, two to three times faster than one product for
    each step.
    """
    n_steps, n_rows, batch = array.shape
    rows = empty((n_rows, n_steps, batch), array.dtype)
    rows[...] = array.transpose(1, 0, 2)
    return rows.reshape(n_rows, -1)


def tanh_slope(y: Array) -> Array:
    """Derivative of tanh at points where tanh equals y."""
    slope = empty(y.shape, y.dtype)
    np.multiply(y, y, out=slope)
    return np.subtract(1.0, slope, out=slope)
