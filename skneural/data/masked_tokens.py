"""Masked language modelling: masked tokens are predicted from the others (Devlin et al. 2019)."""

from __future__ import annotations

import numpy as np

from skneural.data.container import BatchInfo, Container
from skneural.data.series import Series
from skneural.data.targets import Selection, Targets
from skneural.data.token_windows import TokenWindows
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
        super().__init__(windows.tokens, windows.starts, windows.n_steps, windows.width)
        self.mask = mask
        self.n_tokens = n_tokens

    def __getitem__(self, rows: Selection) -> MaskedWindows:
        width = self.width if isinstance(rows, slice) else None
        part = TokenWindows(self.tokens, self.starts[rows], self.n_steps[rows], width)
        return MaskedWindows(part, self.mask, self.n_tokens)

    def resample(self, rng: np.random.Generator, targets: Targets) -> tuple[Container, Targets]:
        values, counts = self.values, n_masked(self.n_steps)
        keys = rng.random(values.shape)
        if self.lengths is not None:
            keys[np.arange(self.width) >= self.lengths[:, np.newaxis]] = 1.0
        selected = np.zeros(values.shape, dtype=bool)
        np.put_along_axis(selected, np.argsort(keys, axis=1), np.arange(self.width) < counts[:, np.newaxis], axis=1)
        original = values[selected]
        uniform = rng.random(len(original))
        masked = np.where(uniform < MASKED, self.mask, original)
        random_tokens = rng.integers(0, self.n_tokens, len(original))
        values[selected] = np.where((uniform >= MASKED) & (uniform < MASKED + RANDOM), random_tokens, masked)
        return MaskedTokens(values, self.lengths, selected), Targets(original, counts)


class MaskedTokens(Series):
    """Token series after masking, with the positions of the tokens to predict.

    Parameters
    ----------
    values : integer array of shape (samples, steps)
    lengths : array of shape (samples,) or None
    selected : boolean array of shape (samples, steps)
        True at the tokens to predict.
    """

    def __init__(self, values: Array, lengths: Array | None, selected: Array) -> None:
        super().__init__(values, lengths)
        self.selected = selected

    def __getitem__(self, rows: Selection) -> MaskedTokens:
        part = super().__getitem__(rows)
        return MaskedTokens(part.values, part.lengths, self.selected[rows, : part.shape[1]])

    @property
    def original(self) -> MaskedTokens:
        return self

    @property
    def n_score_rows(self) -> Array:
        return self.selected.sum(axis=1)

    def as_batch(self) -> tuple[Array, BatchInfo]:
        return self.values, BatchInfo(self.lengths, self.selected)
