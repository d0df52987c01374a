"""Hopfield networks: storing patterns in an associative memory, and recalling them.

    factors      factors of the weights, ``W = factors @ factors.T`` without the diagonal    W, or T (Hopfield 1982)
    states       units with the states -1 and 1, a row for each sample                       s, or V
    fields       local fields, inputs of the units                                           W s, or H
    patterns     stored patterns of the modern network                                       X (Ramsauer et al. 2021)
    beta         inverse temperature                                                         beta

The weights of binary units are never multiplied out, since any useful memory stores fewer patterns than features.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.linalg
from scipy.spatial.distance import cdist

from skneural.ops.blocks import slices
from skneural.ops.softmax import softmax, softmax_and_log_sum
from skneural.ops.types import Array

# Fields smaller than this count as zero and do not change their unit. Hebbian fields are multiples of 1 / n_features
# with rounding errors of 1e-13; if all weights of a unit vanish, its field under the projection rule is pure rounding.
TIE = 1e-10

# Attention has converged if nothing changes by more than this share of the largest deviation among the patterns.
SETTLED = 1e-6

# `separating_beta` bounds the total weight of all other patterns by this when a pattern is recalled.
LEAKAGE = 1e-6

STATES_PER_BLOCK = 256

Step = Callable[[Array], Array]


def hebbian_factors(states: Array) -> Array:
    """Factors of the Hebbian rule, of shape (n_features, n_patterns): weights are mean products of two states."""
    return np.ascontiguousarray(states.T) / np.sqrt(states.shape[1])


def projection_factors(states: Array) -> Array:
    """Factors of the projection rule, of shape (n_features, rank): an orthonormal basis of the span of the patterns.

    The weights are the orthogonal projection onto that span, which maps patterns to themselves, without its diagonal.
    Without the diagonal, the field at unit i of a pattern is ``(1 - d[i]) * s[i]`` with ``0 <= d[i] <= 1``: patterns
    are still fixed points, and as the weights are symmetric, the energy never rises. With the diagonal, every unit
    would reinforce its state with a weight of n_patterns / n_features: of 250 patterns of 500 features with 5 % of the
    bits wrong, more than half of the wrong bits stayed wrong, and none without (Kanter and Sompolinsky 1987).
    """
    basis, sizes, _ = scipy.linalg.svd(states.T, full_matrices=False)
    rank = int((sizes > sizes[0] * max(states.shape) * np.finfo(states.dtype).eps).sum())
    return np.ascontiguousarray(basis[:, :rank])


def two_state_energy(states: Array, factors: Array) -> Array:
    """Energy ``-s @ W @ s / 2`` of each row s."""
    return (np.square(factors).sum() - np.square(states @ factors).sum(axis=1)) / 2


def synchronous_step(factors: Array) -> Step:
    """Update that sets all units at once to the sign of their fields."""
    diagonal = np.square(factors).sum(axis=1)

    def step(states: Array) -> Array:
        fields = states @ factors @ factors.T - diagonal * states
        return np.where(fields * states < -TIE, -states, states)

    return step


def asynchronous_step(factors: Array, generator: np.random.RandomState) -> Step:
    """Update that sets one unit after another to the sign of its field, in a new random order for each step.

    All rows update their units in the same order.
    """
    diagonal = np.square(factors).sum(axis=1)

    def step(states: Array) -> Array:
        units = np.array(states.T, order="C")  # contiguous states of a unit
        overlaps = states @ factors  # updated below for the rows that change
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
    """Update that replaces each row by the mean of the patterns, weighted by the softmax of their similarities."""

    def step(x: Array) -> Array:
        new = np.empty_like(x)
        for rows in slices(len(x), STATES_PER_BLOCK):
            new[rows] = softmax(_similarities(x[rows], patterns, beta)) @ patterns
        return new

    return step


def attention_energy(x: Array, patterns: Array, beta: float) -> Array:
    """Energy of each row x: ``|x|^2 / 2 - lse(beta, patterns @ x - |patterns|^2 / 2) + log(n_patterns) / beta``.

    It is never negative. Each step minimizes an upper bound that equals the energy at the current state, so the energy
    never rises.
    """
    energy = np.square(x).sum(axis=1) / 2
    for rows in slices(len(x), STATES_PER_BLOCK):
        _, log_sum = softmax_and_log_sum(_similarities(x[rows], patterns, beta))
        energy[rows] -= (log_sum[:, 0] - np.log(len(patterns))) / beta
    return np.maximum(energy, 0.0)


def separating_beta(patterns: Array) -> float:
    """Smallest inverse temperature that is guaranteed to make every pattern a fixed point.

    At a pattern, another pattern at distance d has ``exp(-beta * d^2 / 2)`` times its weight. Equal patterns need not
    be separated. Takes as long as recalling all patterns once.
    """
    equal = 1e-9 * np.square(patterns).sum(axis=1).mean()
    nearest = np.inf
    for rows in slices(len(patterns), STATES_PER_BLOCK):
        distances = cdist(patterns[rows], patterns, "sqeuclidean")
        nearest = min(nearest, distances[distances > equal].min(initial=np.inf))
    return 2 * np.log(len(patterns) / LEAKAGE) / nearest if np.isfinite(nearest) else 1.0


def settle(x: Array, step: Step, max_iter: int, tolerance: float = 0.0) -> tuple[Array, int, int]:
    """Repeat `step` on the rows that it still changes.

    Rows that have converged are no longer updated, so that no row depends on the number of steps of other rows.

    Returns
    -------
    x : array of the shape of x
        The states after the last step.
    n_alternating : int
        Number of rows that alternate between two states.
    n_moving : int
        Number of rows that still changed in the last step.
    """
    x, before = x.copy(), np.full_like(x, np.nan)
    moving, n_alternating = np.arange(len(x)), 0
    for _ in range(max_iter):
        now = x[moving]
        new = step(now)
        changed = (np.abs(new - now) > tolerance).any(axis=1)
        alternating = changed & (new == before[moving]).all(axis=1)
        before[moving], x[moving] = now, new
        n_alternating += int(alternating.sum())
        moving = moving[changed & ~alternating]
        if not len(moving):
            break
    return x, n_alternating, len(moving)


def overlaps(states: Array, others: Array) -> Array:
    """Cosine similarity of corresponding rows: the mean product of states -1 and 1. For two rows of zeros it is one."""
    # The root of the product, not the product of roots: the square of a rounded root may differ from its argument.
    norms = np.sqrt(np.square(states).sum(axis=1) * np.square(others).sum(axis=1))
    equal = (states == others).all(axis=1)
    return np.divide((states * others).sum(axis=1), norms, out=equal.astype(np.float64), where=norms > 0)


def _similarities(x: Array, patterns: Array, beta: float) -> Array:
    return beta * (x @ patterns.T - np.square(patterns).sum(axis=1) / 2)
