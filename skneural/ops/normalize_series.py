"""Standardization of each series by its own steps."""

from __future__ import annotations

import numpy as np

from skneural.ops.types import Array, Vjp

# Deviations below this share of the mean absolute value are taken for rounding errors of a constant series.
LEAST_SHARE_OF_SIZE = 1e-6


def series_statistics(x: Array, lengths: Array | None) -> tuple[Array, Array]:
    """Mean and deviation of each feature over the real steps of each series; the deviation of constant series is one.

    Parameters
    ----------
    x : array of shape (batch, steps, features)
    lengths : int array of shape (batch,), or None
        None if no series is padded.

    Returns
    -------
    mean, deviation : arrays of shape (batch, features)
    """
    real = _real(x, lengths)
    n = real.sum(axis=1)
    mean = np.einsum("bsf,bsf->bf", x, real) / n
    centred = (x - mean[:, np.newaxis]) * real
    deviation = np.sqrt(np.einsum("bsf,bsf->bf", centred, centred) / n)
    varies = deviation > LEAST_SHARE_OF_SIZE * np.abs(mean)
    return mean, np.where(varies, deviation, 1.0).astype(x.dtype, copy=False)


def normalize_series(x: Array, lengths: Array | None) -> tuple[Array, Vjp]:
    """Centre each series by its mean, and divide it by its deviation; padding becomes zero.

    Parameters
    ----------
    x : array of shape (batch, steps, features)
    lengths : int array of shape (batch,), or None

    Returns
    -------
    y : array of shape (batch, steps, features)
    vjp : ``vjp(dy) -> dx``
    """
    real = _real(x, lengths)
    mean, deviation = series_statistics(x, lengths)
    y = (x - mean[:, np.newaxis]) / deviation[:, np.newaxis] * real
    n = real.sum(axis=1)
    varies = np.abs(y).any(axis=1) & (np.einsum("bsf,bsf->bf", y, y) > 0.5 * n)  # others are divided by a constant

    def vjp(dy: Array) -> Array:
        dy = dy * real
        along = np.einsum("bsf,bsf->bf", dy, y) * varies / n
        dx: Array = (dy - (dy.sum(axis=1) / n)[:, np.newaxis] - y * along[:, np.newaxis]) / deviation[:, np.newaxis]
        return dx * real

    return y, vjp


def _real(x: Array, lengths: Array | None) -> Array:
    """One in real steps, zero in padding, of shape (batch, steps, 1)."""
    if lengths is None:
        return np.ones((*x.shape[:2], 1), x.dtype)
    return (np.arange(x.shape[1]) < lengths[:, np.newaxis])[:, :, np.newaxis].astype(x.dtype)
