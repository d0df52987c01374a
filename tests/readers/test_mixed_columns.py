"""Tables of numbers, times and categories."""

import numpy as np
import pandas as pd
import pytest

from skneural.readers import InputSpec, MixedColumns
from skneural.readers.categories import CategoryOptions

SPEC = InputSpec((np.float32, np.float64), "Model")
N = 30
X = pd.DataFrame(
    {
        "when": pd.date_range("2024-02-28 06:00", periods=N, freq="7h"),
        "number": np.linspace(-1, 1, N),
        "colour": pd.Categorical(["red", "blue", None] * (N // 3)),
        "nothing": np.full(N, np.nan),
        "lasted": pd.to_timedelta(np.arange(N), "h"),
    }
)


def learned(X, categorical_features="from_dtype"):
    return MixedColumns.learn(X, CategoryOptions(categorical_features), SPEC)


def test_numbers_come_first_followed_by_those_of_times():
    reader, cells = learned(X)
    assert reader.categories.is_categorical.tolist() == [False, False, True, False, False]
    assert reader.times.is_time.tolist() == [True, False, False, False, False]
    numbers, nothing, days, years, in_year, in_week, in_day = cells.numbers.T
    np.testing.assert_array_equal(numbers, X["number"])
    np.testing.assert_array_equal(days, np.arange(N) / 24)
    assert np.isnan(nothing).all()
    assert (years[0] - in_year[0], in_day[0]) == (2024, 0.25)
    assert in_week[0] == pytest.approx(2.25 / 7)
    assert cells.dtype == np.float32
    np.testing.assert_array_equal(reader.read(X[3:4], SPEC).numbers, cells.numbers[3:4])


def test_a_column_that_was_missing_in_training_stays_missing():
    reader, cells = learned(X)
    assert reader.empty == [1]
    np.testing.assert_array_equal(reader.read(X.assign(nothing=7.0), SPEC).numbers, cells.numbers)
    array = X[["number", "nothing"]].to_numpy()
    reader, _ = learned(array)
    later = np.ones_like(array)
    assert np.isnan(reader.read(later, SPEC).numbers[:, 1]).all()
    assert (later == 1).all(), "the array of the caller is unchanged"


@pytest.mark.parametrize(("dtype", "expected"), [("f4", "f4"), ("f8", "f8"), ("i8", "f4"), ("u1", "f4"), ("?", "f4")])
def test_precision_is_that_of_numbers_alone(dtype, expected):
    values = np.arange(6).reshape(3, 2).astype(dtype)
    assert learned(values)[1].dtype == expected
    assert learned(pd.DataFrame(values), None)[1].dtype == expected
    frame = pd.DataFrame(values, columns=["a", "b"])
    assert learned(frame.assign(colour="red"))[1].dtype == np.float32


OTHERS = {
    "text beside named categories": (X.assign(place="Rome", who="Ann"), ["colour"], "Columns 'place', 'who' of X hold"),
    "text without any": (X.assign(place="Rome"), ["colour"], "Column 'place' of X holds text, such as 'Rome'"),
    "text in arrays": (
        np.array([["a", 1.0], ["b", 2.0]], object),
        "from_dtype",
        "Column 0 of X holds text, such as 'a'",
    ),
    "complex": (X.assign(number=X["number"] + 1j), "from_dtype", "Column 'number' of X holds complex numbers"),
    "times of day": (
        X.assign(number=X["when"].dt.time),
        ["colour"],
        "Column 'number' of X holds values, such as datetime.time",
    ),
    "infinity": (X.assign(number=np.inf), "from_dtype", "Column 'number' of X contains infinity"),
    "too large": (X.assign(number=1e39), "from_dtype", r"Column 'number' of X .*too large for dtype\('float32'\)"),
    "no columns": (X[[]], "from_dtype", r"0 feature\(s\) \(shape=\(30, 0\)\) while a minimum of 1"),
    "no rows": (X[:0], "from_dtype", r"0 sample\(s\) \(shape=\(0, 5\)\) while a minimum of 1"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_columns_of_something_else_are_named(name):
    table, categorical_features, message = OTHERS[name]
    with pytest.raises(ValueError, match=message):
        learned(table, categorical_features)


def test_times_must_stay_times():
    reader, _ = learned(X)
    with pytest.raises(ValueError, match=r"Column 'when' of X holds text, .* but it held times in training"):
        reader.read(X.assign(when="yesterday"), SPEC)
    with pytest.raises(ValueError, match="Column 'number' of X holds times"):
        reader.read(X.assign(number=X["when"]), SPEC)
    assert np.isnan(reader.read(X.assign(when=None), SPEC).numbers[:, 3:]).all()
