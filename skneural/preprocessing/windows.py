"""Sliding windows of long series, for forecasting."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from skneural.hyperparameters import (
    BOOLEAN,
    NONE,
    Choice,
    Constraint,
    Integer,
    Number,
    check_arguments,
    declare_value,
    hyperparameter,
)
from skneural.ops.window_units import NORMALIZATIONS, target_centre, window_centre, window_moments, window_scale

FEATURE = Constraint("int", lambda value: isinstance(value, Integral) and not isinstance(value, bool | np.bool_))
TARGETS = (
    Constraint(
        "int, non-empty sequence of int",
        lambda value: (
            FEATURE.allows(value)
            or (np.ndim(value) == 1 and len(value) > 0 and all(FEATURE.allows(column) for column in value))
        ),
    )
    | NONE
)


@declare_value
class SlidingWindows:
    """Cut long series into windows and the steps that follow them: X and y for forecasting.

    No window crosses from one series into another. This is not a transformer: it changes the number of samples and also
    makes y, which a step of a pipeline cannot do. Neighbouring windows overlap, so split the series into a part for
    training and a later part for testing first, and cut each part into windows; a random split of windows would leak
    test targets into the training data. For the same reason, estimators that are fitted on windows should hold out the
    last ones for early stopping: ``validation_split="last"``.

    {parameters}

    Raises
    ------
    ValueError
        If a parameter is out of range or of the wrong type.

    Examples
    --------
    >>> import numpy as np
    >>> from skneural import CNNSequenceRegressor
    >>> from skneural.preprocessing import SlidingWindows
    >>> cutter = SlidingWindows(window_size=4, horizon=2)
    >>> X, y = cutter.windows_and_targets(np.arange(8))
    >>> X
    array([[0, 1, 2, 3],
           [1, 2, 3, 4],
           [2, 3, 4, 5]])
    >>> y
    array([[4, 5],
           [5, 6],
           [6, 7]])
    >>> cutter.last_windows(np.arange(8))
    array([[4, 5, 6, 7]])

    Series of different levels share one model if their windows are normalized:

    >>> from skneural import MLPRegressor
    >>> series = [level + np.sin(0.3 * np.arange(60)) for level in (1.0, 50.0, 900.0)]
    >>> cutter = SlidingWindows(20, horizon=2, normalize="last")
    >>> X, y = cutter.windows_and_targets(series)
    >>> model = MLPRegressor(solver="lbfgs", max_iter=500, random_state=0).fit(X, y)
    >>> forecasts = cutter.restore(model.predict(cutter.last_windows(series)), series)
    >>> expected = [level + np.sin(0.3 * np.arange(60, 62)) for level in (1.0, 50.0, 900.0)]
    >>> bool(np.abs(forecasts - expected).max() < 0.2)
    True

    The next three steps of a wave, from the last thirty:

    >>> wave = np.sin(0.3 * np.arange(400))
    >>> cutter = SlidingWindows(window_size=30, horizon=3)
    >>> X, y = cutter.windows_and_targets(wave)
    >>> model = CNNSequenceRegressor(channels=8, max_iter=30, random_state=0).fit(X, y)
    >>> model.predict(cutter.last_windows(wave)).shape
    (1, 3)
    """

    window_size: int = hyperparameter(constraint=Integer(1), doc="Number of steps of each window.", kw_only=False)
    horizon: int = hyperparameter(
        default=1, constraint=Integer(1), doc="Number of steps to forecast after the window.", kw_only=False
    )
    stride: int = hyperparameter(
        default=1,
        constraint=Integer(1),
        doc="""Steps from the start of a window to that of the next one. The last window ends where the series ends, or
        `horizon` steps before, so that none of the newest steps is left out.""",
        kw_only=False,
    )
    stepwise: bool = hyperparameter(
        default=False,
        constraint=BOOLEAN,
        doc="""If True, y contains for every step of the window the `horizon` steps that follow it; if False, for the
        last step only.""",
        kw_only=False,
    )
    targets: int | Sequence[int] | None = hyperparameter(
        default=None,
        constraint=TARGETS,
        doc="""Indices of the features to forecast; None: all of them. The windows contain all features in any case.""",
        kw_only=False,
    )
    normalize: str | None = hyperparameter(
        default=None,
        constraint=Choice(*NORMALIZATIONS) | NONE,
        doc="""Units of each window and of its targets: "last" subtracts the last value of the window, "mean" its mean,
        and both divide by its standard deviation. "season" is "last" for the window, but subtracts from each target the
        value one season before. None: those of the series. `restore` converts forecasts back.""",
    )
    season: int | None = hyperparameter(
        default=None, constraint=Integer(1) | NONE, doc='Steps of a season, for ``normalize="season"``.'
    )
    least_deviation: float = hyperparameter(
        default=0.01,
        constraint=Number(0, above=True),
        doc="Least deviation by which windows are divided, in units of their mean absolute value.",
    )
    max_windows: int | None = hyperparameter(
        default=None,
        constraint=Integer(1) | NONE,
        doc="""Maximum number of windows, for which the stride is extended. Each series keeps its last window, also if
        there are more series. None: no limit.""",
    )
    short: str = hyperparameter(
        default="error",
        constraint=Choice("error", "skip", "pad"),
        doc="""What happens to series that are too short: "error" raises, "skip" leaves them out, and "pad" repeats
        their first value before their start, where `mask` is False. Targets are never padded.""",
    )

    def windows_and_targets(self, series: npt.ArrayLike | Sequence[npt.ArrayLike]) -> tuple[np.ndarray, np.ndarray]:
        """Cut all windows that are followed by at least `horizon` steps, and these steps as targets.

        Parameters
        ----------
        series : array-like of shape (steps,) or (steps, features), or list of such arrays
            One series, or a list of series of any lengths. An array of shape (n_series, steps, features) is taken as
            several series of equal length, a list of numbers as one series, and a list of lists as several.

        Returns
        -------
        X : ndarray of shape (n_windows, window_size) or (n_windows, window_size, features)
            Windows; of shape (n_windows, window_size) if series have one axis. Windows of a single series are read-only
            views, so overlapping windows take no memory; windows of several series are copied and concatenated.
        y : ndarray of shape (n_windows,), (n_windows, outputs) or (n_windows, window_size, outputs)
            A new array with one output for each target and each step of the horizon, all targets of the first step
            first: ``y.reshape(n_windows, horizon, n_targets)`` separates them. A single output has no axis, except with
            `stepwise`, where ``y[i, t]`` follows step ``t`` of window ``i``.

        Raises
        ------
        ValueError
            If a series is shorter than ``window_size + horizon``, series differ in their features, or `targets` are out
            of range.
        """
        pieces = self._pieces(series, self.horizon)
        y = np.concatenate([self._targets(piece) for piece in pieces])
        windows, units = self._windows_and_units(pieces, self.horizon)
        return windows, y if units is None else units.normalize_targets(y)

    def windows(self, series: npt.ArrayLike | Sequence[npt.ArrayLike]) -> np.ndarray:
        """Cut all windows, including those at the end of a series whose targets are unknown.

        Parameters
        ----------
        series : array-like of shape (steps,) or (steps, features), or list of such arrays
            As in `windows_and_targets`.

        Returns
        -------
        X : ndarray of shape (n_windows, window_size) or (n_windows, window_size, features)
            Read-only views for a single series; concatenated copies for several, and in units of the windows.

        Raises
        ------
        ValueError
            If a series is shorter than `window_size`, or series differ in their features.
        """
        return self._windows_and_units(self._pieces(series, 0), 0)[0]

    def last_windows(self, series: npt.ArrayLike | Sequence[npt.ArrayLike]) -> np.ndarray:
        """Cut the last window of each series, from which its unknown future is forecast.

        Parameters
        ----------
        series : array-like of shape (steps,) or (steps, features), or list of such arrays
            As in `windows_and_targets`.

        Returns
        -------
        X : ndarray of shape (n_series, window_size) or (n_series, window_size, features)
            One window for each series, whatever the stride.

        Raises
        ------
        ValueError
            If a series is shorter than `window_size`, or series differ in their features.
        """
        return self._windows_and_units(self._last_pieces(series), 0)[0]

    def restore(self, y: npt.ArrayLike, series: npt.ArrayLike | Sequence[npt.ArrayLike]) -> np.ndarray:
        """Convert forecasts from the last windows into the units of the series.

        Parameters
        ----------
        y : array-like of shape (n_series,) or (n_series, outputs)
            Predictions for ``last_windows(series)``, by a model that was trained on normalized windows and targets.
        series : array-like of shape (steps,) or (steps, features), or list of such arrays
            The series that `last_windows` was given.

        Returns
        -------
        y : ndarray of the same shape
            Unchanged if `normalize` is None.

        Raises
        ------
        ValueError
            If there is not a forecast for each series.
        """
        y = np.asarray(y)
        windows, units = self._windows_and_units(self._last_pieces(series), 0)
        if len(y) != len(windows):
            raise ValueError(f"There are {len(windows)} series, but y has {len(y)} rows: one for each last window.")
        return y if units is None else units.restore_targets(y)

    def origins(self, series: npt.ArrayLike | Sequence[npt.ArrayLike]) -> np.ndarray:
        """Places of the windows that `windows_and_targets` returns.

        Parameters
        ----------
        series : array-like of shape (steps,) or (steps, features), or list of such arrays
            As in `windows_and_targets`.

        Returns
        -------
        origins : ndarray of shape (n_windows, 2)
            The number of the series, and that of the first step after the window, from 0. `TimeSeriesWindowsSplit`
            takes them as `groups`.
        """
        pieces = self._pieces(series, self.horizon)
        rows = [np.stack(np.broadcast_arrays(piece.number, piece.ends - piece.n_padding), axis=1) for piece in pieces]
        return np.concatenate(rows)

    def mask(self, series: npt.ArrayLike | Sequence[npt.ArrayLike]) -> np.ndarray:
        """Steps of the windows of `windows_and_targets` that are values of the series, and not padding.

        Parameters
        ----------
        series : array-like of shape (steps,) or (steps, features), or list of such arrays
            As in `windows_and_targets`.

        Returns
        -------
        mask : bool ndarray of shape (n_windows, window_size)
        """
        return np.concatenate([self._mask(piece) for piece in self._pieces(series, self.horizon)])

    def known_windows(self, known: npt.ArrayLike | Sequence[npt.ArrayLike], *, last: bool = False) -> np.ndarray:
        """Cut values that are known in advance, such as those of a calendar, in the steps of windows and of horizons.

        Parameters
        ----------
        known : array-like of shape (steps,) or (steps, n_known), or list of such arrays
            Values of the steps of each series; with `last`, also of the `horizon` steps that follow.
        last : bool, default=False
            False for the windows of `windows_and_targets`, True for those of `last_windows`.

        Returns
        -------
        X : ndarray of shape (n_windows, window_size + horizon) or (n_windows, window_size + horizon, n_known)
            In the units of `known`. Flattened, they are further columns for models of rows.
        """
        whole = dataclasses.replace(self, window_size=self.window_size + self.horizon, normalize=None)
        return whole.last_windows(known) if last else whole.windows(known)

    def hold_out(
        self, series: npt.ArrayLike | Sequence[npt.ArrayLike], n_steps: int
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Split each series in time: into a past for training, and its last steps for testing.

        Parameters
        ----------
        series : array-like of shape (steps,) or (steps, features), or list of such arrays
            As in `windows_and_targets`.
        n_steps : int
            Last steps of each series, none of which is in the past. At least `horizon`.

        Returns
        -------
        past, future : lists of ndarrays
            All but the last `n_steps` steps of each series; and these with the `window_size` steps before them, so that
            the targets of all windows of `future` are among its last `n_steps`.

        Raises
        ------
        ValueError
            If a series has no more than `n_steps` steps.
        """
        check_arguments(n_steps=(n_steps, Integer(self.horizon)))
        parts = _several(series)
        for name, part in _named(parts):
            if len(part) <= n_steps:
                raise ValueError(f"{name} has {len(part)} steps; holding out {n_steps} leaves none before them.")
        return [part[:-n_steps] for part in parts], [part[-n_steps - self.window_size :] for part in parts]

    def _last_pieces(self, series: npt.ArrayLike | Sequence[npt.ArrayLike]) -> list[_Piece]:
        pieces = dataclasses.replace(self, max_windows=None)._pieces(series, 0)
        return [dataclasses.replace(piece, ends=piece.ends[-1:]) for piece in pieces]

    def _pieces(self, series: npt.ArrayLike | Sequence[npt.ArrayLike], n_following: int) -> list[_Piece]:
        """The series that are long enough, or made so by padding, and where their windows end."""
        parts, pieces = _several(series), []
        for number, (name, part) in enumerate(_named(parts)):
            missing = max(self.window_size + n_following - len(part), 0)
            if not missing:
                pieces.append(_Piece(number, part, 0))
            elif self.short == "pad" and len(part) > n_following:
                pieces.append(_Piece(number, np.concatenate([np.repeat(part[:1], missing, axis=0), part]), missing))
            elif self.short != "skip":
                least = 1 + n_following if self.short == "pad" else self.window_size + n_following
                raise ValueError(f"{name} has {len(part)} steps; {self!r} needs at least {least} here.")
        if not pieces:
            raise ValueError(f"No series has the {self.window_size + n_following} steps that {self!r} needs here.")
        counts = [len(piece.values) - n_following - self.window_size + 1 for piece in pieces]
        stride = self._extended_stride(counts)
        return [
            dataclasses.replace(piece, ends=np.arange((n - 1) % stride, n, stride) + self.window_size)
            for piece, n in zip(pieces, counts, strict=True)
        ]

    def _extended_stride(self, counts: Sequence[int]) -> int:
        """The stride with which there are at most `max_windows`, given the numbers of windows with a stride of one."""
        stride, n = self.stride, np.array(counts)
        if self.max_windows is not None:
            while -(-n // stride).sum() > max(self.max_windows, len(n)):
                stride += 1
        return stride

    def _windows_and_units(self, pieces: list[_Piece], n_following: int) -> tuple[np.ndarray, _Units | None]:
        """Windows of all pieces, in their units if there are any."""
        windows = _joined([piece.windows(self.window_size) for piece in pieces])
        if self.normalize is None:
            return windows, None
        mask = np.concatenate([self._mask(piece) for piece in pieces])
        units = self._units(windows if windows.ndim == 3 else windows[:, :, np.newaxis], mask)
        return units.normalize(windows), units

    def _units(self, windows: np.ndarray, mask: np.ndarray) -> _Units:
        if self.normalize == "season" and (self.season is None or self.stepwise):
            raise ValueError(
                f'normalize="season" needs the steps of a season, and stepwise=False; got season={self.season} and '
                f"stepwise={self.stepwise}."
            )
        assert self.normalize is not None
        mean, deviation, size = window_moments(windows, np.broadcast_to(mask[:, :, np.newaxis], windows.shape))
        centre = window_centre(windows, mean, self.normalize)
        scale = window_scale(deviation, size, np.full(windows.shape[2], self.least_deviation))
        behind = target_centre(windows, centre, self.normalize, self.season or 1, self.horizon)
        columns = self._columns_of(windows)
        return _Units(centre, scale, behind[:, :, columns], scale[:, columns])

    def _mask(self, piece: _Piece) -> np.ndarray:
        mask: np.ndarray = piece.ends[:, np.newaxis] + np.arange(-self.window_size, 0) >= piece.n_padding
        return mask

    def _targets(self, piece: _Piece) -> np.ndarray:
        values = piece.values[:, np.newaxis] if piece.values.ndim == 1 else piece.values
        futures = _sliding(values[:, self._columns_of(values)][1:], self.horizon)  # for each step except the last ones
        futures = futures.reshape(len(futures), -1)
        if self.stepwise:
            return _sliding(futures, self.window_size)[piece.ends - self.window_size]
        targets = futures[piece.ends - 1]
        return targets[:, 0] if targets.shape[1] == 1 else targets

    def _columns_of(self, values: np.ndarray) -> list[int]:
        """List of the target columns; values have their features on the last axis."""
        n_features = values.shape[-1]
        if self.targets is None:
            return list(range(n_features))
        columns: list[int] = np.ravel(np.asarray(self.targets)).tolist()
        if any(not -n_features <= column < n_features for column in columns):
            raise ValueError(f"targets={self.targets!r}, but the series has only the features 0 to {n_features - 1}.")
        return columns


@dataclass(frozen=True)
class _Piece:
    """A series with the places of its windows.

    Attributes
    ----------
    number : int
        Among the series that were given.
    values : array of shape (steps,) or (steps, features)
    n_padding : int
        Steps of padding before its start.
    ends : int array of shape (n_windows,)
        Step after each window, in even distances.
    """

    number: int
    values: np.ndarray
    n_padding: int
    ends: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, int))

    def windows(self, size: int) -> np.ndarray:
        """Views of all windows."""
        first, last = self.ends[0] - size, self.ends[-1] - size
        stride = int(self.ends[1] - self.ends[0]) if len(self.ends) > 1 else 1
        return _sliding(self.values, size)[first : last + 1 : stride]


@dataclass(frozen=True)
class _Units:
    """Centre and scale of windows, of shape (n, features), and of their targets, (n, horizon, targets)."""

    centre: np.ndarray
    scale: np.ndarray
    target_centre: np.ndarray
    target_scale: np.ndarray

    def normalize(self, windows: np.ndarray) -> np.ndarray:
        shape = (len(windows), 1, -1) if windows.ndim == 3 else (len(windows), -1)
        dtype = _precision(windows)
        normalized: np.ndarray = (windows - self.centre.reshape(shape)) / self.scale.reshape(shape)
        return normalized.astype(dtype)

    def normalize_targets(self, y: np.ndarray) -> np.ndarray:
        centre, scale = self._like(y)
        normalized: np.ndarray = (y.reshape(centre.shape[0], -1, *centre.shape[2:]) - centre) / scale
        return normalized.reshape(y.shape).astype(_precision(y))

    def restore_targets(self, y: np.ndarray) -> np.ndarray:
        centre, scale = self._like(y)
        restored: np.ndarray = y.reshape(centre.shape[0], -1, *centre.shape[2:]) * scale + centre
        return restored.reshape(y.shape)

    def _like(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Centre and scale of targets, of shape (n, 1, horizon, targets); the axis of one is that of steps."""
        return self.target_centre[:, np.newaxis], self.target_scale[:, np.newaxis, np.newaxis]


def _precision(values: np.ndarray) -> Any:
    return values.dtype if values.dtype.kind == "f" else np.float64


def _several(series: npt.ArrayLike | Sequence[npt.ArrayLike]) -> list[np.ndarray]:
    """List of validated series."""
    parts = [np.asarray(part) for part in series] if _is_several(series) else [np.asarray(series)]
    if not parts:
        raise ValueError("There are no series: the list is empty.")
    for name, part in _named(parts):
        if part.ndim not in (1, 2) or part.dtype.kind not in "biuf" or 0 in part.shape[1:]:
            raise ValueError(
                f"{name} has shape {part.shape} and dtype {part.dtype}: series are numeric arrays "
                "of shape (steps,) or (steps, features)."
            )
        if part.shape[1:] != parts[0].shape[1:]:
            raise ValueError(
                f"{name} has shape {part.shape}, but series 0 has {parts[0].shape}: all must have equal features."
            )
    return parts


def _named(parts: Sequence[np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Series with the names that messages give them."""
    for i, part in enumerate(parts):
        yield f"Series {i}" if len(parts) > 1 else "The series", part


def _is_several(series: npt.ArrayLike | Sequence[npt.ArrayLike]) -> TypeGuard[Sequence[npt.ArrayLike]]:
    """Return True for several series, and False for a single one, such as a list of numbers."""
    if isinstance(series, np.ndarray):
        return series.ndim == 3 or (series.dtype == object and series.ndim == 1)
    return isinstance(series, list | tuple) and not (len(series) and np.isscalar(series[0]))


def _sliding(values: np.ndarray, size: int) -> np.ndarray:
    """Views of shape (n, size, ...) of all runs of `size` consecutive steps."""
    return np.moveaxis(sliding_window_view(values, size, axis=0), -1, 1)


def _joined(pieces: list[np.ndarray]) -> np.ndarray:
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
