"""Decay rates, step sizes and gates of selective state spaces."""

from __future__ import annotations

import numpy as np

from skneural.ops.pointwise import silu
from skneural.ops.types import Array, Vjp


def negative_exponential(x: Array) -> tuple[Array, Vjp]:
    """``y = -exp(x)``, a decay rate that can neither change its sign nor vanish; ``vjp(dy, dx)`` fills dx.

    dx may be dy itself.
    """
    y = -np.exp(x)
    return y, lambda dy, dx: np.multiply(dy, y, out=dx)


def inverse_softplus(y: Array) -> Array:
    """The x whose softplus is y, for positive y."""
    return y + np.log(-np.expm1(-y))


def gated(x: Array, gate: Array) -> tuple[Array, Vjp]:
    """``y = x * silu(gate)``; ``vjp(dy) -> (dx, d_gate)``."""
    opening, silu_vjp = silu(gate)
    return x * opening, lambda dy: (dy * opening, silu_vjp(dy * x))
