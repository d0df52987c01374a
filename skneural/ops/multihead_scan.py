"""Selective scan with one decay for each head, by matrix products (Dao and Gu 2024, Mamba-2, algorithm SSD).

============  ====================================================================  ========
name          meaning                                                               paper
============  ====================================================================  ========
x             input, `head_size` numbers for each head                              X
step_size     step size of the discretization, one for each head                    Δ
decay_rate    rate at which the state of each head decays: negative                 A
write, read   input and output projections of the state, shared by all heads        B, C
skip          weight of the direct connection from x to y for each head             D
state         ``state_size * head_size`` numbers for each head                      h
decay         decay of the state from an earlier step to a later one                L
mixing        weights of the inputs of earlier steps in the output of a step        L ∘ CBᵀ
============  ====================================================================  ========

    state = exp(step_size * decay_rate) * state + step_size * outer(write, x)
    y = read @ state + skip * x

Within a chunk of steps, y is the product of x and a triangular matrix for each head; the state is passed from chunk to
chunk. A decay is the exponential of a negative difference of sums, which are restarted with each chunk: nothing
overflows, and nothing is divided by a product that may have vanished. Only the states between chunks are stored. The
backward pass computes everything else again, chunk by chunk, while it is in the cache.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skneural.ops.blocks import slices
from skneural.ops.memory import empty, empty_like
from skneural.ops.types import Array, Vjp

# With 32 rows, 256 steps and 4 heads of 32 channels, half as many steps took as long, and twice as many a third longer.
STEPS_PER_CHUNK = 32


def multihead_scan(
    inputs: Array, step_size: Array, decay_rate: Array, skip: Array, state_size: int, *, keep: bool = True
) -> tuple[Array, Vjp]:
    """Output of the scan at each step.

    Parameters
    ----------
    inputs : array of shape (batch, steps, heads * head_size + 2 * state_size)
        x, write and read, concatenated.
    step_size : array of shape (batch, steps, heads)
        A step of size zero leaves the state unchanged.
    decay_rate, skip : arrays of shape (heads,)
    state_size : int
    keep : bool, default=True
        False if there is no backward pass.

    Returns
    -------
    y : array of shape (batch, steps, heads * head_size)
    vjp : ``vjp(dy, d_decay_rate, d_skip) -> (d_inputs, d_step_size)``
    """
    batch, n_steps, n_inputs = inputs.shape
    n_heads, n = len(skip), n_inputs - 2 * state_size
    y = empty((batch, n_steps, n), inputs.dtype)
    chunks = list(slices(n_steps, STEPS_PER_CHUNK))
    state: Array = np.zeros((batch, state_size, n), inputs.dtype)
    states = [state]
    for steps in chunks:
        chunk = _Chunk.of(inputs[:, steps], step_size[:, steps], decay_rate, state_size)
        state = _scan(chunk, skip, state, y[:, steps])
        if keep:
            states.append(state)

    def vjp(dy: Array, d_decay_rate: Array, d_skip: Array) -> tuple[Array, Array]:
        d_inputs, d_step_size = empty_like(inputs), empty_like(step_size)
        d_decay_rate[...] = d_skip[...] = 0
        d_state: Array = np.zeros((batch, state_size, n), inputs.dtype)
        for i, steps in reversed(list(enumerate(chunks))):
            chunk = _Chunk.of(inputs[:, steps], step_size[:, steps], decay_rate, state_size)
            d_log = _d_log_decay(chunk, states[i], d_state, dy[:, steps])
            d_through, d_state = _scan_back(chunk, skip, states[i], d_state, dy[:, steps], d_inputs[:, steps])
            np.add(d_through, d_log * decay_rate, out=d_step_size[:, steps])
            d_decay_rate += np.einsum("bth,bth->h", d_log, chunk.step_size)
            d_skip += np.add.reduce(_dots(dy[:, steps], chunk.x, n_heads), axis=(0, 1))
        return d_inputs, d_step_size

    return y, vjp


def multihead_scan_step(
    inputs: Array, step_size: Array, decay_rate: Array, skip: Array, state: Array
) -> tuple[Array, Array]:
    """One step: inputs of shape (batch, heads * head_size + 2 * state_size), state (batch, state_size, n)."""
    state_size, n = state.shape[1:]
    head_size = n // len(skip)
    x, write, read = inputs[:, :n], inputs[:, n : n + state_size], inputs[:, n + state_size :]
    kept = np.repeat(np.exp(step_size * decay_rate), head_size, axis=1)
    written = x * np.repeat(step_size, head_size, axis=1)
    state = state * kept[:, np.newaxis] + write[:, :, np.newaxis] * written[:, np.newaxis]
    return np.matmul(read[:, np.newaxis], state)[:, 0] + x * np.repeat(skip, head_size), state


class _Chunk(NamedTuple):
    """A chunk of steps, and the decays between them.

    `from_start` is the decay from the start of the chunk to each step, `to_end` the decay from each step to the end of
    the chunk; both are (batch, steps, heads). `decay` and `mixing` have the shape (batch, heads, steps, earlier steps).
    """

    x: Array
    write: Array
    read: Array
    step_size: Array
    from_start: Array
    to_end: Array
    decay: Array
    mixing: Array

    @classmethod
    def of(cls, inputs: Array, step_size: Array, decay_rate: Array, state_size: int) -> _Chunk:
        n = inputs.shape[2] - 2 * state_size
        write, read = inputs[:, :, n : n + state_size], inputs[:, :, n + state_size :]
        log = np.add.accumulate(step_size * decay_rate, axis=1)
        by_head = np.ascontiguousarray(log.transpose(0, 2, 1))
        decay = by_head[:, :, :, np.newaxis] - by_head[:, :, np.newaxis]
        np.minimum(decay, 0.0, out=decay)  # above the diagonal, where nothing is used
        np.exp(decay, out=decay)
        match = np.matmul(read, write.transpose(0, 2, 1))
        match *= _lower_triangle(match)
        mixing = np.multiply(decay, match[:, np.newaxis], out=empty_like(decay))
        return cls(inputs[:, :, :n], write, read, step_size, np.exp(log), np.exp(log[:, -1:] - log), decay, mixing)


def _scan(chunk: _Chunk, skip: Array, state: Array, y: Array) -> Array:
    """Fill y with the output of a chunk, and return the state after the chunk."""
    n_heads, n_steps = len(skip), y.shape[1]
    mixing = chunk.mixing * chunk.step_size.transpose(0, 2, 1)[:, :, np.newaxis]
    mixing.reshape(*mixing.shape[:2], -1)[:, :, :: n_steps + 1] += skip[:, np.newaxis]  # the diagonal
    np.matmul(mixing, _heads(chunk.x, n_heads), out=_heads(y, n_heads))
    y += _scaled(np.matmul(chunk.read, state), chunk.from_start)
    written = _scaled(chunk.x, chunk.to_end * chunk.step_size)
    after = _scaled(state, chunk.from_start[:, -1:])
    after += np.matmul(chunk.write.transpose(0, 2, 1), written)
    return after


def _d_log_decay(chunk: _Chunk, state: Array, d_state: Array, dy: Array) -> Array:
    """Gradient of the logarithm of the decay at each step of a chunk, (batch, steps, heads).

    The sum over everything that passes through the step: from earlier steps or the state before the chunk, to this or
    later steps or the state after it. As a difference of sums over all outputs and over all inputs, it would be noise
    in single precision where decays are below 1e-7.
    """
    n_heads, n_steps = chunk.step_size.shape[2], dy.shape[1]
    passed = np.matmul(_heads(dy, n_heads), _heads(chunk.x, n_heads).transpose(0, 1, 3, 2))
    passed *= chunk.mixing
    passed *= chunk.step_size.transpose(0, 2, 1)[:, :, np.newaxis]
    # [i, t]: to step i from all steps before t
    passed = np.matmul(passed, np.triu(np.ones((n_steps, n_steps), passed.dtype), 1))
    within = np.einsum("bhit,it->bth", passed, np.tri(n_steps, dtype=passed.dtype))
    from_state = _dots(dy, np.matmul(chunk.read, state), n_heads) * chunk.from_start
    to_state = _dots(np.matmul(chunk.write, d_state), chunk.x, n_heads) * (chunk.to_end * chunk.step_size)
    through = np.add.reduce(_dots(state, d_state, n_heads), axis=1, keepdims=True) * chunk.from_start[:, -1:]
    within += np.add.accumulate(from_state[:, ::-1], axis=1)[:, ::-1]
    within[:, 1:] += np.add.accumulate(to_state[:, :-1], axis=1)
    within += through
    return within


def _scan_back(
    chunk: _Chunk, skip: Array, state: Array, d_state: Array, dy: Array, d_inputs: Array
) -> tuple[Array, Array]:
    """Fill d_inputs with the gradient of the inputs of a chunk.

    Returns
    -------
    d_step_size : array of shape (batch, steps, heads)
        The gradient of the step size as the factor of x, without that of the decay.
    d_state : array of shape (batch, state_size, n)
        The gradient of the state before the chunk.
    """
    n_heads, (state_size, n) = len(skip), state.shape[1:]
    d_x, d_write, d_read = d_inputs[:, :, :n], d_inputs[:, :, n : n + state_size], d_inputs[:, :, n + state_size :]
    d_written = _scaled(np.matmul(chunk.write, d_state), chunk.to_end)
    d_within_chunk = empty_like(d_written)
    np.matmul(chunk.mixing.transpose(0, 1, 3, 2), _heads(dy, n_heads), out=_heads(d_within_chunk, n_heads))
    d_written += d_within_chunk
    d_step_size = _dots(d_written, chunk.x, n_heads)
    np.add(_scaled(d_written, chunk.step_size), _scaled(dy, np.broadcast_to(skip, d_step_size.shape)), out=d_x)

    d_mixing = np.matmul(_heads(dy, n_heads), _heads(chunk.x, n_heads).transpose(0, 1, 3, 2))
    d_mixing *= chunk.decay
    d_mixing *= chunk.step_size.transpose(0, 2, 1)[:, :, np.newaxis]
    d_match = np.add.reduce(d_mixing, axis=1)
    d_match *= _lower_triangle(d_match)
    d_from_state = _scaled(dy, chunk.from_start)
    written = _scaled(chunk.x, chunk.to_end * chunk.step_size)
    np.matmul(d_match, chunk.write, out=d_read)
    d_read += np.matmul(d_from_state, state.transpose(0, 2, 1))
    np.matmul(d_match.transpose(0, 2, 1), chunk.read, out=d_write)
    d_write += np.matmul(written, d_state.transpose(0, 2, 1))
    before = _scaled(d_state, chunk.from_start[:, -1:])
    before += np.matmul(chunk.read.transpose(0, 2, 1), d_from_state)
    return d_step_size, before


def _heads(array: Array, n_heads: int) -> Array:
    """A view (batch, heads, rows, head_size) of an array (batch, rows, heads * head_size)."""
    return array.reshape(*array.shape[:2], n_heads, -1).transpose(0, 2, 1, 3)


def _scaled(array: Array, scale: Array) -> Array:
    """Product of each head of an array (batch, rows, heads * head_size) with its scale, (batch, rows or 1, heads)."""
    by_head = array.reshape(*array.shape[:2], scale.shape[2], -1)
    return np.multiply(by_head, scale[..., np.newaxis], out=empty(by_head.shape, array.dtype)).reshape(array.shape)


def _dots(left: Array, right: Array, n_heads: int) -> Array:
    """Product of two arrays (batch, rows, heads * head_size), summed over each head: (batch, rows, heads)."""
    shape = (*left.shape[:2], n_heads, -1)
    return np.einsum("brhp,brhp->brh", left.reshape(shape), right.reshape(shape))


def _lower_triangle(like: Array) -> Array:
    return np.tri(like.shape[-1], dtype=like.dtype)
