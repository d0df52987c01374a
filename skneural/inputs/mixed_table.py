"""Tables of numbers and categories as X, with missing values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import validate_data

from skneural.data import Container, MixedRows, Samples
from skneural.inputs.categories import as_table, category_codes, checked_numbers, learn_categories
from skneural.inputs.input_kind import Expected, InputKind
from skneural.layers import Layer, PiecewiseLinearEmbedding, Standardization
from skneural.layers.traversal import find
from skneural.ops.pointwise import clip_smoothly
from skneural.ops.types import Array
from skneural.parameters import Tree

# Rows of a training step: small tables need many steps, large ones have them with large batches, too.
LEAST_ROWS_PER_STEP, MOST_ROWS_PER_STEP = 32, 256
STEPS_PER_EPOCH = 24

UNKNOWN = -1  # the number of a category that was not seen in training

# Width of the narrowest bin, in interquartile ranges.
LEAST_BIN = 1e-5


@dataclass(frozen=True)
class MixedTable(InputKind):
    """X is (n, features): an array or a DataFrame. Numbers may be missing, and so may categories.

    What is learned: `is_categorical_`, `categories_`, `_missing`, the numbers of which some were missing, and
    `_offsets`, which are taken off numbers before these are rounded to single precision: what differs little between
    large numbers, such as times, would be lost.
    """

    def check(self, estimator: BaseEstimator, X: Any, expected: Expected) -> Container:
        if sparse.issparse(X):
            raise TypeError(
                f"Sparse data was passed to {type(estimator).__name__}, which takes dense X: use X.toarray(), or "
                "MLPClassifier and MLPRegressor, which leave sparse X sparse."
            )
        X = as_table(X, estimator)
        validate_data(estimator, X, skip_check_array=True, reset=expected.reset)
        if expected.reset:
            learn_categories(estimator, X)
        numbers = self._numbers(estimator, X, expected)
        if expected.reset:
            estimator._missing = np.flatnonzero(np.isnan(numbers).any(axis=0)).tolist()
        codes = category_codes(estimator, X, UNKNOWN)
        return MixedRows(np.column_stack([numbers, *codes]).astype(numbers.dtype, copy=False))

    def _numbers(self, estimator: BaseEstimator, X: Any, expected: Expected) -> Array:
        """The columns of numbers, in the precision of training."""
        columns = np.flatnonzero(~estimator.is_categorical_)
        mixed = len(columns) < X.shape[1]
        if mixed and expected.reset and hasattr(X, "columns"):
            expected = expected._replace(dtype=np.float32)  # a frame of several types has no precision of its own
        part = _safe_indexing(X, columns, axis=1) if mixed else X
        if expected.reset:
            estimator._offsets = np.zeros(len(columns))
        if not len(columns):
            dtypes = expected.dtype if isinstance(expected.dtype, tuple) else (expected.dtype,)
            return np.empty((len(X), 0), X.dtype if getattr(X, "dtype", None) in dtypes else dtypes[0])
        values = checked_numbers(part, expected.dtype, estimator)
        if values.dtype != np.float32 or getattr(X, "dtype", None) == np.float32:
            return values - estimator._offsets.astype(values.dtype) if estimator._offsets.any() else values
        exact = checked_numbers(part, np.float64, estimator)
        if expected.reset:
            estimator._offsets = _quantiles(exact, [0.5], None)[0]
        exact = exact - estimator._offsets
        return exact.astype(np.float32)

    def shapes(self, estimator: BaseEstimator, x: Container) -> dict[str, Any]:
        return {
            "n_numbers": len(estimator._offsets),
            "missing": estimator._missing,
            "category_sizes": [len(categories) for categories in estimator.categories_],
        }

    def prepare(self, network: Layer, tree: Tree, samples: Samples) -> None:
        """Set centre and scale of each number, and where its curve bends, by quantiles of the training rows."""
        assert isinstance(samples.x, MixedRows)
        for layer, p in find(network, tree, Standardization):
            values, weight = samples.x.values[:, : layer.n_channels], samples.sample_weight
            p["mean"][...], p["scale"][...] = robust_scale(values, weight)
            for embedding, embedding_p in find(network, tree, PiecewiseLinearEmbedding):
                shares = np.linspace(0, 1, embedding.n_bins + 1)
                scaled = clip_smoothly((_quantiles(values, shares, weight) - p["mean"]) / p["scale"], 3.0)[0]
                embedding_p["edges"][...] = [_distinct(column) for column in scaled.T]

    def rows_per_batch(self, n_samples: int) -> int:
        wanted = min(max(n_samples // STEPS_PER_EPOCH, LEAST_ROWS_PER_STEP), MOST_ROWS_PER_STEP)
        return min(wanted, n_samples)

    def tag(self, tags: Any) -> None:
        tags.input_tags.sparse = False
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True


def robust_scale(values: Array, weight: Array | None) -> tuple[Array, Array]:
    """Median and interquartile range of each column; half the range where that is zero, infinity for constants."""
    least, low, median, high, greatest = _quantiles(values, [0.0, 0.25, 0.5, 0.75, 1.0], weight)
    scale = np.where(high > low, high - low, (greatest - least) / 2)
    return median, np.where(scale > 0, scale, np.inf)


def _quantiles(values: Array, shares: Sequence[float] | Array, weight: Array | None) -> Array:
    """Quantiles of each column, (shares, columns); zeros for a column that is all missing."""
    weight = np.ones(len(values)) if weight is None else weight
    columns = []
    for column in values.T.astype(np.float64):
        real = ~np.isnan(column)
        found = np.zeros(len(shares))
        if real.any():
            found = np.quantile(column[real], shares, weights=weight[real], method="inverted_cdf")
        columns.append(found)
    return np.stack(columns, axis=1)


def _distinct(edges: Array) -> Array:
    """The different ones of ascending numbers, and infinity in the place of those that were left out.

    Numbers closer than `LEAST_BIN` are one: in single precision they may be equal, and a bin of no width has no slope.
    """
    different = edges[np.diff(edges, prepend=-np.inf) > LEAST_BIN]
    return np.append(different, np.full(len(edges) - len(different), np.inf))
