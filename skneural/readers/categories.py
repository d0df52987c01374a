"""Categorical columns of tables: their detection, their categories, and the integer codes of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from numbers import Real
from typing import Any, Self

import numpy as np

from skneural.hyperparameters import NONE, Choice, Constraint, hyperparameter
from skneural.ops.types import Array
from skneural.readers.frames import Column, is_frame, value_or_none
from skneural.readers.text_columns import warn_of_text

# Codes must be exact in float32; and each category learns a vector from its rows alone, which should not be too few.
MOST_CATEGORIES = 2**15

KINDS_OF_CATEGORIES = ("boolean", "category", "text")

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
        doc="""Categorical columns: "from_dtype" for the columns of a DataFrame with categorical, string, boolean or
        object dtype, except for objects that are numbers, times or durations, and with a warning for text that seems
        to be numbers, times or identifiers; a mask, column numbers or column names; None for none.""",
    )


@dataclass(frozen=True)
class CategoryOptions:
    """Hyper-parameters of readers of tables with categories.

    Attributes
    ----------
    categorical_features : "from_dtype", array-like or None
    text_features : list of str or int, or None
        Columns of free text; None if the estimator has no such hyper-parameter.
    """

    categorical_features: str | Sequence[Any] | None = "from_dtype"
    text_features: Sequence[str | int] | None = None


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
    def learn(cls, X: Any, columns: Sequence[Column], options: CategoryOptions) -> Self:
        """Learn from the frame or array of the training data, and its columns.

        Raises
        ------
        ValueError
            If a categorical column holds fractions, or more than `MOST_CATEGORIES` different values.
        """
        chosen, is_text = options.categorical_features, chosen_columns(options.text_features, columns, "text_features")
        if isinstance(chosen, str):
            mask = np.array([is_frame(X) and column.kind in KINDS_OF_CATEGORIES for column in columns]) & ~is_text
            for column in compress(columns, mask):
                warn_of_text(column, X, takes_texts=options.text_features is not None)
        else:
            mask = chosen_columns(chosen, columns, "categorical_features")
            both = next(compress(columns, mask & is_text), None)
            if both is not None:
                raise ValueError(f"Column {both.label} of X is one of text_features and of categorical_features.")
        return cls(mask, [_categories(column) for column in compress(columns, mask)])

    @property
    def sizes(self) -> list[int]:
        """Number of categories of each categorical column."""
        return [len(values) for values in self.values]

    def codes(self, columns: Sequence[Column], unknown: int | None) -> list[Array]:
        """Codes of the values of each categorical column.

        A column with a single category in training, such as only missing values, says nothing: all its values have the
        code of that category, unless `unknown` is None.

        Parameters
        ----------
        columns : sequence of Column
            All columns of the table.
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
        for column, categories in zip(compress(columns, self.is_categorical), self.values, strict=True):
            if len(categories) == 1 and unknown is not None:
                codes.append(np.zeros(len(column.objects), dtype=int))
                continue
            known = {category: code for code, category in enumerate(categories)}
            # Looking up distinct values only takes a tenth of the time. NaNs are distinct keys, one per object.
            code_of = {value: known.get(value_or_none(value), unknown) for value in column.different}
            new = next((value_or_none(value) for value, code in code_of.items() if code is None), ...)
            if new is not ...:
                value = "missing values" if new is None else f"the category {new!r}"
                raise ValueError(f"Column {column.label} of X has {value}, which training did not have.")
            codes.append(np.array([code_of[value] for value in column.objects]))
        return codes

    def attributes(self) -> dict[str, Any]:
        """Public fitted attributes of the estimator, by name."""
        return {"is_categorical_": self.is_categorical, "categories_": self.values}


def chosen_columns(choice: Sequence[Any] | Array | None, columns: Sequence[Column], name: str) -> Array:
    """Mask of the columns that a hyper-parameter chooses by their names, by their numbers or by a mask.

    Parameters
    ----------
    choice : array-like of str, int or bool, or None
    columns : sequence of Column
    name : str
        Of the hyper-parameter.

    Raises
    ------
    ValueError
        If there is no such column, or a mask has another length than X has columns.
    """
    given, labels = [] if choice is None else list(choice), [column.label for column in columns]
    if given and all(isinstance(each, bool | np.bool_) for each in given):
        if len(given) != len(columns):
            raise ValueError(f"{name} is a mask of {len(given)} columns, but X has {len(columns)}.")
        return np.array(given, bool)
    mask = np.zeros(len(columns), bool)
    for each in given:
        is_name = isinstance(each, str)
        if repr(str(each)) not in labels if is_name else each not in range(-len(columns), len(columns)):
            raise ValueError(
                f"{name} has {each!r}, but X has no such column: it has {len(columns)} columns, {', '.join(labels)}."
            )
        mask[labels.index(repr(str(each))) if is_name else each] = True
    return mask


def _categories(column: Column) -> list[Any]:
    """The distinct values of a column in ascending order, None for missing values last."""
    different = {value_or_none(value) for value in column.different}
    fraction = next((v for v in different if isinstance(v, float) and not v.is_integer()), None)
    if fraction is not None:
        raise ValueError(
            f"Column {column.label} of X is categorical, but holds numbers such as {fraction!r}. Leave it out of "
            "categorical_features, or make its values strings."
        )
    if len(different) > MOST_CATEGORIES:
        raise ValueError(
            f"Column {column.label} of X has {len(different)} categories, more than {MOST_CATEGORIES}. Make "
            "numbers of them, such as by sklearn.preprocessing.TargetEncoder, or leave the column out."
        )
    return sorted(different, key=_rank)


def _rank(category: object) -> tuple[int, float, str]:
    """Sorting key: numbers first, then everything else, then missing values."""
    if category is None:
        return 2, 0.0, ""
    return (0, float(category), "") if isinstance(category, Real) else (1, 0.0, str(category))
