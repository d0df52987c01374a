"""Columns of tables: of arrays, and of the data frames of pandas, polars and Arrow."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from numbers import Number
from typing import Any

import numpy as np

from skneural.ops.types import Array
from skneural.sklearn_compat import is_pandas_na

# Kinds of columns by the names of dtypes, in lower case and without digits and parameters. Others are "number".
KINDS = {
    **dict.fromkeys(("bool", "boolean"), "boolean"),
    **dict.fromkeys(("str", "string", "large_string", "string_view"), "text"),
    **dict.fromkeys(("category", "categorical", "enum", "dictionary"), "category"),
    **dict.fromkeys(("date", "datetime", "timestamp"), "time"),
    **dict.fromkeys(("duration", "timedelta"), "duration"),
    "complex": "complex",
    "object": "object",
}
KINDS_OF_NUMPY = {"b": "boolean", "U": "text", "T": "text", "M": "time", "m": "duration", "c": "complex", "O": "object"}
KINDS_OF_OBJECTS = {"time": datetime.date, "duration": datetime.timedelta}

NAMES_OF_KINDS = {"time": "times", "duration": "durations", "complex": "complex numbers"}

NUMBERS_ONLY = (
    "Leave it out, or make numbers of it: of text and categories by sklearn.preprocessing.OneHotEncoder, of times such "
    "as the year and the day. TabularMLPClassifier and TabularMLPRegressor take all of them as they are."
)

TIME, DURATION = np.dtype("M8[us]"), np.dtype("m8[us]")
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    label : str
        As messages name it: the label in a frame, or the number in an array.
    dtype : object
        That of the library.
    values : array, or column of the library
    """

    label: str
    dtype: Any
    values: Any

    @cached_property
    def objects(self) -> list[Any]:
        """The values as Python objects."""
        array: Any = getattr(self.values, "array", None)  # of pandas
        values: list[Any]
        if hasattr(array, "categories"):
            # a third of the time of NumPy's conversion of one row
            categories = [*array.categories, None]
            values = [categories[code] for code in array.codes]
        elif array is not None:
            values = np.asarray(array, dtype=object).tolist()
        elif hasattr(self.values, "to_pylist"):  # NumPy's conversion of Arrow's dictionaries fills missing values
            values = self.values.to_pylist()
        else:
            values = np.asarray(self.values, dtype=object).tolist()
        return values

    @cached_property
    def different(self) -> set[Any]:
        """The distinct objects."""
        try:
            return set(self.objects)
        except TypeError as error:  # lists, arrays, dictionaries
            raise TypeError(
                f"Column {self.label} of X holds neither numbers nor categories ({error}). Each value of this argument "
                "must be a string or a number: convert the column, or leave it out."
            ) from error

    @cached_property
    def kind(self) -> str:
        """One of "number", "boolean", "text", "category", "time", "duration" and "complex".

        Objects are numbers, times or durations if all of them are, and text otherwise.
        """
        kind = _kind(self.dtype)
        return self._kind_of_objects() if kind == "object" else kind

    def _kind_of_objects(self) -> str:
        present = [value for value in self.different if value_or_none(value) is not None]
        for kind, types in KINDS_OF_OBJECTS.items():
            if present and all(isinstance(value, types) for value in present):
                return kind
        if not present or any(isinstance(value, bool) or not isinstance(value, Number) for value in present):
            return "text"
        return "complex" if any(isinstance(value, complex | np.complexfloating) for value in present) else "number"

    def numbers(self) -> Array:
        """The values in double precision, NaN if missing; durations in days.

        Raises
        ------
        ValueError
            If the column holds anything else. The message does not name the column.
        """
        if self.kind == "duration":
            return self._as(DURATION) / DAY
        if self.kind in ("time", "complex"):
            raise ValueError(f"{self.kind} values are not numbers")
        try:
            if hasattr(self.values, "iloc"):
                numbers: Array = self.values.to_numpy(np.float64, na_value=np.nan)
                return numbers
            return np.asarray(self.values).astype(np.float64)
        except TypeError as error:
            raise ValueError(str(error)) from error

    @property
    def holds_numbers(self) -> bool:
        """True if the column can be converted to numbers, and is not durations."""
        if self.kind == "duration":
            return False
        try:
            self.numbers()
        except ValueError:
            return False
        return True

    def times(self) -> Array:
        """The values as local times in microseconds.

        Raises
        ------
        ValueError
            If the column does not hold times.
        """
        if self.kind != "time" and any(value_or_none(value) is not None for value in self.objects):
            raise ValueError(f"Column {self.label} of X holds {self.description}, but it held times in training.")
        return self._as(TIME)

    def _as(self, dtype: np.dtype[Any]) -> Array:
        """The values as times or durations of NumPy."""
        given = np.asarray(_local(self.values, self.dtype))
        if given.dtype.kind == dtype.kind:
            return given.astype(dtype)
        values = [value_or_none(value) for value in self.objects]
        return np.array([value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value for value in values], dtype)

    @property
    def description(self) -> str:
        """Phrase for messages: the kind of the values, and an example or the dtype."""
        if self.kind in ("text", "category"):
            example = next((value for value in self.objects if value_or_none(value) is not None), None)
            noun = "categories" if self.kind == "category" else "text" if isinstance(example, str) else "values"
            return f"{noun}, such as {example!r}"
        return f"{NAMES_OF_KINDS.get(self.kind, 'values')} of dtype {self.dtype}"


def columns_of(X: Any) -> list[Column]:
    """The columns of a frame, or of an array of shape (n, features)."""
    if not is_frame(X):
        return [Column(str(j), X.dtype, values) for j, values in enumerate(X.T)]
    if hasattr(X, "iloc"):  # by `items`, which takes a quarter of the time of `iloc`
        return [Column(repr(label), values.dtype, values) for label, values in X.items()]
    if hasattr(X, "column_names"):
        return [
            Column(repr(label), values.type, values) for label, values in zip(X.column_names, X.columns, strict=True)
        ]
    return [Column(repr(values.name), values.dtype, values) for values in X.get_columns()]


def labels_of(X: Any) -> list[Any]:
    """The labels of the columns of a frame."""
    return list(X.column_names if hasattr(X, "column_names") else X.columns)


def is_frame(X: object) -> bool:
    """Return True for data frames of pandas, polars and Arrow."""
    if hasattr(X, "collect") and hasattr(X, "lazy"):
        raise TypeError(f"X is a {type(X).__name__}, whose rows are not computed yet. Pass X.collect().")
    return hasattr(X, "columns")


def value_or_none(value: object) -> Any:
    """A value as a Python number or string; None if it is missing."""
    if isinstance(value, str):  # most values, and the other comparisons take a third of the time of a prediction
        return str(value)
    if value is None or is_pandas_na(value) or value != value:
        return None
    return value.item() if isinstance(value, np.generic) else value


@contextmanager
def columns_named(X: Any, estimator_name: str) -> Iterator[None]:
    """Name the column that does not hold numbers, in errors of estimators that take numbers only."""
    if is_frame(X):
        ensure_not_empty(X, estimator_name)
    try:
        # NumPy would convert times to numbers of nanoseconds or days, and lose the imaginary part of complex columns.
        refused = ("time", "duration", "complex") if is_frame(X) else ("time", "duration")
        if any(_kind(dtype) in refused for dtype in dtypes_of(X)):
            raise ValueError(f"X does not hold numbers (its dtype is {getattr(X, 'dtype', None)}). {NUMBERS_ONLY}")
        yield
    except (TypeError, ValueError) as error:
        if isinstance(X, np.ndarray) and _holds_other_samples(X):
            first = X.tolist()[0]
            raise (TypeError if isinstance(error, TypeError) else ValueError)(
                f"The samples of X are of type {type(first).__name__}, such as {first!r:.60}, but {estimator_name} "
                "takes rows of numbers, of shape (n_samples, n_features)."
            ) from error
        of_text = isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "UT"
        columns = columns_of(X) if of_text or is_frame(X) else []
        other = next((column for column in columns if not column.holds_numbers), None)
        if other is None:
            raise
        raise ValueError(
            f"Column {other.label} of X holds {other.description}, but {estimator_name} takes numbers only. "
            f"{NUMBERS_ONLY}"
        ) from error


def _holds_other_samples(X: np.ndarray) -> bool:
    """Return True for arrays of texts, dictionaries and the like, instead of numbers or rows of them."""
    return X.ndim == 1 and X.dtype.kind in "UTO" and len(X) > 0 and not isinstance(X[0], Number)


def ensure_not_empty(X: Any, estimator_name: str) -> None:
    """Raise if a frame has no rows or no columns."""
    for size, name in zip(X.shape, ("sample(s)", "feature(s)"), strict=True):
        if not size:
            raise ValueError(
                f"Found array with 0 {name} (shape={X.shape}) while a minimum of 1 is required by {estimator_name}."
            )


def dtypes_of(X: Any) -> Iterable[Any]:
    """The dtypes of the columns of a frame, or that of an array."""
    if not is_frame(X):
        return [X.dtype] if hasattr(X, "dtype") else []
    return X.schema.types if hasattr(X, "column_names") else X.dtypes


def _kind(dtype: Any) -> str:
    """The kind of the columns of a dtype, which may be "object"."""
    if isinstance(dtype, np.dtype):
        return KINDS_OF_NUMPY.get(dtype.kind, "number")
    name = re.match("[a-z_]*", str(dtype).lower())
    assert name is not None  # it may be empty
    return KINDS.get(name.group(), "number")


def _local(values: Any, dtype: Any) -> Any:
    """Times without their zone."""
    if not (getattr(dtype, "tz", None) or getattr(dtype, "time_zone", None) or "tz=" in str(dtype)):
        return values
    if hasattr(values, "iloc"):
        return values.dt.tz_localize(None)
    if hasattr(values, "dt"):
        return values.dt.replace_time_zone(None)
    import pyarrow.compute

    return pyarrow.compute.local_timestamp(values)
