"""What the recurrences of lstm.py, gru.py and elman.py share.

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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from skneural.ops.memory import empty
from skneural.ops.types import Array

Columns = Sequence[int] | None

# Numbers of one gate in a chunk of steps. Going back through 100 steps of 64 units and 128 rows took 14.4 ms so, 15.9
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


def stacked_inputs(x: Array, n_state: int, columns: Columns) -> Array:
    """The stacked input of each step and, behind the last, room for the final state; the first state is zero.

    Where columns end or begin late, their state is zero.

    Returns
    -------
    array of shape (steps + 1, n_state + 1 + features, batch)
    """
    n_steps, n_in, batch = x.shape
    inputs = empty((n_steps + 1, n_state + n_in + 1, batch), x.dtype)
    inputs[0 if columns is None else slice(None), :n_state] = 0
    inputs[:, n_state] = 1
    inputs[:-1, n_state + 1 :] = x
    return inputs


def stacked_weight(recurrent: Array, inputs: Array, bias: Array) -> Array:
    """What the stacked input is multiplied by from the left, of shape (outputs, states + 1 + features)."""
    return np.concatenate([recurrent.T, bias[:, np.newaxis], inputs.T], axis=1)


def slabs(array: Array, columns: Columns) -> list[Array]:
    """The part of each step that has columns."""
    if columns is None:
        return list(array)
    return [slab[..., :n] for slab, n in zip(array, columns, strict=False)]


def each_step(scratch: Array, columns: Columns) -> Any:
    """Scratch memory of one step, for each of them."""
    return repeat(scratch) if columns is None else [scratch[..., :n] for n in columns]


def same_memory(step: Array, n_steps: int) -> Array:
    """The memory of one step as that of all steps, for what nobody reads once the next step is done."""
    return as_strided(step, (n_steps, *step.shape), (0, *step.strides))


def chunk_size(n_steps: int, numbers_of_a_gate: int) -> int:
    """How many steps go back together."""
    return min(n_steps, max(1, CHUNK // max(1, numbers_of_a_gate)))


def chunks_backwards(n_steps: int, size: int) -> Iterator[slice]:
    """The steps from the last to the first, in chunks."""
    for stop in range(n_steps, 0, -size):
        yield slice(max(0, stop - size), stop)


class StepGradients:
    """Gradients of a chunk of steps, and of the step behind it.

    Parameters
    ----------
    n_rows, batch : int
        Shape of the gradients of a step.
    size : int
        Steps of the largest chunk.
    columns : sequence of int or None
    dtype : dtype
    """

    def __init__(self, n_rows: int, batch: int, size: int, columns: Columns, dtype: Any) -> None:
        self._array = empty((size + 1, n_rows, batch), dtype)
        self._array[0] = 0  # there is no step behind the last
        self._columns = columns

    def chunk(self, steps: slice) -> Array:
        """Room for the gradients of the given steps; behind them, those of the step that was computed last."""
        n = steps.stop - steps.start
        self._array[n] = self._array[0]
        if self._columns is not None:
            for slab, n_columns in zip(self._array, self._columns[steps], strict=False):
                slab[:, n_columns:] = 0  # those that have no such step get nothing, and pass nothing on
        return self._array[: n + 1]


def side_by_side(array: Array) -> Array:
    """All steps in one matrix, from (steps, rows, batch) to (rows, steps * batch).

    The sum over steps that is the gradient of a weight then is one product, two to three times faster than one for
    each step.
    """
    n_steps, n_rows, batch = array.shape
    rows = empty((n_rows, n_steps, batch), array.dtype)
    rows[...] = array.transpose(1, 0, 2)
    return rows.reshape(n_rows, -1)
