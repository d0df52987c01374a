"""Masked language modelling: masked tokens are predicted from the others (Devlin et al. 2019)."""

from __future__ import annotations

from typing import Self

import numpy as np

from skneural.data.container import BatchInfo, Container
from skneural.data.series import FlatSeries
from skneural.data.targets import Targets
from skneural.data.token_windows import TokenWindows
from skneural.ops.segments import ranges, segment_starts, sum_segments
from skneural.ops.types import Array

# Share of the tokens that are selected for prediction; of these, the share that is replaced by the mask token, and by
# random tokens. The rest is left unchanged, so that the network learns representations of unmasked tokens, too.
SELECTED, MASKED, RANDOM = 0.15, 0.8, 0.1


def n_masked(n_steps: Array) -> Array:
    """Number of tokens to predict in sequences of the given lengths, at least one."""
    counts: Array = np.maximum(np.rint(SELECTED * n_steps), 1).astype(np.intp)
    return counts


class MaskedWindows(TokenWindows):
    """Windows of texts whose tokens are masked at random, again for each batch.

    Parameters
    ----------
    windows : TokenWindows
    mask : int
        The mask token.
    n_tokens : int
        Number of tokens from which random replacements are drawn: those below it.
    """

    def __init__(self, windows: TokenWindows, mask: int, n_tokens: int) -> None:
        super().__init__(windows.steps, windows.starts, windows.n_steps, windows.width)
        self.mask = mask
        self.n_tokens = n_tokens

    def _with_samples(self, starts: Array, n_steps: Array, width: int | None) -> Self:
        return type(self)(TokenWindows(self.steps, starts, n_steps, width), self.mask, self.n_tokens)

    def resample(self, rng: np.random.Generator, targets: Targets) -> tuple[Container, Targets]:
        tokens, counts = self.input_tokens, n_masked(self.n_steps)
        starts = segment_starts(self.n_steps)
        order = np.lexsort((rng.random(len(tokens)), np.repeat(np.arange(len(self)), self.n_steps)))
        selected = np.zeros(len(tokens), dtype=bool)
        selected[order[ranges(starts, counts)]] = True
        original = tokens[selected]
        uniform = rng.random(len(original))
        masked = np.where(uniform < MASKED, self.mask, original)
        random_tokens = rng.integers(0, self.n_tokens, len(original))
        tokens[selected] = np.where((uniform >= MASKED) & (uniform < MASKED + RANDOM), random_tokens, masked)
        return MaskedTokens(FlatSeries(tokens, starts, self.n_steps, self.width), selected), Targets(original, counts)


class MaskedTokens(FlatSeries):
    """Token series after masking, with the positions of the tokens to predict.

    Parameters
    ----------
    series : FlatSeries
    selected : boolean array of shape (steps of all series,)
        True at the tokens to predict.
    """

    def __init__(self, series: FlatSeries, selected: Array) -> None:
        super().__init__(series.steps, series.starts, series.n_steps, series.width)
        self.selected = selected

    def _with_samples(self, starts: Array, n_steps: Array, width: int | None) -> Self:
        return type(self)(FlatSeries(self.steps, starts, n_steps, width), self.selected)

    @property
    def n_score_rows(self) -> Array:
        counts: Array = sum_segments(self.selected[ranges(self.starts, self.n_steps)], self.n_steps, dtype=np.intp)
        return counts

    def as_batch(self) -> tuple[Array, BatchInfo]:
        return self.values, BatchInfo(self.lengths, self._in_one_array(self.selected))
