"""Encoding of numeric and categorical columns as numbers of about unit variance, and its inverse."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from scipy.special import ndtr, ndtri

from skneural.ops.moments import RunningMoments, number_of_repetitions, weighted_quantiles
from skneural.ops.types import Array

N_QUANTILES = 1000

# Share of the rows from which on the most common number of a column has a flag, if numbers are encoded by rank. Without
# flags, generated census data, in which 92 % of the capital gains are 0, had half of the gains.
COMMON = 0.1

# Categories and flags are encoded as this number and its negative.
CORNER = 1.0


@dataclass(frozen=True)
class ColumnEncoding:
    """Encoding of a table of numbers and codes of categories.

    Numbers are centred and scaled, or mapped by rank to quantiles of the normal distribution. A column with missing
    numbers has a flag for them, and the missing numbers are encoded as zero, the mean. By rank, the most common number
    of a column is treated in the same way, if many rows have it ("mixed" columns of Zhao et al. 2021, "CTAB-GAN").
    Categories are one-hot encoded, with minus one instead of zero.

    Attributes
    ----------
    n_categories : int array of shape (n_features,)
        Number of categories of each column; zero for numbers.
    numbers : RunningMoments
        Of each numeric column, without numbers that have a flag.
    quantiles : array of shape (n_quantiles, n_numbers), or of length zero
        Equally spaced quantiles, if numbers are encoded by rank.
    common : array of shape (n_numbers,)
        The number of each column that has a flag; NaN if there is none.
    least_rank : array of shape (n_numbers,)
        Rank of the least number, and distance from 1 of that of the greatest: half the share of a row.
    least, greatest : arrays of shape (n_numbers,)
        Range of the numbers in the training data that have no flag.
    may_be_missing : bool array of shape (n_numbers,)
    lower, upper : arrays of shape (n_encoded,)
        Range of the encoded training data.
    encoded : RunningMoments
        Of the encoded training data.
    """

    n_categories: Array
    numbers: RunningMoments
    quantiles: Array
    common: Array
    least_rank: Array
    least: Array
    greatest: Array
    may_be_missing: Array
    lower: Array
    upper: Array
    encoded: RunningMoments

    @classmethod
    def learn(cls, table: Array, n_categories: Array, by_rank: bool, weight: Array | None) -> Self:
        """Learn from a table in double precision, whose missing numbers are NaN."""
        numbers = table[:, n_categories == 0]
        missing = np.isnan(numbers)
        quantiles = np.zeros((0, 0))
        least, greatest, least_rank = (
            np.zeros(numbers.shape[1]),
            np.zeros(numbers.shape[1]),
            np.full(numbers.shape[1], 0.25),
        )
        common = np.full(numbers.shape[1], np.nan)
        at = np.linspace(0, 1, max(2, min(N_QUANTILES, round(number_of_repetitions(table, weight)))))
        if by_rank:
            quantiles = np.zeros((len(at), numbers.shape[1]))
            common = np.array([_common(column, weight) for column in numbers.T])
        counting = ~missing & (numbers != common)
        for j, column in enumerate(numbers.T):
            some, some_weight = column[counting[:, j]], None if weight is None else weight[counting[:, j]]
            if not len(some):
                continue
            least[j], greatest[j] = some.min(), some.max()
            least_rank[j] = 0.5 / max(2, number_of_repetitions(some, some_weight))
            if by_rank:
                quantiles[:, j] = weighted_quantiles(some, at, some_weight)
        may_be_missing = np.array(missing.any(axis=0))
        moments, nothing = RunningMoments.of(np.where(counting, numbers, np.nan), weight), np.zeros(0)
        encoding = cls(
            n_categories,
            *(moments, quantiles, common, least_rank, least, greatest, may_be_missing),
            *(nothing, nothing, RunningMoments.none(0)),
        )
        encoded = encoding.encode(table, np.dtype(np.float64))
        ends, empty = np.full(encoded.shape[1], np.inf), RunningMoments.none(encoded.shape[1])
        return replace(encoding, lower=ends, upper=-ends, encoded=empty)._with_encoded(encoded, weight)

    def updated(self, table: Array, weight: Array | None) -> Self:
        """The encoding when training continues with further rows: centred and scaled by all so far.

        Ranks, and the columns that have flags, remain those of the rows with which training began.
        """
        if len(self.quantiles):
            return self
        numbers, seen = table[:, self.n_categories == 0], self.numbers.weight > 0
        # Missing numbers, and those of columns without any so far, do not count.
        least = np.fmin(np.where(seen, self.least, np.nan), np.fmin.reduce(numbers))
        greatest = np.fmax(np.where(seen, self.greatest, np.nan), np.fmax.reduce(numbers))
        encoding = replace(
            self,
            numbers=self.numbers.joined(RunningMoments.of(numbers, weight)),
            least=np.where(np.isnan(least), 0.0, least),
            greatest=np.where(np.isnan(greatest), 0.0, greatest),
        )
        return encoding._with_encoded(encoding.encode(table, np.dtype(np.float64)), weight)

    def _with_encoded(self, rows: Array, weight: Array | None) -> Self:
        """The encoding whose range and moments of encoded data include those of further rows."""
        moments = self.encoded.joined(RunningMoments.of(rows, weight))
        lower, upper = np.minimum(self.lower, rows.min(axis=0)), np.maximum(self.upper, rows.max(axis=0))
        if not len(self.quantiles):  # rows before were encoded in other units
            n = len(self.least)
            lower[:n], upper[:n] = ((ends - self.center) / self.scale for ends in (self.least, self.greatest))
            moments.mean[:n] = 0.0
            present = self.numbers.weight / moments.weight[:n]
            moments.deviation[:n] = np.where(self.numbers.varies, np.sqrt(present), 0.0)
        return replace(self, lower=lower, upper=upper, encoded=moments)

    @property
    def center(self) -> Array:
        """Mean of each numeric column."""
        return self.numbers.mean

    @property
    def scale(self) -> Array:
        """Deviation of each numeric column; one for constants."""
        return self.numbers.scale

    @property
    def mean(self) -> Array:
        """Mean of each encoded column."""
        return self.encoded.mean

    @property
    def variance(self) -> Array:
        """Variance of each encoded column."""
        return self.encoded.deviation**2

    @property
    def size(self) -> int:
        """Number of encoded columns."""
        return len(self.lower)

    def encode(self, table: Array, dtype: np.dtype[Any]) -> Array:
        """Encoded rows, of shape (rows, n_encoded)."""
        numbers = table[:, self.n_categories == 0]
        missing = np.isnan(numbers)
        standard = self._to_ranks(numbers) if len(self.quantiles) else (numbers - self.center) / self.scale
        is_common = numbers == self.common
        standard[missing | is_common] = 0.0
        flags = np.concatenate([is_common[:, ~np.isnan(self.common)], missing[:, self.may_be_missing]], axis=1)
        blocks = [standard, np.where(flags, CORNER, -CORNER)]
        for j in np.flatnonzero(self.n_categories):
            one_hot = np.full((len(table), self.n_categories[j]), -CORNER)
            one_hot[np.arange(len(table)), table[:, j].astype(int)] = CORNER
            blocks.append(one_hot)
        return np.concatenate(blocks, axis=1).astype(dtype)

    def decode(self, encoded: Array, bounded: bool = True) -> Array:
        """The table in double precision, within the range of the training data if `bounded`.

        The ends of the encoded range are then the least and the greatest number, without rounding errors.
        """
        table = np.empty((len(encoded), len(self.n_categories)))
        start = len(self.center)
        standard = encoded[:, :start].astype(np.float64)
        numbers = self._from_ranks(standard) if len(self.quantiles) else standard * self.scale + self.center
        if bounded:
            lower, upper = (ends[:start].astype(encoded.dtype) for ends in (self.lower, self.upper))
            numbers = np.where(standard <= lower, self.least, np.where(standard >= upper, self.greatest, numbers))
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
        """The numeric column of each flag, and the number that it represents; flags of missing numbers come last."""
        common = [(int(j), float(self.common[j])) for j in np.flatnonzero(~np.isnan(self.common))]
        return common + [(int(j), np.nan) for j in np.flatnonzero(self.may_be_missing)]

    def _to_ranks(self, numbers: Array) -> Array:
        """Ranks as quantiles of the normal distribution; equal numbers have the mean of their ranks."""
        ranks, at = np.empty_like(numbers), np.linspace(0, 1, len(self.quantiles))
        for j, (column, quantiles) in enumerate(zip(numbers.T, self.quantiles.T, strict=True)):
            above = np.interp(column, quantiles, at)
            below = -np.interp(-column, -quantiles[::-1], -at[::-1])
            ranks[:, j] = 0.5 * (above + below)
        return ndtri(self.least_rank + (1 - 2 * self.least_rank) * ranks)

    def _from_ranks(self, standard: Array) -> Array:
        at = np.linspace(0, 1, len(self.quantiles))
        ranks = (ndtr(standard) - self.least_rank) / (1 - 2 * self.least_rank)
        columns = [np.interp(rank, at, q) for rank, q in zip(ranks.T, self.quantiles.T, strict=True)]
        return np.stack(columns, axis=1) if columns else standard


def _common(column: Array, weight: Array | None) -> float:
    """The most common number, if its share is at least `COMMON` and there are at least three numbers; else NaN."""
    present = ~np.isnan(column)
    numbers, number_of_row = np.unique(column[present], return_inverse=True)
    if len(numbers) < 3:
        return math.nan
    share = np.bincount(number_of_row, None if weight is None else weight[present])
    most = share.argmax()
    return float(numbers[most]) if share[most] >= COMMON * share.sum() else math.nan
