"""The columns that hold categories, and the codes of these."""

import numpy as np
import pandas as pd
import pytest

from skneural.readers import columns_of
from skneural.readers.categories import Categories, CategoryOptions


def categories_of(X, categorical_features="from_dtype"):
    return Categories.learn(X, columns_of(X), CategoryOptions(categorical_features))


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
    learned = categories_of(X)
    assert learned.is_categorical.tolist() == [False, categories is not None]
    assert learned.values == ([] if categories is None else [categories])
    if categories is None:
        assert columns_of(X)[1].numbers().shape == (4,)
    assert not categories_of(X, None).is_categorical.any()


def test_arrays_are_numbers_unless_said_otherwise():
    X = np.array([["a", 1.5], ["b", 2.5]], dtype=object)
    assert not categories_of(X).is_categorical.any()
    assert not categories_of(X.astype(str)).is_categorical.any()
    assert not categories_of(np.ones((2, 2), bool)).is_categorical.any()
    for text in (X, X.astype(str), X.astype(np.dtypes.StringDType())):
        assert categories_of(text, [0]).values == [["a", "b"]]


def test_numbers_of_categories_are_ascending_and_missing_is_the_last():
    X = pd.DataFrame({"size": pd.Categorical(["small", None, "large"], categories=["small", "large", "huge"])})
    (codes,) = categories_of(X).codes(columns_of(X), None)
    assert codes.tolist() == [1, 2, 0]


def test_what_was_not_seen_has_one_number_or_is_refused():
    learned = categories_of(pd.DataFrame({"size": ["small", "large"]}))
    new, missing = pd.DataFrame({"size": ["large", "huge", "tiny"]}), pd.DataFrame({"size": ["small", None]})
    assert learned.codes(columns_of(new), -1)[0].tolist() == [0, -1, -1]
    assert learned.codes(columns_of(missing), -1)[0].tolist() == [1, -1]
    with pytest.raises(ValueError, match=r"Column 'size' of X has the category '(huge|tiny)', which training"):
        learned.codes(columns_of(new), None)
    with pytest.raises(ValueError, match="Column 'size' of X has missing values, which training did not have"):
        learned.codes(columns_of(missing), None)


@pytest.mark.parametrize("only", ["small", None])
def test_a_single_category_says_nothing(only):
    learned = categories_of(pd.DataFrame({"size": pd.Series([only] * 3, dtype=object)}))
    later = columns_of(pd.DataFrame({"size": ["small", None, "huge"]}))
    assert learned.codes(later, -1)[0].tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="which training did not have"):
        learned.codes(later, None)


@pytest.mark.parametrize("value", [[1, 2], np.arange(2), {"a": 1}], ids=["list", "array", "dictionary"])
def test_what_is_neither_number_nor_category_is_named(value):
    with pytest.raises(TypeError, match=r"Column 'odd' of X holds neither numbers nor categories \(.*type"):
        categories_of(pd.DataFrame({"number": [1.0, 2.0], "odd": [value, value]}))


DAYS = pd.date_range("2024-01-01", periods=4)


@pytest.mark.parametrize(
    "times",
    [DAYS, DAYS.tz_localize("UTC"), DAYS - DAYS[0], DAYS.to_period("D"), [day.date() for day in DAYS]],
    ids=["datetime", "with time zone", "timedelta", "period", "objects"],
)
def test_times_are_no_categories_unless_said_so(times):
    X = pd.DataFrame({"number": np.arange(4.0), "when": times})
    assert not categories_of(X).is_categorical.any()
    assert categories_of(X, ["when"]).values == [list(times)]
