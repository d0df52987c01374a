"""Normalization by the root mean square (Zhang and Sennrich 2019)."""

from __future__ import annotations

import numpy as np

from skneural.ops.memory import empty
from skneural.ops.types import Array, Vjp


def rms_normalize(x: Array, scale: Array, epsilon: float = 1e-5) -> tuple[Array, Vjp]:
    """Divide each row by its root mean square, and scale each feature.

    Parameters
    ----------
    x : array of shape (..., features)
    scale : array of shape (features,)
    epsilon : float, default=1e-5
        Added to the mean square.

    Returns
    -------
    y : array like x
    vjp : ``vjp(dy, d_scale) -> dx``
    """
    inverse = np.einsum("...i,...i->...", x, x)[..., np.newaxis]
    inverse *= 1.0 / x.shape[-1]
    inverse += epsilon
    np.sqrt(inverse, out=inverse)
    np.divide(1.0, inverse, out=inverse)
    normalized = np.multiply(x, inverse, out=empty(x.shape, x.dtype))
    y = np.multiply(normalized, scale, out=empty(x.shape, x.dtype))

    def vjp(dy: Array, d_scale: Array) -> Array:
        dx = np.multiply(dy, normalized, out=empty(x.shape, x.dtype))
        np.einsum("ri->i", dx.reshape(-1, x.shape[-1]), out=d_scale)
        share = (dx @ scale)[..., np.newaxis]
        share *= 1.0 / x.shape[-1]
        np.multiply(normalized, share, out=dx)
        np.subtract(dy * scale, dx, out=dx)
        dx *= inverse
        return dx

    return y, vjp
