"""Losses for regression. y and raw have the shape (rows, n_outputs); the value is a mean for each output."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from skneural.losses.loss import Loss, Value
from skneural.ops.moments import number_of_repetitions, weighted_mean, weighted_quantiles, weighted_variance
from skneural.ops.pointwise import log_one_plus_exp, sigmoid
from skneural.ops.types import Array


@dataclass(frozen=True)
class ElementwiseLoss(Loss):
    """Base class of losses that are sums over elements.

    Subclasses define `losses_and_slopes` and `best_constant`, and properties of `Loss` that differ.
    """

    def losses_and_slopes(self, y: Array, raw: Array) -> tuple[Array, Array]:
        """Return the loss and the derivative of each element, as new arrays of the shape of raw."""
        raise NotImplementedError(f"{type(self).__name__} must define losses_and_slopes")

    def value_and_gradient(
        self, y: Array, raw: Array, sample_weight: Array | None = None, total: float | None = None
    ) -> tuple[Value, Array]:
        total = len(raw) if total is None else total
        losses, slopes = self.losses_and_slopes(y, raw)
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
    """Squared error, (raw - y)^2 / 2: estimates the mean."""

    @property
    def degree(self) -> int:
        return 2

    def losses_and_slopes(self, y: Array, raw: Array) -> tuple[Array, Array]:
        difference = raw - y
        losses = difference * difference
        losses *= 0.5
        return losses, difference

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        return weighted_mean(y, sample_weight)


@dataclass(frozen=True)
class AbsoluteLoss(ElementwiseLoss):
    """Absolute error, |raw - y|: estimates the median."""

    def losses_and_slopes(self, y: Array, raw: Array) -> tuple[Array, Array]:
        difference = raw - y
        return np.abs(difference), np.sign(difference)

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        return weighted_quantiles(y, 0.5, sample_weight)


@dataclass(frozen=True)
class HuberLoss(ElementwiseLoss):
    """Huber loss, quadratic up to a difference of `delta` and linear beyond: estimates a robust mean (Huber 1964)."""

    delta: float = 1.35

    @property
    def degree(self) -> int:
        return 2  # if `delta` is in the unit of y

    def losses_and_slopes(self, y: Array, raw: Array) -> tuple[Array, Array]:
        difference = raw - y
        slopes = np.clip(difference, -self.delta, self.delta)
        losses = slopes * (difference - 0.5 * slopes)
        return losses, slopes

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        median = weighted_quantiles(y, 0.5, sample_weight)
        distances = np.subtract(y, median, dtype=np.float64)  # close to zero, so that the search loses no digits
        return median + np.array([self._balance(column, weight) for column in distances.T])

    def _balance(self, y: Array, weight: Array) -> float:
        """Root of the sum of the slopes of all samples; the smallest if there are several."""

        def negative_slope(constant: float) -> float:
            return float(weight @ np.clip((y - constant) / self.delta, -1.0, 1.0))

        # The negative slope is piecewise linear and decreasing, with breakpoints where a sample comes within delta or
        # leaves it: n log n for the sorting, and twenty evaluations for a million samples.
        breakpoints = np.unique(np.concatenate([y - self.delta, y + self.delta]))
        after = bisect_left(breakpoints, 0.0, lo=1, hi=len(breakpoints) - 1, key=lambda point: -negative_slope(point))
        low, high = breakpoints[after - 1], breakpoints[after]
        weight_within_delta = float(weight @ (np.abs(y - (low + high) / 2) < self.delta))
        return low + self.delta * negative_slope(low) / weight_within_delta if weight_within_delta else low


@dataclass(frozen=True)
class QuantileLoss(ElementwiseLoss):
    """Pinball loss: estimates the `quantile` of y (Koenker and Bassett 1978)."""

    quantile: float = 0.5

    def losses_and_slopes(self, y: Array, raw: Array) -> tuple[Array, Array]:
        difference = raw - y
        slopes = np.where(difference > 0, 1.0 - self.quantile, -self.quantile).astype(raw.dtype)
        return slopes * difference, slopes

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        return weighted_quantiles(y, self.quantile, sample_weight)


@dataclass(frozen=True)
class QuantilesLoss(ElementwiseLoss):
    """Pinball loss of several quantiles: estimates each of them for each output.

    y: (rows, n_outputs). raw: (rows, n_outputs * len(quantiles)), all quantiles of an output side by side. They may
    cross; sorted ones never have a greater loss (Chernozhukov, Fernandez-Val and Galichon 2010).
    """

    quantiles: tuple[float, ...]

    # Raw scores that are sorted before they are compared with y change places while a network learns. With five
    # quantiles, the pinball loss of the MLP was .041 instead of .038 on concrete, .019 instead of .015 on energy and
    # .048 instead of .047 on California housing; of forecasts .388 instead of .344 on airline passengers.
    def losses_and_slopes(self, y: Array, raw: Array) -> tuple[Array, Array]:
        difference = raw - np.repeat(y, len(self.quantiles), axis=1)
        levels = np.tile(np.array(self.quantiles, raw.dtype), y.shape[1])
        slopes = np.where(difference > 0, 1.0 - levels, -levels)
        return slopes * difference, slopes

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        each = [weighted_quantiles(y, quantile, sample_weight) for quantile in self.quantiles]
        return np.stack(each, axis=1).ravel()


@dataclass(frozen=True)
class PresentTargetsLoss(ElementwiseLoss):
    """Loss of the targets that are present: those that are NaN do not count.

    Parameters
    ----------
    loss : ElementwiseLoss
        Loss of the targets that are present, with the identity as its link.
    """

    loss: ElementwiseLoss

    @property
    def degree(self) -> int:
        return self.loss.degree

    def losses_and_slopes(self, y: Array, raw: Array) -> tuple[Array, Array]:
        missing = np.isnan(y)
        losses, slopes = self.loss.losses_and_slopes(np.where(missing, 0.0, y).astype(y.dtype, copy=False), raw)
        present = ~np.repeat(missing, raw.shape[1] // y.shape[1], axis=1)
        return losses * present, slopes * present

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        columns = ((column[:, np.newaxis], ~np.isnan(column)) for column in y.T)
        each = [self.loss.best_constant(column[present], weight[present]) for column, present in columns]
        return np.concatenate(each)


@dataclass(frozen=True)
class PoissonLoss(ElementwiseLoss):
    """Half the Poisson deviance: estimates a positive mean.

    Link: exp. y: not negative. Value: exp(raw) - y raw + y log(y) - y, which is zero if exp(raw) equals y.
    """

    @property
    def link_name(self) -> str:
        return "exp"

    def losses_and_slopes(self, y: Array, raw: Array) -> tuple[Array, Array]:
        predicted = np.exp(raw)
        logarithm = np.log(y, where=y > 0, out=np.zeros_like(raw))
        losses = predicted - y
        slopes = losses.copy()
        losses += y * (logarithm - raw)
        return losses, slopes

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        return np.log(np.maximum(weighted_mean(y, sample_weight), 0.5 / number_of_repetitions(y, sample_weight)))


@dataclass(frozen=True)
class GaussianLoss(Loss):
    """Negative log-likelihood of a normal distribution with a learned variance.

    The last columns of raw, which y does not have, are the logarithms of the variances before `floor` is added to them;
    a perfect fit would reduce a variance to zero otherwise. There is one variance for each output, or a single one that
    is `shared` by all. Value: half of (raw - y)^2 / variance + log(variance), without the constant. A decoder with such
    a loss is calibrated: it learns to weight errors against other terms (Rybkin, Daniilidis and Levine 2021).
    """

    floor: float = 1e-4
    shared: bool = True

    @property
    def degree(self) -> int:
        return 0  # other units of y add a constant

    def variance(self, raw: Array, n_outputs: int) -> Array:
        """The variances, of shape (rows, n_outputs) or (rows, 1)."""
        variances: Array = np.exp(raw[:, n_outputs:]) + self.floor
        return variances

    def value_and_gradient(
        self, y: Array, raw: Array, sample_weight: Array | None = None, total: float | None = None
    ) -> tuple[Value, Array]:
        total = len(raw) if total is None else total
        n_outputs = y.shape[1]
        excess_variance = np.exp(raw[:, n_outputs:])
        precision = 1.0 / (excess_variance + self.floor)
        difference = raw[:, :n_outputs] - y
        gradient = np.empty_like(raw)
        scaled = np.multiply(difference, precision, out=gradient[:, :n_outputs])
        losses = difference * scaled
        losses -= np.log(precision)
        losses *= 0.5
        squares = difference * scaled
        missing = 1.0 - squares
        if self.shared:
            missing = np.add.reduce(missing, axis=1, keepdims=True)
        np.multiply(0.5 * missing * precision, excess_variance, out=gradient[:, n_outputs:])
        if sample_weight is not None:
            losses *= sample_weight[:, np.newaxis]
            gradient *= sample_weight[:, np.newaxis]
        gradient *= 1.0 / (total * y.shape[1])
        return np.add.reduce(losses, axis=0) / total, gradient

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        mean, variances = weighted_variance(y, sample_weight)
        variances = np.mean(variances, keepdims=True) if self.shared else variances
        return np.append(mean, np.log(np.maximum(variances - self.floor, self.floor)))


@dataclass(frozen=True)
class LogisticLoss(ElementwiseLoss):
    """Cross-entropy of numbers between 0 and 1, such as proportions or binary values: estimates their mean.

    Link: logistic. Value: log(1 + exp(raw)) - y raw. It is smallest if the prediction equals y; the minimum is the
    entropy of y, which is zero for 0 and 1.
    """

    @property
    def link_name(self) -> str:
        return "logistic"

    def losses_and_slopes(self, y: Array, raw: Array) -> tuple[Array, Array]:
        losses = log_one_plus_exp(raw)
        losses -= y * raw
        slopes = sigmoid(raw)
        slopes -= y
        return losses, slopes

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        # half a sample: if all y are 0 or 1, the logit would not be finite
        margin = 0.5 / number_of_repetitions(y, sample_weight)
        share = np.clip(weighted_mean(y, sample_weight), margin, 1.0 - margin)
        return np.log(share / (1.0 - share))
