"""A function of one variable with constants that are learned: ``c * f(a * x + b) + d``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skneural.ops.types import Array, Vjp

Function = Callable[[Array], Array]


def curve(x: Array, constants: Array, value: Function, slope: Function) -> tuple[Array, Vjp]:
    """Evaluate it, in double precision: such functions guard their poles by numbers that single precision lacks.

    Parameters
    ----------
    x : array of shape (rows,)
    constants : array of shape (4,)
        a, b, c and d.
    value, slope : callable
        f and its derivative, of float64 arrays.

    Returns
    -------
    y : array of shape (rows,)
        In the precision of x.
    vjp : ``vjp(dy, d_constants) -> dx``
    """
    a, b, c, d = constants.astype(np.float64)
    wide = x.astype(np.float64)
    u = a * wide + b
    values = value(u)

    def vjp(dy: Array, d_constants: Array) -> Array:
        du = dy * (c * slope(u))
        d_constants[...] = du @ wide, du.sum(), dy @ values, dy.sum()
        return (a * du).astype(x.dtype)

    return (c * values + d).astype(x.dtype), vjp
