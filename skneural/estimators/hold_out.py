"""Which samples are held out of training to decide when to stop."""

from __future__ import annotations

import math

import numpy as np
from sklearn.model_selection import train_test_split


def hold_out(n_samples: int, fraction: float, classes: np.ndarray | None, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Split row numbers at random into training and validation rows, both in ascending order.

    Parameters
    ----------
    n_samples : int
    fraction : float
        Share of validation rows.
    classes : array of shape (n_samples,) or None
        Classes whose shares the split keeps. A class of one sample stays in training; with more classes than
        validation rows the split is not stratified.
    seed : int

    Raises
    ------
    ValueError
        If either part would be empty.
    """
    n_held_out = math.ceil(fraction * n_samples)
    if not 0 < n_held_out < n_samples:
        raise ValueError(
            f"validation_fraction={fraction} of {n_samples} samples leaves {n_samples - n_held_out} for training. "
            "Give more samples, change validation_fraction, or set early_stopping=False."
        )
    rows = np.arange(n_samples)
    alone = np.empty(0, dtype=rows.dtype)
    if classes is not None:
        _, number, counts = np.unique(classes, return_inverse=True, return_counts=True)
        is_alone = counts[number] == 1
        n_classes = int(np.sum(counts > 1))
        if n_classes <= min(n_held_out, n_samples - is_alone.sum() - n_held_out):
            rows, alone, classes = rows[~is_alone], rows[is_alone], number[~is_alone]
        else:
            classes = None
    train, held_out = train_test_split(rows, test_size=n_held_out, stratify=classes, random_state=seed)
    return np.sort(np.concatenate([alone, train])), np.sort(held_out)
