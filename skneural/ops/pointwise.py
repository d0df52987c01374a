"""Activation functions, which act on each element. x, y, dy and dx have the same shape.

The logistic function is computed with tanh: NumPy's float32 tanh is vectorized, and twenty times
faster than `scipy.special.expit`. Constants are Python floats, which do not promote float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skneural.ops.memory import empty, empty_like
from skneural.ops.types import Array, Pointwise, Vjp

SELU_SCALE = 1.0507009873554805  # lambda of Klambauer et al. 2017
SELU_ALPHA = 1.6732632423543772  # alpha of the same paper
LEAKY_SLOPE = 0.01
GELU_SCALE = math.sqrt(2 / math.pi)
GELU_CUBE = 0.044715
MISH_LINEAR_FROM = 20.0


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow, in the dtype of x."""
    y = np.multiply(x, 0.5, out=empty_like(x))
    np.tanh(y, out=y)
    y *= 0.5
    y += 0.5
    return y


def log_one_plus_exp(x: Array) -> Array:
    """log(1 + exp(x)), without overflow."""
    y = np.abs(x)
    np.negative(y, out=y)
    np.exp(y, out=y)
    np.log1p(y, out=y)
    y += np.maximum(x, 0.0)
    return y


def identity(x: Array) -> tuple[Array, Vjp]:
    return x, lambda dy: dy


def logistic(x: Array) -> tuple[Array, Vjp]:
    y = sigmoid(x)

    def vjp(dy: Array) -> Array:
        dx = 1.0 - y
        dx *= y
        dx *= dy
        return dx

    return y, vjp


def tanh(x: Array) -> tuple[Array, Vjp]:
    y = np.tanh(x, out=empty_like(x))

    def vjp(dy: Array) -> Array:
        dx = np.multiply(y, y, out=empty_like(y))
        np.subtract(1.0, dx, out=dx)
        dx *= dy
        return dx

    return y, vjp


def relu(x: Array) -> tuple[Array, Vjp]:
    y = np.maximum(x, 0.0, out=empty_like(x))

    def vjp(dy: Array) -> Array:
        positive = np.greater(y, 0.0, out=empty(y.shape, bool))
        return np.multiply(dy, positive, out=empty_like(dy))

    return y, vjp


def leaky_relu(x: Array) -> tuple[Array, Vjp]:
    y = np.maximum(x, x * LEAKY_SLOPE)

    def vjp(dy: Array) -> Array:
        dx = dy * LEAKY_SLOPE
        np.copyto(dx, dy, where=x > 0.0)
        return dx

    return y, vjp


def elu(x: Array) -> tuple[Array, Vjp]:
    """The identity where x is positive, exp(x) - 1 elsewhere (Clevert et al. 2016)."""
    y = np.minimum(x, 0.0)
    np.expm1(y, out=y)
    slope = y + 1.0  # exp(x) left of zero, 1 right of it
    y += np.maximum(x, 0.0)

    def vjp(dy: Array) -> Array:
        return dy * slope

    return y, vjp


def selu(x: Array) -> tuple[Array, Vjp]:
    """A scaled elu that keeps mean 0 and variance 1 through depth (Klambauer et al. 2017)."""
    below = np.minimum(x, 0.0)
    np.expm1(below, out=below)
    below *= SELU_SCALE * SELU_ALPHA
    y = np.maximum(x, 0.0)
    y *= SELU_SCALE
    y += below

    def vjp(dy: Array) -> Array:
        slope = below + SELU_SCALE * SELU_ALPHA
        slope[x > 0.0] = SELU_SCALE
        slope *= dy
        return slope

    return y, vjp


def gelu(x: Array) -> tuple[Array, Vjp]:
    """The product of x and the normal distribution function, in its tanh form (Hendrycks and Gimpel 2016).

    The exact form needs `erf`, which costs seven times as much in NumPy; the largest difference is 5e-4.
    """
    square = np.multiply(x, x, out=empty_like(x))
    inner = np.multiply(square, GELU_SCALE * GELU_CUBE, out=empty_like(x))
    inner += GELU_SCALE
    inner *= x
    tanh_inner = np.tanh(inner, out=inner)
    y = np.add(tanh_inner, 1.0, out=empty_like(x))
    y *= x
    y *= 0.5

    def vjp(dy: Array) -> Array:
        d_inner = np.multiply(square, 3 * GELU_SCALE * GELU_CUBE, out=empty_like(x))
        d_inner += GELU_SCALE
        dx = np.multiply(tanh_inner, tanh_inner, out=empty_like(x))
        np.subtract(1.0, dx, out=dx)
        dx *= d_inner
        dx *= x
        dx += tanh_inner
        dx += 1.0
        dx *= 0.5
        dx *= dy
        return dx

    return y, vjp


def silu(x: Array) -> tuple[Array, Vjp]:
    """The product x sigmoid(x), also called swish (Elfwing et al. 2018)."""
    gate = sigmoid(x)
    y = x * gate

    def vjp(dy: Array) -> Array:
        dx = 1.0 - gate
        dx *= y
        dx += gate
        dx *= dy
        return dx

    return y, vjp


def mish(x: Array) -> tuple[Array, Vjp]:
    """The product x tanh(softplus(x)) (Misra 2020).

    With e = exp(x) and n = e (e + 2), the hyperbolic tangent is n / (n + 2), which needs one exponential where the
    definition needs two and a logarithm. Beyond `MISH_LINEAR_FROM`, n / (n + 2) is 1 in single and double precision.
    """
    exponential = np.minimum(x, MISH_LINEAR_FROM, out=empty_like(x))
    np.exp(exponential, out=exponential)
    gate = np.add(exponential, 2.0, out=empty_like(x))
    gate *= exponential
    inverse = np.add(gate, 2.0, out=empty_like(x))
    np.divide(1.0, inverse, out=inverse)
    gate *= inverse
    y = np.multiply(x, gate, out=empty_like(x))

    def vjp(dy: Array) -> Array:
        dx = np.add(exponential, 1.0, out=empty_like(x))  # the slope of the gate is 4 e (e + 1) / (n + 2)^2
        dx *= exponential
        dx *= inverse
        dx *= inverse
        dx *= 4.0
        dx *= x
        dx += gate
        dx *= dy
        return dx

    return y, vjp


def clip_smoothly(x: Array, bound: float) -> tuple[Array, Vjp]:
    """Smooth clipping to -bound and bound: x / sqrt(1 + (x / bound)^2) (Holzmueller et al. 2024)."""
    inverse = np.hypot(x * (1 / bound), 1.0)  # squares would overflow single precision from 1e19 on
    np.divide(1.0, inverse, out=inverse)

    def vjp(dy: Array) -> Array:
        dx = np.multiply(inverse, inverse, out=empty_like(x))
        dx *= inverse
        dx *= dy
        return dx

    return x * inverse, vjp


def softplus(x: Array) -> tuple[Array, Vjp]:
    y = log_one_plus_exp(x)

    def vjp(dy: Array) -> Array:
        dx = sigmoid(x)
        dx *= dy
        return dx

    return y, vjp


def limited(x: Array, limit: float) -> tuple[Array, Vjp]:
    """The elements of x, clipped to -limit and limit."""
    y = np.clip(x, -limit, limit, out=empty_like(x))

    def vjp(dy: Array) -> Array:
        inside = np.abs(x) <= limit
        return np.multiply(dy, inside, out=empty_like(dy))

    return y, vjp


ACTIVATIONS: dict[str, Pointwise] = {
    function.__name__: function
    for function in (identity, logistic, tanh, relu, leaky_relu, elu, selu, gelu, silu, mish, softplus)
}


@dataclass(frozen=True)
class ActivationFunction:
    """An activation function that a user brings, with its derivative.

    Parameters
    ----------
    function : function
        From an array to a new one of the same shape and dtype; each element depends on the same element only.
    derivative : function
        Likewise, from x to the slope at each element.
    initializer : str, default="glorot_uniform"
        Name in `skneural.initializers.INITIALIZERS`, of the weights of the layer before. "he_uniform" suits functions
        that are almost zero for half of their arguments.

    Examples
    --------
    >>> import numpy as np
    >>> from skneural.layers import ActivationFunction
    >>> sine = ActivationFunction(np.sin, np.cos)
    >>> y, backward = sine(np.zeros(2))
    >>> backward(np.ones(2)).tolist()
    [1.0, 1.0]
    """

    function: Callable[[Array], Array]
    derivative: Callable[[Array], Array]
    initializer: str = "glorot_uniform"

    def __call__(self, x: Array) -> tuple[Array, Vjp]:
        """The values at x, and their vector-Jacobian product."""
        return self.function(x), lambda dy: dy * self.derivative(x)


AnyActivation = str | ActivationFunction


def activation_function(activation: AnyActivation) -> Pointwise:
    """The function of a name in `ACTIVATIONS`, or the one that is given."""
    return ACTIVATIONS[activation] if isinstance(activation, str) else activation
