"""Numbers become vectors, each feature by functions of its own.

Our names and the papers' (Gorishniy et al. 2022, "On embeddings for numerical features in tabular deep learning";
Holzmueller et al. 2024, "Better by default"): `frequency` w, `phase` b, `weight` the linear map behind them.
"""

from __future__ import annotations

import math

import numpy as np

from skneural.ops.memory import empty
from skneural.ops.types import Array, Vjp


def waves(x: Array, frequency: Array, phase: Array, *, input_gradient: bool = True) -> tuple[Array, Vjp]:
    """``cos(2 pi (frequency * x + phase))``, several for each feature.

    Parameters
    ----------
    x : array of shape (batch, features)
    frequency, phase : arrays of shape (features, waves)
    input_gradient : bool, default=True
        False to skip dx, which is None then.

    Returns
    -------
    y : array of shape (features, batch, waves)
    vjp : ``vjp(dy, d_frequency, d_phase) -> dx``
    """
    columns = np.ascontiguousarray(x.T)[:, :, np.newaxis]
    angle = np.multiply(columns, frequency[:, np.newaxis], out=empty((*columns.shape[:2], phase.shape[1]), x.dtype))
    angle += phase[:, np.newaxis]
    angle *= 2 * math.pi

    def vjp(dy: Array, d_frequency: Array, d_phase: Array) -> Array | None:
        slope = np.sin(angle, out=empty(angle.shape, angle.dtype))
        slope *= dy
        slope *= -2 * math.pi
        np.add.reduce(slope, axis=1, out=d_phase)
        np.matmul(columns.transpose(0, 2, 1), slope, out=d_frequency[:, np.newaxis])
        return np.matmul(slope, frequency[:, :, np.newaxis])[:, :, 0].T if input_gradient else None

    return np.cos(angle, out=empty(angle.shape, angle.dtype)), vjp


def bins(x: Array, edges: Array) -> tuple[Array, Vjp]:
    """How far x is through each bin of its feature, from 0 before it to 1 behind it.

    Parameters
    ----------
    x : array of shape (batch, features)
    edges : array of shape (features, bins + 1)
        Ascending; infinite behind the last edge of a feature with fewer bins, whose further bins are never entered.

    Returns
    -------
    y : array of shape (features, batch, bins)
    vjp : ``vjp(dy) -> dx``
    """
    real = np.isfinite(edges[:, 1:])
    start, end = np.where(real, edges[:, :-1], 0.0), np.where(real, edges[:, 1:], 1.0)
    inverse = np.where(real, 1.0 / (end - start), 0.0)[:, np.newaxis].astype(x.dtype, copy=False)
    start = start[:, np.newaxis].astype(x.dtype, copy=False)
    through = x.T[:, :, np.newaxis] - start
    through *= inverse
    y = np.clip(through, 0.0, 1.0)

    def vjp(dy: Array) -> Array:
        slope = dy * inverse
        slope *= through == y  # within the bin
        dx: Array = slope.sum(axis=2).T
        return dx

    return y, vjp


def map_each(x: Array, weight: Array, *, input_gradient: bool = True) -> tuple[Array, Vjp]:
    """A linear map for each feature.

    Parameters
    ----------
    x : array of shape (features, batch, n_in)
    weight : array of shape (features, n_in, n_out)
    input_gradient : bool, default=True
        False to skip dx, which is None then.

    Returns
    -------
    y : array of shape (batch, features, n_out)
    vjp : ``vjp(dy, d_weight) -> dx``
    """

    def vjp(dy: Array, d_weight: Array) -> Array | None:
        by_feature = np.ascontiguousarray(dy.transpose(1, 0, 2))
        np.matmul(x.transpose(0, 2, 1), by_feature, out=d_weight)
        if not input_gradient:
            return None
        return np.matmul(by_feature, weight.transpose(0, 2, 1), out=empty(x.shape, x.dtype))

    return np.matmul(x, weight).transpose(1, 0, 2), vjp
