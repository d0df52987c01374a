"""Selective scans against plain loops over their equations."""

import numpy as np
import pytest
from scipy.signal import lfilter

from skneural.ops import causal_convolution, multihead_scan, selective_scan

BATCH, STEPS, CHANNELS, STATES, HEADS = 3, 13, 6, 5, 2


def draw(n_steps=STEPS, dtype=np.float64):
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
    x, step_size, decay_rate, write, read, skip = draw(n_steps, dtype)
    inputs = np.concatenate([x, write, read], axis=2)
    return inputs, step_size[:, :, :HEADS].copy(), decay_rate[0, :HEADS].copy(), skip[:HEADS].copy(), STATES


def plain_loop(x, step_size, decay_rate, write, read, skip):
    state, y = np.zeros((len(x), *decay_rate.shape)), np.empty(x.shape)
    for t in range(x.shape[1]):
        written = write[:, t, :, np.newaxis] * (step_size[:, t] * x[:, t])[:, np.newaxis]
        state = np.exp(step_size[:, t, np.newaxis] * decay_rate) * state + written
        y[:, t] = np.einsum("bn,bnd->bd", read[:, t], state) + skip * x[:, t]
    return y


def as_channels(inputs, step_size, decay_rate, skip, state_size):
    """What the scan of channels takes to do what the scan of heads does."""
    n = inputs.shape[2] - 2 * state_size
    each = n // len(skip)
    x, write, read = np.split(inputs, [n, n + state_size], axis=2)
    decays = np.broadcast_to(np.repeat(decay_rate, each), (state_size, n))
    return x, np.repeat(step_size, each, axis=2), decays, write, read, np.repeat(skip, each)


def back(vjp, y, n_gradients):
    """All gradients for a dy, those of parameters last."""
    dy = np.random.default_rng(1).standard_normal(y.shape).astype(y.dtype)
    gradients = [np.full(shape, np.nan, y.dtype) for shape in n_gradients]
    return [*vjp(dy, *gradients), *gradients]


def both_ways_of_channels(*arguments):
    y, vjp = selective_scan.selective_scan(*arguments)
    return [y, *back(vjp, y, [arguments[2].shape, arguments[5].shape])]


def both_ways_of_heads(*arguments):
    y, vjp = multihead_scan.multihead_scan(*arguments)
    return [y, *back(vjp, y, [arguments[2].shape, arguments[3].shape])]


SCANS = {
    "channels": (selective_scan, draw, both_ways_of_channels),
    "heads": (multihead_scan, draw_heads, both_ways_of_heads),
}
each_scan = pytest.mark.parametrize(("module", "arguments", "both_ways"), SCANS.values(), ids=SCANS)


@pytest.mark.parametrize("n_steps", [1, 2, 16, 17, 70])
def test_the_scan_of_channels_is_a_plain_loop(n_steps):
    y, _ = selective_scan.selective_scan(*draw(n_steps))
    np.testing.assert_allclose(y, plain_loop(*draw(n_steps)), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n_steps", [1, 2, 32, 33, 70])
def test_the_scan_of_heads_is_a_plain_loop(n_steps):
    y, _ = multihead_scan.multihead_scan(*draw_heads(n_steps))
    np.testing.assert_allclose(y, plain_loop(*as_channels(*draw_heads(n_steps))), rtol=1e-10, atol=1e-12)


def test_both_scans_go_back_alike():
    """One by matrix products, the other step by step."""
    y, d_inputs, d_step_size, d_decay_rate, d_skip = both_ways_of_heads(*draw_heads(70))
    one, d_x, d_steps, d_write, d_read, d_decays, d_skips = both_ways_of_channels(*as_channels(*draw_heads(70)))
    np.testing.assert_allclose(y, one, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(d_inputs, np.concatenate([d_x, d_write, d_read], axis=2), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(d_step_size, d_steps.reshape(BATCH, 70, HEADS, -1).sum(axis=3), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(d_decay_rate, d_decays.sum(axis=0).reshape(HEADS, -1).sum(axis=1), rtol=1e-9)
    np.testing.assert_allclose(d_skip, d_skips.reshape(HEADS, -1).sum(axis=1), rtol=1e-9)


def test_a_scan_that_does_not_select_is_a_linear_filter():
    x, step_size, decay_rate, write, read, skip = draw(50)
    step_size[...], write[...], read[...] = 0.3, write[0, 0], read[0, 0]
    y, _ = selective_scan.selective_scan(x, step_size, decay_rate, write, read, skip)
    for channel in range(CHANNELS):
        expected = skip[channel] * x[:, :, channel]
        for state in range(STATES):
            gain = 0.3 * write[0, 0, state] * read[0, 0, state]
            kept = np.exp(0.3 * decay_rate[state, channel])
            expected = expected + lfilter([gain], [1, -kept], x[:, :, channel], axis=1)
        np.testing.assert_allclose(y[:, :, channel], expected, rtol=1e-10, atol=1e-12)


@each_scan
@pytest.mark.parametrize("chunk", [1, 2, 5, 13, 100])
def test_the_size_of_chunks_changes_nothing(module, arguments, both_ways, chunk, monkeypatch):
    expected = both_ways(*arguments())
    monkeypatch.setattr(module, "CHUNK", chunk)
    for found, whole in zip(both_ways(*arguments()), expected, strict=True):
        np.testing.assert_allclose(found, whole, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("block", [1, 2 * STATES * CHANNELS, 10**6])
def test_the_size_of_blocks_changes_nothing(block, monkeypatch):
    expected = both_ways_of_channels(*draw())
    monkeypatch.setattr(selective_scan, "BLOCK", block)
    for found, whole in zip(both_ways_of_channels(*draw()), expected, strict=True):
        np.testing.assert_allclose(found, whole, rtol=1e-10, atol=1e-12)


@each_scan
def test_a_step_of_size_zero_leaves_the_state(module, arguments, both_ways):
    """What later steps read is as if it were not there."""
    given = arguments()
    given[1][:, 5:9] = 0
    without = [np.delete(a, slice(5, 9), axis=1) if getattr(a, "ndim", 0) == 3 else a for a in given]
    y, expected = both_ways(*given)[0], both_ways(*without)[0]
    np.testing.assert_allclose(np.delete(y, slice(5, 9), axis=1), expected, rtol=1e-10, atol=1e-12)


@each_scan
def test_no_step_sees_a_later_one(module, arguments, both_ways):
    changed = [array.copy() if isinstance(array, np.ndarray) else array for array in arguments()]
    for array in changed:
        if getattr(array, "ndim", 0) == 3:
            array[:, 8:] += 1.0
    y, expected = both_ways(*changed)[0], both_ways(*arguments())[0]
    np.testing.assert_array_equal(y[:, :8], expected[:, :8])
    assert (y[:, 8] != expected[:, 8]).all()


@each_scan
def test_float32_is_kept_and_close_to_float64(module, arguments, both_ways):
    for found, exact in zip(both_ways(*arguments(70, np.float32)), both_ways(*arguments(70)), strict=True):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, exact, rtol=1e-3, atol=1e-4 * np.abs(exact).max())


@each_scan
def test_what_decays_at_once_overflows_nowhere(module, arguments, both_ways):
    """Products of decays vanish here within a step."""
    given = list(arguments(70, np.float32))
    given[2] = given[2] * np.float32(1e4)
    for array in both_ways(*given):
        assert np.isfinite(array).all()


@each_scan
def test_predicting_gives_the_same(module, arguments, both_ways):
    function = getattr(module, module.__name__.rsplit(".", 1)[1])
    np.testing.assert_array_equal(function(*arguments(70), keep=False)[0], both_ways(*arguments(70))[0])


def test_the_scan_of_channels_step_by_step():
    x, step_size, decay_rate, write, read, skip = draw()
    state = np.zeros((BATCH, STATES, CHANNELS))
    for t, expected in enumerate(plain_loop(*draw()).transpose(1, 0, 2)):
        y, state = selective_scan.selective_scan_step(
            x[:, t], step_size[:, t], decay_rate, write[:, t], read[:, t], skip, state
        )
        np.testing.assert_allclose(y, expected, rtol=1e-10)


def test_the_scan_of_heads_step_by_step():
    inputs, step_size, decay_rate, skip, _ = draw_heads()
    state = np.zeros((BATCH, STATES, CHANNELS))
    for t, expected in enumerate(plain_loop(*as_channels(*draw_heads())).transpose(1, 0, 2)):
        y, state = multihead_scan.multihead_scan_step(inputs[:, t], step_size[:, t], decay_rate, skip, state)
        np.testing.assert_allclose(y, expected, rtol=1e-10)


# The convolution before the scan


@pytest.mark.parametrize(("n_steps", "width"), [(9, 4), (9, 1), (2, 4), (1, 4)])
def test_the_causal_convolution_is_a_filter_of_each_channel(n_steps, width):
    rng = np.random.default_rng(0)
    x, kernel, bias = rng.standard_normal((4, n_steps, 3)), rng.standard_normal((width, 3)), rng.standard_normal(3)
    y, _ = causal_convolution.causal_convolution(x, kernel, bias)
    for channel in range(3):
        expected = lfilter(kernel[::-1, channel], 1, x[:, :, channel], axis=1) + bias[channel]
        np.testing.assert_allclose(y[:, :, channel], expected, rtol=1e-10, atol=1e-12)
    before = np.zeros((4, width - 1, 3))
    for t in range(n_steps):
        y_step, before = causal_convolution.causal_convolution_step(x[:, t], kernel, bias, before)
        np.testing.assert_allclose(y_step, y[:, t], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("block", [1, 50])
def test_the_size_of_blocks_of_the_convolution_changes_nothing(block, monkeypatch):
    rng = np.random.default_rng(0)
    x, kernel, bias = rng.standard_normal((4, 9, 3)), rng.standard_normal((4, 3)), rng.standard_normal(3)

    def both_ways():
        y, vjp = causal_convolution.causal_convolution(x, kernel, bias)
        return [y, *(back(lambda dy, *g: [vjp(dy, *g)], y, [kernel.shape, bias.shape]))]

    expected = both_ways()
    monkeypatch.setattr(causal_convolution, "BLOCK", block)
    for found, whole in zip(both_ways(), expected, strict=True):
        np.testing.assert_allclose(found, whole, rtol=1e-10, atol=1e-12)
