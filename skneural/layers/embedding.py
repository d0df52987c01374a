"""Tokens to vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skneural.initializers import normal, uniform
from skneural.layers.axes import RealSteps
from skneural.layers.combinators import take_each
from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer
from skneural.ops.embedding import embedding
from skneural.ops.linear import linear
from skneural.ops.types import Array
from skneural.parameters import Parameter, Tree


@dataclass(frozen=True)
class Embedding(Layer):
    """A learned vector for each token. x: integers (batch, steps); y: (batch, steps, size).

    It is the first layer of a network: tokens have no gradient.

    Parameters
    ----------
    vocabulary_size : int
        Tokens are numbered from 0 to ``vocabulary_size - 1``.
    size : int
    """

    vocabulary_size: int
    size: int

    stepwise: ClassVar[bool] = True

    def parameters(self) -> Tree:
        # Uniform over [-0.25, 0.25], as in Kim 2014.
        return {"table": Parameter((self.vocabulary_size, self.size), uniform(0.25))}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = embedding(x, p["table"])
        return y, lambda dy, g: vjp(dy, g["table"])

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (*x_shape, self.size)


# Standard deviation with which vectors start that are compared with, too, as in GPT-2.
START_DEVIATION = 0.02

REAL_STEPS = RealSteps()


@dataclass(frozen=True)
class TiedEmbedding(Layer):
    """Tokens to raw scores of tokens, by one table at either end of a network (Press and Wolf 2017).

    x: integers (batch, steps); y: (rows, vocabulary_size). Each token becomes its vector, `inner` relates the steps to
    each other, `rows` picks those that are to be scored, and their products with the vectors of the first
    `vocabulary_size` tokens are the scores. The same table is learned from both ends.

    Parameters
    ----------
    vocabulary_size : int
        Tokens that are scored, numbered from 0.
    size : int
        Numbers that stand for each token; features of each step that `inner` puts out.
    inner : Layer
        From series (batch, steps, size) to series of the same shape.
    rows : Layer, default=RealSteps()
        From these to rows.
    n_special : int, default=0
        Tokens beyond the others that are read but not scored, such as the start of a text.
    """

    vocabulary_size: int
    size: int
    inner: Layer
    rows: Layer = REAL_STEPS
    n_special: int = 0

    def parameters(self) -> Tree:
        n = self.vocabulary_size
        return {
            "table": Parameter((n + self.n_special, self.size), normal(START_DEVIATION)),
            "bias": Parameter((n,), penalized=False),
            "inner": self.inner.parameters(),
            "rows": self.rows.parameters(),
        }

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        n = self.vocabulary_size
        vectors, embedding_vjp = embedding(x, p["table"])
        states, inner_backward = self.inner.forward(p["inner"], vectors, context)
        rows, rows_backward = self.rows.forward(p["rows"], states, context)
        y, product_vjp = linear(rows, p["table"][:n].T, p["bias"])

        def backward(dy: Any, g: Tree) -> Any:
            d_table = np.empty((self.size, n), dy.dtype)
            d_rows = product_vjp(dy, d_table, g["bias"])
            d_vectors = inner_backward(rows_backward(d_rows, g["rows"]), g["inner"])
            embedding_vjp(d_vectors, g["table"])
            g["table"][:n] += d_table.T

        return y, backward

    def states(self, p: Tree, x: Array, context: Context = PREDICTING) -> Array:
        """What `inner` makes of the tokens."""
        states: Array = self.inner.predict(p["inner"], p["table"].take(x, axis=0), context)
        return states

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        return self._scores(p, self.rows.predict(p["rows"], self.states(p, x, context), context))

    def step(self, p: Tree, x: Array, state: Any = None) -> tuple[Any, Any]:
        inner_state, rows_state = (None, None) if state is None else state
        y, inner_state = self.inner.step(p["inner"], p["table"].take(x, axis=0), inner_state)
        y, rows_state = self.rows.step(p["rows"], y, rows_state)
        return self._scores(p, y), (inner_state, rows_state)

    def take(self, state: Any, rows: Array) -> Any:
        return take_each((self.inner, self.rows), state, rows)

    def _scores(self, p: Tree, rows: Array) -> Array:
        scores: Array = rows @ p["table"][: self.vocabulary_size].T
        scores += p["bias"]
        return scores

    def output_bias(self, p: Tree) -> Array | None:
        bias: Array = p["bias"]
        return bias

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (*self.rows.shape(self.inner.shape(self.inner_shape(x_shape)))[:-1], self.vocabulary_size)

    def inner_shape(self, x_shape: AnyShape) -> AnyShape:
        return (*x_shape, self.size)
