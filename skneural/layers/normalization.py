"""Normalization layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from skneural.initializers import ones
from skneural.layers.layer import PREDICTING, Backward, Context, Layer, step_axis
from skneural.ops.normalize import Moments, batch_normalize, local_response_normalize, scale_and_shift
from skneural.ops.types import Array
from skneural.parameters import Buffer, Parameter, Tree


@dataclass(frozen=True)
class BatchNormalization(Layer):
    """Centre and scale each feature over the batch and over space or time (Ioffe and Szegedy 2015).

    Predicting uses running statistics. The first batches weigh equally in them, so that they are right
    after a few steps already; later they forget with `momentum`. A batch of one row has no variance of its
    own: it is normalized by the running statistics, in training too. A sample counts for as much as it weighs, and
    steps beyond the end of a series for nothing: while training, y and dx are zero there, whatever x and dy are.

    x, y: (rows, features), (batch, steps, features), (steps, features, batch) or (height, features, width, batch): a
    series is an image of height one, too.

    Parameters
    ----------
    n_features : int
    momentum : float, default=0.1
        Weight of the newest batch in the running statistics.
    epsilon : float, default=1e-5
        Added to the variance.
    axis : int, default=-1
        The axis of x that counts features: -1 with rows first, 1 with the batch last.
    rows : {"samples", "elements"}, default="samples"
        What the rows of (rows, features) are: samples, or steps or nodes of all samples, one behind the other.
    """

    n_features: int
    momentum: float = 0.1
    epsilon: float = 1e-5
    axis: int = -1
    rows: str = "samples"

    stepwise: ClassVar[bool] = True

    def parameters(self) -> Tree:
        shape = (self.n_features,)
        return {
            "gamma": Parameter(shape, ones, penalized=False),
            "beta": Parameter(shape, penalized=False),
            "mean": Buffer(shape),
            "variance": Buffer(shape, fill=1.0),
            "n_batches": Buffer(()),
        }

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        if not context.training or self._n_rows(x, context) < 2:
            return self._with_running_statistics(p, x)
        weight, real = self._weight_and_mask(x, context)
        y, vjp, moments = batch_normalize(
            x, p["gamma"], p["beta"], self.epsilon, context.reduce, axis=self.axis, weight=weight, real=real
        )
        if context.first_shard:
            self._remember(p, moments, context.settling)
        return y, lambda dy, g: vjp(dy, g["gamma"], g["beta"])

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        scale = p["gamma"] / np.sqrt(p["variance"] + self.epsilon)
        return scale_and_shift(x, scale, p["beta"] - p["mean"] * scale, axis=self.axis)[0]

    def _n_rows(self, x: Any, context: Context) -> int:
        """Rows of the whole batch."""
        n_rows: int = x.shape[0 if self.axis == -1 else -1]
        share = context.share(n_rows, self.rows)
        return n_rows if share is None else share.of

    def _weight_and_mask(self, x: Any, context: Context) -> tuple[Array | None, Array | None]:
        """What the elements of x count for, and which of them are no padding, in shapes that broadcast to x."""
        if x.ndim == 2:
            weight = context.row_weight(len(x), self.rows)
            return None if weight is None else weight[:, np.newaxis], None
        n_steps = x.shape[1 if self.axis == -1 else {3: 0, 4: 2}[x.ndim]]
        weight, mask = context.step_weight(n_steps, x.dtype), context.mask(n_steps)
        return self._broadcast(weight, x.ndim), self._broadcast(mask, x.ndim)

    def _broadcast(self, array: Array | None, ndim: int) -> Array | None:
        """From (samples, steps) to what broadcasts to x."""
        if array is None:
            return None
        if self.axis == -1:
            return array.reshape(*array.shape, *(1,) * (ndim - 2))
        return array.T if ndim == 4 else array.T[:, np.newaxis]

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

    def step(self, p: Tree, x: Array, state: Any = None) -> tuple[Any, Any]:
        return replace(self, axis=step_axis(self.axis, x.ndim)).predict(p, x), None


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

    stepwise: ClassVar[bool] = True

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
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

    stepwise: ClassVar[bool] = True

    def parameters(self) -> Tree:
        return {"mean": Buffer((self.n_channels,)), "scale": Buffer((self.n_channels,), fill=1.0)}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        inverse = 1.0 / p["scale"]
        y, vjp = scale_and_shift(x, inverse, -p["mean"] * inverse, axis=self.axis)
        return y, lambda dy, g: vjp(dy)

    def step(self, p: Tree, x: Array, state: Any = None) -> tuple[Any, Any]:
        return replace(self, axis=step_axis(self.axis, x.ndim)).predict(p, x), None
