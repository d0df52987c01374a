"""The form of a table, in which generated rows are returned: its container, column labels and dtypes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from skneural.ops.types import Array
from skneural.readers import Column, is_frame

# Parameters of dtypes of polars, by their class.
POLARS_PARAMETERS = {
    "Datetime": ("time_unit", "time_zone"),
    "Duration": ("time_unit",),
    "Decimal": ("precision", "scale"),
    "Enum": ("categories",),
}


@dataclass(frozen=True)
class TableForm:
    """Container type, column labels and dtypes of X, as plain values.

    Attributes
    ----------
    library : {"numpy", "pandas", "polars", "pyarrow"}
    labels : list
        Labels of the columns of a frame; empty for arrays.
    dtypes : list
        The dtype of each column; a single one for arrays. Those of NumPy and pandas are strings, others dictionaries
        (`_state_of_polars`, `_state_of_arrow`).
    kinds : list of str
        The kind of each column, see `skneural.readers.Column`.
    levels : list of (list or None)
        All categories of each column of pandas with categorical dtype, including those that do not occur.
    ordered : list of bool
        Whether the categories of each column are ordered.
    """

    library: str
    labels: list[Any]
    dtypes: list[Any]
    kinds: list[str]
    levels: list[list[Any] | None]
    ordered: list[bool]

    @classmethod
    def learn(cls, X: Any, columns: Sequence[Column], is_categorical: Array) -> Self:
        """Learn from X, its columns, and the mask of the categorical ones."""
        kinds, dtypes = [column.kind for column in columns], [column.dtype for column in columns]
        if not is_frame(X):
            (dtype,) = {"T" if given.kind == "T" else given.str for given in dtypes}
            numbers_only = dtype == "|O" and set(kinds) == {"number"} and not is_categorical.any()
            return cls("numpy", [], ["<f8" if numbers_only else dtype], kinds, [], [])
        if hasattr(X, "column_names"):
            return cls("pyarrow", X.column_names, [_state_of_arrow(dtype) for dtype in dtypes], kinds, [], [])
        if not hasattr(X, "iloc"):
            return cls("polars", X.columns, [_state_of_polars(dtype) for dtype in dtypes], kinds, [], [])
        given = [
            c.values if known else c.values.infer_objects() for c, known in zip(columns, is_categorical, strict=True)
        ]
        levels = [column.cat.categories.tolist() if hasattr(column, "cat") else None for column in given]
        ordered = [bool(column.cat.ordered) if hasattr(column, "cat") else False for column in given]
        return cls("pandas", X.columns.tolist(), [_state_of_pandas(c.dtype) for c in given], kinds, levels, ordered)

    @property
    def unbounded(self) -> bool:
        """True if the columns can hold any number."""
        return self.library == "numpy" and np.dtype(self.dtypes[0]).kind == "f"

    def restore(self, columns: Sequence[Array]) -> Any:
        """An array or a frame of the given columns."""
        columns = [_durations(c) if kind == "duration" else c for c, kind in zip(columns, self.kinds, strict=True)]
        if self.library == "numpy":
            (dtype,) = self.dtypes
            return np.stack(
                [_rounded(column, np.dtype(dtype).kind in "iub").astype(dtype) for column in columns], axis=1
            )
        return getattr(self, f"_{self.library}")(columns)

    def _pandas(self, columns: Sequence[Array]) -> Any:
        import pandas as pd

        series = []
        for column, state, levels, ordered in zip(columns, self.dtypes, self.levels, self.ordered, strict=True):
            if levels is not None:
                series.append(pd.Series(pd.Categorical(column, categories=levels, ordered=ordered)))
            elif isinstance(state, dict):
                values = _arrow_array(column, state)
                series.append(pd.Series(pd.arrays.ArrowExtensionArray(values)))
            else:
                series.append(_series_of_pandas(column, state))
        frame = pd.concat(series, axis=1)
        frame.columns = self.labels
        return frame

    def _polars(self, columns: Sequence[Array]) -> Any:
        import polars as pl

        series = [_series_of_polars(column, state) for column, state in zip(columns, self.dtypes, strict=True)]
        return pl.DataFrame([values.alias(label) for values, label in zip(series, self.labels, strict=True)])

    def _pyarrow(self, columns: Sequence[Array]) -> Any:
        import pyarrow as pa

        arrays = [_arrow_array(column, state) for column, state in zip(columns, self.dtypes, strict=True)]
        return pa.table(arrays, names=self.labels)


def _durations(days: Array) -> Array:
    """Durations of numbers of days; categories remain objects."""
    if days.dtype == object:
        return days
    missing = np.isnan(days)
    durations = np.rint(np.where(missing, 0.0, days) * 86_400e6).astype("m8[us]")
    durations[missing] = np.timedelta64("NaT", "us")
    return durations


def _rounded(column: Array, to_integers: bool) -> Array:
    return np.rint(column) if to_integers and column.dtype.kind == "f" else column


def _state_of_pandas(dtype: Any) -> Any:
    """The name of a dtype, or for those of Arrow, which names do not determine, their state."""
    return _state_of_arrow(dtype.pyarrow_dtype) if hasattr(dtype, "pyarrow_dtype") else str(dtype)


def _series_of_pandas(column: Array, name: str) -> Any:
    import pandas as pd

    dtype = pd.Series([], dtype=name).dtype
    if column.dtype.kind == "f" and dtype.kind in "iu":
        column = pd.array(np.rint(column), dtype="Float64") if np.isnan(column).any() else np.rint(column)
    series = pd.Series(column)
    zone = getattr(dtype, "tz", None)
    if zone is not None:
        series = series.dt.tz_localize(zone, ambiguous=np.zeros(len(series), bool), nonexistent="shift_forward")
    return series.astype(dtype)


def _state_of_polars(dtype: Any) -> dict[str, Any]:
    """The name and the parameters of a dtype of polars."""
    name = type(dtype).__name__
    parameters = {parameter: getattr(dtype, parameter) for parameter in POLARS_PARAMETERS.get(name, ())}
    if name == "Enum":
        parameters["categories"] = dtype.categories.to_list()
    return {"name": name, **parameters}


def _series_of_polars(column: Array, state: dict[str, Any]) -> Any:
    import polars as pl

    parameters = {name: value for name, value in state.items() if name != "name"}
    dtype = getattr(pl, state["name"])(**parameters)
    if column.dtype == object:
        return pl.Series(column.tolist(), dtype=dtype)
    series = pl.Series(_rounded(column, dtype.is_integer()), nan_to_null=True)
    if parameters.get("time_zone"):
        series = series.dt.replace_time_zone(parameters["time_zone"], ambiguous="earliest", non_existent="null")
    return series.cast(dtype)


def _state_of_arrow(dtype: Any) -> dict[str, str]:
    """A type of Arrow in its own binary format, as hexadecimal digits."""
    import pyarrow as pa

    return {"arrow": pa.schema([("", dtype)]).serialize().to_pybytes().hex()}


def _arrow_array(column: Array, state: dict[str, str]) -> Any:
    import pyarrow as pa
    import pyarrow.compute

    dtype = pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(state["arrow"]))).field(0).type
    if column.dtype == object:
        values = pa.array(column.tolist(), getattr(dtype, "value_type", dtype))
        return values.dictionary_encode().cast(dtype) if pa.types.is_dictionary(dtype) else values
    values = pa.array(_rounded(column, pa.types.is_integer(dtype)), from_pandas=True)
    if getattr(dtype, "tz", None):
        values = pa.compute.assume_timezone(values, dtype.tz, ambiguous="earliest", nonexistent="latest")
    return values.cast(dtype, safe=False)
