"""Normalization layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.initializers import ones
from skneural.layers.layer import PREDICTING, Backward, Context, Layer
from skneural.ops.normalize import batch_normalize, batch_statistics
from skneural.parameters import Buffer, Parameter, Tree


@dataclass(frozen=True)
class BatchNormalization(Layer):
    """Centre and scale each feature over the batch (Ioffe and Szegedy 2015). x, y: (rows, features).

    Predicting uses running statistics. The first batches weigh equally in them, so that they are right
    after a few steps already; later they forget with `momentum`. A batch of one row has no variance:
    it is normalized by the running statistics, in training too.

    Parameters
    ----------
    n_features : int
    momentum : float, default=0.1
        Weight of the newest batch in the running statistics.
    epsilon : float, default=1e-5
        Added to the variance.
    """

    n_features: int
    momentum: float = 0.1
    epsilon: float = 1e-5

    def parameters(self) -> Tree:
        shape = (self.n_features,)
        return {
            "gamma": Parameter(shape, ones, penalized=False),
            "beta": Parameter(shape, penalized=False),
            "mean": Buffer(shape),
            "variance": Buffer(shape, fill=1.0),
            "n_batches": Buffer(()),
        }

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        n_rows = context.n_rows or len(x)
        if not context.training or n_rows < 2:
            return self._with_running_statistics(p, x)
        mean, variance = batch_statistics(x, n_rows, context.reduce)
        if context.first_shard:
            self._remember(p, mean, variance, n_rows)
        y, vjp = batch_normalize(x, mean, variance, p["gamma"], p["beta"], self.epsilon, n_rows, context.reduce)
        return y, lambda dy, g: vjp(dy, g["gamma"], g["beta"])

    def predict(self, p: Tree, x: Any, context: Context = PREDICTING) -> Any:
        scale = p["gamma"] / np.sqrt(p["variance"] + self.epsilon)
        y = x * scale
        y += p["beta"] - p["mean"] * scale
        return y

    def _with_running_statistics(self, p: Tree, x: Any) -> tuple[Any, Backward]:
        inverse_deviation = 1.0 / np.sqrt(p["variance"] + self.epsilon)
        normalized = (x - p["mean"]) * inverse_deviation
        scale = p["gamma"] * inverse_deviation

        def backward(dy: Any, g: Tree) -> Any:
            dy.sum(axis=0, out=g["beta"])
            np.einsum("ij,ij->j", dy, normalized, out=g["gamma"])
            return dy * scale

        return normalized * p["gamma"] + p["beta"], backward

    def _remember(self, p: Tree, mean: Any, variance: Any, n_rows: int) -> None:
        p["n_batches"] += 1
        newest = max(self.momentum, 1 / float(p["n_batches"]))
        p["mean"] += newest * (mean - p["mean"])
        unbiased = variance * (n_rows / (n_rows - 1))
        p["variance"] += newest * (unbiased - p["variance"])
