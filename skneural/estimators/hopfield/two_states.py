"""Binarization of patterns: thresholds, and the values of the two states."""

from __future__ import annotations

import numpy as np


def two_level_threshold(patterns: np.ndarray, threshold: float | str) -> np.ndarray:
    """Threshold of each feature; values above it are the upper state.

    The threshold between two values is their middle. For more values it is the mean of each feature, which is between
    two of its values unless it is constant, and balances the two states, as Hebbian weights require.
    """
    low, high = float(patterns.min()), float(patterns.max())
    if threshold != "auto":
        low = high = float(threshold)
    elif not _two_valued(patterns):
        # the mean of equal numbers may be rounded down
        constant = (patterns == patterns[0]).all(axis=0)
        return np.where(constant, patterns[0], patterns.mean(axis=0, dtype=np.float64))
    return np.full(patterns.shape[1], low / 2 + high / 2)


def two_levels(patterns: np.ndarray, threshold: np.ndarray, chosen: float | str) -> np.ndarray:
    """Recalled values of the lower and the upper state of each feature, of shape (2, n_features).

    If the patterns have two values, these; otherwise the mean of the values below and of those above the threshold: per
    feature if thresholds are, over all features if they share a threshold.
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
            "1 sample of more than two values does not determine a threshold between two states. Give patterns of two "
            "values, or several patterns, or set threshold to a number."
        )
    if _two_valued(patterns):
        return np.repeat(np.array([[patterns.min()], [patterns.max()]]), patterns.shape[1], axis=1)
    axis = None if shared else 0
    n_upper, n_lower = upper.sum(axis=axis), (~upper).sum(axis=axis)
    lower_mean = np.sum(patterns, axis=axis, where=~upper, dtype=np.float64) / n_lower  # n_lower > 0
    upper_sum = np.sum(patterns, axis=axis, where=upper, dtype=np.float64)
    # both states of a constant feature have its value
    upper_mean = np.where(n_upper > 0, upper_sum / np.maximum(n_upper, 1), lower_mean)
    dtype = patterns.dtype if patterns.dtype.kind == "f" else np.float64
    return np.broadcast_to(np.array([lower_mean, upper_mean]).reshape(2, -1), (2, patterns.shape[1])).astype(dtype)


def _two_valued(patterns: np.ndarray) -> bool:
    return bool(((patterns == patterns.min()) | (patterns == patterns.max())).all())
