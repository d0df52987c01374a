"""How an associative memory stores patterns and settles on one of them: arrays in, arrays out.

Weights of units with two states are factors: ``W = factors @ factors.T``, without its diagonal. They are never
multiplied out, since there are fewer patterns than features in any memory that works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import scipy.linalg
from scipy.spatial.distance import cdist

from skneural.ops.softmax import softmax, softmax_and_log_sum
from skneural.ops.types import Array

# A field this small is zero and leaves its unit alone. Hebbian fields are multiples of 1 / n_features, and rounding
# errs by 1e-13; at a unit whose weights all vanish, the field of the projection rule is nothing but rounding.
TIE = 1e-10

# Attention has settled when nothing moves by more than this share of the largest deviation among the patterns.
SETTLED = 1e-6

# An inverse temperature that holds patterns apart lets all others together weigh at most this where one is recalled.
LEAKAGE = 1e-6

ROWS_PER_BLOCK = 256

Step = Callable[[Array], Array]


def hebbian_factors(states: Array) -> Array:
    """Factors of shape (n_features, n_patterns): each weight is the mean product of two units' states."""
    return np.ascontiguousarray(states.T) / np.sqrt(states.shape[1])


def projection_factors(states: Array) -> Array:
    """Factors of shape (n_features, rank): an orthonormal basis of what the patterns span, also if they depend.

    The weights are the projection onto that space, which leaves patterns as they are, less the diagonal. Without the
    diagonal, the field at unit i of a pattern is ``(1 - d[i]) * s[i]`` with ``0 <= d[i] <= 1``: patterns stay fixed
    points, and as the weights are symmetric, the energy never rises. With it, every unit would hold on to its own
    state with a weight of n_patterns / n_features: of 250 patterns of 500 features with 5 % of the bits wrong, more
    than half of the wrong bits stayed wrong, and none without (Kanter and Sompolinsky 1987).
    """
    basis, sizes, _ = scipy.linalg.svd(states.T, full_matrices=False)
    rank = int((sizes > sizes[0] * max(states.shape) * np.finfo(states.dtype).eps).sum())
    return np.ascontiguousarray(basis[:, :rank])


def two_state_energy(states: Array, factors: Array) -> Array:
    """``-s @ W @ s / 2`` for each row s."""
    return (np.square(factors).sum() - np.square(states @ factors).sum(axis=1)) / 2


def synchronous_step(factors: Array) -> Step:
    """All units at once take the sign of their field."""
    diagonal = np.square(factors).sum(axis=1)

    def step(states: Array) -> Array:
        fields = states @ factors @ factors.T - diagonal * states
        return np.where(fields * states < -TIE, -states, states)

    return step


def asynchronous_step(factors: Array, generator: np.random.RandomState) -> Step:
    """One unit after another takes the sign of its field, the same unit in all rows, in a new order for each step."""
    diagonal = np.square(factors).sum(axis=1)

    def step(states: Array) -> Array:
        units = np.array(states.T, order="C")  # a unit's states lie together
        overlaps = states @ factors  # of which only those of rows that change are changed
        for unit in generator.permutation(len(units)):
            state, factor = units[unit], factors[unit]
            field = overlaps @ factor - diagonal[unit] * state
            wrong = np.flatnonzero(field * state < -TIE)
            if len(wrong):
                overlaps[wrong] -= np.multiply.outer(2 * state[wrong], factor)
                state[wrong] *= -1
        return units.T

    return step


def attention_step(patterns: Array, beta: float) -> Step:
    """Each row becomes the mean of the patterns, weighted by how near they are."""

    def step(x: Array) -> Array:
        new = np.empty_like(x)
        for rows in _blocks(len(x)):
            new[rows] = softmax(_similarities(x[rows], patterns, beta)) @ patterns
        return new

    return step


def attention_energy(x: Array, patterns: Array, beta: float) -> Array:
    """``|x|^2 / 2 - lse(beta, patterns @ x - |patterns|^2 / 2) + log(n_patterns) / beta``: at least zero.

    Each step minimizes a bound that touches it from above, so it never rises.
    """
    energy = np.square(x).sum(axis=1) / 2
    for rows in _blocks(len(x)):
        _, log_sum = softmax_and_log_sum(_similarities(x[rows], patterns, beta))
        energy[rows] -= (log_sum[:, 0] - np.log(len(patterns))) / beta
    return np.maximum(energy, 0.0)


def separating_beta(patterns: Array) -> float:
    """The least inverse temperature that is sure to make a fixed point of every pattern.

    At one pattern, another at the distance d weighs ``exp(-beta * d^2 / 2)`` times as much. Equal patterns need no
    holding apart. Takes as long as recalling all patterns once.
    """
    equal = 1e-9 * np.square(patterns).sum(axis=1).mean()
    nearest = np.inf
    for rows in _blocks(len(patterns)):
        distances = cdist(patterns[rows], patterns, "sqeuclidean")
        nearest = min(nearest, distances[distances > equal].min(initial=np.inf))
    return 2 * np.log(len(patterns) / LEAKAGE) / nearest if np.isfinite(nearest) else 1.0


def settle(x: Array, step: Step, max_iter: int, tolerance: float = 0.0) -> tuple[Array, int, int]:
    """Repeat `step` on the rows that it still changes; also the numbers of rows that take turns or still change.

    A row that has settled is left alone, so that no row depends on how long others take.
    """
    x, before = x.copy(), np.full_like(x, np.nan)
    moving, n_alternating = np.arange(len(x)), 0
    for _ in range(max_iter):
        now = x[moving]
        new = step(now)
        still = (np.abs(new - now) > tolerance).any(axis=1)
        alternating = still & (new == before[moving]).all(axis=1)
        before[moving], x[moving] = now, new
        n_alternating += int(alternating.sum())
        moving = moving[still & ~alternating]
        if not len(moving):
            break
    return x, n_alternating, len(moving)


def overlaps(states: Array, others: Array) -> Array:
    """Cosine of the angle between rows: the mean product of states -1 and 1. Two zeros overlap by one."""
    # one root of the product: the square of a root may differ from what it is the root of
    norms = np.sqrt(np.square(states).sum(axis=1) * np.square(others).sum(axis=1))
    equal = (states == others).all(axis=1)
    return np.divide((states * others).sum(axis=1), norms, out=equal.astype(np.float64), where=norms > 0)


def _similarities(x: Array, patterns: Array, beta: float) -> Array:
    return beta * (x @ patterns.T - np.square(patterns).sum(axis=1) / 2)


def _blocks(n: int) -> Iterator[slice]:
    return (slice(start, start + ROWS_PER_BLOCK) for start in range(0, n, ROWS_PER_BLOCK))
