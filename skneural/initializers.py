"""How parameters start: functions ``(rng, shape) -> array``.

A dense weight is ``(n_in, n_out)``, a kernel ``(height, width, channels_in, channels_out)``: each of its outputs
sees ``height * width * channels_in`` numbers, and each of its inputs feeds ``height * width * channels_out``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Shape = tuple[int, ...]
Initializer = Callable[[np.random.Generator, Shape], np.ndarray]


def zeros(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return np.zeros(shape)


def ones(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return np.ones(shape)


def uniform(bound: float) -> Initializer:
    """Uniform between -bound and bound, whatever the shape."""
    return interval(-bound, bound)


def normal(deviation: float) -> Initializer:
    """Normal around zero, whatever the shape."""
    return lambda rng, shape: rng.normal(0, deviation, shape)


def initializer_of(start: str | float) -> Initializer:
    """What a layer is told of how its weights start: a key of `INITIALIZERS`, or the deviation of normal ones."""
    return INITIALIZERS[start] if isinstance(start, str) else normal(start)


def interval(low: float, high: float) -> Initializer:
    """Uniform between two bounds, whatever the shape."""
    return lambda rng, shape: rng.uniform(low, high, shape)


def signs(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """One or minus one, each as likely."""
    return rng.choice([-1.0, 1.0], shape)


def tiled(initializer: Initializer, n: int) -> Initializer:
    """The first n along the first axis are drawn, the others are like them in turns."""

    def repeating(rng: np.random.Generator, shape: Shape) -> np.ndarray:
        drawn = initializer(rng, (min(n, shape[0]), *shape[1:]))
        return drawn[np.arange(shape[0]) % len(drawn)]

    return repeating


def for_each_gate(initializer: Initializer, n_gates: int) -> Initializer:
    """The weights of several gates, which stand side by side along the last axis, each drawn for itself."""

    def side_by_side(rng: np.random.Generator, shape: Shape) -> np.ndarray:
        one = (*shape[:-1], shape[-1] // n_gates)
        return np.concatenate([initializer(rng, one) for _ in range(n_gates)], axis=-1)

    return side_by_side


def transposed(initializer: Initializer, stride: tuple[int, int]) -> Initializer:
    """A kernel (height, width, channels_out, channels_in) from one place of x to many of y, of which strides keep most.

    An output then sees ``height * width * channels_in / strides`` numbers.
    """

    def swap_channels(rng: np.random.Generator, shape: Shape) -> np.ndarray:
        height, width, channels_out, channels_in = shape
        drawn = initializer(rng, (height, width, channels_in, channels_out))
        return math.sqrt(math.prod(stride)) * drawn.swapaxes(2, 3)

    return swap_channels


def glorot_uniform(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Variance 2 / (n_in + n_out), for tanh-like and linear layers (Glorot and Bengio 2010)."""
    n_in, n_out = _fans(shape)
    return uniform(math.sqrt(6 / (n_in + n_out)))(rng, shape)


def glorot_normal(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    n_in, n_out = _fans(shape)
    return rng.normal(0, math.sqrt(2 / (n_in + n_out)), shape)


def he_uniform(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Variance 2 / n_in, for layers of the ReLU family (He et al. 2015)."""
    return uniform(math.sqrt(6 / _fans(shape)[0]))(rng, shape)


def he_normal(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return rng.normal(0, math.sqrt(2 / _fans(shape)[0]), shape)


def lecun_uniform(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return uniform(math.sqrt(3 / _fans(shape)[0]))(rng, shape)


def lecun_normal(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Variance 1 / n_in, which self-normalizing layers need (Klambauer et al. 2017)."""
    return rng.normal(0, math.sqrt(1 / _fans(shape)[0]), shape)


def orthogonal(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Orthonormal columns (or rows, if there are fewer rows), drawn uniformly (Saxe et al. 2014)."""
    n_in, n_out = math.prod(shape[:-1]), shape[-1]
    gaussian = rng.standard_normal((max(n_in, n_out), min(n_in, n_out)))
    q, r = np.linalg.qr(gaussian)
    q *= np.sign(np.diag(r))  # without it, the distribution favours some rotations
    return (q if n_in >= n_out else q.T).reshape(shape)


INITIALIZERS: dict[str, Initializer] = {
    function.__name__: function
    for function in (
        zeros,
        ones,
        glorot_uniform,
        glorot_normal,
        he_uniform,
        he_normal,
        lecun_uniform,
        lecun_normal,
        orthogonal,
    )
}


# What keeps the variance of activations from layer to layer; Glorot's serves the sigmoid-like rest.
INITIALIZER_OF_ACTIVATION = {
    "relu": "he_uniform",
    "leaky_relu": "he_uniform",
    "elu": "he_uniform",
    "gelu": "he_uniform",
    "silu": "he_uniform",
    "mish": "he_uniform",
    "softplus": "he_uniform",
    "selu": "lecun_uniform",
}


def initializer_for(activation: str) -> str:
    """Name of the initializer for a layer whose output goes through this activation."""
    return INITIALIZER_OF_ACTIVATION.get(activation, "glorot_uniform")


def _fans(shape: Shape) -> tuple[int, int]:
    """Inputs of one output, and outputs of one input."""
    if len(shape) < 2:
        return 1, shape[-1]
    field = math.prod(shape[:-2])
    return field * shape[-2], field * shape[-1]
