"""Embeddings of numerical features: each number becomes a vector, by functions that are learned for each feature.

Our names and those of the papers (Gorishniy et al. 2022, "On embeddings for numerical features in tabular deep
learning"; Holzmueller et al. 2024, "Better by default"):

    frequency   frequencies of the cosines of a feature      w
    phase       phases of the cosines                        b
    weight      linear map of the cosines or bins            W
"""

from __future__ import annotations

import math

import numpy as np

from skneural.ops.memory import empty
from skneural.ops.types import Array, Vjp


def waves(x: Array, frequency: Array, phase: Array, *, input_gradient: bool = True) -> tuple[Array, Vjp]:
    """Compute ``cos(2 pi (frequency * x + phase))`` for several frequencies of each feature.

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
    """Piecewise linear encoding: the position of x within each bin of its feature, from 0 below it to 1 above it.

    Parameters
    ----------
    x : array of shape (batch, features)
    edges : array of shape (features, bins + 1)
        Ascending. Features with fewer bins have infinite edges behind their last; their surplus bins are always 0.

    Returns
    -------
    y : array of shape (features, batch, bins)
    vjp : ``vjp(dy) -> dx``
    """
    real = np.isfinite(edges[:, 1:])
    start, end = np.where(real, edges[:, :-1], 0.0), np.where(real, edges[:, 1:], 1.0)
    inverse = np.where(real, 1.0 / (end - start), 0.0)[:, np.newaxis].astype(x.dtype, copy=False)
    start = start[:, np.newaxis].astype(x.dtype, copy=False)
    position = x.T[:, :, np.newaxis] - start
    position *= inverse
    y = np.clip(position, 0.0, 1.0)

    def vjp(dy: Array) -> Array:
        slope = dy * inverse
        slope *= position == y  # within the bin
        dx: Array = slope.sum(axis=2).T
        return dx

    return y, vjp


def map_each(x: Array, weight: Array, *, input_gradient: bool = True) -> tuple[Array, Vjp]:
    """Apply the linear map of each feature.

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
