"""Numbers become vectors, of which the number itself is the last entry. x: (batch, features)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.initializers import normal, uniform, zeros
from skneural.layers.layer import AnyShape, Backward, Context, Layer
from skneural.ops.numeric_embedding import bins, map_each, waves
from skneural.ops.types import Array
from skneural.parameters import Buffer, Parameter, Tree


@dataclass(frozen=True)
class PeriodicEmbedding(Layer):
    """A learned map of learned waves of each number, beside the number [1]_, [2]_.

    x: (batch, features); y: (batch, features * size).

    Parameters
    ----------
    n_features : int
    size : int, default=4
        Numbers in each vector: the last is x, the others are sums of waves.
    n_waves : int, default=16
        Of each feature.
    deviation : float, default=1.0
        Of the frequencies, at the start. Hundreds of epochs suit 0.1, as published; from 1.0, fifty are enough.
    input_gradient : bool, default=True
        False in the first layer of a network that learns, to skip dx.

    References
    ----------
    .. [1] Gorishniy, Rubachev and Babenko. "On embeddings for numerical features in tabular deep learning".
       NeurIPS 2022.
    .. [2] Holzmueller, Grinsztajn and Steinwart. "Better by default: strong pre-tuned MLPs and boosted trees on
       tabular data". NeurIPS 2024.
    """

    n_features: int
    size: int = 4
    n_waves: int = 16
    deviation: float = 1.0
    input_gradient: bool = True

    def parameters(self) -> Tree:
        each = (self.n_features, self.n_waves)
        return {
            "frequency": Parameter(each, normal(self.deviation), penalized=False),
            "phase": Parameter(each, uniform(0.5), penalized=False),
            "weight": Parameter((*each, self.size - 1), uniform(1 / math.sqrt(self.n_waves))),
        }

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        wave, waves_vjp = waves(x, p["frequency"], p["phase"], input_gradient=self.input_gradient)
        vectors, map_vjp = map_each(wave, p["weight"])

        def backward(dy: Array, g: Tree) -> Array | None:
            d_vectors, d_beside = _parted(dy, x, self.size)
            d_wave = map_vjp(d_vectors, g["weight"])
            dx = waves_vjp(d_wave, g["frequency"], g["phase"])
            return None if dx is None else dx + d_beside

        return _beside(vectors, x), backward

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], self.n_features * self.size)


@dataclass(frozen=True)
class PiecewiseLinearEmbedding(Layer):
    """A learned piecewise linear curve of each number, beside the number (Gorishniy et al. 2022).

    x: (batch, features); y: (batch, features * size). The curves bend at quantiles of the training data, which must be
    set, as the buffer ``edges``, before training.

    Parameters
    ----------
    n_features : int
    size : int, default=4
        Numbers in each vector: the last is x, the others are such curves.
    n_bins : int, default=48
        Straight pieces of each curve.
    input_gradient : bool, default=True
        False in the first layer of a network that learns, to skip dx.
    """

    n_features: int
    size: int = 4
    n_bins: int = 48
    input_gradient: bool = True

    def parameters(self) -> Tree:
        # From no curves at all: they then grow where the data asks for them (Gorishniy et al. 2025).
        return {
            "weight": Parameter((self.n_features, self.n_bins, self.size - 1), zeros),
            "edges": Buffer((self.n_features, self.n_bins + 1), fill=self._even),
        }

    def _even(self) -> Array:
        return np.tile(np.linspace(-3, 3, self.n_bins + 1), (self.n_features, 1))

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        through, bins_vjp = bins(x, p["edges"])
        vectors, map_vjp = map_each(through, p["weight"], input_gradient=self.input_gradient)

        def backward(dy: Array, g: Tree) -> Array | None:
            d_vectors, d_beside = _parted(dy, x, self.size)
            d_through = map_vjp(d_vectors, g["weight"])
            return None if d_through is None else bins_vjp(d_through) + d_beside

        return _beside(vectors, x), backward

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], self.n_features * self.size)


def _beside(vectors: Array, x: Array) -> Array:
    """(batch, features, size - 1) and (batch, features) as one row for each sample."""
    return np.concatenate([vectors, x[:, :, np.newaxis]], axis=2).reshape(len(x), -1)


def _parted(dy: Array, x: Array, size: int) -> tuple[Array, Array]:
    """The gradients of both parts."""
    each = dy.reshape(*x.shape, size)
    return each[:, :, :-1], each[:, :, -1]
