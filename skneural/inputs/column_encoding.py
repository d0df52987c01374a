"""Columns of numbers and categories as numbers of about the size of noise, and back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from skneural.losses.loss import weighted_mean
from skneural.ops.types import Array

N_QUANTILES = 1000

# By rank, a number that so large a share of its column has stands apart. On census data (0 in 92 % of the capital
# gains) tables were made with half of the gains else.
COMMON = 0.1

# What stands for a category is at the corner of a simplex, so far from its centre.
CORNER = 1.0


@dataclass(frozen=True)
class ColumnEncoding:
    """How a table of numbers and of categories by their numbers is encoded, in arrays alone.

    A number is centred and scaled, or takes its rank as a quantile of the normal distribution. Where numbers were
    missing, one more column says whether they are; they are zero then, the mean. So it is, by rank, with the most
    common number of a column, if many rows have it ("mixed" columns of Zhao et al. 2021, "CTAB-GAN"). A category is a
    one among minus ones.

    Attributes
    ----------
    n_categories : int array of shape (n_features,)
        Categories of each column; zero for numbers.
    center, scale : arrays of shape (n_numbers,)
        Scale is one for constant numbers.
    quantiles : array of shape (n_quantiles, n_numbers), or of length zero
        Equally spaced quantiles, where ranks count.
    common : array of shape (n_numbers,)
        The number of each column that stands apart; NaN if none does.
    least_rank : array of shape ()
        Ranks are at least so far from 0 and 1.
    least, greatest : arrays of shape (n_numbers,)
        Of the training data.
    may_be_missing : bool array of shape (n_numbers,)
    lower, upper : arrays of shape (n_encoded,)
        Between which the encoded training data lies.
    mean, variance : arrays of shape (n_encoded,)
        Of the encoded training data.
    """

    n_categories: Array
    center: Array
    scale: Array
    quantiles: Array
    common: Array
    least_rank: Array
    least: Array
    greatest: Array
    may_be_missing: Array
    lower: Array
    upper: Array
    mean: Array
    variance: Array

    @classmethod
    def learned(cls, table: Array, n_categories: Array, by_rank: bool, weight: Array | None) -> ColumnEncoding:
        """From a table in double precision, whose missing numbers are NaN."""
        numbers = table[:, n_categories == 0]
        missing = np.isnan(numbers)
        center, scale, quantiles = (np.zeros(numbers.shape[1]), np.ones(numbers.shape[1]), np.zeros((0, 0)))
        common = np.full(numbers.shape[1], np.nan)
        at = np.linspace(0, 1, max(2, min(N_QUANTILES, len(table))))
        if by_rank:
            quantiles = np.zeros((len(at), numbers.shape[1]))
            common = np.array([_common(column, weight) for column in numbers.T])
        for j, column in enumerate(numbers.T):
            counting = ~missing[:, j] & (column != common[j])
            some, some_weight = column[counting], None if weight is None else weight[counting]
            if not len(some):
                continue
            center[j], scale[j] = _moments(some, some_weight)
            if by_rank:
                of = np.ones(len(some)) if some_weight is None else some_weight
                quantiles[:, j] = np.quantile(some, at, weights=of, method="inverted_cdf")
        least_rank = np.array(0.5 / max(len(table), 2))
        known = np.where(missing, center, numbers)
        least, greatest = known.min(axis=0), known.max(axis=0)
        may_be_missing = np.array(missing.any(axis=0))
        nothing = np.zeros(0)
        unbounded = cls(
            n_categories,
            *(center, scale, quantiles, common, least_rank, least, greatest, may_be_missing),
            *(nothing, nothing, nothing, nothing),
        )
        encoded = unbounded.encode(table, np.dtype(np.float64))
        mean = np.average(encoded, axis=0, weights=weight)
        variance = np.average(np.square(encoded - mean), axis=0, weights=weight)
        bounds = {"lower": encoded.min(axis=0), "upper": encoded.max(axis=0)}
        return cls(**vars(unbounded) | bounds | {"mean": mean, "variance": variance})

    def encode(self, table: Array, dtype: np.dtype[Any]) -> Array:
        """Encoded rows, of shape (rows, n_encoded)."""
        numbers = table[:, self.n_categories == 0]
        missing = np.isnan(numbers)
        standard = self._to_ranks(numbers) if len(self.quantiles) else (numbers - self.center) / self.scale
        apart = numbers == self.common
        standard[missing | apart] = 0.0
        flags = np.concatenate([apart[:, ~np.isnan(self.common)], missing[:, self.may_be_missing]], axis=1)
        blocks = [standard, np.where(flags, CORNER, -CORNER)]
        for j in np.flatnonzero(self.n_categories):
            one_hot = np.full((len(table), self.n_categories[j]), -CORNER)
            one_hot[np.arange(len(table)), table[:, j].astype(int)] = CORNER
            blocks.append(one_hot)
        return np.concatenate(blocks, axis=1).astype(dtype)

    def decode(self, encoded: Array, bounded: bool = True) -> Array:
        """The table in double precision, within the range of the training data; of categories the largest counts."""
        table = np.empty((len(encoded), len(self.n_categories)))
        start = len(self.center)
        standard = encoded[:, :start].astype(np.float64)
        numbers = self._from_ranks(standard) if len(self.quantiles) else standard * self.scale + self.center
        if bounded:
            numbers = np.clip(numbers, self.least, self.greatest)
        for column, value in self._flagged():
            numbers[encoded[:, start] > 0, column] = value
            start += 1
        table[:, self.n_categories == 0] = numbers
        for j in np.flatnonzero(self.n_categories):
            stop = start + self.n_categories[j]
            table[:, j] = encoded[:, start:stop].argmax(axis=1)
            start = stop
        return table

    def _flagged(self) -> list[tuple[int, float]]:
        """Of each flag, the column of numbers, and what stands there if it is set; missing goes before common."""
        common = [(int(j), float(self.common[j])) for j in np.flatnonzero(~np.isnan(self.common))]
        return common + [(int(j), np.nan) for j in np.flatnonzero(self.may_be_missing)]

    def _to_ranks(self, numbers: Array) -> Array:
        """Ranks as quantiles of the normal distribution; equal numbers have the middle of their ranks."""
        ranks, at = np.empty_like(numbers), np.linspace(0, 1, len(self.quantiles))
        for j, (column, quantiles) in enumerate(zip(numbers.T, self.quantiles.T, strict=True)):
            above = np.interp(column, quantiles, at)
            below = -np.interp(-column, -quantiles[::-1], -at[::-1])
            ranks[:, j] = 0.5 * (above + below)
        return ndtri(np.clip(ranks, self.least_rank, 1 - self.least_rank))

    def _from_ranks(self, standard: Array) -> Array:
        at = np.linspace(0, 1, len(self.quantiles))
        columns = [np.interp(ndtr(z), at, q) for z, q in zip(standard.T, self.quantiles.T, strict=True)]
        return np.stack(columns, axis=1) if columns else standard


def _common(column: Array, weight: Array | None) -> float:
    """The most common number, if it is common enough and not the only one; NaN otherwise."""
    present = ~np.isnan(column)
    numbers, which = np.unique(column[present], return_inverse=True)
    if len(numbers) < 3:
        return math.nan
    share = np.bincount(which, None if weight is None else weight[present])
    most = share.argmax()
    return float(numbers[most]) if share[most] >= COMMON * share.sum() else math.nan


def _moments(column: Array, weight: Array | None) -> tuple[float, float]:
    """Mean and deviation; one for the deviation of constants."""
    center = float(weighted_mean(column, weight))
    deviation = float(np.sqrt(weighted_mean((column - center) ** 2, weight)))
    return center, deviation if deviation > 10 * np.finfo(np.float64).eps * abs(center) else 1.0
