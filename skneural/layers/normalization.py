"""Normalization layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.initializers import ones
from skneural.layers.layer import PREDICTING, Backward, Context, Layer
from skneural.ops.normalize import Moments, batch_normalize, local_response_normalize, scale_and_shift
from skneural.parameters import Buffer, Parameter, Tree


@dataclass(frozen=True)
class BatchNormalization(Layer):
    """Centre and scale each feature over the batch and over space or time (Ioffe and Szegedy 2015).

    Predicting uses running statistics. The first batches weigh equally in them, so that they are right
    after a few steps already; later they forget with `momentum`. A batch of one row has no variance of its
    own: it is normalized by the running statistics, in training too. A sample counts for as much as it weighs, and
    steps beyond the end of a series for nothing.

    Parameters
    ----------
    n_features : int
    momentum : float, default=0.1
        Weight of the newest batch in the running statistics.
    epsilon : float, default=1e-5
        Added to the variance.
    axis : int, default=-1
        The axis of x that counts features: -1 for rows, 1 for images.
    """

    n_features: int
    momentum: float = 0.1
    epsilon: float = 1e-5
    axis: int = -1

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
        n_rows = context.n_rows or x.shape[0 if self.axis == -1 else -1]
        if not context.training or n_rows < 2:
            return self._with_running_statistics(p, x)
        weight = context.element_weight(x, batch_axis=0 if self.axis == -1 else -1)
        y, vjp, moments = batch_normalize(
            x, p["gamma"], p["beta"], self.epsilon, context.reduce, axis=self.axis, weight=weight
        )
        if context.first_shard:
            self._remember(p, moments, context.settling)
        return y, lambda dy, g: vjp(dy, g["gamma"], g["beta"])

    def predict(self, p: Tree, x: Any, context: Context = PREDICTING) -> Any:
        scale = p["gamma"] / np.sqrt(p["variance"] + self.epsilon)
        return scale_and_shift(x, scale, p["beta"] - p["mean"] * scale, axis=self.axis)[0]

    def _with_running_statistics(self, p: Tree, x: Any) -> tuple[Any, Backward]:
        inverse_deviation = 1.0 / np.sqrt(p["variance"] + self.epsilon)
        normalized, inner = scale_and_shift(x, inverse_deviation, -p["mean"] * inverse_deviation, axis=self.axis)
        y, outer = scale_and_shift(normalized, p["gamma"], p["beta"], axis=self.axis)
        return y, lambda dy, g: inner(outer(dy, g["gamma"], g["beta"]))

    def _remember(self, p: Tree, moments: Moments, settling: bool) -> None:
        p["n_batches"] += 1
        equally = 1 / float(p["n_batches"])
        newest = equally if settling else max(self.momentum, equally)
        p["mean"] += newest * (moments.mean - p["mean"])
        p["variance"] += newest * (moments.variance - p["variance"])


@dataclass(frozen=True)
class LocalResponseNormalization(Layer):
    """Divide each pixel by a power of the energy of the channels around it (Krizhevsky et al. 2012).

    x, y: (height, channels, width, batch). The defaults are those of AlexNet.

    Parameters
    ----------
    n_channels : int, default=5
        Odd: the channel itself and as many on either side.
    bias, alpha, beta : float
        ``y = x / (bias + alpha * sum of x**2 over the channels) ** beta``.
    """

    n_channels: int = 5
    bias: float = 2.0
    alpha: float = 1e-4
    beta: float = 0.75

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        y, vjp = local_response_normalize(x, self.n_channels, self.bias, self.alpha, self.beta)
        return y, lambda dy, g: vjp(dy)


@dataclass(frozen=True)
class Standardization(Layer):
    """Centre and scale each channel by numbers that were taken from the training data and stay as they are.

    Parameters
    ----------
    n_channels : int
    axis : int, default=-1
        The axis of x that counts channels.
    """

    n_channels: int
    axis: int = -1

    def parameters(self) -> Tree:
        return {"mean": Buffer((self.n_channels,)), "scale": Buffer((self.n_channels,), fill=1.0)}

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        inverse = 1.0 / p["scale"]
        y, vjp = scale_and_shift(x, inverse, -p["mean"] * inverse, axis=self.axis)
        return y, lambda dy, g: vjp(dy)
