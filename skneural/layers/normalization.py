"""Normalization layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from skneural.data.images import ImageSizes
from skneural.data.statistics import FEW_SAMPLES, block_moments, robust_scale, rows_of_channels
from skneural.initializers import ones
from skneural.layers.layer import PREDICTING, Backward, Context, Layer, LayerInput, step_axis
from skneural.ops.moments import RunningMoments
from skneural.ops.normalize import Moments, batch_normalize, local_response_normalize, scale_and_shift
from skneural.ops.normalize_series import normalize_series
from skneural.ops.types import Array
from skneural.parameters import Buffer, Parameter, Tree

# The scale in deviations, where these take the place of another statistic: a normal distribution has an interquartile
# range of 1.35 deviations, and a thousand numbers have half a range of 3.2.
DEVIATIONS = {"moments": 1.0, "quantiles": 1.35, "range": 3.0}


@dataclass(frozen=True)
class BatchNormalization(Layer):
    """Centre and scale each feature over the batch and over space or time (Ioffe and Szegedy 2015).

    Prediction uses running statistics. These are the mean of the first batches, so that they are accurate after a few
    steps, and later an exponential moving average with `momentum`, in which a batch counts by the weight of its
    elements: a small last batch, or one of short series, counts less. A batch of one row has no variance and is
    normalized by the running statistics in training, too. Statistics are weighted by the sample weights and exclude
    padding; in training, y and dx are zero in the padding for any x and dy.

    x, y: (rows, features), (batch, steps, features), (steps, features, batch) or (height, features, width, batch),
    where a series may be an image of height one.

    Parameters
    ----------
    n_features : int
    momentum : float, default=0.1
        Weight of the newest batch in the running statistics.
    epsilon : float, default=1e-5
        Added to the variance.
    axis : int, default=-1
        Axis of the features in x: -1 with rows first, 1 with the batch last.
    rows : {"samples", "elements"}, default="samples"
        Whether a row of (rows, features) is a sample, or an element such as a step or a node, concatenated over all
        samples. Of images, "elements" normalizes a single one by the statistics of its pixels in training.
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
            "batch_weight": Buffer(()),
        }

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        if not context.training or self._n_rows(x, context) < 2:
            return self._with_running_statistics(p, x)
        weight, real = self._weight_and_mask(x, context)
        y, vjp, moments = batch_normalize(
            x, p["gamma"], p["beta"], self.epsilon, context.shard.reduce, axis=self.axis, weight=weight, real=real
        )
        if context.shard.is_first:
            self._update_running_statistics(p, moments, context.settling)
        return y, lambda dy, g: vjp(dy, g["gamma"], g["beta"])

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        scale = p["gamma"] / np.sqrt(p["variance"] + self.epsilon)
        return scale_and_shift(x, scale, p["beta"] - p["mean"] * scale, axis=self.axis)[0]

    def _n_rows(self, x: Array, context: Context) -> int:
        """Number of rows of the whole batch."""
        n_rows: int = x.shape[0 if self.axis == -1 else -1]
        if x.ndim == 4 and self.rows == "elements":
            n_rows = x.size // self.n_features
        share = context.shard.share(n_rows, self.rows)
        return n_rows if share is None else share.of

    def _weight_and_mask(self, x: Array, context: Context) -> tuple[Array | None, Array | None]:
        """Weights and mask of the elements of x, in shapes that broadcast to x."""
        if x.ndim == 2:
            weight = context.batch.row_weight(len(x), self.rows)
            return None if weight is None else weight[:, np.newaxis], None
        if isinstance(context.batch.structure, ImageSizes):
            mask, weight = context.mask_behind(x.shape), context.batch.sample_weight
            assert mask is not None
            return mask.astype(x.dtype) if weight is None else mask * weight, mask
        n_steps = x.shape[1 if self.axis == -1 else {3: 0, 4: 2}[x.ndim]]
        weight, mask = context.batch.step_weight(n_steps, x.dtype), context.mask(n_steps)
        return self._broadcast(weight, x.ndim), self._broadcast(mask, x.ndim)

    def _broadcast(self, array: Array | None, ndim: int) -> Array | None:
        """Reshape (samples, steps) so that it broadcasts to x."""
        if array is None:
            return None
        if self.axis == -1:
            return array.reshape(*array.shape, *(1,) * (ndim - 2))
        return array.T if ndim == 4 else array.T[:, np.newaxis]

    def _with_running_statistics(self, p: Tree, x: Array) -> tuple[Any, Backward]:
        inverse_deviation = 1.0 / np.sqrt(p["variance"] + self.epsilon)
        normalized, inner = scale_and_shift(x, inverse_deviation, -p["mean"] * inverse_deviation, axis=self.axis)
        y, outer = scale_and_shift(normalized, p["gamma"], p["beta"], axis=self.axis)
        return y, lambda dy, g: inner(outer(dy, g["gamma"], g["beta"]))

    def _update_running_statistics(self, p: Tree, moments: Moments, settling: bool) -> None:
        p["n_batches"] += 1
        equal = 1 / float(p["n_batches"])
        newest = equal if settling else max(self.momentum, equal)
        p["batch_weight"] += newest * (moments.weight - p["batch_weight"])
        share = newest * moments.weight / float(p["batch_weight"])
        distance = moments.mean - p["mean"]
        p["mean"] += share * distance
        p["variance"] += share * (moments.variance - p["variance"])
        if settling:  # in training, means of batches also differ because the parameters change
            p["variance"] += share * (1 - share) * distance * distance

    def average_buffers(self, p: Tree, others: Sequence[Tree], shares: Sequence[float]) -> None:
        """The variance of all includes that between the means."""
        mean = sum(share * other["mean"] for share, other in zip(shares, others, strict=True))
        distances = (share * (other["mean"] - mean) ** 2 for share, other in zip(shares, others, strict=True))
        variance = sum(share * other["variance"] for share, other in zip(shares, others, strict=True)) + sum(distances)
        p["n_batches"][...] = max(other["n_batches"] for other in others)
        p["batch_weight"][...] = sum(share * other["batch_weight"] for share, other in zip(shares, others, strict=True))
        p["mean"][...], p["variance"][...] = mean, variance

    def step(self, p: Tree, x: Array, state: None = None) -> tuple[Any, None]:
        return replace(self, axis=step_axis(self.axis, x.ndim)).predict(p, x), None


@dataclass(frozen=True)
class LocalResponseNormalization(Layer):
    """Divide each pixel by a power of the energy of neighbouring channels (Krizhevsky et al. 2012).

    x, y: (height, channels, width, batch). The defaults are those of AlexNet.

    Parameters
    ----------
    n_channels : int, default=5
        Odd number of channels: the channel itself, and equally many on both sides.
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
    """Centre and scale each channel by statistics of the training data, computed before training starts.

    Means and deviations are those of all data so far, when training continues with further data; other statistics are
    those of the data with which training began. Quantiles and ranges of fewer than `FEW_SAMPLES` samples say little:
    means and deviations take their place.

    Parameters
    ----------
    n_channels : int
    axis : int, default=-1
        Axis of the channels in x.
    statistics : {"moments", "quantiles", "range", "given"}, default="moments"
        Centre and scale: mean and standard deviation, without padding; median and interquartile range, without missing
        values; or midpoint and half the width of the range. With "given", the caller sets the buffers.
    bounds : pair of float, optional
        Range of all channels, instead of the statistics of the training data.
    """

    n_channels: int
    axis: int = -1
    statistics: str = "moments"
    bounds: tuple[float, float] | None = None

    stepwise: ClassVar[bool] = True

    def parameters(self) -> Tree:
        middle, half = (0.0, 1.0) if self.bounds is None else _middle_and_half(*self.bounds, np.dtype(np.float64))
        return {
            "mean": Buffer((self.n_channels,), fill=float(middle)),
            "scale": Buffer((self.n_channels,), fill=float(half)),
            # Of all data so far, with the mean; the weight is zero for other statistics.
            "deviation": Buffer((self.n_channels,)),
            "weight": Buffer((self.n_channels,)),
        }

    def adapt(self, p: Tree, inputs: LayerInput) -> None:
        if self.bounds is not None or self.statistics == "given":
            return
        few = len(inputs.samples) < FEW_SAMPLES
        if p["weight"].any() if inputs.further else few or self.statistics == "moments":
            self._join(p, inputs)
        elif not inputs.further:
            p["mean"][...], p["scale"][...] = getattr(self, f"_{self.statistics}")(inputs, p["mean"].dtype)

    def _join(self, p: Tree, inputs: LayerInput) -> None:
        """Set means and deviations, of the data before and of the inputs."""
        moments = block_moments(self._blocks(inputs))
        if inputs.further:
            weight, mean, deviation = (p[name].astype(np.float64) for name in ("weight", "mean", "deviation"))
            moments = RunningMoments(weight, mean, deviation, moments.epsilon).joined(moments)
        p["weight"][...], p["mean"][...], p["deviation"][...] = moments.weight, moments.mean, moments.deviation
        p["scale"][...] = replace(moments, deviation=p["deviation"]).scale * DEVIATIONS[self.statistics]

    def _blocks(self, inputs: LayerInput) -> Iterator[tuple[Array, Array]]:
        for x, context in inputs:
            rows, weight = rows_of_channels(self._rows_first(x), context.batch.lengths, context.batch.sample_weight)
            if isinstance(context.batch.structure, ImageSizes):
                weight *= context.batch.structure.mask(x.shape[0], x.shape[2])[:, 0].transpose(2, 0, 1).ravel()
            yield rows, weight

    def _quantiles(self, inputs: LayerInput, dtype: np.dtype[Any]) -> tuple[Array, Array]:
        return robust_scale(*inputs.whole())

    def _range(self, inputs: LayerInput, dtype: np.dtype[Any]) -> tuple[Array, Array]:
        lows, highs = zip(*((x.min(axis=0), x.max(axis=0)) for x, _ in inputs), strict=True)
        return _middle_and_half(np.minimum.reduce(lows), np.maximum.reduce(highs), dtype)

    def _rows_first(self, x: Array) -> Array:
        """View of x with samples first and channels last."""
        if self.axis == -1:
            return x
        return x.transpose(2, 0, 1) if x.ndim == 3 else x.transpose(3, 0, 2, 1)

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        inverse = 1.0 / p["scale"]
        y, vjp = scale_and_shift(x, inverse, -p["mean"] * inverse, axis=self.axis)
        return y, lambda dy, g: vjp(dy)

    def step(self, p: Tree, x: Array, state: None = None) -> tuple[Any, None]:
        return replace(self, axis=step_axis(self.axis, x.ndim)).predict(p, x), None


@dataclass(frozen=True)
class SeriesNormalization(Layer):
    """Centre and scale each feature of each series by its own mean and deviation over the real steps (Kim et al. 2022).

    x, y: (batch, steps, features). Padding becomes zero, and constant series are centred only.
    """

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, vjp = normalize_series(x, context.batch.lengths)
        return y, lambda dy, g: vjp(dy)


def _middle_and_half(low: float | Array, high: float | Array, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """Midpoint and half the width of ranges; one instead of widths that are rounding errors."""
    low, high = np.divide(low, 2, dtype=np.float64), np.divide(high, 2, dtype=np.float64)
    middle, half = low + high, high - low
    least = np.maximum(1e-12 * np.abs(middle), np.finfo(dtype).tiny)  # values are divided by it
    return middle, np.where(half > least, half, 1.0)
