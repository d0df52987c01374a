"""Embeddings of numerical features, as vectors whose last entry is the number itself. x: (batch, features)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.data.statistics import FEW_SAMPLES, column_quantiles
from skneural.initializers import normal, uniform, zeros
from skneural.layers.layer import AnyShape, Backward, Context, Layer, LayerInput
from skneural.ops.concatenate import append_number
from skneural.ops.numeric_embedding import bins, map_each, waves
from skneural.ops.types import Array
from skneural.parameters import Buffer, Parameter, Tree

# Minimum width of a bin, in interquartile ranges.
LEAST_BIN = 1e-5


@dataclass(frozen=True)
class PeriodicEmbedding(Layer):
    """Embed each number as a linear map of cosines with learned frequencies, and append the number.

    x: (batch, features); y: (batch, features * size). The embedding is that of [1]_, with the number as in [2]_.

    Parameters
    ----------
    n_features : int
    size : int, default=4
        Size of the vectors: the last entry is x, the others are sums of waves.
    n_waves : int, default=16
        Number of waves of each feature.
    deviation : float, default=1.0
        Standard deviation of the initial frequencies. The published 0.1 needs hundreds of epochs; with 1.0, fifty are
        enough.
    input_gradient : bool, default=True
        False in the first layer with parameters, to skip dx.

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
        y, append_vjp = append_number(vectors, x)

        def backward(dy: Array, g: Tree) -> Array | None:
            d_vectors, d_number = append_vjp(dy)
            d_wave = map_vjp(d_vectors, g["weight"])
            dx = waves_vjp(d_wave, g["frequency"], g["phase"])
            return None if dx is None else dx + d_number

        return y, backward

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], self.n_features * self.size)


@dataclass(frozen=True)
class PiecewiseLinearEmbedding(Layer):
    """Embed each number by learned piecewise linear functions, and append the number (Gorishniy et al. 2022).

    x: (batch, features); y: (batch, features * size). The breakpoints, the buffer ``edges``, are quantiles of
    the training data without missing values; of fewer than `FEW_SAMPLES` samples, they are evenly spaced.

    Parameters
    ----------
    n_features : int
    size : int, default=4
        Size of the vectors: the last entry is x, the others are piecewise linear functions.
    n_bins : int, default=48
        Number of linear pieces of each function.
    input_gradient : bool, default=True
        False in the first layer with parameters, to skip dx.
    """

    n_features: int
    size: int = 4
    n_bins: int = 48
    input_gradient: bool = True

    def parameters(self) -> Tree:
        # Zero at the start, so that functions only deviate from zero where the data require it (Gorishniy et al. 2025).
        return {
            "weight": Parameter((self.n_features, self.n_bins, self.size - 1), zeros),
            "edges": Buffer((self.n_features, self.n_bins + 1), fill=self._even),
        }

    @property
    def learned_once(self) -> str:
        return "the bins of piecewise linear embeddings"

    def _even(self) -> Array:
        return np.tile(np.linspace(-3, 3, self.n_bins + 1), (self.n_features, 1))

    def adapt(self, p: Tree, inputs: LayerInput) -> None:
        if inputs.further or len(inputs.samples) < FEW_SAMPLES:
            return
        x, weight = inputs.whole()
        ends = column_quantiles(x, np.linspace(0, 1, self.n_bins + 1), weight)
        p["edges"][...] = [_distinct(column) for column in ends.T]

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        through, bins_vjp = bins(x, p["edges"])
        vectors, map_vjp = map_each(through, p["weight"], input_gradient=self.input_gradient)
        y, append_vjp = append_number(vectors, x)

        def backward(dy: Array, g: Tree) -> Array | None:
            d_vectors, d_number = append_vjp(dy)
            d_through = map_vjp(d_vectors, g["weight"])
            return None if d_through is None else bins_vjp(d_through) + d_number

        return y, backward

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], self.n_features * self.size)


def _distinct(edges: Array) -> Array:
    """Distinct numbers of an ascending array, padded with infinity to its length.

    Numbers closer than `LEAST_BIN` are merged: they may be equal in single precision, and a bin of width zero has no
    slope.
    """
    different = edges[np.diff(edges, prepend=-np.inf) > LEAST_BIN]
    return np.append(different, np.full(len(edges) - len(different), np.inf))
