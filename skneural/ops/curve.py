"""A function of one variable with learned constants: ``c * f(a * x + b) + d``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skneural.ops.types import Array, Vjp

ElementwiseFunction = Callable[[Array], Array]


def curve(x: Array, constants: Array, value: ElementwiseFunction, slope: ElementwiseFunction) -> tuple[Array, Vjp]:
    """Compute ``c * f(a * x + b) + d``.

    It is computed in double precision, because the functions are clipped near their poles at values that single
    precision cannot represent.

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
        Of the dtype of x.
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
