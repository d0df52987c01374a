"""Position embeddings and class tokens. x, y: (batch, steps, features)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skneural.initializers import EMBEDDING_DEVIATION, normal
from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer, Share
from skneural.ops.memory import empty, zeros
from skneural.ops.positions import add_to_each, multiply, sinusoidal_grid, sinusoidal_table
from skneural.ops.types import Array
from skneural.parameters import Parameter, Tree


@dataclass(frozen=True)
class Scale(Layer):
    """Multiply by a constant, such as embeddings by the root of their size before positions (Vaswani et al. 2017)."""

    factor: float

    stepwise: ClassVar[bool] = True

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = multiply(x, self.factor)
        return y, lambda dy, g: vjp(dy)


@dataclass(frozen=True)
class SinusoidalPositions(Layer):
    """Add sinusoidal position embeddings (Vaswani et al. 2017, section 3.5)."""

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        table = sinusoidal_table(x.shape[1], x.shape[2], x.dtype.char)
        return add_to_each(x, table)[0], lambda dy, g: dy

    def step(self, p: Tree, x: Array, state: int | None = None) -> tuple[Any, int]:
        position = state or 0
        n_positions = max(64, 1 << position.bit_length())  # a new table only when the position doubles
        return x + sinusoidal_table(n_positions, x.shape[1], x.dtype.char)[position], position + 1


@dataclass(frozen=True)
class GridPositions(Layer):
    """Add sinusoidal embeddings of the row and of the column, of half of the features each, to the pixels of images.

    x, y: (batch, height * width, features), row by row.

    Parameters
    ----------
    height, width : int
    """

    height: int
    width: int

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        table = sinusoidal_grid(self.height, self.width, x.shape[2], x.dtype.char)
        return add_to_each(x, table)[0], lambda dy, g: dy


@dataclass(frozen=True)
class LearnedPositions(Layer):
    """Add a learned embedding of each position.

    Parameters
    ----------
    max_length : int
        Number of positions.
    n_features : int
    """

    max_length: int
    n_features: int

    def parameters(self) -> Tree:
        shape = (self.max_length, self.n_features)
        return {"table": Parameter(shape, normal(EMBEDDING_DEVIATION), penalized=False)}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        n_steps = x.shape[1]
        self._check(n_steps)
        y, vjp = add_to_each(x, p["table"][:n_steps])

        def backward(dy: Array, g: Tree) -> Any:
            g["table"][n_steps:] = 0.0
            return vjp(dy, g["table"][:n_steps])

        return y, backward

    def step(self, p: Tree, x: Array, state: int | None = None) -> tuple[Any, int]:
        position = state or 0
        self._check(position + 1)
        return x + p["table"][position], position + 1

    def _check(self, n_steps: int) -> None:
        if n_steps > self.max_length:
            raise ValueError(
                f"A series has {n_steps} steps, but positions were learned for {self.max_length} only. Shorten it, or "
                "use sinusoidal or rotary positions, which are defined for any number of steps."
            )


@dataclass(frozen=True)
class WithClassToken(Layer):
    """Prepend a learned class token to each series, and return its step of the output of `inner` (Devlin et al. 2019).

    x: (batch, steps, features), y: (batch, output features of `inner`). With the token at the start, padded series only
    become one step longer.

    Parameters
    ----------
    inner : Layer
        Maps series to series of the same lengths.
    n_features : int
        Features of a step of x.
    """

    inner: Layer
    n_features: int

    def parameters(self) -> Tree:
        token = Parameter((self.n_features,), normal(EMBEDDING_DEVIATION), penalized=False)
        return {"token": token, **super().parameters()}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        whole, inner_backward = self.inner.forward(p["inner"], _prepended(p["token"], x), _one_longer(context))
        whole_shape = whole.shape

        def backward(dy: Array, g: Tree) -> Any:
            d_whole = zeros(whole_shape, dy.dtype)
            d_whole[:, 0] = dy
            dx = inner_backward(d_whole, g["inner"])
            np.add.reduce(dx[:, 0], axis=0, out=g["token"])
            return dx[:, 1:]

        return whole[:, 0].copy(), backward

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        whole = self.inner.predict(p["inner"], _prepended(p["token"], x), _one_longer(context))
        return whole[:, 0].copy()

    def shape(self, x_shape: AnyShape) -> AnyShape:
        batch, steps, n_features = x_shape
        whole = self.inner.shape((batch, steps + 1, n_features))
        return whole[0], whole[2]


def _prepended(token: Array, x: Array) -> Array:
    longer = empty((x.shape[0], x.shape[1] + 1, x.shape[2]), x.dtype)
    longer[:, 0], longer[:, 1:] = token, x
    return longer


def _one_longer(context: Context) -> Context:
    """Context of series that are one step longer."""
    lengths, shard = context.batch.lengths, context.shard
    if lengths is None:
        return context
    if shard.elements is not None and shard.samples is not None:
        (first, last, _), elements = shard.samples.rows.indices(shard.samples.of), shard.elements
        rows = slice(elements.rows.start + first, elements.rows.stop + last)
        shard = dataclasses.replace(shard, elements=Share(rows, elements.of + shard.samples.of))
    return dataclasses.replace(context, batch=context.batch._replace(lengths=lengths + 1), shard=shard)
