"""Tokens that are hidden, and are to be told from the others (Devlin et al. 2019)."""

from __future__ import annotations

import numpy as np

from skneural.data.container import BatchInfo, Container
from skneural.data.series import Series
from skneural.data.targets import Selection, Targets
from skneural.data.token_windows import TokenWindows
from skneural.ops.types import Array

# Of all tokens, which share is chosen; of these, which is covered by the mask, and which by any token. The rest of them
# stays, so that what the network makes of a token that it sees is of use, too.
CHOSEN, MASKED, EXCHANGED = 0.15, 0.8, 0.1


def n_chosen(n_steps: Array) -> Array:
    """How many tokens of sequences of the given lengths are chosen: one at least."""
    counts: Array = np.maximum(np.rint(CHOSEN * n_steps), 1).astype(np.intp)
    return counts


class MaskedWindows(TokenWindows):
    """Windows of texts, some of whose tokens are hidden anew for each batch.

    Parameters
    ----------
    windows : TokenWindows
    mask : int
        The token that hides others; all below `n_tokens` may take the place of a token.
    n_tokens : int
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
        values, counts = self.values, n_chosen(self.n_steps)
        keys = rng.random(values.shape)
        if self.lengths is not None:
            keys[np.arange(self.width) >= self.lengths[:, np.newaxis]] = 1.0
        chosen = np.zeros(values.shape, dtype=bool)
        np.put_along_axis(chosen, np.argsort(keys, axis=1), np.arange(self.width) < counts[:, np.newaxis], axis=1)
        hidden = values[chosen]
        fate = rng.random(len(hidden))
        shown = np.where(fate < MASKED, self.mask, hidden)
        others = rng.integers(0, self.n_tokens, len(hidden))
        values[chosen] = np.where((fate >= MASKED) & (fate < MASKED + EXCHANGED), others, shown)
        return HiddenTokens(values, self.lengths, chosen), Targets(hidden, counts)


class HiddenTokens(Series):
    """Tokens some of which were hidden, and which.

    Parameters
    ----------
    values : integer array of shape (samples, steps)
    lengths : array of shape (samples,) or None
    chosen : boolean array of shape (samples, steps)
        The tokens that are to be told.
    """

    def __init__(self, values: Array, lengths: Array | None, chosen: Array) -> None:
        super().__init__(values, lengths)
        self.chosen = chosen

    def __getitem__(self, rows: Selection) -> HiddenTokens:
        part = super().__getitem__(rows)
        return HiddenTokens(part.values, part.lengths, self.chosen[rows, : part.shape[1]])

    @property
    def original(self) -> HiddenTokens:
        return self

    @property
    def n_score_rows(self) -> Array:
        return self.chosen.sum(axis=1)

    def as_batch(self) -> tuple[Array, BatchInfo]:
        return self.values, BatchInfo(self.lengths, self.chosen)
