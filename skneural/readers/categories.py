"""Categorical columns of tables: their detection, their categories, and the integer codes of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Number, Real
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_array

from skneural.hyperparameters import NONE, Choice, Constraint, hyperparameter
from skneural.ops.types import Array
from skneural.readers.reader import InputSpec, with_dtype
from skneural.sklearn_compat import check_categorical_features, is_pandas_na, safe_indexing

# Codes must be exact in float32; and each category learns a vector from its rows alone, which should not be too few.
MOST_CATEGORIES = 2**15

# Names of dtypes of pandas and other libraries, in lower case and without brackets.
DTYPES_OF_CATEGORIES = ("bool", "boolean", "large_string", "str", "string")
DTYPES_OF_TIMES = ("date", "datetime", "duration", "period", "time", "timedelta", "timestamp")

CATEGORY_ATTRIBUTES = {
    "is_categorical_": ("ndarray of shape (n_features_in_,)", "Mask of the categorical columns."),
    "categories_": (
        "list of lists",
        "Categories of each categorical column in the training data; None, in the last place, for missing values.",
    ),
}


def _are_columns(value: object) -> bool:
    return isinstance(value, list | tuple | np.ndarray)


def categorical_features_hyperparameter() -> Any:
    """The hyper-parameter `categorical_features` of families with categorical columns."""
    return hyperparameter(
        default="from_dtype",
        constraint=Choice("from_dtype") | Constraint("array-like of bool, int or str", _are_columns) | NONE,
        doc="""Categorical columns: "from_dtype" for the columns of a DataFrame with categorical, string, boolean, or
        non-numeric object dtype; a mask, column numbers or column names; None for none.""",
    )


@dataclass(frozen=True)
class CategoryOptions:
    """Hyper-parameters of readers of tables with categories.

    Attributes
    ----------
    categorical_features : "from_dtype", array-like or None
    """

    categorical_features: str | Sequence[Any] | None = "from_dtype"


@dataclass(frozen=True)
class Categories:
    """The categorical columns of a table, and the categories of each.

    Attributes
    ----------
    is_categorical : bool array of shape (n_features,)
    values : list of lists
        Categories of each categorical column in ascending order; None, in the last place, for missing values. The code
        of a category is its position in the list.
    """

    is_categorical: Array
    values: list[list[Any]]

    @classmethod
    def learn(cls, X: Any, options: CategoryOptions) -> Self:
        """Learn from the frame or array of the training data.

        Raises
        ------
        ValueError
            If a categorical column holds fractions, or more than `MOST_CATEGORIES` different values.
        """
        chosen = options.categorical_features
        mask = check_categorical_features(X, chosen)
        mask = np.zeros(X.shape[1], dtype=bool) if mask is None else mask
        if isinstance(chosen, str):
            for number, dtype in enumerate(getattr(X, "dtypes", ())):
                mask[number] |= _name_of(dtype) in DTYPES_OF_CATEGORIES
                if _name_of(dtype) == "object" and not mask[number]:
                    mask[number] = not _are_numbers(_different(_column(X, number), _label(X, number)))
        return cls(mask, [_categories(X, number) for number in np.flatnonzero(mask).tolist()])

    @property
    def sizes(self) -> list[int]:
        """Number of categories of each categorical column."""
        return [len(values) for values in self.values]

    def codes(self, X: object, unknown: int | None) -> list[Array]:
        """Codes of the values of each categorical column.

        Parameters
        ----------
        X : frame or array of shape (n, features)
        unknown : int or None
            Code of values that were not seen in training; None to raise an error for them.

        Returns
        -------
        codes : list of int arrays of shape (n,)

        Raises
        ------
        ValueError
            If `unknown` is None and a value was not seen in training.
        """
        codes = []
        for number, categories in zip(np.flatnonzero(self.is_categorical).tolist(), self.values, strict=True):
            known = {category: code for code, category in enumerate(categories)}
            values = _column(X, number)
            # Looking up distinct values only takes a tenth of the time. NaNs are distinct keys, one per object.
            code_of = {value: known.get(_plain(value), unknown) for value in _different(values, _label(X, number))}
            new = next((_plain(value) for value, code in code_of.items() if code is None), ...)
            if new is not ...:
                value = "missing values" if new is None else f"the category {new!r}"
                raise ValueError(f"Column {_label(X, number)} of X has {value}, which training did not have.")
            codes.append(np.array([code_of[value] for value in values]))
        return codes

    def attributes(self) -> dict[str, Any]:
        """Public fitted attributes of the estimator, by name."""
        return {"is_categorical_": self.is_categorical, "categories_": self.values}


def as_table(X: object, estimator_name: str) -> Any:
    """X as a DataFrame or a 2-D array."""
    if hasattr(X, "columns"):
        return X
    X = with_dtype(X) if not _has_text(X) else np.asarray(X, dtype=object)
    return check_array(X, dtype=None, ensure_all_finite=False, estimator=estimator_name, input_name="X")


def _has_text(X: object) -> bool:
    return isinstance(X, list | tuple) and any(isinstance(value, str) for row in X for value in np.atleast_1d(row))


def checked_numbers(X: object, spec: InputSpec) -> Array:
    """Numeric columns as an array, with NaN for missing values.

    Raises
    ------
    TypeError, ValueError
        If X contains anything else, such as text, times or infinity.
    """
    _ensure_no_times(X)
    try:
        checked: Array = check_array(
            X,
            dtype=spec.precision_of(X),
            order="C",
            ensure_all_finite="allow-nan",
            estimator=spec.estimator_name,
            input_name="X",
        )
    except ValueError as error:
        if "could not convert string" not in str(error):
            raise
        raise ValueError(
            f"{error}. Columns of text are categories: give a DataFrame, or list them in categorical_features."
        ) from error
    except TypeError as error:
        raise TypeError(
            f"{error}. X must hold numbers, except in columns of categories: convert other values to numbers, such as "
            "times to seconds."
        ) from error
    return checked


def _ensure_no_times(X: Any) -> None:
    """Raise if a column holds times: their unit and origin are for the user to choose."""
    dtypes = list(getattr(X, "dtypes", ())) if hasattr(X, "columns") else [X.dtype]
    number = next((number for number, dtype in enumerate(dtypes) if _name_of(dtype) in DTYPES_OF_TIMES), None)
    if number is not None:
        where = f"Column {_label(X, number)} of X" if hasattr(X, "columns") else "X"
        raise ValueError(
            f"{where} holds times ({dtypes[number]}), which are not numbers. Make numbers of them, such as days since "
            "the first one, or month and day of the week, or leave the column out."
        )


def _name_of(dtype: npt.DTypeLike) -> str:
    return str(dtype).lower().split("[")[0].split("(")[0].rstrip("0123456789")


def _label(X: object, number: int) -> str:
    return repr(X.columns[number]) if hasattr(X, "columns") else str(number)


def _column(X: object, number: int) -> list[Any]:
    """The values of a column as Python objects."""
    values: list[Any] = np.asarray(safe_indexing(X, number, axis=1), dtype=object).tolist()
    return values


def _different(values: list[Any], label: str) -> set[Any]:
    try:
        return set(values)
    except TypeError as error:  # lists, arrays, dictionaries
        raise TypeError(
            f"Column {label} of X holds neither numbers nor categories ({error}). Convert it to numbers or "
            "strings, or leave it out."
        ) from error


def _plain(value: object) -> Any:
    """A category as a Python number or string; None if it is missing."""
    if value is None or is_pandas_na(value) or value != value:
        return None
    return value.item() if isinstance(value, np.generic) else value


def _are_numbers(values: set[Any]) -> bool:
    """Return True if distinct objects are numbers or missing values, but not all of them missing."""
    present = [value for value in values if _plain(value) is not None]
    return bool(present) and all(isinstance(value, Number) and not isinstance(value, bool) for value in present)


def _categories(X: object, number: int) -> list[Any]:
    """The distinct values of a column in ascending order, None for missing values last."""
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


def _rank(category: object) -> tuple[int, float, str]:
    """Sorting key: numbers first, then everything else, then missing values."""
    if category is None:
        return 2, 0.0, ""
    return (0, float(category), "") if isinstance(category, Real) else (1, 0.0, str(category))
