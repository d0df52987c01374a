"""Sliding windows of long series, for forecasting."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from skneural.hyperparameters import BOOLEAN, NONE, Constraint, Integer, declare_value, hyperparameter

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
        doc="Steps from the start of a window to that of the next one. The first starts where the series starts.",
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
        pairs = [self._windows_and_targets(part) for part in self._several(series, self.window_size + self.horizon)]
        return _joined([windows for windows, _ in pairs]), np.concatenate([targets for _, targets in pairs])

    def windows(self, series: npt.ArrayLike | Sequence[npt.ArrayLike]) -> np.ndarray:
        """Cut all windows, including those at the end of a series whose targets are unknown.

        For a single series, the first windows are those of `windows_and_targets`.

        Parameters
        ----------
        series : array-like of shape (steps,) or (steps, features), or list of such arrays
            As in `windows_and_targets`.

        Returns
        -------
        X : ndarray of shape (n_windows, window_size) or (n_windows, window_size, features)
            Read-only views for a single series; concatenated copies for several.

        Raises
        ------
        ValueError
            If a series is shorter than `window_size`, or series differ in their features.
        """
        return _joined([self._windows(part) for part in self._several(series, self.window_size)])

    def last_windows(self, series: npt.ArrayLike | Sequence[npt.ArrayLike]) -> np.ndarray:
        """Cut the last window of each series, from which its unknown future is forecast.

        Parameters
        ----------
        series : array-like of shape (steps,) or (steps, features), or list of such arrays
            As in `windows_and_targets`.

        Returns
        -------
        X : ndarray of shape (n_series, window_size) or (n_series, window_size, features)
            One window for each series, whatever the stride; a read-only view of a single series.

        Raises
        ------
        ValueError
            If a series is shorter than `window_size`, or series differ in their features.
        """
        parts = self._several(series, self.window_size)
        return _joined([_sliding(part[-self.window_size :], self.window_size) for part in parts])

    def _windows(self, series: np.ndarray) -> np.ndarray:
        return _sliding(series, self.window_size)[:: self.stride]

    def _windows_and_targets(self, series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values = self._targets_of(series)
        futures = _sliding(values[1:], self.horizon)  # for each step except the last `horizon`
        futures = futures.reshape(len(futures), -1)
        windows = self._windows(series[: -self.horizon])
        if self.stepwise:
            return windows, self._windows(futures)
        targets = futures[self.window_size - 1 :: self.stride]
        return windows, targets[:, 0] if targets.shape[1] == 1 else targets

    def _targets_of(self, series: np.ndarray) -> np.ndarray:
        """Features to forecast, of shape (steps, n_targets)."""
        values = series[:, np.newaxis] if series.ndim == 1 else series
        if self.targets is None:
            return values
        n_features = values.shape[1]
        missing = [column for column in self._columns() if not -n_features <= column < n_features]
        if missing:
            raise ValueError(f"targets={self.targets!r}, but the series has only the features 0 to {n_features - 1}.")
        return values[:, self._columns()]

    def _columns(self) -> list[Any]:
        """List of the target columns."""
        return np.ravel(np.asarray(self.targets)).tolist()

    def _several(self, series: npt.ArrayLike | Sequence[npt.ArrayLike], min_steps: int) -> list[np.ndarray]:
        """List of validated series."""
        parts = [np.asarray(part) for part in series] if _is_several(series) else [np.asarray(series)]
        if not parts:
            raise ValueError("There are no series: the list is empty.")
        for i, part in enumerate(parts):
            name = f"Series {i}" if len(parts) > 1 else "The series"
            if part.ndim not in (1, 2) or part.dtype.kind not in "biuf" or 0 in part.shape[1:]:
                raise ValueError(
                    f"{name} has shape {part.shape} and dtype {part.dtype}: series are numeric arrays "
                    "of shape (steps,) or (steps, features)."
                )
            if part.shape[1:] != parts[0].shape[1:]:
                raise ValueError(
                    f"{name} has shape {part.shape}, but series 0 has {parts[0].shape}: all must have equal features."
                )
            if len(part) < min_steps:
                raise ValueError(f"{name} has {len(part)} steps; {self!r} needs at least {min_steps} here.")
        return parts


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
