"""Tables come back in the form in which they were given."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars
import polars.testing
import pyarrow
import pytest
import skops.io

from skneural import DiffusionModel
from skneural.estimators.diffusion.reader import RestorableTable
from skneural.readers import InputSpec
from skneural.readers.categories import CategoryOptions
from skneural.template.state import plain_state, value_of

N = 12
SPEC = InputSpec((np.float32, np.float64), "DiffusionModel")
MOMENTS = pd.date_range("2024-03-30 21:15", periods=N, freq="7h")
VALUES = {
    "number": np.linspace(0, 1, N).tolist(),
    "count": list(range(N)),
    "maybe": [None, 2, 3] * (N // 3),
    "yes": [True, False, None] * (N // 3),
    "word": ["b", "a", None] * (N // 3),
    "day": [datetime.date(2024, 2, 28) + datetime.timedelta(i) for i in range(N)],
    "moment": MOMENTS.to_pydatetime().tolist(),
    "lasted": [datetime.timedelta(minutes=i) for i in range(N)],
    "price": [decimal.Decimal(i) / 4 for i in range(N)],
}
POLARS = polars.DataFrame(VALUES).with_columns(
    polars.col("word").cast(polars.Categorical).alias("category"),
    polars.col("word").cast(polars.Enum(["a", "b", "c"])).alias("enum"),
    polars.col("moment").dt.cast_time_unit("ms").dt.replace_time_zone("Europe/Berlin").alias("local"),
    polars.col("count").cast(polars.UInt8).alias("small"),
    polars.col("number").cast(polars.Float32).alias("single"),
)
ARROW = pyarrow.table(VALUES)
ARROW = ARROW.append_column("category", ARROW["word"].dictionary_encode())
ARROW = ARROW.append_column(
    "local", pyarrow.compute.assume_timezone(ARROW["moment"], "Europe/Berlin", nonexistent="latest")
)
PANDAS = pd.DataFrame(
    {
        "number": VALUES["number"],
        "count": VALUES["count"],
        "maybe": pd.array(VALUES["maybe"], "Int64"),
        "yes": pd.array(VALUES["yes"], "boolean"),
        "word": pd.Series(VALUES["word"], dtype="str"),
        "category": pd.Categorical(VALUES["word"], categories=["c", "b", "a"], ordered=True),
        "moment": MOMENTS.as_unit("s"),
        "local": MOMENTS.tz_localize("Europe/Berlin", nonexistent="shift_forward"),
        "lasted": pd.to_timedelta(VALUES["lasted"]),
    }
)
PANDAS_OF_ARROW = ARROW.to_pandas(types_mapper=pd.ArrowDtype)
TIMES = np.stack([MOMENTS.to_numpy("M8[s]"), MOMENTS[::-1].to_numpy("M8[s]")], axis=1)
OBJECTS = np.array([[1.5, "a", None], [2.5, "b", 3]] * 6, dtype=object)


def assert_equal(made, expected):
    assert type(made) is type(expected)
    if isinstance(made, polars.DataFrame):
        polars.testing.assert_frame_equal(made, expected)
    elif isinstance(made, pd.DataFrame):
        pd.testing.assert_frame_equal(made, expected)
    elif isinstance(made, pyarrow.Table):
        assert made.schema.equals(expected.schema)
        assert made.to_pydict() == expected.to_pydict()
    else:
        assert made.dtype == expected.dtype
        np.testing.assert_array_equal(made[expected == expected], expected[expected == expected])


@pytest.mark.parametrize(
    ("X", "categorical_features"),
    [
        (POLARS, "from_dtype"),
        (ARROW, "from_dtype"),
        (PANDAS, "from_dtype"),
        (PANDAS_OF_ARROW, "from_dtype"),
        (TIMES, "from_dtype"),
        (TIMES - TIMES[0], "from_dtype"),
        (OBJECTS, [1, 2]),
        (OBJECTS[:, :2].astype(str), [0, 1]),
        (OBJECTS[:, :2].astype(np.dtypes.StringDType()), [0, 1]),
        (np.arange(2 * N).reshape(N, 2), None),
    ],
    ids=["polars", "Arrow", "pandas", "pandas of Arrow", "times", "durations", "objects", "str", "StringDType", "int"],
)
def test_what_was_read_is_restored(X, categorical_features):
    """Also by a reader from a file."""
    reader, x = RestorableTable.learn(X, CategoryOptions(categorical_features), SPEC)
    state = skops.io.loads(skops.io.dumps(plain_state(reader)))
    for restoring in (reader, value_of(RestorableTable, state)):
        assert_equal(restoring.restore(x), X)


@pytest.mark.parametrize("X", [POLARS, ARROW, PANDAS_OF_ARROW], ids=["polars", "Arrow", "pandas of Arrow"])
def test_samples_have_the_form_of_x(X):
    model = DiffusionModel(4, max_iter=1, batch_size=4, random_state=0).fit(X)
    made = model.sample(5, random_state=0)
    assert type(made) is type(X)
    assert made.shape == (5, X.shape[1])
    assert np.isfinite(model.score_samples(X)).all()
    assert np.isfinite(model.score_samples(made)).all()
