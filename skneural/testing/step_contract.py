"""Check that stepwise computation equals that on whole series."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from skneural.layers.layer import Layer
from skneural.ops.types import Array
from skneural.parameters import Layout
from skneural.testing.batch_contract import SampleAxes
from skneural.testing.gradient_check import in_dtype, one_pass, random_start, training_context, unchanged


def check_steps(layer: Layer, x: Array, x_axes: SampleAxes, y_axes: SampleAxes, *, seed: int = 0) -> None:
    """Check that `step` over all steps equals `predict` on whole series, and that no step of y depends on later steps.

    A selection of samples, whose states `select_state` selects, must give the same as in the whole batch.

    Parameters
    ----------
    layer : Layer
    x : array
        Series of equal length, with at least two steps.
    x_axes, y_axes : SampleAxes
        Axes of x and y. If y has no steps, as after pooling, each step must equal the result of the steps so far.
    seed : int, default=0
        Seed of parameters and buffers.

    Raises
    ------
    AssertionError
        If results differ, or `step` modifies x or the state.
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
        x_step, before = x.take(t, x_axes.steps), copy.deepcopy(state)
        y, next_state = layer.step(tree, x_step, state)
        again, _ = layer.step(tree, x_step, state)
        not_written = unchanged(state, before) and np.array_equal(again, y)
        assert not_written, f"{layer}: step writes into its state."
        assert unchanged(x_step, x.take(t, x_axes.steps)), f"{layer}: step writes into x."
        rows = np.array([n_samples - 1, 0, 0])
        selected, _ = layer.step(tree, x_step.take(rows, _batch_axis(x_axes)), layer.select_state(state, rows))
        _compare(layer, selected, y.take(rows, _batch_axis(y_axes)), f"step {t} of a selected state differs")
        state = next_state
        so_far = layer.predict(tree, x.take(range(t + 1), x_axes.steps))
        _compare(layer, y, _step(so_far, t, y_axes, n_samples), f"step {t} is not that of the steps so far")
        if y_axes.steps is not None or y_axes.elements:
            whole = layer.predict(tree, x)
            _compare(layer, y, _step(whole, t, y_axes, n_samples), f"step {t} is not that of the whole series")


def _batch_axis(axes: SampleAxes) -> int:
    """Batch axis of the array of one step."""
    return axes.batch - (axes.steps is not None and axes.steps < axes.batch)


def _step(y: Array, t: int, axes: SampleAxes, n_samples: int) -> Array:
    """One step of the output for whole series."""
    if axes.elements:
        y = y.reshape(n_samples, -1, *y.shape[1:])
        return y[:, t]
    return y if axes.steps is None else y.take(t, axes.steps)


def _compare(layer: Layer, actual: Array, expected: Array, message: str) -> None:
    assert actual.shape == expected.shape, f"{layer}: {message}: its shape is {actual.shape}, not {expected.shape}."
    assert np.allclose(actual, expected, rtol=1e-9, atol=1e-11), f"{layer}: {message}."
