"""Features of times that are known in advance: the day, the week, the year and holidays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from skneural.readers.times import calendar_numbers

CALENDAR_PARTS = ("day", "week", "year")

# Sine and cosine waves in a day and in a year: enough for a morning and an evening, and for seasons with holidays.
N_WAVES = {"day": 2, "year": 3}


def calendar_features(
    times: npt.ArrayLike, *, parts: Sequence[str] = ("week", "year"), holidays: npt.ArrayLike | None = None
) -> np.ndarray:
    """Compute features of times, as values that are known in advance for forecasts.

    Parameters
    ----------
    times : array-like of shape (n,)
        Local times: an array or a list of datetimes, or an index or a column of pandas or polars.
    parts : sequence of {"day", "week", "year"}, default=("week", "year")
        Periods: "day" is four columns, two sine and cosine waves; "week" is an indicator of each day, Monday first;
        "year" is six columns, three sine and cosine waves.
    holidays : array-like of dates, default=None
        Days of which the last column is an indicator; None for no such column.

    Returns
    -------
    features : ndarray of shape (n, n_features)

    Raises
    ------
    ValueError
        If times are no times, some are missing, or a part has another name.

    Examples
    --------
    >>> import numpy as np
    >>> from skneural.preprocessing import calendar_features
    >>> days = np.arange("2024-12-24", "2024-12-28", dtype="M8[D]")
    >>> calendar_features(days, parts=["week"], holidays=["2024-12-25", "2024-12-26"])
    array([[0., 1., 0., 0., 0., 0., 0., 0.],
           [0., 0., 1., 0., 0., 0., 0., 1.],
           [0., 0., 0., 1., 0., 0., 0., 1.],
           [0., 0., 0., 0., 1., 0., 0., 0.]])
    """
    stamps = _times(times, "times")
    unknown = [part for part in parts if part not in CALENDAR_PARTS]
    if unknown or isinstance(parts, str):
        raise ValueError(f"parts must be a sequence of {', '.join(CALENDAR_PARTS)}; got {parts!r}.")
    _, in_year, in_week, in_day = calendar_numbers(stamps).T
    columns: list[np.ndarray] = [np.zeros((len(stamps), 0))]
    for part in parts:
        if part == "week":
            columns.append(np.floor(7 * in_week)[:, np.newaxis] == np.arange(7))
        else:
            columns.append(_waves(in_day if part == "day" else in_year, N_WAVES[part]))
    if holidays is not None:
        days = _times(holidays, "holidays").astype("M8[D]")
        columns.append(np.isin(stamps.astype("M8[D]"), days)[:, np.newaxis])
    return np.concatenate(columns, axis=1, dtype=np.float64)


def _waves(position: np.ndarray, n: int) -> np.ndarray:
    """Sine and cosine waves of a position from 0 to 1 in a period."""
    angles = 2 * np.pi * position[:, np.newaxis] * np.arange(1, n + 1)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def _times(times: Any, name: str) -> np.ndarray:
    """Times in microseconds."""
    values = np.asarray(getattr(times, "to_numpy", lambda: times)())
    try:
        stamps = values.astype("M8[us]") if values.dtype.kind in "MOU" else None
    except ValueError:
        stamps = None
    if stamps is None or stamps.ndim != 1 or np.isnat(stamps).any():
        raise ValueError(
            f"{name} must be times of shape (n,), none of them missing, such as a column of pandas.to_datetime; got "
            f"shape {values.shape} and dtype {values.dtype}."
        )
    return stamps
