"""Initializers of parameters: functions ``(rng, shape) -> array``.

A dense weight has the shape ``(n_in, n_out)``, a kernel ``(height, width, channels_in, channels_out)``. The fan-in of a
kernel is ``height * width * channels_in``, its fan-out ``height * width * channels_out``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from skneural.ops.pointwise import AnyActivation

ParameterShape = tuple[int, ...]
Initializer = Callable[[np.random.Generator, ParameterShape], np.ndarray]

# Standard deviation of initial embeddings of tokens and positions, and of class tokens, as in BERT and GPT-2.
EMBEDDING_DEVIATION = 0.02


def zeros(rng: np.random.Generator, shape: ParameterShape) -> np.ndarray:
    """All zeros."""
    return np.zeros(shape)


def ones(rng: np.random.Generator, shape: ParameterShape) -> np.ndarray:
    """All ones."""
    return np.ones(shape)


def uniform(bound: float) -> Initializer:
    """Uniform between -bound and bound, independent of the shape."""
    return interval(-bound, bound)


def normal(deviation: float) -> Initializer:
    """Normal with mean zero and a standard deviation that is independent of the shape."""
    return lambda rng, shape: rng.normal(0, deviation, shape)


def initializer_of(start: str | float) -> Initializer:
    """Initializer by its name in `INITIALIZERS`, or normal with the given standard deviation."""
    return INITIALIZERS[start] if isinstance(start, str) else normal(start)


def interval(low: float, high: float) -> Initializer:
    """Uniform between two bounds, independent of the shape."""
    return lambda rng, shape: rng.uniform(low, high, shape)


def signs(rng: np.random.Generator, shape: ParameterShape) -> np.ndarray:
    """Random signs: 1 or -1 with equal probability."""
    return rng.choice([-1.0, 1.0], shape)


def tiled(initializer: Initializer, n: int) -> Initializer:
    """Draw the first n entries along the first axis, and tile the axis with them."""

    def tile(rng: np.random.Generator, shape: ParameterShape) -> np.ndarray:
        drawn = initializer(rng, (min(n, shape[0]), *shape[1:]))
        return drawn[np.arange(shape[0]) % len(drawn)]

    return tile


def for_each_gate(initializer: Initializer, n_gates: int) -> Initializer:
    """Draw the weights of several gates independently, and concatenate them along the last axis."""

    def concatenate_gates(rng: np.random.Generator, shape: ParameterShape) -> np.ndarray:
        gate_shape = (*shape[:-1], shape[-1] // n_gates)
        return np.concatenate([initializer(rng, gate_shape) for _ in range(n_gates)], axis=-1)

    return concatenate_gates


def transposed(initializer: Initializer, stride: tuple[int, int]) -> Initializer:
    """Initializer for the kernel of a transposed convolution, of shape (height, width, channels_out, channels_in).

    The fan-in of a transposed convolution is ``height * width * channels_in`` divided by the product of the strides.
    """

    def swap_channels(rng: np.random.Generator, shape: ParameterShape) -> np.ndarray:
        height, width, channels_out, channels_in = shape
        drawn = initializer(rng, (height, width, channels_in, channels_out))
        return math.sqrt(math.prod(stride)) * drawn.swapaxes(2, 3)

    return swap_channels


def glorot_uniform(rng: np.random.Generator, shape: ParameterShape) -> np.ndarray:
    """Uniform with variance 2 / (fan_in + fan_out), for tanh-like and linear layers (Glorot and Bengio 2010)."""
    n_in, n_out = _fans(shape)
    return uniform(math.sqrt(6 / (n_in + n_out)))(rng, shape)


def glorot_normal(rng: np.random.Generator, shape: ParameterShape) -> np.ndarray:
    """Normal with variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010)."""
    n_in, n_out = _fans(shape)
    return rng.normal(0, math.sqrt(2 / (n_in + n_out)), shape)


def he_uniform(rng: np.random.Generator, shape: ParameterShape) -> np.ndarray:
    """Uniform with variance 2 / fan_in, for activations of the ReLU family (He et al. 2015)."""
    return uniform(math.sqrt(6 / _fans(shape)[0]))(rng, shape)


def he_normal(rng: np.random.Generator, shape: ParameterShape) -> np.ndarray:
    """Normal with variance 2 / fan_in (He et al. 2015)."""
    return rng.normal(0, math.sqrt(2 / _fans(shape)[0]), shape)


def lecun_uniform(rng: np.random.Generator, shape: ParameterShape) -> np.ndarray:
    """Uniform with variance 1 / fan_in (LeCun et al. 1998)."""
    return uniform(math.sqrt(3 / _fans(shape)[0]))(rng, shape)


def lecun_normal(rng: np.random.Generator, shape: ParameterShape) -> np.ndarray:
    """Normal with variance 1 / fan_in, for self-normalizing networks (LeCun et al. 1998, Klambauer et al. 2017)."""
    return rng.normal(0, math.sqrt(1 / _fans(shape)[0]), shape)


def orthogonal(rng: np.random.Generator, shape: ParameterShape) -> np.ndarray:
    """Random orthonormal columns (or rows, if there are fewer rows), uniformly distributed (Saxe et al. 2014)."""
    n_in, n_out = math.prod(shape[:-1]), shape[-1]
    gaussian = rng.standard_normal((max(n_in, n_out), min(n_in, n_out)))
    q, r = np.linalg.qr(gaussian)
    q *= np.sign(np.diag(r))  # without this, rotations would not be uniformly distributed
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


# Initializers that preserve the variance of activations from layer to layer; the others use Glorot's.
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


def initializer_for(activation: AnyActivation) -> str:
    """Name of the initializer for a layer whose output goes through this activation."""
    if not isinstance(activation, str):
        return activation.initializer
    return INITIALIZER_OF_ACTIVATION.get(activation, "glorot_uniform")


def _fans(shape: ParameterShape) -> tuple[int, int]:
    """Fan-in and fan-out."""
    if len(shape) < 2:
        return 1, shape[-1]
    field = math.prod(shape[:-2])
    return field * shape[-2], field * shape[-1]
