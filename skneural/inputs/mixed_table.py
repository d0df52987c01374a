"""Tables of numbers and categories as X, with missing values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import _safe_indexing
from sklearn.utils._missing import is_pandas_na
from sklearn.utils.validation import _check_categorical_features, check_array, validate_data

from skneural.data import Container, MixedRows, Samples
from skneural.hyperparameters import NONE, Choice, Constraint, declare, hyperparameter
from skneural.inputs.input_kind import Expected, InputKind, with_dtype
from skneural.layers import Layer, PiecewiseLinearEmbedding, Standardization
from skneural.layers.traversal import find
from skneural.ops.pointwise import clip_smoothly
from skneural.ops.types import Array
from skneural.parameters import Tree

# Rows of a training step: small tables need many steps, large ones have them with large batches, too.
LEAST_ROWS_PER_STEP, MOST_ROWS_PER_STEP = 32, 256
STEPS_PER_EPOCH = 24

# A table of float32 must hold the numbers of categories, and each of them learns a vector from its rows alone.
MOST_CATEGORIES = 2**15

UNKNOWN = -1  # the number of a category that was not seen in training


def _are_columns(value: object) -> bool:
    return isinstance(value, list | tuple | np.ndarray)


@declare
class MixedTableFields:
    """The hyper-parameter of `MixedTable`."""

    categorical_features: str | Sequence[Any] | None = hyperparameter(
        "from_dtype",
        Choice("from_dtype") | Constraint("array-like of bool, int or str", _are_columns) | NONE,
        """Which columns hold categories: "from_dtype" for those of a DataFrame whose dtype is categorical; a mask,
        column numbers or column names; None for none.""",
    )

    attributes_doc = {
        "is_categorical_": ("ndarray of shape (n_features_in_,)", "Which columns hold categories."),
        "categories_": (
            "list of lists",
            "The categories of each such column, as seen in training; None, at the end, stands for missing ones.",
        ),
    }


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
        X = _as_table(X, estimator)
        validate_data(estimator, X, skip_check_array=True, reset=expected.reset)
        if expected.reset:
            mask = _check_categorical_features(X, estimator.categorical_features)
            estimator.is_categorical_ = np.zeros(X.shape[1], dtype=bool) if mask is None else mask
            estimator.categories_ = _categories(estimator, X)
        numbers = self._numbers(estimator, X, expected)
        if expected.reset:
            estimator._missing = np.flatnonzero(np.isnan(numbers).any(axis=0)).tolist()
        codes = [
            _codes(_column(X, column), categories)
            for column, categories in zip(_categorical(estimator), estimator.categories_, strict=True)
        ]
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
        values = _checked_numbers(part, expected.dtype, estimator)
        if values.dtype != np.float32 or getattr(X, "dtype", None) == np.float32:
            return values - estimator._offsets.astype(values.dtype) if estimator._offsets.any() else values
        exact = _checked_numbers(part, np.float64, estimator)
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
    """The different ones of ascending numbers, and infinity in the place of those that were left out."""
    different = np.unique(edges)
    return np.append(different, np.full(len(edges) - len(different), np.inf))


def _as_table(X: Any, estimator: BaseEstimator) -> Any:
    """X as a frame, or as an array of two axes."""
    if hasattr(X, "columns"):
        return X
    X = with_dtype(X) if not _has_text(X) else np.asarray(X, dtype=object)
    return check_array(X, dtype=None, ensure_all_finite=False, estimator=estimator, input_name="X")


def _has_text(X: Any) -> bool:
    return isinstance(X, list | tuple) and any(isinstance(value, str) for row in X for value in np.atleast_1d(row))


def _checked_numbers(X: Any, dtype: Any, estimator: BaseEstimator) -> Array:
    try:
        checked: Array = check_array(X, dtype=dtype, ensure_all_finite="allow-nan", estimator=estimator, input_name="X")
    except ValueError as error:
        if "could not convert string" not in str(error):
            raise
        raise ValueError(
            f"{error}. Columns of text are categories: give a DataFrame whose columns have the dtype 'category', or "
            "name them in categorical_features."
        ) from error
    return checked


def _categorical(estimator: BaseEstimator) -> list[int]:
    numbers: list[int] = np.flatnonzero(estimator.is_categorical_).tolist()
    return numbers


def _column(X: Any, number: int) -> list[Any]:
    values: list[Any] = np.asarray(_safe_indexing(X, number, axis=1)).tolist()
    return values


def _plain(value: Any) -> Any:
    """A category as Python's own number or string; None if it is missing."""
    if value is None or is_pandas_na(value) or value != value:
        return None
    return value.item() if isinstance(value, np.generic) else value


def _categories(estimator: BaseEstimator, X: Any) -> list[list[Any]]:
    """The different values of each categorical column, in ascending order; None, if there is one, comes last."""
    found = []
    for number in _categorical(estimator):
        different = {_plain(value) for value in set(_column(X, number))}
        name = repr(X.columns[number]) if hasattr(X, "columns") else str(number)
        fraction = next((v for v in different if isinstance(v, float) and not v.is_integer()), None)
        if fraction is not None:
            raise ValueError(
                f"Column {name} of X is categorical, but holds numbers such as {fraction!r}. Leave it out of "
                "categorical_features, or make its values strings."
            )
        if len(different) > MOST_CATEGORIES:
            raise ValueError(
                f"Column {name} of X has {len(different)} categories, more than {MOST_CATEGORIES}. Make numbers of "
                "them, such as by sklearn.preprocessing.TargetEncoder, or leave the column out."
            )
        found.append(sorted(different, key=_rank))
    return found


def _rank(category: Any) -> tuple[int, float, str]:
    """Numbers before everything else, and what is missing last."""
    if category is None:
        return 2, 0.0, ""
    return (0, float(category), "") if isinstance(category, Real) else (1, 0.0, str(category))


def _codes(values: list[Any], categories: list[Any]) -> Array:
    """The number of each value among the categories, `UNKNOWN` for what is not there."""
    known = {category: number for number, category in enumerate(categories)}
    # Only different values are looked at, which takes a tenth of the time; a NaN is found as the object that it is.
    number_of = {value: known.get(_plain(value), UNKNOWN) for value in set(values)}
    return np.array([number_of[value] for value in values])
