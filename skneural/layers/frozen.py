"""Layers with fixed parameters."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer, LayerState
from skneural.ops.types import Array, Arrays
from skneural.parameters import Buffer, Layout, Parameter, Tree


@dataclass(frozen=True)
class Frozen(Layer):
    """Another layer in prediction mode, with fixed parameters.

    Its parameters become buffers, so that optimizers, penalties and weight decay leave them unchanged. Their initial
    values are arbitrary; the caller has to copy the trained parameters into them.

    Parameters
    ----------
    inner : Layer
    input_gradient : bool, default=True
        False if no layer before it has parameters: nothing is kept for `backward` then.
    """

    inner: Layer
    input_gradient: bool = True

    def parameters(self) -> Tree:
        return _as_buffers(super().parameters())

    def output_lengths(self, lengths: Array) -> Array:
        return self.inner.output_lengths(lengths)

    def forward(self, p: Tree, x: Arrays, context: Context) -> tuple[Any, Backward]:
        if not self.input_gradient:
            return self.predict(p, x, context), lambda dy, g: None
        y, inner_backward = self.inner.forward(p["inner"], x, _predicting(context))

        def backward(dy: Array, g: Tree) -> Any:
            layout = Layout(self.inner.parameters())
            return inner_backward(dy, layout.views(np.empty(layout.size, dy.dtype)))  # these gradients are discarded

        return y, backward

    def predict(self, p: Tree, x: Arrays, context: Context = PREDICTING) -> Any:
        return self.inner.predict(p["inner"], x, _predicting(context))

    def step(self, p: Tree, x: Arrays, state: LayerState = None) -> tuple[Any, Any]:
        return self.inner.step(p["inner"], x, state)

    def select_state(self, state: LayerState, rows: Array) -> Any:
        return self.inner.select_state(state, rows)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return self.inner.shape(x_shape)


def _predicting(context: Context) -> Context:
    return context if context.rng is None else dataclasses.replace(context, rng=None)


def _as_buffers(declared: Tree) -> Tree:
    """The same tree with parameters replaced by buffers."""
    return {name: _as_buffers(leaf) if isinstance(leaf, dict) else _buffer(leaf) for name, leaf in declared.items()}


def _buffer(parameter: Parameter | Buffer) -> Buffer:
    if isinstance(parameter, Buffer):
        return parameter
    return Buffer(parameter.shape, lambda: parameter.initializer(np.random.default_rng(0), parameter.shape))
