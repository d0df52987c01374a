"""Long series, cut into windows to forecast from."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from skneural.hyperparameters import BOOLEAN, NONE, REQUIRED, Constraint, Integer, declare_value, hyperparameter

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
    """Windows of long series, and what follows them: X and y of a forecast.

    No window straddles two series. This is no transformer: it changes the number of samples, and makes y too, which a
    step of a pipeline cannot. Neighbouring windows overlap, so cut the series itself into a part for training and a
    later one for testing, and each part into windows; shuffled windows would tell the training what is to be
    forecast.

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

    window_size: int = hyperparameter(REQUIRED, Integer(1), "Steps in each window.", positional=True)
    horizon: int = hyperparameter(
        1, Integer(1), "Steps that are forecast: the first so many behind the window.", positional=True
    )
    stride: int = hyperparameter(
        1,
        Integer(1),
        "Steps from the start of a window to that of the next one. The first starts where the series starts.",
        positional=True,
    )
    stepwise: bool = hyperparameter(
        False,
        BOOLEAN,
        """Whether y has a forecast for every step of the window, of the `horizon` steps behind that step, and not only
        for the last one.""",
        positional=True,
    )
    targets: int | Sequence[int] | None = hyperparameter(
        None,
        TARGETS,
        """Numbers of the features that are forecast; None: all of them. The windows have all features in any case.""",
        positional=True,
    )

    def windows_and_targets(self, series: npt.ArrayLike | Sequence[npt.ArrayLike]) -> tuple[np.ndarray, np.ndarray]:
        """Cut all windows behind which `horizon` steps are known, and these steps.

        Parameters
        ----------
        series : array-like of shape (steps,) or (steps, features), or list of such arrays
            One series, or a list of several of any lengths; an array of shape (n_series, steps, features) is several
            of one length. A list of numbers is one series, a list of lists is several.

        Returns
        -------
        X : ndarray of shape (n_windows, window_size) or (n_windows, window_size, features)
            Windows; of shape (n_windows, window_size) if series have one axis. Those of one series are read-only
            views, so overlapping windows take no memory; those of several series are copied behind one another.
        y : ndarray of shape (n_windows,), (n_windows, outputs) or (n_windows, window_size, outputs)
            A new array. There is an output for each target and each step of the horizon, all targets of the first step
            first: ``y.reshape(n_windows, horizon, n_targets)`` takes them apart. A single output has no axis of its
            own, unless `stepwise`, where ``y[i, t]`` is what follows step ``t`` of window ``i``.

        Raises
        ------
        ValueError
            If a series is shorter than ``window_size + horizon``, series differ in their features, or there are no
            such `targets`.
        """
        pairs = [self._windows_and_targets(one) for one in self._several(series, self.window_size + self.horizon)]
        return _joined([windows for windows, _ in pairs]), np.concatenate([targets for _, targets in pairs])

    def windows(self, series: npt.ArrayLike | Sequence[npt.ArrayLike]) -> np.ndarray:
        """Cut all windows, also those behind which nothing is known.

        The first ones are those of `windows_and_targets`, for a single series.

        Parameters
        ----------
        series : array-like of shape (steps,) or (steps, features), or list of such arrays
            As in `windows_and_targets`.

        Returns
        -------
        X : ndarray of shape (n_windows, window_size) or (n_windows, window_size, features)
            Read-only views of a single series; of several series, copies behind one another.

        Raises
        ------
        ValueError
            If a series is shorter than `window_size`, or series differ in their features.
        """
        return _joined([self._windows(one) for one in self._several(series, self.window_size)])

    def last_windows(self, series: npt.ArrayLike | Sequence[npt.ArrayLike]) -> np.ndarray:
        """Cut the last window of each series, from which the unknown steps behind it are forecast.

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
        several = self._several(series, self.window_size)
        return _joined([_sliding(one[-self.window_size :], self.window_size) for one in several])

    def _windows(self, series: np.ndarray) -> np.ndarray:
        return _sliding(series, self.window_size)[:: self.stride]

    def _windows_and_targets(self, series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values = self._targets_of(series)
        futures = _sliding(values[1:], self.horizon)  # of each step but the last `horizon`
        futures = futures.reshape(len(futures), -1)
        windows = self._windows(series[: -self.horizon])
        if self.stepwise:
            return windows, self._windows(futures)
        targets = futures[self.window_size - 1 :: self.stride]
        return windows, targets[:, 0] if targets.shape[1] == 1 else targets

    def _targets_of(self, series: np.ndarray) -> np.ndarray:
        """The features that are forecast, of shape (steps, n_targets)."""
        values = series[:, np.newaxis] if series.ndim == 1 else series
        if self.targets is None:
            return values
        n_features = values.shape[1]
        missing = [column for column in self._columns() if not -n_features <= column < n_features]
        if missing:
            raise ValueError(f"targets={self.targets!r}, but the series has only the features 0 to {n_features - 1}.")
        return values[:, self._columns()]

    def _columns(self) -> list[Any]:
        """`targets` as a list."""
        return np.ravel(np.asarray(self.targets)).tolist()

    def _several(self, series: npt.ArrayLike | Sequence[npt.ArrayLike], least_steps: int) -> list[np.ndarray]:
        """Every series, checked."""
        several = [np.asarray(one) for one in series] if _is_several(series) else [np.asarray(series)]
        if not several:
            raise ValueError("There are no series: the list is empty.")
        for i, one in enumerate(several):
            name = f"Series {i}" if len(several) > 1 else "The series"
            if one.ndim not in (1, 2) or one.dtype.kind not in "biuf" or 0 in one.shape[1:]:
                raise ValueError(
                    f"{name} has shape {one.shape} and dtype {one.dtype}: series are numbers, of shape (steps,) or "
                    "(steps, features)."
                )
            if one.shape[1:] != several[0].shape[1:]:
                raise ValueError(
                    f"{name} has shape {one.shape}, and series 0 has {several[0].shape}: all must have the same "
                    "features."
                )
            if len(one) < least_steps:
                raise ValueError(f"{name} has {len(one)} steps; {self!r} needs at least {least_steps} here.")
        return several


def _is_several(series: npt.ArrayLike | Sequence[npt.ArrayLike]) -> TypeGuard[Sequence[npt.ArrayLike]]:
    """Whether these are several series, and not a list of the numbers of one."""
    if isinstance(series, np.ndarray):
        return series.ndim == 3 or (series.dtype == object and series.ndim == 1)
    return isinstance(series, list | tuple) and not (len(series) and np.isscalar(series[0]))


def _sliding(values: np.ndarray, size: int) -> np.ndarray:
    """Views of shape (n, size, ...) of so many neighbouring steps, each one step behind the one before."""
    return np.moveaxis(sliding_window_view(values, size, axis=0), -1, 1)


def _joined(pieces: list[np.ndarray]) -> np.ndarray:
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
