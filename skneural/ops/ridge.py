"""Ridge regressions of any penalty at once, with predictions of each row by a regression without it, in closed form.

    features     centred and scaled, each row times the root of its weight       A
    values       squared singular values of these, eigenvalues of ``A @ A.T``    d, or lambda
    basis        left singular vectors, one column for each value                U
    shrinkage    share of each direction that remains under a penalty            d / (d + alpha)
    leverage     share of the target of a row in its own prediction              h

A prediction of row i without it is ``y[i] - (y[i] - f[i]) / (1 - h[i])``, with the prediction f[i] of the regression of
all rows. Weighted means are subtracted from features and targets, which adds ``w[i] / sum(w)`` to the leverage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.linalg

from skneural.ops.blocks import slices
from skneural.ops.types import Array

# Features in a block that is converted to double precision: all of 3000 series would take 240 MB.
FEATURES_PER_BLOCK = 1024

# Shares of steps that differ by less are equal.
LEAST_DEVIATION = 1e-6

# Directions of smaller values, relative to the greatest, are rounding errors.
LEAST_VALUE = 1e-12

# Least part of a prediction that comes from other rows, which a prediction without the row is divided by.
LEAST_REST = 1e-9


@dataclass(frozen=True)
class Scaling:
    """Weighted mean of each feature, and the scale that it is divided by; one for constant features."""

    mean: Array
    scale: Array

    @classmethod
    def learn(cls, features: Array, weight: Array) -> Self:
        """The scaling of features of shape (rows, features) with weights of the rows."""
        share = weight / weight.sum()
        mean, variance = np.empty(features.shape[1]), np.empty(features.shape[1])
        for columns in slices(features.shape[1], FEATURES_PER_BLOCK):
            block = features[:, columns].astype(np.float64)
            mean[columns] = share @ block
            block -= mean[columns]
            variance[columns] = share @ np.square(block, out=block)
        deviation = np.sqrt(variance)
        return cls(mean, np.where(deviation > LEAST_DEVIATION, deviation, 1.0))

    def of(self, features: Array, columns: slice) -> Array:
        """Centred and scaled features of some columns, in double precision."""
        scaled: Array = (features[:, columns] - self.mean[columns]) / self.scale[columns]
        return scaled


@dataclass(frozen=True)
class RidgePath:
    """Ridge regressions of all penalties.

    Attributes
    ----------
    basis : array of shape (rows, rank)
        Of the rows that are predicted without themselves, which need not be all.
    values : array of shape (rank,)
    projected : array of shape (rank, outputs)
        Centred targets, times the roots of the weights, on the basis.
    weight, share : arrays of shape (rows,)
        Weights of these rows, and their shares of the sum of all weights.
    y : array of shape (rows, outputs)
        Centred targets.
    y_mean : array of shape (outputs,)
    n_rows : int
        Number of all rows.
    directions : array of shape (features, rank) or None
        Right singular vectors times the roots of the values; None if they follow from the features of all rows.
    """

    basis: Array
    values: Array
    projected: Array
    weight: Array
    share: Array
    y: Array
    y_mean: Array
    n_rows: int
    directions: Array | None = None

    @classmethod
    def of_rows(cls, features: Array, scaling: Scaling, y: Array, weight: Array) -> Self:
        """The path of all rows, by a matrix of rows times rows.

        Parameters
        ----------
        features : array of shape (rows, features)
        scaling : Scaling
        y : array of shape (rows, outputs)
        weight : array of shape (rows,)
            Positive.
        """
        gram = np.zeros((len(features), len(features)))
        root = np.sqrt(weight)[:, np.newaxis]
        for columns in slices(features.shape[1], FEATURES_PER_BLOCK):
            block = root * scaling.of(features, columns)
            gram += block @ block.T
        values, basis = _directions(gram)
        y_mean = np.average(y, axis=0, weights=weight)
        y = y - y_mean
        return cls(basis, values, basis.T @ (root * y), weight, weight / weight.sum(), y, y_mean, len(y))

    @classmethod
    def of_products(
        cls,
        gram: Array,
        cross: Array,
        y_mean: Array,
        total: float,
        n_rows: int,
        rows: Array,
        y: Array,
        weight: Array,
    ) -> Self:
        """The path of many rows, by a matrix of features times features.

        Parameters
        ----------
        gram : array of shape (features, features)
            Weighted sums of products of centred and scaled features.
        cross : array of shape (features, outputs)
            The same, of products of features and targets.
        y_mean : array of shape (outputs,)
        total : float
            Sum of the weights of all rows.
        n_rows : int
            Number of all rows.
        rows : array of shape (rows, features)
            Centred and scaled features of some rows, to predict these without themselves.
        y, weight : arrays of shape (rows, outputs) and (rows,)
            Their targets and weights.
        """
        values, vectors = _directions(gram)
        root = np.sqrt(values)
        basis = np.sqrt(weight)[:, np.newaxis] * (rows @ vectors) / root
        projected = (vectors.T @ cross) / root[:, np.newaxis]
        return cls(basis, values, projected, weight, weight / total, y - y_mean, y_mean, n_rows, vectors * root)

    def leverage(self, alphas: Array) -> Array:
        """Leverage of each row for each penalty, of shape (rows, alphas)."""
        shrinkage = self.values[:, np.newaxis] / (self.values[:, np.newaxis] + alphas)
        return np.square(self.basis) @ shrinkage + self.share[:, np.newaxis]

    def left_out(self, alpha: float, leverage: Array) -> Array:
        """Prediction of each row by the regression without it, of shape (rows, outputs)."""
        shrinkage = self.values / (self.values + alpha)
        fitted = self.basis @ (shrinkage[:, np.newaxis] * self.projected)
        residual = self.y - fitted / np.sqrt(self.weight)[:, np.newaxis]
        rest = np.maximum(1.0 - leverage, LEAST_REST)[:, np.newaxis]
        left_out: Array = self.y + self.y_mean - residual / rest
        return left_out

    def coefficients(self, alphas: Array, features: Array, scaling: Scaling) -> tuple[Array, Array]:
        """Coefficients of unscaled features, of shape (features, outputs), and intercepts; each output has its penalty.

        Features are those of all rows; they are not needed if there are `directions`.
        """
        along = self.projected / (self.values[:, np.newaxis] + alphas)
        if self.directions is not None:
            scaled = self.directions @ along
        else:
            dual = np.sqrt(self.weight)[:, np.newaxis] * (self.basis @ along)
            blocks = slices(features.shape[1], FEATURES_PER_BLOCK)
            scaled = np.concatenate([scaling.of(features, columns).T @ dual for columns in blocks])
        coefficients: Array = scaled / scaling.scale[:, np.newaxis]
        return coefficients, self.y_mean - scaling.mean @ coefficients


def _directions(gram: Array) -> tuple[Array, Array]:
    """Eigenvalues above rounding errors, and their eigenvectors as columns."""
    values, vectors = scipy.linalg.eigh(gram, overwrite_a=True, check_finite=False, driver="evd")
    kept = values > LEAST_VALUE * max(values[-1], np.finfo(np.float64).tiny)
    return values[kept], vectors[:, kept]
