"""Layers that do not learn."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer
from skneural.ops.types import Array
from skneural.parameters import Buffer, Layout, Parameter, Tree


@dataclass(frozen=True)
class Frozen(Layer):
    """Another layer as it is when predicting: what it has learned before is kept.

    Its parameters are buffers here, so no optimizer, no penalty and no weight decay moves them. They start anywhere;
    whoever freezes a layer puts in what it has learned.

    Parameters
    ----------
    inner : Layer
    input_gradient : bool, default=True
        False where nothing before it learns: then nothing is kept for going back.
    """

    inner: Layer
    input_gradient: bool = True

    def parameters(self) -> Tree:
        return {"inner": _as_buffers(self.inner.parameters())}

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        if not self.input_gradient:
            return self.predict(p, x, context), lambda dy, g: None
        y, inner_backward = self.inner.forward(p["inner"], x, _predicting(context))

        def backward(dy: Any, g: Tree) -> Any:
            layout = Layout(self.inner.parameters())
            return inner_backward(dy, layout.views(np.empty(layout.size, dy.dtype)))  # nobody reads these gradients

        return y, backward

    def predict(self, p: Tree, x: Any, context: Context = PREDICTING) -> Any:
        return self.inner.predict(p["inner"], x, _predicting(context))

    def step(self, p: Tree, x: Any, state: Any = None) -> tuple[Any, Any]:
        return self.inner.step(p["inner"], x, state)

    def take(self, state: Any, rows: Array) -> Any:
        return self.inner.take(state, rows)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return self.inner.shape(x_shape)


def _predicting(context: Context) -> Context:
    return context if context.rng is None else dataclasses.replace(context, rng=None)


def _as_buffers(declared: Tree) -> Tree:
    """The same tree, with buffers in the place of parameters."""
    if isinstance(declared, tuple):
        return tuple(map(_as_buffers, declared))
    if isinstance(declared, dict):
        return {name: _as_buffers(leaf) for name, leaf in declared.items()}
    return _buffer(declared) if isinstance(declared, Parameter) else declared


def _buffer(parameter: Parameter) -> Buffer:
    return Buffer(parameter.shape, lambda: parameter.initializer(np.random.default_rng(0), parameter.shape))
