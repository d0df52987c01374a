"""Embeddings of tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skneural.initializers import EMBEDDING_DEVIATION, normal, uniform
from skneural.layers.axes import RealSteps
from skneural.layers.combinators import States, select_each
from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer
from skneural.ops.embedding import embedding, embedding_mean
from skneural.ops.linear import linear
from skneural.ops.step_pooling import pooled_so_far
from skneural.ops.types import Array
from skneural.parameters import Parameter, Tree


@dataclass(frozen=True)
class Embedding(Layer):
    """Learned embedding of tokens. x: integers (batch, steps); y: (batch, steps, size).

    This must be the first layer of a network, as tokens have no gradient.

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
        return {"table": Parameter((self.vocabulary_size, self.size), uniform(0.25), by_rows=True)}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = embedding(x, p["table"])
        return y, lambda dy, g: vjp(dy, g["table"])

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (*x_shape, self.size)


@dataclass(frozen=True)
class MeanEmbedding(Layer):
    """Mean of the learned embeddings of the tokens of each sample (Joulin et al. 2017). y: (batch, size).

    x: integers (batch, steps). This must be the first layer of a network, as tokens have no gradient.

    Parameters
    ----------
    vocabulary_size : int
        Tokens are numbered from 0 to ``vocabulary_size - 1``.
    size : int
    dropout : float, default=0.0
        Fraction of the tokens that the mean leaves out in training (Iyyer et al. 2015). The mean of none is zero.
    deviation : float, default=0.1
        Standard deviation of the initial embeddings. Small ones let each word begin with what its first gradients say.
    """

    vocabulary_size: int
    size: int
    dropout: float = 0.0
    deviation: float = 0.1

    def parameters(self) -> Tree:
        return {"table": Parameter((self.vocabulary_size, self.size), normal(self.deviation), by_rows=True)}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        counts = context.mask(x.shape[1])
        counts = np.ones(x.shape, bool) if counts is None else counts
        if context.training and self.dropout:
            counts = counts & (context.random_bits(x.shape) >= round(self.dropout * 65536))
        y, vjp = embedding_mean(x, p["table"], counts)
        return y, lambda dy, g: vjp(dy, g["table"])

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return x_shape[0], self.size

    def step(self, p: Tree, x: Array, state: tuple[int, Array] | None = None) -> tuple[Array, tuple[int, Array]]:
        return pooled_so_far("mean", p["table"].take(x, axis=0), state)


@dataclass(frozen=True)
class TextEmbedding(Layer):
    """Mean of the learned embeddings of the words of each row. x: (batch, words); y: (batch, size).

    Parameters
    ----------
    vocabulary_size : int
        Words are numbered from 0 to ``vocabulary_size - 1``, in floats. Negative numbers are no words; the mean of none
        is zero.
    size : int
    dropout : float, default=0.0
        Fraction of the words that the mean leaves out in training.
    deviation : float, default=0.1
        Standard deviation of the initial embeddings.
    input_gradient : bool, default=True
        False in the first layer with parameters: `backward` then returns None instead of zeros.
    """

    vocabulary_size: int
    size: int
    dropout: float = 0.0
    deviation: float = 0.1
    input_gradient: bool = True

    def parameters(self) -> Tree:
        return {"table": Parameter((self.vocabulary_size, self.size), normal(self.deviation), penalized=False)}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        words = np.rint(x).astype(np.intp)
        counts = words >= 0
        if context.training and self.dropout:
            counts &= context.random_bits(x.shape) >= round(self.dropout * 65536)
        y, vjp = embedding_mean(np.maximum(words, 0), p["table"], counts)

        def backward(dy: Array, g: Tree) -> Array | None:
            vjp(dy, g["table"])
            return np.zeros_like(x) if self.input_gradient else None

        return y, backward

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return x_shape[0], self.size


REAL_STEPS = RealSteps()


@dataclass(frozen=True)
class TiedEmbedding(Layer):
    """Network from tokens to scores of tokens, whose embedding is also the output weight (Press and Wolf 2017).

    x: integers (batch, steps); y: (rows, vocabulary_size). Tokens are embedded, `inner` transforms the series, `rows`
    selects the steps to be scored, and the scores are the products with the embeddings of the first `vocabulary_size`
    tokens. The gradient of the table is the sum of both uses.

    Parameters
    ----------
    vocabulary_size : int
        Tokens that are scored, numbered from 0.
    size : int
        Size of the embeddings, and number of output features of `inner`.
    inner : Layer
        From series (batch, steps, size) to series of the same shape.
    rows : Layer, default=RealSteps()
        From these series to rows.
    n_special : int, default=0
        Further tokens that are read but not scored, such as the start of a text.
    """

    vocabulary_size: int
    size: int
    inner: Layer
    rows: Layer = REAL_STEPS
    n_special: int = 0

    def parameters(self) -> Tree:
        n = self.vocabulary_size
        return {
            "table": Parameter((n + self.n_special, self.size), normal(EMBEDDING_DEVIATION)),
            "bias": Parameter((n,), penalized=False),
            **super().parameters(),
        }

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        n = self.vocabulary_size
        vectors, embedding_vjp = embedding(x, p["table"])
        states, inner_backward = self.inner.forward(p["inner"], vectors, context)
        rows, rows_backward = self.rows.forward(p["rows"], states, context)
        y, product_vjp = linear(rows, p["table"][:n].T, p["bias"])

        def backward(dy: Array, g: Tree) -> Any:
            d_table = np.empty((self.size, n), dy.dtype)
            d_rows = product_vjp(dy, d_table, g["bias"])
            d_vectors = inner_backward(rows_backward(d_rows, g["rows"]), g["inner"])
            embedding_vjp(d_vectors, g["table"])
            g["table"][:n] += d_table.T

        return y, backward

    def states(self, p: Tree, x: Array, context: Context = PREDICTING) -> Array:
        """Output of `inner` for the tokens."""
        states: Array = self.inner.predict(p["inner"], p["table"].take(x, axis=0), context)
        return states

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        return self._scores(p, self.rows.predict(p["rows"], self.states(p, x, context), context))

    def step(self, p: Tree, x: Array, state: States | None = None) -> tuple[Any, States]:
        inner_state, rows_state = (None, None) if state is None else state
        y, inner_state = self.inner.step(p["inner"], p["table"].take(x, axis=0), inner_state)
        y, rows_state = self.rows.step(p["rows"], y, rows_state)
        return self._scores(p, y), (inner_state, rows_state)

    def select_state(self, state: States | None, rows: Array) -> States | None:
        return select_each((self.inner, self.rows), state, rows)

    def _scores(self, p: Tree, rows: Array) -> Array:
        scores: Array = rows @ p["table"][: self.vocabulary_size].T
        scores += p["bias"]
        return scores

    def output_bias(self, p: Tree) -> Array | None:
        bias: Array = p["bias"]
        return bias

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (*self.rows.shape(self.inner.shape((*x_shape, self.size)))[:-1], self.vocabulary_size)
