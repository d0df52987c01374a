"""Warnings of columns of text that do not hold categories."""

from __future__ import annotations

import re
from typing import Any

from skneural.readers.frames import Column
from skneural.user_warnings import warn_user

# Text is times or numbers if more than this share of it can be read as such; it is free text or identifiers if more
# than this share of the values differ, of at least `FEWEST_VALUES`.
NEARLY_ALL = 0.75
FEWEST_VALUES = 20

_MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    rf"(\d{{4}}[-/.]\d{{1,2}}([-/.]\d{{1,2}})?|\d{{1,2}}[-/.]\d{{1,2}}[-/.](\d{{4}}|\d{{2}})"
    rf"|\d{{1,2}}[ -]{_MONTH}[ -]\d{{2,4}}|{_MONTH} \d{{1,2}},? \d{{4}})"
    r"([ T,]+\d{1,2}:\d{2}.*)?",
    re.IGNORECASE,
)

# Lines that mend a column: of pandas, and of polars.
MENDS = {
    "times": ("X[{0}] = pd.to_datetime(X[{0}])", "X = X.with_columns(pl.col({0}).str.to_datetime())"),
    "numbers": (
        "X[{0}] = pd.to_numeric(X[{0}], errors='coerce')",
        "X = X.with_columns(pl.col({0}).cast(pl.Float64, strict=False))",
    ),
    "different": ("X = X.drop(columns={0})", "X = X.drop({0})"),
}


def warn_of_text(column: Column, X: Any, *, takes_texts: bool = False) -> None:
    """Warn if the values of a column of text are not categories: times, numbers, or nearly all different.

    Parameters
    ----------
    column : Column
    X : frame
        The table, for whose library the warning gives the line that mends it.
    takes_texts : bool, default=False
        Whether the estimator has the hyper-parameter `text_features`.
    """
    values = [value for value in column.objects if isinstance(value, str)]
    kind, problem = _kind_of_text(values) if column.kind == "text" else (None, "")
    if kind is not None:
        mend = MENDS[kind][hasattr(X, "get_columns")].format(column.label)
        if kind == "different" and takes_texts:
            mend = f"text_features=[{column.label}], which reads its words, or {mend}"
        warn_user(
            f"Column {column.label} of X is text, {problem}. It is read as categories, which have no order and say "
            f"nothing about other values. To mend this: {mend}. To keep categories, give the column a categorical "
            "dtype."
        )


def _kind_of_text(values: list[str]) -> tuple[str | None, str]:
    """The key in `MENDS` of text that is not categories, and the problem; None if it may be categories."""
    different, others = set(values), [value for value in values if not _is_number(value)]
    nearly_all = NEARLY_ALL * len(values)
    all_differ = len(values) >= FEWEST_VALUES and len(different) > nearly_all
    if sum(_DATE.fullmatch(value.strip()) is not None for value in different) > NEARLY_ALL * len(different):
        return "times", f"but seems to be times, such as {values[0]!r}"
    if others and len(values) - len(others) > nearly_all:
        return "numbers", f"but nearly all of it is numbers; others are {others[0]!r}"
    if not others and all_differ:
        return "numbers", f"but all of it is numbers, such as {values[0]!r}"
    return ("different", f"and nearly all of it is different, such as {values[0]!r}") if all_differ else (None, "")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
