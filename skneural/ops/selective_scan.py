"""Selective scan of channels, each number of whose state has a decay of its own (Gu and Dao 2023, Mamba, algorithm 2).

============  ================================================================  =====
name          meaning                                                           paper
============  ================================================================  =====
x             what is written, one number for each channel                      x
step_size     how far the state of each channel moves at a step                 Δ
decay_rate    how fast each number of the state decays: negative                A
write, read   where in the state x is written, and y is read                    B, C
skip          how much of x itself is added to y                                D
state         `state_size` numbers for each channel                             h
kept          what a step leaves of the state                                   Ā
============  ================================================================  =====

    state = exp(step_size * decay_rate) * state + write * (step_size * x)
    y = read @ state + skip * x

One step after the other: a scan by cumulative products would divide by what may have vanished. The states of all steps
would take `state_size` times the memory of x, so only those between chunks of steps are kept, and going back makes the
others again. Rows are walked in blocks whose states stay in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from skneural.ops.memory import empty, empty_like
from skneural.ops.types import Array, Vjp

# Steps of a chunk: a quarter of that is as fast and keeps four times the states.
CHUNK = 16

# Numbers of the states of a block of rows. 32 rows of 128 channels with 16 numbers took 21 ms forward and back over 64
# steps in one block, 16 in two, 18 in four.
BLOCK = 32_768


def selective_scan(
    x: Array, step_size: Array, decay_rate: Array, write: Array, read: Array, skip: Array, *, keep: bool = True
) -> tuple[Array, Vjp]:
    """What is read at each step.

    Parameters
    ----------
    x, step_size : arrays of shape (batch, steps, channels)
        A step whose size is zero leaves the state as it is.
    decay_rate : array of shape (state_size, channels)
    write, read : arrays of shape (batch, steps, state_size)
    skip : array of shape (channels,)
    keep : bool, default=True
        False if nobody will go back.

    Returns
    -------
    y : array of shape (batch, steps, channels)
    vjp : ``vjp(dy, d_decay_rate, d_skip) -> (dx, d_step_size, d_write, d_read)``
    """
    batch, n_steps, _ = x.shape
    walked = _Walked(step_size, np.multiply(x, step_size, out=empty(x.shape, x.dtype)), write, read)
    y = empty_like(walked.written)
    chunks = [slice(start, min(start + CHUNK, n_steps)) for start in range(0, n_steps, CHUNK)]
    firsts = empty((len(chunks) if keep else 1, batch, *decay_rate.shape), x.dtype)  # the state before each chunk
    for rows in _blocks(batch, decay_rate.size):
        state: Array = np.zeros((len(x[rows]), *decay_rate.shape), x.dtype)
        for i, steps in enumerate(chunks):
            firsts[i if keep else 0, rows] = state
            _walk(state, decay_rate, walked.part(rows, steps), y[rows, steps])
    y += x * skip

    def vjp(dy: Array, d_decay_rate: Array, d_skip: Array) -> tuple[Array, Array, Array, Array]:
        d = _Walked(*(empty(array.shape, x.dtype) for array in walked))
        d_decay_rate[...] = 0
        for rows in _blocks(batch, decay_rate.size):
            d_state: Array = np.zeros((len(x[rows]), *decay_rate.shape), x.dtype)
            for first, steps in zip(reversed(firsts), reversed(chunks), strict=True):
                part, d_part = walked.part(rows, steps), d.part(rows, steps)
                kept, states = _states(first[rows], decay_rate, part)
                d_decay_rate += _walk_back(d_state, kept, states, decay_rate, part, dy[rows, steps], d_part)
        d.step_size[...] += d.written * x
        np.einsum("btd,btd->d", dy, x, out=d_skip)
        d.written[...] *= step_size
        d.written[...] += dy * skip
        return d.written, d.step_size, d.write, d.read

    return y, vjp


def selective_scan_step(
    x: Array, step_size: Array, decay_rate: Array, write: Array, read: Array, skip: Array, state: Array
) -> tuple[Array, Array]:
    """One step: x, step_size (batch, channels), write, read (batch, state_size); state as `decay_rate`, row by row."""
    state = np.exp(step_size[:, np.newaxis] * decay_rate) * state
    state += write[:, :, np.newaxis] * (step_size * x)[:, np.newaxis]
    return np.matmul(read[:, np.newaxis], state)[:, 0] + x * skip, state


class _Walked(NamedTuple):
    """What the steps go through, or its gradients. `written` is ``step_size * x``."""

    step_size: Array
    written: Array
    write: Array
    read: Array

    def part(self, *place: Any) -> _Walked:
        return _Walked(*(array[place] for array in self))


def _blocks(batch: int, n_numbers: int) -> Iterator[slice]:
    size = max(1, BLOCK // n_numbers)
    for start in range(0, batch, size):
        yield slice(start, start + size)


def _walk(state: Array, decay_rate: Array, walked: _Walked, y: Array) -> None:
    """Carry the state through a chunk, and fill y."""
    step_size, written, write, read = walked
    scratch = empty_like(state)
    for t in range(y.shape[1]):
        np.exp(np.multiply(step_size[:, t, np.newaxis], decay_rate, out=scratch), out=scratch)
        np.multiply(state, scratch, out=state)
        np.multiply(write[:, t, :, np.newaxis], written[:, t, np.newaxis], out=scratch)
        np.add(state, scratch, out=state)
        np.matmul(read[:, t, np.newaxis], state, out=y[:, t, np.newaxis])


def _states(first: Array, decay_rate: Array, walked: _Walked) -> tuple[Array, Array]:
    """What each step of a chunk keeps, and the states before and behind them: one more."""
    step_size, written, write, _ = walked
    n_steps = step_size.shape[1]
    kept = empty((n_steps, *first.shape), first.dtype)
    states = empty((n_steps + 1, *first.shape), first.dtype)
    states[0] = first
    scratch = empty_like(first)
    for t in range(n_steps):
        np.exp(np.multiply(step_size[:, t, np.newaxis], decay_rate, out=kept[t]), out=kept[t])
        np.multiply(states[t], kept[t], out=states[t + 1])
        np.multiply(write[:, t, :, np.newaxis], written[:, t, np.newaxis], out=scratch)
        np.add(states[t + 1], scratch, out=states[t + 1])
    return kept, states


def _walk_back(
    d_state: Array, kept: Array, states: Array, decay_rate: Array, walked: _Walked, dy: Array, d: _Walked
) -> Array:
    """Carry d_state to before a chunk, fill d, and return the gradient of decay_rate.

    ``d.step_size`` is without what comes through `written`.
    """
    step_size, written, write, read = walked
    scratch, of_step, d_decay_rate = empty_like(d_state), empty_like(decay_rate), np.zeros_like(decay_rate)
    for t in range(len(kept) - 1, -1, -1):
        np.multiply(read[:, t, :, np.newaxis], dy[:, t, np.newaxis], out=scratch)
        np.add(d_state, scratch, out=d_state)
        np.matmul(states[t + 1], dy[:, t, :, np.newaxis], out=d.read[:, t, :, np.newaxis])
        np.matmul(d_state, written[:, t, :, np.newaxis], out=d.write[:, t, :, np.newaxis])
        np.matmul(write[:, t, np.newaxis], d_state, out=d.written[:, t, np.newaxis])
        np.multiply(d_state, kept[t], out=d_state)
        np.multiply(d_state, states[t], out=scratch)
        np.einsum("bnd,nd->bd", scratch, decay_rate, out=d.step_size[:, t])
        np.add(d_decay_rate, np.einsum("bnd,bd->nd", scratch, step_size[:, t], out=of_step), out=d_decay_rate)
    return d_decay_rate
