"""Whether a layer gives step by step what it gives on whole series."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from skneural.layers.layer import Layer
from skneural.ops.types import Array
from skneural.parameters import Layout
from skneural.testing.batch_contract import Axes
from skneural.testing.gradient_check import in_dtype, one_pass, random_start, training_context, unchanged


def check_steps(layer: Layer, x: Array, x_axes: Axes, y_axes: Axes, *, seed: int = 0) -> None:
    """Check that `step` over all steps equals `predict` on the whole, and that no step of y depends on later ones of x.

    Some samples, whose states `take` gives, must go on as they do among all.

    Parameters
    ----------
    layer : Layer
    x : array
        Series of equal lengths, of two steps or more.
    x_axes, y_axes : Axes
        How x and y lie. Where y has no steps, it is what the layer makes of all steps, and of the steps so far.
    seed : int, default=0
        Draws parameters and buffers.

    Raises
    ------
    AssertionError
        With a sentence that says what differs.
    """
    assert x_axes.steps is not None, "x has no steps."
    layout = Layout(layer.parameters())
    start = random_start(layout, np.random.default_rng(seed), np.float64)
    x = np.asarray(in_dtype(x, np.float64))
    start = start._replace(buffers=one_pass(layer, layout, start, x, training_context(seed), seed).buffers)
    tree = layout.views(start.vector, start.buffers)
    n_steps, n_samples = x.shape[x_axes.steps], x.shape[x_axes.batch]
    state: Any = None
    for t in range(n_steps):
        given, before = x.take(t, x_axes.steps), copy.deepcopy(state)
        y, next_state = layer.step(tree, given, state)
        again, _ = layer.step(tree, given, state)
        borrowed = unchanged(state, before) and np.array_equal(again, y)
        assert borrowed, f"{layer}: step writes into its state."
        assert unchanged(given, x.take(t, x_axes.steps)), f"{layer}: step writes into x."
        rows = np.array([n_samples - 1, 0, 0])
        taken, _ = layer.step(tree, given.take(rows, _batch_axis(x_axes)), layer.take(state, rows))
        _compare(layer, taken, y.take(rows, _batch_axis(y_axes)), f"step {t} after take is not that of these samples")
        state = next_state
        so_far = layer.predict(tree, x.take(range(t + 1), x_axes.steps))
        _compare(layer, y, _step(so_far, t, y_axes, n_samples), f"step {t} is not that of the steps so far")
        if y_axes.steps is not None or y_axes.elements:
            whole = layer.predict(tree, x)
            _compare(layer, y, _step(whole, t, y_axes, n_samples), f"step {t} is not that of the whole series")


def _batch_axis(axes: Axes) -> int:
    """That of one step."""
    return axes.batch - (axes.steps is not None and axes.steps < axes.batch)


def _step(y: Array, t: int, axes: Axes, n_samples: int) -> Array:
    """One step of what a layer makes of series."""
    if axes.elements:
        y = y.reshape(n_samples, -1, *y.shape[1:])
        return y[:, t]
    return y if axes.steps is None else y.take(t, axes.steps)


def _compare(layer: Layer, found: Array, expected: Array, what: str) -> None:
    assert found.shape == expected.shape, f"{layer}: {what}: its shape is {found.shape}, not {expected.shape}."
    assert np.allclose(found, expected, rtol=1e-9, atol=1e-11), f"{layer}: {what}."
