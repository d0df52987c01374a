"""Arguments of selective scans, and their equations as plain loops."""

import numpy as np
import pytest

from skneural.ops import multihead_scan, selective_scan

BATCH, STEPS, CHANNELS, STATES, HEADS = 3, 13, 6, 5, 2


def draw_channels(n_steps=STEPS, dtype=np.float64):
    """Arguments of `selective_scan`."""
    rng = np.random.default_rng(0)
    arrays = (
        rng.standard_normal((BATCH, n_steps, CHANNELS)),
        rng.random((BATCH, n_steps, CHANNELS)),
        -0.1 - rng.random((STATES, CHANNELS)),
        rng.standard_normal((BATCH, n_steps, STATES)),
        rng.standard_normal((BATCH, n_steps, STATES)),
        rng.standard_normal(CHANNELS),
    )
    return tuple(array.astype(dtype) for array in arrays)


def draw_heads(n_steps=STEPS, dtype=np.float64):
    """Arguments of `multihead_scan`."""
    x, step_size, decay_rate, write, read, skip = draw_channels(n_steps, dtype)
    inputs = np.concatenate([x, write, read], axis=2)
    return inputs, step_size[:, :, :HEADS].copy(), decay_rate[0, :HEADS].copy(), skip[:HEADS].copy(), STATES


def textbook(x, step_size, decay_rate, write, read, skip):
    """The states and y of the selective scan of Gu and Dao (2023), step by step."""
    states, y = [np.zeros((len(x), *decay_rate.shape))], np.empty(x.shape)
    for t in range(x.shape[1]):
        written = write[:, t, :, np.newaxis] * (step_size[:, t] * x[:, t])[:, np.newaxis]
        states.append(np.exp(step_size[:, t, np.newaxis] * decay_rate) * states[-1] + written)
        y[:, t] = np.einsum("bn,bnd->bd", read[:, t], states[-1]) + skip * x[:, t]
    return states, y


def textbook_backward(dy, x, step_size, decay_rate, write, read, skip):
    """Gradients of x, step_size, write, read, decay_rate and skip, from the last step to the first."""
    states, _ = textbook(x, step_size, decay_rate, write, read, skip)
    dx, d_step_size, d_write, d_read = (np.zeros_like(array) for array in (x, step_size, write, read))
    d_decay_rate, d_state = np.zeros_like(decay_rate), np.zeros_like(states[0])
    for t in reversed(range(x.shape[1])):
        kept = np.exp(step_size[:, t, np.newaxis] * decay_rate)
        d_read[:, t] = np.einsum("bnd,bd->bn", states[t + 1], dy[:, t])
        d_state = d_state + read[:, t, :, np.newaxis] * dy[:, t, np.newaxis]
        d_write[:, t] = np.einsum("bnd,bd->bn", d_state, step_size[:, t] * x[:, t])
        d_written = np.einsum("bnd,bn->bd", d_state, write[:, t])
        d_exponent = d_state * states[t] * kept
        dx[:, t] = d_written * step_size[:, t] + skip * dy[:, t]
        d_step_size[:, t] = d_written * x[:, t] + np.einsum("bnd,nd->bd", d_exponent, decay_rate)
        d_decay_rate += np.einsum("bnd,bd->nd", d_exponent, step_size[:, t])
        d_state = d_state * kept
    return dx, d_step_size, d_write, d_read, d_decay_rate, np.einsum("btd,btd->d", dy, x)


def as_channels(inputs, step_size, decay_rate, skip, state_size):
    """Arguments with which the scan of channels computes what the scan of heads computes."""
    n = inputs.shape[2] - 2 * state_size
    each = n // len(skip)
    x, write, read = np.split(inputs, [n, n + state_size], axis=2)
    decays = np.broadcast_to(np.repeat(decay_rate, each), (state_size, n))
    return x, np.repeat(step_size, each, axis=2), decays, write, read, np.repeat(skip, each)


def dy_for(y):
    return np.random.default_rng(1).standard_normal(y.shape).astype(y.dtype)


def back(vjp, y, shapes):
    """All gradients for a random dy; those of parameters of the given shapes last."""
    gradients = [np.full(shape, np.nan, y.dtype) for shape in shapes]
    return [*vjp(dy_for(y), *gradients), *gradients]


def both_ways_of_channels(*arguments):
    y, vjp = selective_scan.selective_scan(*arguments)
    return [y, *back(vjp, y, [arguments[2].shape, arguments[5].shape])]


def both_ways_of_heads(*arguments):
    y, vjp = multihead_scan.multihead_scan(*arguments)
    return [y, *back(vjp, y, [arguments[2].shape, arguments[3].shape])]


SCANS = {
    "channels": (selective_scan, draw_channels, both_ways_of_channels),
    "heads": (multihead_scan, draw_heads, both_ways_of_heads),
}
each_scan = pytest.mark.parametrize(("module", "arguments", "both_ways"), SCANS.values(), ids=SCANS)
