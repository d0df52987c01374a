"""Conversion of arrays with channels first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def channels_first_to_last(X: npt.ArrayLike | Sequence[npt.ArrayLike]) -> np.ndarray | list[np.ndarray]:
    """Move the channel axis to the end, where the estimators expect it.

    Nothing is copied: the result shares the memory of X.

    Parameters
    ----------
    X : array of shape (n, channels, steps) or (n, channels, height, width), or list of arrays
        Series or images; or a list of series of shape (channels, steps) with any number of steps each, or of images of
        shape (channels, height, width).

    Returns
    -------
    X : ndarray of shape (n, steps, channels) or (n, height, width, channels), or list of ndarray
        Views; a list of series of shape (steps, channels), or of images of shape (height, width, channels), if X is a
        list.

    Raises
    ------
    ValueError
        If X has any other number of axes, or its series or images differ in their number of channels.

    Examples
    --------
    >>> import numpy as np
    >>> from skneural.preprocessing import channels_first_to_last
    >>> channels_first_to_last(np.zeros((10, 3, 32, 48))).shape
    (10, 32, 48, 3)
    >>> [series.shape for series in channels_first_to_last([np.zeros((2, 50)), np.zeros((2, 70))])]
    [(50, 2), (70, 2)]
    """
    if isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1):
        return _each_first_to_last([np.asarray(piece) for piece in X])
    x = np.asarray(X)
    if x.ndim not in (3, 4):
        raise ValueError(
            f"X has shape {x.shape}: it must be (n, channels, steps) or (n, channels, height, width), or a list of "
            "arrays (channels, steps). For a single series or image, pass X[np.newaxis]."
        )
    return np.moveaxis(x, 1, -1)


def _each_first_to_last(pieces: list[np.ndarray]) -> list[np.ndarray]:
    for i, piece in enumerate(pieces):
        if piece.ndim not in (2, 3) or piece.ndim != pieces[0].ndim:
            raise ValueError(
                f"X[{i}] has shape {piece.shape}: in a list, all are series (channels, steps), or all are images "
                "(channels, height, width)."
            )
        if len(piece) != len(pieces[0]):
            raise ValueError(
                f"X[{i}] has {len(piece)} channels, but X[0] has {len(pieces[0])}. If steps come first already, pass X "
                "to the estimator as it is."
            )
    return [np.moveaxis(piece, 0, -1) for piece in pieces]
