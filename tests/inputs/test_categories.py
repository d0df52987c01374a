"""Which columns hold categories, and what numbers they have."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from skneural.inputs.categories import as_table, category_codes, checked_numbers, learn_categories


@dataclass
class Reader(BaseEstimator):
    categorical_features: object = "from_dtype"


def reader_of(X, categorical_features="from_dtype"):
    reader = Reader(categorical_features)
    learn_categories(reader, X)
    return reader


WORDS = ["b", "a", None, "b"]
COLUMNS = {
    "category": (pd.Categorical(WORDS), ["a", "b", None]),
    "str": (pd.Series(WORDS, dtype="str"), ["a", "b", None]),
    "string": (pd.Series(WORDS, dtype="string"), ["a", "b", None]),
    "objects": (pd.Series(WORDS, dtype=object), ["a", "b", None]),
    "objects of two types": (pd.Series([7, "a", None, 7.0], dtype=object), [7, "a", None]),
    "all missing": (pd.Series([None] * 4, dtype=object), [None]),
    "bool": ([True, False, True, True], [False, True]),
    "boolean": (pd.array([True, None, False, True], dtype="boolean"), [False, True, None]),
    "objects that are truth values": (pd.Series([True, None, False, True], dtype=object), [False, True, None]),
    "numbers": ([1, 2, 3, 4], None),
    "objects that are numbers": (pd.Series([1, None, 0.5, np.float32(2)], dtype=object), None),
    "nullable numbers": (pd.array([1, None, 2, 3], dtype="Int64"), None),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_dtypes_of_a_frame_say_what_is_a_category(name):
    column, categories = COLUMNS[name]
    X = pd.DataFrame({"other": np.arange(4.0), "column": column})
    reader = reader_of(X)
    assert reader.is_categorical_.tolist() == [False, categories is not None]
    assert reader.categories_ == ([] if categories is None else [categories])
    if categories is None:
        assert checked_numbers(X, np.float64, reader).shape == (4, 2)
    assert not reader_of(X, None).is_categorical_.any()


def test_arrays_and_lists_are_numbers_unless_said_otherwise():
    X = as_table([["a", 1.5], ["b", 2.5]], Reader())
    assert not reader_of(X).is_categorical_.any()
    assert not reader_of(X.astype(str)).is_categorical_.any()
    assert not reader_of(np.ones((2, 2), bool)).is_categorical_.any()
    reader = reader_of(X, [0])
    assert reader.categories_ == [["a", "b"]]
    np.testing.assert_array_equal(checked_numbers(X[:, [1]], np.float64, reader), [[1.5], [2.5]])


def test_numbers_of_categories_are_ascending_and_missing_is_the_last():
    X = pd.DataFrame({"size": pd.Categorical(["small", None, "large"], categories=["small", "large", "huge"])})
    (codes,) = category_codes(reader_of(X), X, None)
    assert codes.tolist() == [1, 2, 0]


def test_what_was_not_seen_has_one_number_or_is_refused():
    reader = reader_of(pd.DataFrame({"size": ["small", "large"]}))
    new, missing = pd.DataFrame({"size": ["large", "huge", "tiny"]}), pd.DataFrame({"size": ["small", None]})
    assert category_codes(reader, new, -1)[0].tolist() == [0, -1, -1]
    assert category_codes(reader, missing, -1)[0].tolist() == [1, -1]
    with pytest.raises(ValueError, match=r"Column 'size' of X has the category '(huge|tiny)', which training"):
        category_codes(reader, new, None)
    with pytest.raises(ValueError, match="Column 'size' of X has missing values, which training did not have"):
        category_codes(reader, missing, None)


@pytest.mark.parametrize("value", [[1, 2], np.arange(2), {"a": 1}], ids=["list", "array", "dictionary"])
def test_what_is_neither_number_nor_category_is_named(value):
    with pytest.raises(TypeError, match=r"Column 'odd' of X holds neither numbers nor categories \(.*type"):
        reader_of(pd.DataFrame({"number": [1.0, 2.0], "odd": [value, value]}))


DAYS = pd.date_range("2024-01-01", periods=4)


@pytest.mark.parametrize(
    "times",
    [DAYS, DAYS.tz_localize("UTC"), DAYS - DAYS[0], DAYS.to_period("D")],
    ids=["datetime", "with time zone", "timedelta", "period"],
)
def test_times_are_no_numbers(times):
    X = pd.DataFrame({"number": np.arange(4.0), "when": times})
    assert not reader_of(X).is_categorical_.any()
    with pytest.raises(ValueError, match=r"Column 'when' of X holds times .* Make numbers of them"):
        checked_numbers(X, np.float64, Reader())
    assert reader_of(X, ["when"]).categories_ == [list(times)]


def test_times_in_arrays_are_no_numbers():
    with pytest.raises(ValueError, match=r"X holds times \(datetime64"):
        checked_numbers(DAYS.to_numpy()[:, np.newaxis], np.float64, Reader())
    with pytest.raises(TypeError, match=r"not 'Timestamp'\. X must hold numbers"):
        checked_numbers(np.array([[1.0, day] for day in DAYS], dtype=object), np.float64, Reader())
