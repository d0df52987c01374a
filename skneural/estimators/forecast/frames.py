"""Data frames of series, wide or long, and forecasts in the same form."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from skneural.estimators.forecast.time_grid import TimeGrid
from skneural.ops.types import Array
from skneural.readers import Column, columns_of
from skneural.readers.frames import labels_of

# Names of the column that tells series apart, and of the column of times, in lower case. Times of a time dtype need no
# such name.
ID_NAMES = ("id", "unique_id", "item_id", "series_id", "series")
TIME_NAMES = ("time", "ds", "date", "datetime", "timestamp", "step")

INDEX = "index"  # where the times of a frame of pandas are


@dataclass(frozen=True)
class FrameForm:
    """The form of a data frame of series.

    Attributes
    ----------
    library : {"pandas", "polars", "pyarrow"}
    id_label : object
        Label of the column that tells series apart, in long frames; None in wide ones, whose columns are the series.
    time_label : object
        Label of the column or of the index of times; None if there is neither.
    in_index : bool
        Whether times are the index.
    labels : list
        Labels of the channels of a long frame, or of the series of a wide one.
    ids : list
        The series of a long frame.
    grid : TimeGrid or None
    last : array of shape (n_series,), or None
        Time of the last step of each series.
    """

    library: str
    id_label: Any
    time_label: Any
    in_index: bool
    labels: list[Any]
    ids: list[Any]
    grid: TimeGrid | None
    last: Array | None

    @property
    def long(self) -> bool:
        """True if each row is a step of one series."""
        return self.id_label is not None

    def take(self, rows: Array) -> Self:
        """The form of some of the series."""
        last = None if self.last is None else self.last[rows]
        names = self.ids if self.long else self.labels
        chosen = [names[i] for i in rows]
        labels, ids = (self.labels, chosen) if self.long else (chosen, self.ids)
        return type(self)(self.library, self.id_label, self.time_label, self.in_index, labels, ids, self.grid, last)

    def restore(self, forecasts: Array, quantiles: Sequence[float] | None) -> Any:
        """A frame of forecasts.

        Parameters
        ----------
        forecasts : array of shape (n_series, horizon, channels), or with a further axis of quantiles
        quantiles : sequence of float, or None
            They follow the labels of their columns, as in "sales 0.9".
        """
        n_series, horizon = forecasts.shape[:2]
        by_column = forecasts.reshape(*forecasts.shape[:3], -1)
        columns: dict[Any, Any] = {}
        times = self._times(horizon)
        if self.long:
            columns[self.id_label] = [each for each in self.ids for _ in range(horizon)]
            rows = [by_column[:, :, channel].reshape(n_series * horizon, -1) for channel in range(by_column.shape[2])]
        else:
            times = None if times is None else times[:horizon]
            rows = list(by_column[:, :, 0])
        if times is not None and not self.in_index:
            columns[self.time_label] = times
        suffixes = [f"{quantile:g}" for quantile in quantiles or ()] or [""]
        for label, values in zip(self.labels, rows, strict=True):
            for quantile, column in zip(suffixes, values.T, strict=True):
                columns[f"{label} {quantile}" if quantile else label] = column
        return _frame(self.library, columns, times if self.in_index else None, self.time_label)

    def _times(self, horizon: int) -> Array | None:
        """Times of the forecasts of all series, one after the other."""
        if self.grid is None or self.last is None:
            return None
        return np.concatenate([self.grid.at(last, np.arange(1, horizon + 1)) for last in self.last])


def _frame(library: str, columns: dict[Any, Any], index: Array | None, index_name: Any) -> Any:
    module = importlib.import_module(library)
    if library == "pyarrow":
        return module.table(columns)
    if index is None:
        return module.DataFrame(columns)
    return module.DataFrame(columns, index=module.Index(index, name=index_name))


def read_frame(X: Any) -> tuple[FrameForm, list[Array], list[Array] | None]:
    """The form of a frame, the values of each series on its grid of times, and the times of their first steps.

    Returns
    -------
    form : FrameForm
    pieces : list of arrays of shape (steps, channels)
        NaN for steps that have no row.
    starts : list of times, or None
        Of the first step of each series.

    Raises
    ------
    ValueError
        If columns are not numbers, or times are missing, repeated or irregular.
    """
    X, index = _with_index(X)
    columns = dict(zip(labels_of(X), columns_of(X), strict=True))
    id_label = next((label for label in columns if str(label).lower() in ID_NAMES), None)
    ids = None if id_label is None else columns.pop(id_label)
    time_label, times = (index.values.name, _times_of(index)) if index is not None else _pop_times(columns)
    if not columns:
        raise ValueError("The data frame has no columns of values beside those of series and times.")
    values = np.stack([_numbers(column) for column in columns.values()], axis=1)
    library = "pyarrow" if hasattr(X, "column_names") else "pandas" if hasattr(X, "iloc") else "polars"
    groups = [(None, np.arange(len(values)))] if ids is None else _groups(ids)
    ordered = [(name, _in_order(rows, times, name)) for name, rows in groups]
    grid = None if times is None else TimeGrid.learn([times[rows] for _, rows in ordered])
    pieces = [_on_grid(values[rows], None if times is None else times[rows], grid) for _, rows in ordered]
    firsts = None if times is None else [times[rows[0]] for _, rows in ordered]
    last = None if times is None else np.array([times[rows[-1]] for _, rows in ordered])
    names = [name for name, _ in ordered] if ids is not None else []
    if ids is None:  # each column is a series
        n = len(columns)
        pieces = [column[:, np.newaxis] for column in pieces[0].T]
        firsts, last = None if firsts is None else firsts * n, None if last is None else last.repeat(n)
    form = FrameForm(library, id_label, time_label, index is not None, list(columns), names, grid, last)
    return form, pieces, firsts


def read_known_frame(known: Any, n_series: int, form: FrameForm | None, starts: Sequence[Any] | None) -> list[Array]:
    """Values known in advance in a data frame: of all series, or of each if it has their column.

    Rows are at the times of the series, or without times in their order. Steps without a row are NaN.
    """
    X, index = _with_index(known)
    columns = dict(zip(labels_of(X), columns_of(X), strict=True))
    times = _times_of(index) if index is not None else _pop_times(columns)[1]
    ids = columns.pop(form.id_label) if form is not None and form.id_label in columns else None
    values = np.stack([_numbers(column) for column in columns.values()], axis=1)
    groups = dict(_groups(ids)) if ids is not None else {}
    pieces = []
    for i in range(n_series):
        name = form.ids[i] if form is not None and ids is not None else None
        rows = groups.get(name, np.zeros(0, int)) if ids is not None else np.arange(len(values))
        rows = _in_order(rows, times, name)
        if times is None or form is None or form.grid is None or starts is None:
            pieces.append(values[rows])
            continue
        positions = form.grid.positions(times[rows], starts[i])
        rows, positions = rows[positions >= 0], positions[positions >= 0]
        piece = np.full((int(positions.max(initial=-1)) + 1, values.shape[1]), np.nan)
        piece[positions] = values[rows]
        pieces.append(piece)
    return pieces


def _with_index(X: Any) -> tuple[Any, Column | None]:
    """A series of pandas or polars as a frame; and the index of times, if a frame has one."""
    X = X.to_frame() if hasattr(X, "to_frame") and not hasattr(X, "columns") else X
    index = getattr(X, "index", None)
    if index is None:
        return X, None
    if hasattr(index, "to_timestamp"):  # periods
        index = index.to_timestamp()
    column = Column(INDEX, index.dtype, index.to_series())
    return X, column if column.kind == "time" else None


def _pop_times(columns: dict[Any, Column]) -> tuple[Any, Array | None]:
    """Remove the column of times."""
    named = [label for label in columns if str(label).lower() in TIME_NAMES]
    label = next((label for label, column in columns.items() if column.kind == "time"), next(iter(named), None))
    return label, None if label is None else _times_of(columns.pop(label))


def _times_of(column: Column) -> Array:
    """Times in microseconds, or the numbers of steps."""
    if column.kind == "number":
        numbers = column.numbers()
        if not np.isfinite(numbers).all() or (numbers % 1 != 0).any():
            raise ValueError(
                f"Column {column.label} has the name of a column of times, but holds other numbers than steps."
            )
        return numbers.astype(np.int64)
    if column.kind != "time":
        raise ValueError(
            f"Column {column.label} holds {column.description}; times are a column of times, as pandas.to_datetime and "
            "polars' str.to_datetime make them, or numbers of steps."
        )
    times = column.times()
    if np.isnat(times).any():
        raise ValueError(f"Column {column.label} of times has missing values: leave these rows out.")
    return times


def _numbers(column: Column) -> Array:
    try:
        return column.numbers()
    except ValueError as error:
        raise ValueError(
            f"Column {column.label} holds {column.description}, but series are numbers. The column that tells the "
            f"series of a long frame apart is named id (or {', '.join(ID_NAMES[1:])})."
        ) from error


def _groups(ids: Column) -> list[tuple[Any, Array]]:
    """The rows of each series, in the order of their first rows."""
    rows: dict[Any, list[int]] = {}
    for row, name in enumerate(ids.objects):
        rows.setdefault(name, []).append(row)
    return [(name, np.array(each)) for name, each in rows.items()]


def _in_order(rows: Array, times: Array | None, name: Any) -> Array:
    """Rows in the order of their times."""
    if times is None:
        return rows
    rows = rows[np.argsort(times[rows], kind="stable")]
    repeated = times[rows][1:] == times[rows][:-1]
    if repeated.any():
        of = "" if name is None else f" of series {name!r}"
        raise ValueError(
            f"Two rows{of} have the time {times[rows][1:][repeated][0]}: each series has one row at a time."
        )
    return rows


def _on_grid(values: Array, times: Array | None, grid: TimeGrid | None) -> Array:
    """Values with a row for each step, NaN where there was none."""
    if times is None or grid is None:
        return values
    positions = grid.positions(times, times[0])
    if positions[-1] + 1 == len(values):
        return values
    whole = np.full((positions[-1] + 1, values.shape[1]), np.nan)
    whole[positions] = values
    return whole
