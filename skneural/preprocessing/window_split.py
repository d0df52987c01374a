"""Cross-validation of windows of series, in time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import BaseCrossValidator

from skneural.hyperparameters import NONE, Integer, declare_value, hyperparameter


@declare_value
class TimeSeriesWindowsSplit(BaseCrossValidator):
    """Split windows of series in time, so that no series is trained on its own future.

    The last steps of each series are divided into blocks, one for each split, the earliest first. In each split,
    windows whose targets are in the block are tested, and windows whose targets all lie before it are trained on.
    Windows with targets on both sides are left out. `SlidingWindows.origins` tells where windows are, and is passed as
    `groups`.

    {parameters}

    Raises
    ------
    ValueError
        If a parameter is out of range, or series are too short for so many splits.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import cross_val_score
    >>> from skneural.preprocessing import SlidingWindows, TimeSeriesWindowsSplit
    >>> series = [level + np.sin(0.3 * np.arange(100)) for level in (1.0, 2.0)]
    >>> cutter = SlidingWindows(10, horizon=3, normalize="last")
    >>> X, y = cutter.windows_and_targets(series)
    >>> cv = TimeSeriesWindowsSplit(n_splits=2, horizon=3, test_size=20)
    >>> cross_val_score(Ridge(), X, y, cv=cv, groups=cutter.origins(series)).shape
    (2,)
    """

    n_splits: int = hyperparameter(default=5, constraint=Integer(1), doc="Number of splits.", kw_only=False)
    horizon: int = hyperparameter(default=1, constraint=Integer(1), doc="Steps of the targets of each window.")
    test_size: int | None = hyperparameter(
        default=None,
        constraint=Integer(1) | NONE,
        doc="Steps of a block, at least `horizon`. None: `horizon`, one window of each series.",
    )

    # scikit-learn's request for `groups`, where metadata routing is enabled
    __metadata_request__split = {"groups": True}

    def get_n_splits(self, X: object = None, y: object = None, groups: object = None) -> int:
        """Return the number of splits.

        Parameters
        ----------
        X, y, groups : object, default=None
            Ignored.

        Returns
        -------
        n_splits : int
        """
        return self.n_splits

    def split(
        self, X: Any, y: object = None, groups: npt.ArrayLike | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Indices of the training and the test windows of each split.

        Parameters
        ----------
        X : array-like of n_windows rows
        y : object, default=None
            Ignored.
        groups : array-like of shape (n_windows, 2), default=None
            The series of each window, and the number of its first target, as returned by `SlidingWindows.origins`.
            None: windows of a single series in order of time, one at each step.

        Yields
        ------
        train, test : integer ndarrays
        """
        series, steps = _places(X, groups)
        size = self.horizon if self.test_size is None else self.test_size
        if size < self.horizon:
            raise ValueError(f"test_size={size} is shorter than the targets, of horizon={self.horizon} steps.")
        ends = np.zeros(series.max() + 1, int)
        np.maximum.at(ends, series, steps + self.horizon)
        to_end = ends[series] - steps  # steps from the first target to the end of the series
        for block in range(self.n_splits, 0, -1):
            train = np.flatnonzero(to_end - self.horizon >= block * size)
            inside = (to_end <= block * size) & (to_end - self.horizon >= (block - 1) * size)
            test = np.flatnonzero(inside)
            if not len(train) or not len(test):
                raise ValueError(
                    f"{self!r} leaves {len(train)} windows for training and {len(test)} for testing in the split "
                    f"whose block ends {(block - 1) * size} steps before the end of each series. Use fewer or smaller "
                    "blocks, or a smaller stride."
                )
            yield train, test


def _places(X: Any, groups: npt.ArrayLike | None) -> tuple[np.ndarray, np.ndarray]:
    """The series of each window, numbered without gaps, and its first target."""
    n = X.shape[0] if hasattr(X, "shape") else len(X)
    if groups is None:
        return np.zeros(n, int), np.arange(n)
    places = np.asarray(groups)
    if places.shape != (n, 2) or places.dtype.kind not in "iu":
        raise ValueError(
            f"groups must be integers of shape ({n}, 2), the series and the first target of each window, as returned "
            f"by SlidingWindows.origins; got shape {places.shape} and dtype {places.dtype}."
        )
    return np.unique(places[:, 0], return_inverse=True)[1], places[:, 1]
