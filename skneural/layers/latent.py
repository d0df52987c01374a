"""Latent variables of variational autoencoders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer
from skneural.ops.gaussian import gaussian_divergence, gaussian_draw
from skneural.ops.types import Array
from skneural.parameters import Tree


@dataclass(frozen=True)
class GaussianLatent(Layer):
    """Sample from the normal distribution with parameters x; in prediction, return its mean (Kingma and Welling 2014).

    x: (samples, 2 size), means and logarithms of variances; y: (samples, size). Adds to the loss `weight` times the
    weighted mean over samples of the Kullback-Leibler divergence from the standard normal distribution.

    Parameters
    ----------
    size : int
    weight : float, default=1.0
    """

    size: int
    weight: float = 1.0

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        mean, log_variance = x[:, : self.size], x[:, self.size :]
        if not context.training:
            return mean.copy(), lambda dy, g: np.concatenate([dy, np.zeros_like(dy)], axis=1)
        y, draw_vjp = gaussian_draw(mean, log_variance, context.random_normals(mean.shape, x.dtype))
        penalty_vjp = None if context.penalties is None else self._penalize(mean, log_variance, context)

        def backward(dy: Array, g: Tree) -> Any:
            dx = np.concatenate(draw_vjp(dy), axis=1)
            if penalty_vjp is not None:
                dx += penalty_vjp()
            return dx

        return y, backward

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        return x[:, : self.size]

    def _penalize(self, mean: Array, log_variance: Array, context: Context) -> Any:
        """Append this shard's part of the divergence to the penalties; returns the function for its gradient."""
        assert context.penalties is not None
        divergence, vjp = gaussian_divergence(mean, log_variance)
        n_samples = len(mean) if context.shard.samples is None else context.shard.samples.of
        share = self.weight / (n_samples if context.batch.total is None else context.batch.total)
        shares = np.full(len(mean), share, mean.dtype)
        if context.batch.sample_weight is not None:
            shares *= context.batch.sample_weight
        context.penalties.append(float(divergence @ shares))
        return lambda: np.concatenate(vjp(shares), axis=1)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return x_shape[0], self.size
