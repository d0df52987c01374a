"""Selective scan with a decay for each number of the state of each channel (Gu and Dao 2023, Mamba, algorithm 2).

============  ================================================================  =====
name          meaning                                                           paper
============  ================================================================  =====
x             input, one number for each channel                                x
step_size     step size of the discretization, one for each channel             Δ
decay_rate    rate at which each number of the state decays: negative           A
write, read   input and output projections of the state                         B, C
skip          weight of the direct connection from x to y                       D
state         `state_size` numbers for each channel                             h
kept          share of the state that is kept in a step                         Ā
============  ================================================================  =====

    state = exp(step_size * decay_rate) * state + write * (step_size * x)
    y = read @ state + skip * x

Steps are computed one after another: a scan by cumulative products would divide by products that may have vanished.
The states of all steps would take `state_size` times the memory of x, so only the states between chunks of steps are
stored, and the backward pass computes the others again. Rows are processed in blocks whose states stay in the cache.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from skneural.ops.blocks import slices
from skneural.ops.memory import empty, empty_like
from skneural.ops.types import Array, Vjp

# Steps of a chunk: a quarter of that is as fast and stores four times the states.
STEPS_PER_STORED_STATE = 16

# Numbers in the states of a block of rows. 32 rows of 128 channels with 16 numbers took 21 ms forward and backward over
# 64 steps in one block, 16 in two, 18 in four.
STATE_VALUES_PER_BLOCK = 32_768


def selective_scan(
    x: Array, step_size: Array, decay_rate: Array, write: Array, read: Array, skip: Array, *, keep: bool = True
) -> tuple[Array, Vjp]:
    """Output of the scan at each step.

    Parameters
    ----------
    x, step_size : arrays of shape (batch, steps, channels)
        A step of size zero leaves the state unchanged.
    decay_rate : array of shape (state_size, channels)
    write, read : arrays of shape (batch, steps, state_size)
    skip : array of shape (channels,)
    keep : bool, default=True
        False if there is no backward pass.

    Returns
    -------
    y : array of shape (batch, steps, channels)
    vjp : ``vjp(dy, d_decay_rate, d_skip) -> (dx, d_step_size, d_write, d_read)``
    """
    batch, n_steps, _ = x.shape
    scanned = _ScanInputs(step_size, np.multiply(x, step_size, out=empty(x.shape, x.dtype)), write, read)
    y = empty_like(scanned.written)
    chunks = list(slices(n_steps, STEPS_PER_STORED_STATE))
    blocks = list(slices(batch, max(1, STATE_VALUES_PER_BLOCK // decay_rate.size)))
    firsts = empty((len(chunks) if keep else 1, batch, *decay_rate.shape), x.dtype)  # the state before each chunk
    for rows in blocks:
        state: Array = np.zeros((len(x[rows]), *decay_rate.shape), x.dtype)
        for i, steps in enumerate(chunks):
            firsts[i if keep else 0, rows] = state
            _walk(state, decay_rate, scanned.part(rows, steps), y[rows, steps])
    y += x * skip

    def vjp(dy: Array, d_decay_rate: Array, d_skip: Array) -> tuple[Array, Array, Array, Array]:
        d = _ScanInputs(*(empty(array.shape, x.dtype) for array in scanned))
        d_decay_rate[...] = 0
        for rows in blocks:
            d_state: Array = np.zeros((len(x[rows]), *decay_rate.shape), x.dtype)
            for first, steps in zip(reversed(firsts), reversed(chunks), strict=True):
                part, d_part = scanned.part(rows, steps), d.part(rows, steps)
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
    """One step.

    The shapes are (batch, channels) for x and step_size, (batch, state_size) for write and read, and
    (batch, state_size, channels) for the state.
    """
    state = np.exp(step_size[:, np.newaxis] * decay_rate) * state
    state += write[:, :, np.newaxis] * (step_size * x)[:, np.newaxis]
    return np.matmul(read[:, np.newaxis], state)[:, 0] + x * skip, state


class _ScanInputs(NamedTuple):
    """Inputs of the scan, or their gradients. `written` is ``step_size * x``."""

    step_size: Array
    written: Array
    write: Array
    read: Array

    def part(self, *index: Any) -> _ScanInputs:
        """The inputs of some rows and steps."""
        return _ScanInputs(*(array[index] for array in self))


def _walk(state: Array, decay_rate: Array, scanned: _ScanInputs, y: Array) -> None:
    """Advance the state through a chunk in place, and fill y."""
    step_size, written, write, read = scanned
    scratch = empty_like(state)
    for t in range(y.shape[1]):
        np.exp(np.multiply(step_size[:, t, np.newaxis], decay_rate, out=scratch), out=scratch)
        np.multiply(state, scratch, out=state)
        np.multiply(write[:, t, :, np.newaxis], written[:, t, np.newaxis], out=scratch)
        np.add(state, scratch, out=state)
        np.matmul(read[:, t, np.newaxis], state, out=y[:, t, np.newaxis])


def _states(first: Array, decay_rate: Array, scanned: _ScanInputs) -> tuple[Array, Array]:
    """Kept shares for each step of a chunk, and the states before and after each step (one more than steps)."""
    step_size, written, write, _ = scanned
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
    d_state: Array, kept: Array, states: Array, decay_rate: Array, scanned: _ScanInputs, dy: Array, d: _ScanInputs
) -> Array:
    """Propagate d_state to the start of a chunk in place, fill d, and return the gradient of decay_rate.

    ``d.step_size`` does not include the gradient through `written`.
    """
    step_size, written, write, read = scanned
    scratch, d_decay_step, d_decay_rate = empty_like(d_state), empty_like(decay_rate), np.zeros_like(decay_rate)
    for t in range(len(kept) - 1, -1, -1):
        np.multiply(read[:, t, :, np.newaxis], dy[:, t, np.newaxis], out=scratch)
        np.add(d_state, scratch, out=d_state)
        np.matmul(states[t + 1], dy[:, t, :, np.newaxis], out=d.read[:, t, :, np.newaxis])
        np.matmul(d_state, written[:, t, :, np.newaxis], out=d.write[:, t, :, np.newaxis])
        np.matmul(write[:, t, np.newaxis], d_state, out=d.written[:, t, np.newaxis])
        np.multiply(d_state, kept[t], out=d_state)
        np.multiply(d_state, states[t], out=scratch)
        np.einsum("bnd,nd->bd", scratch, decay_rate, out=d.step_size[:, t])
        np.add(d_decay_rate, np.einsum("bnd,bd->nd", scratch, step_size[:, t], out=d_decay_step), out=d_decay_rate)
    return d_decay_rate
