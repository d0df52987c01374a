"""Warnings of text that is no categories."""

import warnings

import numpy as np
import pandas as pd
import polars
import pytest

from skneural.readers import columns_of
from skneural.readers.text_columns import warn_of_text

RNG = np.random.default_rng(0)
N = 40
NUMBERS = RNG.normal(size=N).round(2).astype(str)
DAYS = pd.date_range("2023-11-20", periods=N)
SUSPICIOUS = {
    "dates": (DAYS.strftime("%Y-%m-%d"), "seems to be times", "pd.to_datetime(X['x'])", ".str.to_datetime()"),
    "German dates": (DAYS.strftime("%d.%m.%Y"), "seems to be times", "pd.to_datetime(X['x'])", ".str.to_datetime()"),
    "American dates": (DAYS.strftime("%m/%d/%y"), "seems to be times", "pd.to_datetime(X['x'])", ".str.to_datetime()"),
    "moments": (DAYS.strftime("%d %b %Y %H:%M:%S"), "seems to be times", "pd.to_datetime(X['x'])", ".str.to_datetime"),
    "few dates": (["2024-01-02", "2024-05-06"] * (N // 2), "seems to be times", "to_datetime", "to_datetime"),
    "numbers, some not available": (
        np.where(np.arange(N) % 10 == 3, "N/A", NUMBERS),
        "nearly all of it is numbers; others are 'N/A'",
        "X['x'] = pd.to_numeric(X['x'], errors='coerce')",
        "pl.col('x').cast(pl.Float64, strict=False)",
    ),
    "all numbers": (NUMBERS, "all of it is numbers", "pd.to_numeric", "cast(pl.Float64"),
    "identifiers": ([f"c{i}" for i in range(N)], "nearly all of it is different", "X.drop(columns='x')", "X.drop('x')"),
    "sentences": ([f"This is {i}." if i else None for i in range(N)], "nearly all of it is different", "drop", "drop"),
}
CATEGORIES = {
    "colours": RNG.choice(["red", "green", "blue"], N),
    "a few numbers": RNG.choice(["1", "2", "3"], N),
    "grades": RNG.choice(["1", "2", "3", "none"], N, p=[0.2, 0.2, 0.2, 0.4]),
    "addresses": RNG.choice(["192.168.1.1", "10.0.0.1"], N),
    "versions": RNG.choice(["1.2.3", "1.3.0"], N),
    "few rows": [f"c{i}" for i in range(10)],
    "all missing": [None] * N,
}


@pytest.mark.parametrize("name", SUSPICIOUS)
def test_warnings_name_the_column_and_the_line_that_mends_it(name):
    values, problem, *mends = SUSPICIOUS[name]
    for X, mend in zip((pd.DataFrame({"x": values}), polars.DataFrame({"x": list(values)})), mends, strict=True):
        with pytest.warns(UserWarning, match="Column") as record:
            warn_of_text(columns_of(X)[0], X)
        message = str(record[0].message)
        assert message.startswith("Column 'x' of X is text, ")
        assert problem in message
        assert mend in message


def test_the_lines_mend_the_columns():
    X = pd.DataFrame({name: SUSPICIOUS[name][0] for name in ("dates", "numbers, some not available", "identifiers")})
    for column in columns_of(X):
        with pytest.warns(UserWarning, match="Column") as record:
            warn_of_text(column, X)
        line = str(record[0].message).split("To mend this: ")[1].split(". To keep")[0]
        names = {"X": X, "pd": pd}
        exec(line, names)
        X = names["X"]
    assert [column.kind for column in columns_of(X)] == ["time", "number"]


@pytest.mark.parametrize("name", CATEGORIES)
def test_categories_are_not_warned_of(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        X = pd.DataFrame({"x": pd.Series(CATEGORIES[name], dtype="str")})
        warn_of_text(columns_of(X)[0], X)
        of_categories = pd.DataFrame({"x": pd.Categorical([f"c{i}" for i in range(N)])})
        warn_of_text(columns_of(of_categories)[0], of_categories)
