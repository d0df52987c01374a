"""Groups of samples of like lengths, which are padded little."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from skneural.ops.types import Array

# A batch is divided if this leaves at most this share of its padded steps: series between half of the longest and the
# longest, in equal numbers, stay together.
WORTHWHILE = 2 / 3

# Padded steps below which a batch stays whole: a further pass through the network takes longer than they do.
LEAST_DIVIDED = 4096


def divided_by_length(lengths: Array) -> list[Array]:
    """Divide a batch into selections of like lengths, so that little of each is padding.

    A batch that had better stay whole is one selection. The padded steps of all selections together are at most 3.3
    times the real ones, or fewer than `LEAST_DIVIDED` in each.
    """
    order = np.argsort(-lengths, kind="stable")
    return [order[part] for part in _divided(lengths[order], 0)]


def blocks_of_like_lengths(lengths: Array, n_rows: int) -> Iterator[Array]:
    """Selections of at most `n_rows` samples, the longest first, padded to at most `n_rows` times the median length.

    A sample that is longer than that is selected alone.
    """
    most_steps = n_rows * float(np.median(lengths))
    for part in divided_by_length(lengths):
        start = 0
        while start < len(part):
            n = max(1, min(n_rows, int(most_steps // lengths[part[start]])))
            yield part[start : start + n]
            start += n


def _divided(lengths: Array, first: int) -> list[slice]:
    """Parts of samples in order of decreasing length, the first of which has the number `first`."""
    n, n_padded = len(lengths), len(lengths) * int(lengths.max(initial=0))
    if n > 1 and n_padded >= LEAST_DIVIDED:
        longer = np.arange(1, n)  # number of samples in the first of two parts
        n_left = longer * lengths[0] + (n - longer) * lengths[1:]
        cut = 1 + int(n_left.argmin())
        if n_left[cut - 1] <= WORTHWHILE * n_padded:
            return [*_divided(lengths[:cut], first), *_divided(lengths[cut:], first + cut)]
    return [slice(first, first + n)]
