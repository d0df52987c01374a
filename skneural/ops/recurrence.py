"""What all recurrences share: how they walk over the steps of a batch, and back.

A recurrence walks over the steps of x, of shape ``(steps, features, batch)``: with the batch last, the features of a
gate lie in one piece, and all columns go through a step together. Each step sees one stacked input

    state of the step before | 1 | x of this step

so that one product gives all gates, bias included, and one more product, over all steps, gives all gradients of
weights. In the loops, the calls count: one of NumPy's takes about a microsecond before it computes anything, and a
slice a fifth of that, so views are cut beforehand and iterated with `zip`.

Where lengths differ, the columns are sorted by length, and each step works on those that have it: `columns` says how
many. Gradients go back in chunks of steps, whose factors are computed together while they are in the cache.
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

Columns = Sequence[int] | None

# Numbers of one gate in a chunk of steps. Going back through 100 steps of 64 units and 128 rows took 14.4 ms, 15.9
# with a quarter of that, and 19 with four times as many or all steps at once.
CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Walk:
    """In which order a recurrence visits the steps and columns of x.

    Parameters
    ----------
    columns : sequence of int or None
        How many columns have each of the steps, in the order in which they are visited; None if all have.
    order : integer array of shape (batch,) or None
        Where the columns come from that are sorted by length, the longest first; None where they stand.
    reverse : bool
        From the last step to the first.
    """

    columns: Columns
    order: Array | None
    reverse: bool

    @classmethod
    def over(cls, n_steps: int, lengths: Array | None, reverse: bool) -> Walk:
        if lengths is None:
            return cls(None, None, reverse)
        ordered = bool((lengths[1:] <= lengths[:-1]).all())
        order = None if ordered else np.argsort(-lengths, kind="stable")
        # Those that have step t are those longer than t.
        columns = len(lengths) - np.searchsorted(np.sort(lengths), np.arange(n_steps), side="right")
        return cls(columns[:: -1 if reverse else 1].tolist(), order, reverse)

    def arrange(self, x: Array) -> Array:
        """From (steps, features, batch) as they stand to the order of the walk."""
        x = x if self.order is None else x[:, :, self.order]
        return x[::-1] if self.reverse else x

    def restore(self, y: Array) -> Array:
        """Back to how they stand."""
        y = y[::-1] if self.reverse else y
        if self.order is None:
            return y
        restored = empty(y.shape, y.dtype)
        restored[:, :, self.order] = y
        return restored

    def arrange_columns(self, state: Array) -> Array:
        """`arrange` for (features, batch)."""
        return state if self.order is None else state[:, self.order]

    def restore_columns(self, state: Array) -> Array:
        """`restore` for (features, batch)."""
        if self.order is None:
            return state
        restored = empty(state.shape, state.dtype)
        restored[:, self.order] = state
        return restored


def stacked_inputs(x: Array, n_state: int, columns: Columns, first: Array | None = None) -> Array:
    """The stacked input of each step and, behind the last, room for the final state.

    `first` is the state before the first step, of shape (n_state, batch); None for zero.

    Where columns end or begin late, their state is zero.

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
    """What the stacked input is multiplied by from the left, of shape (outputs, states + 1 + features)."""
    return np.concatenate([recurrent.T, bias[:, np.newaxis], inputs.T], axis=1)


def unstack(d_weight: Array, d_recurrent: Array, d_inputs: Array, d_bias: Array) -> None:
    """The gradient of a stacked weight to those of its parts."""
    n = len(d_recurrent)
    d_recurrent[...] = d_weight[:, :n].T
    d_bias[...] = d_weight[:, n]
    d_inputs[...] = d_weight[:, n + 1 :].T


def step_product(columns: Columns) -> Callable[[Array, Array, Array], Any]:
    """What multiplies the matrices of one step and writes into a third.

    Where these lie in one piece, `np.dot` does, which takes 0.4 us less to call: 5 % of a small step.
    """
    return np.dot if columns is None else np.matmul


def slabs(array: Array, columns: Columns) -> list[Array]:
    """The part of each step that has columns."""
    if columns is None:
        return list(array)
    return [slab[..., :n] for slab, n in zip(array, columns, strict=False)]


def each_step(scratch: Array, columns: Columns) -> Any:
    """Scratch memory of one step, for each of them."""
    return repeat(scratch) if columns is None else [scratch[..., :n] for n in columns]


def same_memory(step: Array, n_steps: int) -> Array:
    """The memory of one step as that of all steps, for what is not read again once the next step is done."""
    return as_strided(step, (n_steps, *step.shape), (0, *step.strides))


def chunks_backwards(
    shape: tuple[int, int, int], n: int, columns: Columns, dtype: npt.DTypeLike
) -> Iterator[tuple[slice, Array, Columns]]:
    """Go through the steps from the last to the first, in chunks.

    Parameters
    ----------
    shape : tuple of int
        (steps, rows, batch): what the gradients of all steps would take.
    n : int
        Units, which says how many steps are a chunk.
    columns : sequence of int or None
    dtype : dtype

    Yields
    ------
    steps : slice
    d : array of shape (steps of the chunk + 1, rows, batch)
        Room for the gradients of these steps, in which columns without a step are zero already, and behind them the
        gradients of the step that was filled in last; zero behind the last step.
    columns : list of int or None
        Those of these steps, the last step first.
    """
    n_steps, n_rows, batch = shape
    size = min(n_steps, max(1, CHUNK // max(1, n * batch)))
    gradients = empty((size + 1, n_rows, batch), dtype)
    gradients[0] = 0
    for stop in range(n_steps, 0, -size):
        steps = slice(max(0, stop - size), stop)
        n_own = stop - steps.start
        gradients[n_own] = gradients[0]
        own = None if columns is None else columns[steps]
        if own is not None:
            for slab, n_columns in zip(gradients, own, strict=False):
                slab[:, n_columns:] = 0
        yield steps, gradients[: n_own + 1], None if own is None else own[::-1]


def side_by_side(array: Array) -> Array:
    """All steps in one matrix, from (steps, rows, batch) to (rows, steps * batch).

    The sum over steps that is the gradient of a weight then is one product, two to three times faster than one for
    each step.
    """
    n_steps, n_rows, batch = array.shape
    rows = empty((n_rows, n_steps, batch), array.dtype)
    rows[...] = array.transpose(1, 0, 2)
    return rows.reshape(n_rows, -1)


def tanh_slope(y: Array) -> Array:
    """Derivative of tanh where it is y."""
    slope = empty(y.shape, y.dtype)
    np.multiply(y, y, out=slope)
    return np.subtract(1.0, slope, out=slope)
