"""Columns of arrays and of frames of three libraries: their kinds, and their values as numbers, times and objects."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest

from skneural.readers import columns_named, columns_of, is_frame

DAYS = [datetime.date(2024, 2, 29), None, datetime.date(1999, 12, 31)]
MOMENTS = [datetime.datetime(2024, 2, 29, 23, 30), None, datetime.datetime(1999, 12, 31)]
HOURS = [datetime.timedelta(hours=36), None, datetime.timedelta(0)]
VALUES = {
    "number": [1.5, None, -2.0],
    "boolean": [True, None, False],
    "text": ["b", None, "a"],
    "time": MOMENTS,
    "duration": HOURS,
}
ARROW = {
    "number": pyarrow.float64(),
    "boolean": pyarrow.bool_(),
    "text": pyarrow.string(),
    "time": pyarrow.timestamp("us"),
    "duration": pyarrow.duration("us"),
}
PANDAS = {
    "number": "float64",
    "boolean": "boolean",
    "text": "str",
    "time": "datetime64[ns]",
    "duration": "timedelta64[ns]",
}
MAKERS = {
    "pandas": lambda kind: pd.DataFrame({"x": pd.Series(VALUES[kind], dtype=PANDAS[kind])}),
    "pandas objects": lambda kind: pd.DataFrame({"x": pd.Series(VALUES[kind], dtype=object)}),
    "pandas of Arrow": lambda kind: pd.DataFrame({"x": pd.Series(VALUES[kind], dtype=pd.ArrowDtype(ARROW[kind]))}),
    "polars": lambda kind: polars.DataFrame({"x": VALUES[kind]}),
    "Arrow": lambda kind: pyarrow.table({"x": VALUES[kind]}),
    "objects": lambda kind: np.array(VALUES[kind], dtype=object)[:, np.newaxis],
}


def column_of(X):
    (column,) = columns_of(X)
    return column


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("kind", VALUES)
def test_values_are_the_same_in_every_container(maker, kind):
    X = MAKERS[maker](kind)
    column = column_of(X)
    if (kind, maker) == ("boolean", "pandas objects") or (kind, maker) == ("boolean", "objects"):
        assert column.kind == "text"  # any object that is not a number
    else:
        assert column.kind == kind
    assert column.label == ("'x'" if is_frame(X) else "0")
    if kind == "time":
        expected = np.array(MOMENTS, "M8[us]")
        np.testing.assert_array_equal(column.times(), expected)
    elif kind == "text":
        assert [None if pd.isna(value) else value for value in column.objects] == VALUES[kind]
    else:
        expected = {"number": [1.5, np.nan, -2.0], "boolean": [1.0, np.nan, 0.0], "duration": [1.5, np.nan, 0.0]}
        np.testing.assert_array_equal(column.numbers(), expected[kind])


DECIMALS = [decimal.Decimal("1.5"), None, decimal.Decimal(2)]


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame({"x": DECIMALS}),
        pd.DataFrame({"x": pd.Series(DECIMALS, dtype=pd.ArrowDtype(pyarrow.decimal128(6, 2)))}),
        polars.DataFrame({"x": DECIMALS}),
        pyarrow.table({"x": DECIMALS}),
        pd.DataFrame({"x": pd.array([1.5, None, 2], dtype="Float64")}),
        pd.DataFrame({"x": pd.Categorical([1.5, None, 2])}),
        pd.DataFrame({"x": pd.Series([1.5, pd.NA, 2], dtype=object)}),
    ],
)
def test_decimals_and_nullable_values_are_numbers(X):
    np.testing.assert_array_equal(column_of(X).numbers(), [1.5, np.nan, 2.0])


WORDS = pyarrow.array(["b", None, "a"]).dictionary_encode()


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame({"x": pd.Categorical(["b", None, "a"])}),
        pd.DataFrame({"x": pd.Series(["b", None, "a"], dtype=pd.ArrowDtype(WORDS.type))}),
        polars.DataFrame({"x": polars.Series(["b", None, "a"], dtype=polars.Categorical)}),
        polars.DataFrame({"x": polars.Series(["b", None, "a"], dtype=polars.Enum(["a", "b"]))}),
        pyarrow.table({"x": WORDS}),
        pyarrow.table({"x": pyarrow.chunked_array([WORDS[:1], WORDS[1:]])}),
    ],
)
def test_dictionaries_are_categories(X):
    column = column_of(X)
    assert column.kind == "category"
    assert [None if pd.isna(value) else value for value in column.objects] == ["b", None, "a"]


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame({"x": pd.Series(MOMENTS, dtype="datetime64[us]").dt.tz_localize("Europe/Berlin")}),
        polars.DataFrame({"x": MOMENTS}).with_columns(polars.col("x").dt.replace_time_zone("Europe/Berlin")),
        pyarrow.table(
            {
                "x": pyarrow.array(
                    pd.Series(MOMENTS, dtype="datetime64[us]").dt.tz_localize("Europe/Berlin"),
                    pyarrow.timestamp("us", "Europe/Berlin"),
                )
            }
        ),
    ],
    ids=["pandas", "polars", "Arrow"],
)
def test_times_with_a_zone_are_local(X):
    np.testing.assert_array_equal(column_of(X).times(), np.array(MOMENTS, "M8[us]"))


@pytest.mark.parametrize(
    "X",
    [pd.DataFrame({"x": DAYS}), polars.DataFrame({"x": DAYS}), pyarrow.table({"x": DAYS})],
    ids=["pandas", "polars", "Arrow"],
)
def test_dates_are_times_at_midnight(X):
    assert column_of(X).kind == "time"
    np.testing.assert_array_equal(column_of(X).times(), np.array(DAYS, "M8[us]"))


NOT_NUMBERS = {
    "text": (["a", "b"], "text, such as 'a'"),
    "categories": (pd.Categorical(["a", "b"]), "categories, such as 'a'"),
    "times": (pd.to_datetime(["2024", "2025"]), "times of dtype datetime64"),
    "durations": (pd.to_timedelta(["1D", "2D"]), "durations of dtype timedelta64"),
    "complex": ([1.0, 1j], "complex numbers of dtype complex128"),
    "complex objects": (pd.Series([1.0, 1j], dtype=object), "complex numbers of dtype object"),
    "periods": (pd.period_range("2024", periods=2, freq="D"), "values of dtype period"),
}


@pytest.mark.parametrize("name", NOT_NUMBERS)
def test_errors_name_the_column_that_does_not_hold_numbers(name):
    values, description = NOT_NUMBERS[name]
    X = pd.DataFrame({"first": [1.0, 2.0], "second": values})
    with (
        pytest.raises(ValueError, match=f"Column 'second' of X holds {description}.*but Model takes numbers only"),
        columns_named(X, "Model"),
    ):
        X.to_numpy().astype(float)


def test_other_errors_stay_as_they_are():
    X = pd.DataFrame({"x": [1.0]})
    with pytest.raises(ValueError, match=r"^something else$"), columns_named(X, "Model"):
        raise ValueError("something else")


def test_lazy_and_empty_frames_are_refused():
    with pytest.raises(TypeError, match=r"X is a LazyFrame.* Pass X\.collect\(\)"):
        is_frame(polars.LazyFrame({"x": [1.0]}))
    for X, name in ((pd.DataFrame(index=range(3)), "feature"), (polars.DataFrame({"x": []}), "sample")):
        with pytest.raises(ValueError, match=rf"0 {name}\(s\).*required by Model"), columns_named(X, "Model"):
            pass
