"""Where steps stand in their series, for layers that see no order. x, y: (batch, steps, features)."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from skneural.initializers import normal
from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer, Share
from skneural.ops.memory import empty, empty_like, zeros
from skneural.ops.types import Array
from skneural.parameters import Parameter, Tree

# Standard deviation with which learned positions and class tokens start, as in BERT and GPT-2.
START_DEVIATION = 0.02


@dataclass(frozen=True)
class Scale(Layer):
    """Multiply by a number: embeddings by the root of their size, to stand up to positions (Vaswani et al. 2017)."""

    factor: float

    stepwise: ClassVar[bool] = True

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        return self._scaled(x), lambda dy, g: self._scaled(dy)

    def _scaled(self, x: Array) -> Array:
        return np.multiply(x, self.factor, out=empty_like(x))


@dataclass(frozen=True)
class SinusoidalPositions(Layer):
    """Add sines and cosines of the position, from fast to slow (Vaswani et al. 2017, section 3.5)."""

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        table = _sinusoids(x.shape[1], x.shape[2], x.dtype.char)
        return np.add(x, table, out=empty_like(x)), lambda dy, g: dy

    def step(self, p: Tree, x: Any, state: int | None = None) -> tuple[Any, int]:
        position = state or 0
        room = max(64, 1 << position.bit_length())  # a new table only when the position doubles
        return x + _sinusoids(room, x.shape[1], x.dtype.char)[position], position + 1


@dataclass(frozen=True)
class LearnedPositions(Layer):
    """Add a learned row for each position.

    Parameters
    ----------
    max_length : int
        Positions that there are.
    n_features : int
    """

    max_length: int
    n_features: int

    def parameters(self) -> Tree:
        shape = (self.max_length, self.n_features)
        return {"table": Parameter(shape, normal(START_DEVIATION), penalized=False)}

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        n_steps = x.shape[1]
        self._check(n_steps)

        def backward(dy: Any, g: Tree) -> Any:
            np.add.reduce(dy, axis=0, out=g["table"][:n_steps])
            g["table"][n_steps:] = 0.0
            return dy

        return np.add(x, p["table"][:n_steps], out=empty_like(x)), backward

    def step(self, p: Tree, x: Any, state: int | None = None) -> tuple[Any, int]:
        position = state or 0
        self._check(position + 1)
        return x + p["table"][position], position + 1

    def _check(self, n_steps: int) -> None:
        if n_steps > self.max_length:
            raise ValueError(
                f"A series has {n_steps} steps, but positions were learned for {self.max_length} only; cut it, or "
                f"use sinusoidal or rotary positions, which go on."
            )


@dataclass(frozen=True)
class WithClassToken(Layer):
    """Put a learned step before each series, and return what `inner` makes of it (Devlin et al. 2019).

    x: (batch, steps, features), y: (batch, features of what inner puts out). It stands at the start: then a series
    of unequal length is one longer, and nothing else about it changes.

    Parameters
    ----------
    inner : Layer
        From series to series.
    n_features : int
        Features of a step of x.
    """

    inner: Layer
    n_features: int

    def parameters(self) -> Tree:
        token = Parameter((self.n_features,), normal(START_DEVIATION), penalized=False)
        return {"token": token, "inner": self.inner.parameters()}

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        whole, inner_backward = self.inner.forward(p["inner"], _prepended(p["token"], x), _one_longer(context))
        whole_shape = whole.shape

        def backward(dy: Any, g: Tree) -> Any:
            d_whole = zeros(whole_shape, dy.dtype)
            d_whole[:, 0] = dy
            dx = inner_backward(d_whole, g["inner"])
            np.add.reduce(dx[:, 0], axis=0, out=g["token"])
            return dx[:, 1:]

        return whole[:, 0].copy(), backward

    def predict(self, p: Tree, x: Any, context: Context = PREDICTING) -> Any:
        whole = self.inner.predict(p["inner"], _prepended(p["token"], x), _one_longer(context))
        return whole[:, 0].copy()

    def shape(self, x_shape: AnyShape) -> AnyShape:
        whole = self.inner.shape(self.inner_shape(x_shape))
        return whole[0], whole[2]

    def inner_shape(self, x_shape: AnyShape) -> AnyShape:
        batch, steps, n_features = x_shape
        return batch, None if steps is None else steps + 1, n_features


def _prepended(token: Array, x: Array) -> Array:
    longer = empty((x.shape[0], x.shape[1] + 1, x.shape[2]), x.dtype)
    longer[:, 0], longer[:, 1:] = token, x
    return longer


def _one_longer(context: Context) -> Context:
    """What holds where each series has a step more."""
    if context.lengths is None:
        return context
    elements, samples = context.elements, context.samples
    if elements is not None and samples is not None:
        first, last, _ = samples.rows.indices(samples.of)
        rows = slice(elements.rows.start + first, elements.rows.stop + last)
        elements = Share(rows, elements.of + samples.of)
    return dataclasses.replace(context, lengths=context.lengths + 1, elements=elements)


@lru_cache(maxsize=8)
def _sinusoids(n_steps: int, n_features: int, kind: str) -> Array:
    """Sines at even and cosines at odd features, of shape (steps, features)."""
    frequencies = np.exp(np.arange(0, n_features, 2) * (-math.log(10000.0) / n_features))
    angles = np.arange(n_steps)[:, np.newaxis] * frequencies
    table = np.empty((n_steps, n_features), kind)
    table[:, 0::2] = np.sin(angles)
    table[:, 1::2] = np.cos(angles[:, : n_features // 2])
    table.setflags(write=False)
    return table
