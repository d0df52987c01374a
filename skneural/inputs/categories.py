"""Which columns of a table hold categories, which categories there are, and their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Number, Real
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from sklearn.base import BaseEstimator
from sklearn.utils import _safe_indexing
from sklearn.utils._missing import is_pandas_na
from sklearn.utils.validation import _check_categorical_features, check_array

from skneural.hyperparameters import NONE, Choice, Constraint, declare, hyperparameter
from skneural.inputs.input_kind import with_dtype
from skneural.ops.types import Array

# A table of float32 must hold the numbers of categories, and each of them learns a vector from its rows alone.
MOST_CATEGORIES = 2**15

# What dtypes of columns are called by pandas and others, in lower case, without what stands in brackets.
OF_TEXT_OR_TRUTH = ("bool", "boolean", "large_string", "str", "string")
OF_TIMES = ("date", "datetime", "duration", "period", "time", "timedelta", "timestamp")


def _are_columns(value: object) -> bool:
    return isinstance(value, list | tuple | np.ndarray)


@declare
class CategoricalFields:
    """The hyper-parameter of kinds of X that tell categories from numbers."""

    categorical_features: str | Sequence[Any] | None = hyperparameter(
        "from_dtype",
        Choice("from_dtype") | Constraint("array-like of bool, int or str", _are_columns) | NONE,
        """Which columns hold categories: "from_dtype" for those of a DataFrame that hold categories, strings, truth
        values, or objects other than numbers; a mask, column numbers or column names; None for none.""",
    )

    attributes_doc = {
        "is_categorical_": ("ndarray of shape (n_features_in_,)", "Which columns hold categories."),
        "categories_": (
            "list of lists",
            "The categories of each such column, as seen in training; None, at the end, stands for missing ones.",
        ),
    }


def as_table(X: Any, estimator: BaseEstimator) -> Any:
    """X as a frame, or as an array of two axes."""
    if hasattr(X, "columns"):
        return X
    X = with_dtype(X) if not _has_text(X) else np.asarray(X, dtype=object)
    return check_array(X, dtype=None, ensure_all_finite=False, estimator=estimator, input_name="X")


def _has_text(X: Any) -> bool:
    return isinstance(X, list | tuple) and any(isinstance(value, str) for row in X for value in np.atleast_1d(row))


def learn_categories(estimator: BaseEstimator, X: Any) -> None:
    """Set `is_categorical_` and `categories_`.

    Raises
    ------
    ValueError
        If a categorical column holds fractions, or more than `MOST_CATEGORIES` different values.
    """
    mask = _check_categorical_features(X, estimator.categorical_features)
    mask = np.zeros(X.shape[1], dtype=bool) if mask is None else mask
    if isinstance(estimator.categorical_features, str):
        for number, dtype in enumerate(getattr(X, "dtypes", ())):
            mask[number] |= _name_of(dtype) in OF_TEXT_OR_TRUTH
            if _name_of(dtype) == "object" and not mask[number]:
                mask[number] = not _are_numbers(_different(_column(X, number), _label(X, number)))
    estimator.is_categorical_ = mask
    estimator.categories_ = [_categories(X, number) for number in _categorical(estimator)]


def category_codes(estimator: BaseEstimator, X: Any, unknown: int | None) -> list[Array]:
    """The number of each value of each categorical column among the categories.

    Parameters
    ----------
    estimator : estimator
        Of which `learn_categories` has set the attributes.
    X : frame or array of shape (n, features)
    unknown : int or None
        The number of all values that were not seen in training; None if there must be none.

    Returns
    -------
    list of int arrays of shape (n,)

    Raises
    ------
    ValueError
        If `unknown` is None and a value was not seen in training.
    """
    codes = []
    for number, categories in zip(_categorical(estimator), estimator.categories_, strict=True):
        known = {category: code for code, category in enumerate(categories)}
        values = _column(X, number)
        # Only different values are looked at, which takes a tenth of the time; a NaN is found as the object that it is.
        code_of = {value: known.get(_plain(value), unknown) for value in _different(values, _label(X, number))}
        new = next((_plain(value) for value, code in code_of.items() if code is None), ...)
        if new is not ...:
            what = "missing values" if new is None else f"the category {new!r}"
            raise ValueError(f"Column {_label(X, number)} of X has {what}, which training did not have.")
        codes.append(np.array([code_of[value] for value in values]))
    return codes


def checked_numbers(X: Any, dtype: DTypeLike | tuple[type, ...], estimator: BaseEstimator) -> Array:
    """Columns of numbers as an array; NaN where they are missing.

    Raises
    ------
    TypeError, ValueError
        If there is anything else, such as text, times or infinity.
    """
    _ensure_no_times(X)
    try:
        checked: Array = check_array(X, dtype=dtype, ensure_all_finite="allow-nan", estimator=estimator, input_name="X")
    except ValueError as error:
        if "could not convert string" not in str(error):
            raise
        raise ValueError(
            f"{error}. Columns of text are categories: give a DataFrame, or list them in categorical_features."
        ) from error
    except TypeError as error:
        raise TypeError(
            f"{error}. X must hold numbers, but for columns of categories: make numbers of everything else, such as "
            "seconds of times."
        ) from error
    return checked


def _ensure_no_times(X: Any) -> None:
    """Times are numbers of a unit and from a moment that only the user knows."""
    dtypes = list(getattr(X, "dtypes", ())) if hasattr(X, "columns") else [X.dtype]
    number = next((number for number, dtype in enumerate(dtypes) if _name_of(dtype) in OF_TIMES), None)
    if number is not None:
        where = f"Column {_label(X, number)} of X" if hasattr(X, "columns") else "X"
        raise ValueError(
            f"{where} holds times ({dtypes[number]}), which are no numbers. Make numbers of them, such as days since "
            "the first of them, or the month and the day of the week, or leave them out."
        )


def _name_of(dtype: Any) -> str:
    return str(dtype).lower().split("[")[0].split("(")[0].rstrip("0123456789")


def _label(X: Any, number: int) -> str:
    return repr(X.columns[number]) if hasattr(X, "columns") else str(number)


def _categorical(estimator: BaseEstimator) -> list[int]:
    numbers: list[int] = np.flatnonzero(estimator.is_categorical_).tolist()
    return numbers


def _column(X: Any, number: int) -> list[Any]:
    """The values of a column as Python's own."""
    values: list[Any] = np.asarray(_safe_indexing(X, number, axis=1), dtype=object).tolist()
    return values


def _different(values: list[Any], label: str) -> set[Any]:
    try:
        return set(values)
    except TypeError as error:  # lists, arrays, dictionaries
        raise TypeError(
            f"Column {label} of X holds neither numbers nor categories ({error}). Make columns of numbers or strings "
            "of it, or leave it out."
        ) from error


def _plain(value: Any) -> Any:
    """A category as Python's own number or string; None if it is missing."""
    if value is None or is_pandas_na(value) or value != value:
        return None
    return value.item() if isinstance(value, np.generic) else value


def _are_numbers(values: set[Any]) -> bool:
    """Whether different objects are numbers, of which some may be missing, but not all."""
    there = [value for value in values if _plain(value) is not None]
    return bool(there) and all(isinstance(value, Number) and not isinstance(value, bool) for value in there)


def _categories(X: Any, number: int) -> list[Any]:
    """The different values of a column, in ascending order; None, if there is one, comes last."""
    different = {_plain(value) for value in _different(_column(X, number), _label(X, number))}
    fraction = next((v for v in different if isinstance(v, float) and not v.is_integer()), None)
    if fraction is not None:
        raise ValueError(
            f"Column {_label(X, number)} of X is categorical, but holds numbers such as {fraction!r}. Leave it out of "
            "categorical_features, or make its values strings."
        )
    if len(different) > MOST_CATEGORIES:
        raise ValueError(
            f"Column {_label(X, number)} of X has {len(different)} categories, more than {MOST_CATEGORIES}. Make "
            "numbers of them, such as by sklearn.preprocessing.TargetEncoder, or leave the column out."
        )
    return sorted(different, key=_rank)


def _rank(category: Any) -> tuple[int, float, str]:
    """Numbers before everything else, and what is missing last."""
    if category is None:
        return 2, 0.0, ""
    return (0, float(category), "") if isinstance(category, Real) else (1, 0.0, str(category))
