"""Evidence to which a linear model is fitted: features of series, or sums of products of those of many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from skneural.ops.ridge import RidgePath, Scaling
from skneural.ops.types import Array


@dataclass(frozen=True)
class FeatureRows:
    """Features of series, with their targets and weights; their keys order them at random.

    Attributes
    ----------
    features : array of shape (series, features)
    y : array of shape (series, outputs)
    weight, keys : arrays of shape (series,)
    """

    features: Array
    y: Array
    weight: Array
    keys: Array

    def __len__(self) -> int:
        return len(self.features)

    def joined(self, other: Self) -> Self:
        parts = zip(vars(self).values(), vars(other).values(), strict=True)
        return type(self)(*(np.concatenate(pair) for pair in parts))

    def drawn(self, n: int) -> Self:
        """The rows of the smallest keys, in their order: which they are does not depend on the order of arrival."""
        order = np.argsort(self.keys, kind="stable")[:n]
        return type(self)(*(part[order] for part in vars(self).values()))


@dataclass(frozen=True)
class Sums:
    """Weighted sums over series, of features in units of the first of them, and of their products.

    Attributes
    ----------
    units : Scaling
        Of the first series: products of raw shares would lose the digits in which they differ.
    n : int
        Number of series.
    weight : float
    first : array of shape (features,)
    second : array of shape (features, features)
    cross : array of shape (features, outputs)
        Of products with the targets.
    y : array of shape (outputs,)
    """

    units: Scaling
    n: int
    weight: float
    first: Array
    second: Array
    cross: Array
    y: Array

    @classmethod
    def none(cls, rows: FeatureRows) -> Self:
        """Sums over no series, in the units of the given ones."""
        n, n_outputs = rows.features.shape[1], rows.y.shape[1]
        units = Scaling.learn(rows.features, rows.weight)
        return cls(units, 0, 0.0, np.zeros(n), np.zeros((n, n)), np.zeros((n, n_outputs)), np.zeros(n_outputs))

    def added(self, rows: FeatureRows) -> Self:
        """Sums over further series, too. Products of a call are in single precision, their sums are not."""
        scaled = self.units.of(rows.features, slice(None)).astype(np.float32)
        weighted = scaled * np.sqrt(rows.weight, dtype=np.float32)[:, np.newaxis]
        return replace(
            self,
            n=self.n + len(rows),
            weight=self.weight + float(rows.weight.sum()),
            first=self.first + rows.weight @ scaled,
            second=self.second + weighted.T @ weighted,
            cross=self.cross + scaled.T @ (rows.weight[:, np.newaxis] * rows.y),
            y=self.y + rows.weight @ rows.y,
        )

    def path(self, drawn: FeatureRows) -> tuple[RidgePath, Scaling]:
        """Ridge regressions of all series, with the given ones to predict without themselves."""
        mean, y_mean = self.first / self.weight, self.y / self.weight
        covariance = self.second / self.weight - np.outer(mean, mean)
        deviation = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        scale = np.where(deviation > 1e-3, deviation, 1.0)
        gram = self.weight * covariance / np.outer(scale, scale)
        cross = (self.cross - self.weight * np.outer(mean, y_mean)) / scale[:, np.newaxis]
        scaling = Scaling(self.units.mean + self.units.scale * mean, self.units.scale * scale)
        rows = scaling.of(drawn.features, slice(None))
        path = RidgePath.of_products(gram, cross, y_mean, self.weight, self.n, rows, drawn.y, drawn.weight)
        return path, scaling


@dataclass(frozen=True)
class Evidence:
    """Series so far: the features of all of them while they are few, and otherwise sums, and some of them at random.

    Attributes
    ----------
    rows : FeatureRows
    sums : Sums or None
        None while `rows` are all series.
    """

    rows: FeatureRows
    sums: Sums | None = None

    @classmethod
    def joined(cls, before: Evidence | None, rows: FeatureRows, most_rows: int) -> Evidence:
        """The evidence of further series, too."""
        both = rows if before is None else before.rows.joined(rows)
        sums = None if before is None else before.sums
        if sums is None and len(both) <= most_rows:
            return cls(both)
        sums = Sums.none(both).added(both) if sums is None else sums.added(rows)
        return cls(both.drawn(most_rows), sums)

    def path(self) -> tuple[RidgePath, Scaling]:
        """Ridge regressions of all penalties, and the scaling of their features."""
        if self.sums is not None:
            return self.sums.path(self.rows)
        scaling = Scaling.learn(self.rows.features, self.rows.weight)
        return RidgePath.of_rows(self.rows.features, scaling, self.rows.y, self.rows.weight), scaling
