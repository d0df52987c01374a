"""Graph of nearest neighbours of rows."""

from __future__ import annotations

import numpy as np

from skneural.ops.blocks import slices
from skneural.ops.moments import power_of_two
from skneural.ops.types import Array

# Larger numbers are scaled before their distances are computed; those of single precision never are.
SQUARES_ARE_FINITE = 1e100

# Rows whose distances to their candidates are computed at once.
QUERIES_PER_BLOCK = 1024

# Relative difference of distances that may be a rounding error of the search, which may be in single precision.
DISTANCE_ROUNDING = 1e-5


def nearest_rows(training: Array, rows: Array | None, n: int) -> Array:
    """Numbers of the nearest training rows of each row, in ascending order.

    Among rows at equal distances, the first ones are chosen. The search for candidates may round differently for
    different numbers of rows, so their distances are computed again: the neighbours of a row then do not depend on the
    other rows.

    Parameters
    ----------
    training : array of shape (n_training_rows, n_features)
    rows : array of shape (n_rows, n_features), or None
        None: the training rows, each without itself as a neighbour.
    n : int
        Number of neighbours of each row.

    Returns
    -------
    neighbors : integer array of shape (n_rows, n)
    """
    from sklearn.neighbors import NearestNeighbors  # only here: it takes 0.08 s to import

    itself = np.arange(len(training)) if rows is None else np.full(len(rows), -1)
    rows = training if rows is None else rows
    greatest = max(float(np.abs(part).max(initial=0)) for part in (training, rows))
    if greatest > SQUARES_ARE_FINITE:
        scale = power_of_two(np.array(greatest))
        training, rows = training / scale, rows / scale
    if not n:
        return np.empty((len(rows), 0), np.intp)
    search = NearestNeighbors(n_neighbors=min(2 * n + 8, len(training))).fit(training)
    neighbors = np.empty((len(rows), n), np.intp)
    for part in slices(len(rows), QUERIES_PER_BLOCK):
        queries, own_numbers = rows[part], itself[part]
        candidates = search.kneighbors(queries, return_distance=False)
        chosen, radius, farthest = _nearest(training, queries, candidates, own_numbers, n)
        # Where the last neighbour is as far away as the farthest candidate, there may be others at the same distance.
        tied = (radius >= farthest * (1 - DISTANCE_ROUNDING)) & (candidates.shape[1] < len(training))
        for r in np.unique(radius[tied]):
            of_radius = np.flatnonzero(tied & (radius == r))
            within = search.radius_neighbors(queries[of_radius], r * (1 + DISTANCE_ROUNDING), return_distance=False)
            for i, all_candidates in zip(of_radius, within, strict=True):
                chosen[i] = _nearest(training, queries[[i]], all_candidates[np.newaxis], own_numbers[[i]], n)[0]
        neighbors[part] = chosen
    return neighbors


def _nearest(training: Array, rows: Array, candidates: Array, itself: Array, n: int) -> tuple[Array, Array, Array]:
    """The n nearest candidates of each row, in ascending order; the distances of the last of them and of the farthest.

    `candidates` are of shape (n_rows, n_candidates), and `itself` is the candidate that does not count.
    """
    candidates = np.sort(candidates, axis=1)
    distance = np.empty(candidates.shape)
    for column in range(candidates.shape[1]):
        difference = rows.astype(np.float64) - training[candidates[:, column]]
        distance[:, column] = np.sqrt((difference**2).sum(axis=1))
    farthest = distance.max(axis=1)
    distance[candidates == itself[:, np.newaxis]] = np.inf
    order = np.argsort(distance, axis=1, kind="stable")[:, :n]
    radius = np.take_along_axis(distance, order[:, -1:], axis=1)[:, 0]
    return np.sort(np.take_along_axis(candidates, order, axis=1), axis=1), radius, farthest


def row_numbers(training: Array, rows: Array) -> tuple[Array, Array]:
    """Match rows with equal training rows.

    Parameters
    ----------
    training : array of shape (n_training_rows, n_features)
        Distinct rows.
    rows : array of shape (n_rows, n_features)

    Returns
    -------
    numbers : integer array of shape (n_rows,)
        Number of each row among the training rows, followed by the new rows.
    new : array of shape (n_new_rows, n_features)
        Distinct rows that are not among the training rows.
    """
    number = {row.tobytes(): i for i, row in enumerate(training.astype(rows.dtype, copy=False))}
    n = len(number)
    new: list[int] = []
    numbers = np.empty(len(rows), np.intp)
    for i, row in enumerate(rows):
        numbers[i] = number.setdefault(row.tobytes(), len(number))
        if numbers[i] == n + len(new):
            new.append(i)
    return numbers, rows[new]
