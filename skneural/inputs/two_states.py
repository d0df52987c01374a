"""Values as two states: where they divide, and what stands for each."""

from __future__ import annotations

import numpy as np


def two_level_threshold(patterns: np.ndarray, threshold: float | str) -> np.ndarray:
    """A number for each feature; what is above it is the upper state.

    Two values divide in their middle. Of more, each feature divides at its mean: always between two values unless it
    is constant, and about as many on either side, which Hebbian weights need.
    """
    low, high = float(patterns.min()), float(patterns.max())
    if threshold != "auto":
        low = high = float(threshold)
    elif not _two_valued(patterns):
        # the mean of equal numbers may round to one that is below them
        constant = (patterns == patterns[0]).all(axis=0)
        return np.where(constant, patterns[0], patterns.mean(axis=0, dtype=np.float64))
    return np.full(patterns.shape[1], low / 2 + high / 2)


def two_levels(patterns: np.ndarray, threshold: np.ndarray, chosen: float | str) -> np.ndarray:
    """What is recalled for the lower and the upper state of each feature, of shape (2, n_features).

    The two values if there are two. Otherwise means of the values on either side: of a feature if it has its own
    threshold, of all features if they share one.
    """
    upper = patterns > threshold
    shared = chosen != "auto" or _two_valued(patterns)
    if shared and upper.all() == upper.any():
        raise ValueError(
            f"All values of the patterns, from {patterns.min()} to {patterns.max()}, are one state: patterns need two "
            f"values, such as 0 and 1, with the threshold between them (threshold={chosen!r})."
        )
    if len(patterns) == 1 and not shared:
        raise ValueError(
            "1 sample of more than two values does not say where they divide in two states. Give patterns of two "
            "values, or several patterns, or set threshold to a number."
        )
    if _two_valued(patterns):
        return np.repeat(np.array([[patterns.min()], [patterns.max()]]), patterns.shape[1], axis=1)
    axis = None if shared else 0
    n_upper, n_lower = upper.sum(axis=axis), (~upper).sum(axis=axis)
    lower_mean = np.sum(patterns, axis=axis, where=~upper, dtype=np.float64) / n_lower  # a mean has values below it
    upper_sum = np.sum(patterns, axis=axis, where=upper, dtype=np.float64)
    # a constant feature is its value, whatever its state
    upper_mean = np.where(n_upper > 0, upper_sum / np.maximum(n_upper, 1), lower_mean)
    dtype = patterns.dtype if patterns.dtype.kind == "f" else np.float64
    return np.broadcast_to(np.array([lower_mean, upper_mean]).reshape(2, -1), (2, patterns.shape[1])).astype(dtype)


def _two_valued(patterns: np.ndarray) -> bool:
    return bool(((patterns == patterns.min()) | (patterns == patterns.max())).all())
