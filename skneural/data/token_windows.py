"""Windows of token sequences, gathered when a batch needs them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skneural.data.series import Series
from skneural.data.targets import Selection
from skneural.ops.segments import ranges, segment_starts
from skneural.ops.types import Array


class TokenWindows(Series):
    """Token sequences stored in one flat array, such as texts or windows of texts.

    Only the sequences of a batch are gathered and padded, so a long text costs no padding of the others.

    Parameters
    ----------
    tokens : integer array of shape (n_tokens,)
        All texts concatenated, each preceded by the start token.
    starts, n_steps : integer arrays of shape (samples,)
        Index of the first token of each sequence, and its number of tokens.
    width : int, optional
        Number of steps of the padded network input; by default that of the longest sequence.
    """

    def __init__(self, tokens: Array, starts: Array, n_steps: Array, width: int | None = None) -> None:
        self.tokens = tokens
        self.starts = starts
        self._n_steps = n_steps
        self.width = int(n_steps.max(initial=1)) if width is None else width
        self.lengths = None if (n_steps == self.width).all() else n_steps
        self.dtype = tokens.dtype

    @classmethod
    def from_sequences(cls, sequences: Sequence[Array], start: int) -> TokenWindows:
        """Make inputs of next-token prediction: the start token, and all tokens of the sequence but the last."""
        n_steps = np.array([len(sequence) for sequence in sequences])
        tokens = np.full(n_steps.sum() + len(n_steps), start, dtype=np.intp)
        starts = segment_starts(n_steps + 1)
        inside = np.ones(len(tokens), dtype=bool)
        inside[starts] = False
        tokens[inside] = np.concatenate(sequences)
        return cls(tokens, starts, n_steps)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, rows: Selection) -> TokenWindows:
        width = self.width if isinstance(rows, slice) else None  # shards are padded to the width of their batch
        return type(self)(self.tokens, self.starts[rows], self._n_steps[rows], width)

    @property
    def values(self) -> Array:  # type: ignore[override]
        places = self.starts[:, np.newaxis] + np.arange(self.width)
        if self.lengths is None:
            return self.tokens.take(places)
        return np.where(np.arange(self.width) < self.lengths[:, np.newaxis], self.tokens.take(places, mode="clip"), 0)

    @property
    def shape(self) -> tuple[int, ...]:
        return len(self), self.width

    @property
    def symbolic_shape(self) -> tuple[int | str, ...]:
        return "n", "steps"

    @property
    def original(self) -> Any:
        return self

    @property
    def n_steps(self) -> Array:
        return self._n_steps

    @property
    def next_tokens(self) -> Array:
        """Targets of next-token prediction: the token after each step, all sequences concatenated."""
        return self._flat(self.starts + 1)

    @property
    def input_tokens(self) -> Array:
        """The token at each step, all sequences concatenated."""
        return self._flat(self.starts)

    def n_windows(self, max_steps: int) -> Array:
        """Number of windows that `cut` makes of each sequence."""
        return -(-self._n_steps // max_steps)

    def cut(self, max_steps: int) -> TokenWindows:
        """Cut sequences of more than `max_steps` steps into consecutive windows."""
        n_windows = self.n_windows(max_steps)
        offset = max_steps * ranges(0, n_windows)
        n_steps = np.minimum(np.repeat(self._n_steps, n_windows) - offset, max_steps)
        return TokenWindows(self.tokens, np.repeat(self.starts, n_windows) + offset, n_steps)

    def with_last(self) -> TokenWindows:
        """Extend each sequence by its last token, which has no next token."""
        return TokenWindows(self.tokens, self.starts, self._n_steps + 1)

    def without_start(self) -> TokenWindows:
        """The tokens of each sequence, including the last one, without the start token."""
        return TokenWindows(self.tokens, self.starts + 1, self._n_steps)

    def _flat(self, starts: Array) -> Array:
        return self.tokens.take(ranges(starts, self._n_steps))
