"""Parametrization of the argument of a function over a curve: search coordinates, and a coarse grid of them.

A curve is a function of t, which is x scaled to the range from -1 to 1. The argument of a function is
``alpha * t + beta``. Both are computed from two unconstrained coordinates, so that no step of a search leaves the
domain of the function.
"""

from __future__ import annotations

import functools

import numpy as np

from skneural.ops.types import Array
from skneural.symbolic.functions import Domain, Function

# At most sixteen periods within a curve: splines have too few knots, and curves too few samples, to distinguish faster
# waves.
MAX_FREQUENCY = 100.0
MAX_STEEPNESS = 100.0
MAX_SHIFT = 1000.0  # in half widths of the curve
# Logarithms of the smallest distance from the end of a domain: the distance is limited by rounding, and is larger for
# singularities, which could otherwise fit a single sample at the end of the curve.
LOG_MIN_DISTANCE, LOG_MIN_DISTANCE_TO_SINGULARITY = -36.0, -20.0


def argument(function: Function, at: Array) -> tuple[Array, Array, Array, Array]:
    """`alpha` and `beta`, both (n,), and their derivatives with respect to the coordinates `at`; these are (n, 2)."""
    ones, slopes = np.ones(len(at)), np.zeros((2, len(at), 2))
    if (
        function.domain is Domain.ONE_SIDE
    ):  # coordinates: log distance from the end of the domain, and its side, -1 or 1
        distance = np.exp(at[:, 0])
        slopes[1, :, 0] = distance
        return at[:, 1], 1 + distance, slopes[0], slopes[1]
    if function.domain is Domain.BETWEEN:  # coordinates: log distances from both ends of the domain
        half = function.edge * np.exp(at) / 2
        slopes[0], slopes[1] = -half, half * [1, -1]
        return function.edge - half.sum(axis=1), half[:, 0] - half[:, 1], slopes[0], slopes[1]
    free = function.free
    slopes[0, :, 0], slopes[1, :, 1] = "a" in free, "b" in free
    return (at[:, 0] if "a" in free else ones), (at[:, 1] if "b" in free else 0 * ones), slopes[0], slopes[1]


def allowed(function: Function, at: Array) -> Array:
    """Mask of the coordinates that are searched: not too far away, and neither flat curves nor jumps."""
    nearest = LOG_MIN_DISTANCE if function.closed else LOG_MIN_DISTANCE_TO_SINGULARITY
    if function.domain is Domain.ONE_SIDE:
        return (at[:, 0] > nearest) & (at[:, 0] < np.log(MAX_SHIFT))
    if function.domain is Domain.BETWEEN:
        return (at > nearest).all(axis=1) & (np.exp(np.minimum(at, 1.0)).sum(axis=1) < 2 - 1e-3)
    within_reach = np.abs(at[:, 1]) < MAX_SHIFT
    steepest = 2 * MAX_FREQUENCY if function.domain is Domain.PERIODIC else MAX_STEEPNESS
    return within_reach & (np.abs(at[:, 0]) < steepest) & (np.abs(at[:, 0]) > 1e-4)


@functools.cache
def grid(domain: Domain) -> Array:
    """Initial coordinates of the search, (n_groups, n_in_group, 2), which continues from the best of each group."""
    if domain in (Domain.CONSTANT, Domain.LINEAR):
        return np.array([[[1.0, 0.0]]])
    if domain is Domain.SHIFTED:
        near = np.linspace(-1.2, 1.2, 25)
        return _product(np.ones(1), np.concatenate([near, [-6, -2.5, -1.6, -0.97, 0.97, 1.6, 2.5, 6]])).swapaxes(0, 1)
    if domain is Domain.STRETCHED:
        steep = np.geomspace(0.05, 60, 20)
        return _product(np.concatenate([-steep, steep]), np.zeros(1))
    if domain is Domain.PERIODIC:
        fast = np.concatenate([[0.1, 0.3, 0.6], np.arange(1, MAX_FREQUENCY, 0.9)])
        return _product(fast, np.pi / 4 * np.arange(-1, 3))
    if domain is Domain.ONE_SIDE:
        distances = np.log(np.geomspace(1e-4, 50, 16))
        return _product(np.append(distances, -35.0), np.array([-1.0, 1.0]))
    if domain is Domain.BETWEEN:
        distances = np.log(np.append(1e-6, np.geomspace(1e-3, 1.8, 10)))
        both = _product(distances, distances)
        inside = np.exp(both).sum(axis=2) < 1.95
        return np.where(inside[..., np.newaxis], both, distances[3])
    assert domain is Domain.ANYWHERE
    centres, steep = np.linspace(-1.3, 1.3, 17), np.geomspace(0.1, 40, 12)
    pairs = _product(steep, centres)
    pairs[..., 1] *= -pairs[..., 0]
    return pairs


def _product(first: Array, second: Array) -> Array:
    return np.stack(np.meshgrid(first, second, indexing="ij"), axis=-1)
