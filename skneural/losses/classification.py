"""Losses for classification: log losses and perceptron losses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skneural.losses.loss import Loss, Value
from skneural.ops.pointwise import log_one_plus_exp, sigmoid
from skneural.ops.softmax import softmax_and_log_sum
from skneural.ops.types import Array

# Least share of a class in the constant at which training starts. With class weights of 1000 and 0.0001, a bias at the
# share of 1e-7 left gradients so small that the steps of adam were noise: 16 % of the samples were of a light class.
LEAST_SHARE = 1e-6


@dataclass(frozen=True)
class BinaryLogLoss(Loss):
    """Binary cross-entropy of independent outputs: one output for two classes, or one for each label of multilabel y.

    Link: logistic. y: 0 or 1, shape (rows, n_outputs). Value: mean over rows of the sum over outputs of
    log(1 + exp(raw)) - y raw. Label smoothing (Szegedy et al. 2016) replaces y by
    ``y + smoothing * (frequencies - y)``.

    Parameters
    ----------
    smoothing : float, default=0.0
    frequencies : tuple of float, default=(0.5,)
        Frequency of each label, toward which y is smoothed; a single one is that of all labels. Smoothing toward the
        frequencies of the training data leaves the mean of y, and so that of the predicted probabilities, as it is.
    """

    smoothing: float = 0.0
    frequencies: tuple[float, ...] = (0.5,)

    @property
    def link_name(self) -> str:
        return "logistic"

    def value_and_gradient(
        self, y: Array, raw: Array, sample_weight: Array | None = None, total: float | None = None
    ) -> tuple[Value, Array]:
        total = len(raw) if total is None else total
        if self.smoothing:
            y = y + self.smoothing * (np.array(self.frequencies, raw.dtype) - y)
        losses = log_one_plus_exp(raw)
        losses -= y * raw
        gradient = sigmoid(raw)
        gradient -= y
        if sample_weight is not None:
            weight = sample_weight[:, np.newaxis]
            losses *= weight
            gradient *= weight
        gradient *= 1.0 / total
        return float(np.add.reduce(losses, axis=None)) / total, gradient

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        weight = np.ones(len(y)) if sample_weight is None else sample_weight.astype(np.float64)
        share = clipped_shares(np.stack([weight @ (1.0 - y), weight @ y]))[1]
        share = share + self.smoothing * (np.array(self.frequencies) - share)
        return np.log(share / (1.0 - share))


@dataclass(frozen=True)
class SoftmaxLogLoss(Loss):
    """Categorical cross-entropy of mutually exclusive classes. With a single class it is zero.

    Link: softmax. y: class indices, shape (rows,), integers. Value: mean over rows of
    log(sum(exp(raw))) - raw of the true class. Label smoothing distributes the share `smoothing` of the true class over
    all classes (Szegedy et al. 2016).

    Parameters
    ----------
    n_classes : int
    smoothing : float, default=0.0
    frequencies : tuple of float or None, default=None
        Shares of the classes in what is distributed; None for equal shares. With the class frequencies of the training
        data, the mean of the predicted probabilities stays as it is.
    """

    n_classes: int
    smoothing: float = 0.0
    frequencies: tuple[float, ...] | None = None

    @property
    def link_name(self) -> str:
        return "softmax"

    def value_and_gradient(
        self, y: Array, raw: Array, sample_weight: Array | None = None, total: float | None = None
    ) -> tuple[Value, Array]:
        total = len(raw) if total is None else total
        gradient, log_sum = softmax_and_log_sum(raw)
        rows = np.arange(len(raw))
        true = 1.0 - self.smoothing
        losses = log_sum[:, 0] - true * raw[rows, y]
        gradient[rows, y] -= true
        if self.smoothing:
            smoothed = np.array(self.smoothing * self._shares, raw.dtype)
            losses -= raw @ smoothed
            gradient -= smoothed
        if sample_weight is not None:
            losses *= sample_weight
            gradient *= sample_weight[:, np.newaxis]
        gradient *= 1.0 / total
        return float(np.add.reduce(losses)) / total, gradient

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        share = clipped_shares(np.bincount(y, weights=sample_weight, minlength=self.n_classes))
        logarithm = np.log(share + self.smoothing * (self._shares - share))
        return logarithm - logarithm.mean()  # of all equivalent constants, those that sum to zero

    @property
    def _shares(self) -> Array:
        return np.full(self.n_classes, 1 / self.n_classes) if self.frequencies is None else np.array(self.frequencies)


@dataclass(frozen=True)
class PerceptronLoss(Loss):
    """Perceptron criterion of independent binary outputs (Rosenblatt 1958).

    y: 0 or 1, shape (rows, n_outputs). With t = 2 y - 1, value: mean over rows of the sum over outputs of
    max(0, -t raw). The gradient is a sum over rows instead of a mean, so that the update for a mistake does not depend
    on the size of the batch.
    """

    def value_and_gradient(
        self, y: Array, raw: Array, sample_weight: Array | None = None, total: float | None = None
    ) -> tuple[Value, Array]:
        total = len(raw) if total is None else total
        target = 2.0 * y - 1.0
        margin = target * raw
        mistake = (margin <= 0).astype(raw.dtype)
        if sample_weight is not None:
            mistake *= sample_weight[:, np.newaxis]
        return -float(np.sum(mistake * margin)) / total, -target * mistake

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        return np.zeros(y.shape[1])


@dataclass(frozen=True)
class MulticlassPerceptronLoss(Loss):
    """Perceptron criterion of mutually exclusive classes (Crammer and Singer 2003).

    y: class indices, shape (rows,). Value: mean over rows of max(0, largest raw score of a wrong class - raw score of
    the true class). A mistake raises the true class and lowers the best wrong class; the gradient is a sum over rows.
    """

    n_classes: int

    def value_and_gradient(
        self, y: Array, raw: Array, sample_weight: Array | None = None, total: float | None = None
    ) -> tuple[Value, Array]:
        total = len(raw) if total is None else total
        rows = np.arange(len(raw))
        wrong_scores = raw.copy()
        wrong_scores[rows, y] = -np.inf
        rival = wrong_scores.argmax(axis=1)
        shortfall = raw[rows, rival] - raw[rows, y]
        mistake = (shortfall >= 0).astype(raw.dtype)
        if sample_weight is not None:
            mistake *= sample_weight
        gradient = np.zeros_like(raw)
        gradient[rows, rival] = mistake
        gradient[rows, y] = -mistake
        return float(mistake @ shortfall) / total, gradient

    def best_constant(self, y: Array, sample_weight: Array | None = None) -> Array:
        return np.zeros(self.n_classes)


def clipped_shares(weights: Array) -> Array:
    """Shares of classes by their weights, along the first axis, so far from 0 and 1 that their logits are finite.

    A class that does not occur has half the weight of a sample, or of the rarest other class if that is less than one.
    """
    total = weights.sum(axis=0)
    least = 0.5 * np.minimum(1.0, np.where(weights > 0, weights, np.inf).min(axis=0)) / total
    least = np.maximum(least, LEAST_SHARE)
    shares: Array = np.clip(weights / total, least, 1 - least)
    return shares
