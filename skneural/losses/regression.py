"""Losses for numbers. y and raw: (rows, n_outputs); the value is one mean per output."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from skneural.losses.loss import Loss, Value, weighted_mean
from skneural.ops.pointwise import log_one_plus_exp, sigmoid
from skneural.ops.types import Array


@dataclass(frozen=True)
class ElementwiseLoss(Loss):
    """A loss that is a sum over elements; members define `_losses_and_slopes`."""

    def _losses_and_slopes(self, y: Array, raw: Array) -> tuple[Array, Array]:
        """Loss and derivative of each element: new arrays of the shape of raw."""
        raise NotImplementedError(f"{type(self).__name__} must define _losses_and_slopes")

    def value_and_gradient(
        self, y: Array, raw: Array, sample_weight: Array | None = None, total: float | None = None
    ) -> tuple[Value, Array]:
        total = len(raw) if total is None else total
        losses, slopes = self._losses_and_slopes(y, raw)
        if sample_weight is not None:
            weight = sample_weight[:, np.newaxis]
            losses *= weight
            slopes *= weight
        slopes *= 1.0 / (total * raw.shape[1])
        value = np.add.reduce(losses, axis=0)
        value /= total
        return value, slopes


@dataclass(frozen=True)
class SquaredLoss(ElementwiseLoss):
    """(raw - y)^2 / 2: estimates the mean."""

    @property
    def degree(self) -> int:
        return 2

    def _losses_and_slopes(self, y: Array, raw: Array) -> tuple[Array, Array]:
        difference = raw - y
        losses = difference * difference
        losses *= 0.5
        return losses, difference

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        return weighted_mean(y, sample_weight)


@dataclass(frozen=True)
class AbsoluteLoss(ElementwiseLoss):
    """|raw - y|: estimates the median."""

    def _losses_and_slopes(self, y: Array, raw: Array) -> tuple[Array, Array]:
        difference = raw - y
        return np.abs(difference), np.sign(difference)

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        return weighted_quantile(y, 0.5, sample_weight)


@dataclass(frozen=True)
class HuberLoss(ElementwiseLoss):
    """Squared up to a difference of `delta`, straight beyond: the mean, but robust (Huber 1964)."""

    delta: float = 1.35

    @property
    def degree(self) -> int:
        return 2  # with `delta` in the same unit as the differences

    def _losses_and_slopes(self, y: Array, raw: Array) -> tuple[Array, Array]:
        difference = raw - y
        slopes = np.clip(difference, -self.delta, self.delta)
        losses = slopes * (difference - 0.5 * slopes)
        return losses, slopes

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        median = weighted_quantile(y, 0.5, sample_weight)
        distances = np.subtract(y, median, dtype=np.float64)  # the median is near, so the search loses no digits
        return median + np.array([self._balance(column, weight) for column in distances.T])

    def _balance(self, y: Array, weight: Array) -> float:
        """Where the slopes of all samples add up to zero; the least such place if there are several."""

        def pull(constant: float) -> float:
            return float(weight @ np.clip((y - constant) / self.delta, -1.0, 1.0))

        # The pull falls along a straight line from each place where some sample comes within delta, or leaves it, to
        # the next: n log n for the sorting, and twenty pulls for a million samples.
        bends = np.unique(np.concatenate([y - self.delta, y + self.delta]))
        after = bisect_left(bends, 0.0, lo=1, hi=len(bends) - 1, key=lambda bend: -pull(bend))
        low, high = bends[after - 1], bends[after]
        inside = float(weight @ (np.abs(y - (low + high) / 2) < self.delta))
        return low + self.delta * pull(low) / inside if inside else low


@dataclass(frozen=True)
class QuantileLoss(ElementwiseLoss):
    """Pinball loss: estimates the `quantile` of y (Koenker and Bassett 1978)."""

    quantile: float = 0.5

    def _losses_and_slopes(self, y: Array, raw: Array) -> tuple[Array, Array]:
        difference = raw - y
        slopes = np.where(difference > 0, 1.0 - self.quantile, -self.quantile).astype(raw.dtype)
        return slopes * difference, slopes

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        return weighted_quantile(y, self.quantile, sample_weight)


@dataclass(frozen=True)
class PoissonLoss(ElementwiseLoss):
    """Half the Poisson deviance: estimates a positive mean. Link: exp. y: zero or positive.

    Value: exp(raw) - y raw + y log(y) - y, which is zero where the prediction exp(raw) equals y.
    """

    @property
    def link_name(self) -> str:
        return "exp"

    def _losses_and_slopes(self, y: Array, raw: Array) -> tuple[Array, Array]:
        predicted = np.exp(raw)
        logarithm = np.log(y, where=y > 0, out=np.zeros_like(raw))
        losses = predicted - y
        slopes = losses.copy()
        losses += y * (logarithm - raw)
        return losses, slopes

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        return np.log(np.maximum(weighted_mean(y, sample_weight), 0.5 / len(y)))


@dataclass(frozen=True)
class GaussianLoss(Loss):
    """Minus the logarithm of a normal density, whose one variance for all outputs is learned, too.

    raw has a column more than y, the logarithm of that variance. Value: half of (raw - y)^2 / variance + log(variance),
    without the constant; the variance is never less than `floor`, where a perfect fit would end at no variance at all.
    A decoder with such a loss is calibrated: it weighs errors against other terms by itself (Rybkin, Daniilidis and
    Levine 2021).
    """

    floor: float = 1e-4

    def value_and_gradient(
        self, y: Array, raw: Array, sample_weight: Array | None = None, total: float | None = None
    ) -> tuple[Value, Array]:
        total = len(raw) if total is None else total
        growth = np.exp(raw[:, -1:])
        precision = 1.0 / (growth + self.floor)
        difference = raw[:, :-1] - y
        gradient = np.empty_like(raw)
        scaled = np.multiply(difference, precision, out=gradient[:, :-1])
        losses = difference * scaled
        losses -= np.log(precision)
        losses *= 0.5
        squares = np.einsum("no,no->n", difference, scaled)[:, np.newaxis]
        np.multiply(0.5 * (y.shape[1] - squares) * precision, growth, out=gradient[:, -1:])
        if sample_weight is not None:
            losses *= sample_weight[:, np.newaxis]
            gradient *= sample_weight[:, np.newaxis]
        gradient *= 1.0 / (total * y.shape[1])
        return np.add.reduce(losses, axis=0) / total, gradient

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        mean = weighted_mean(y, sample_weight)
        variance = float(np.mean(weighted_mean(np.square(y - mean), sample_weight)))
        return np.append(mean, math.log(max(variance - self.floor, self.floor)))


@dataclass(frozen=True)
class LogisticLoss(ElementwiseLoss):
    """Cross-entropy of numbers between 0 and 1, such as shares or yes and no: estimates their mean. Link: logistic.

    Value: log(1 + exp(raw)) - y raw, which is least where the prediction equals y: the entropy of y, zero at 0 and 1.
    """

    @property
    def link_name(self) -> str:
        return "logistic"

    def _losses_and_slopes(self, y: Array, raw: Array) -> tuple[Array, Array]:
        losses = log_one_plus_exp(raw)
        losses -= y * raw
        slopes = sigmoid(raw)
        slopes -= y
        return losses, slopes

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        least = 0.5 / len(y)  # half a sample: where all are 0 or 1, the logit would not be finite
        share = np.clip(weighted_mean(y, sample_weight), least, 1.0 - least)
        return np.log(share / (1.0 - share))


def weighted_quantile(y: Array, quantile: float, sample_weight: Array | None) -> Array:
    """Quantile of each column of y, by the inverse of the weighted distribution function."""
    if sample_weight is None:
        sample_weight = np.ones(len(y))
    return np.quantile(y, quantile, axis=0, weights=sample_weight, method="inverted_cdf")
