"""Windows of texts, and what is hidden of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skneural.data.series import Series
from skneural.data.targets import Selection
from skneural.ops.types import Array


class TokenWindows(Series):
    """Sequences of tokens that stand one behind the other, such as texts or windows of them.

    They are gathered when they enter the network: a text that is longer than others costs no padding before.

    Parameters
    ----------
    tokens : integer array of shape (n_tokens,)
        All texts, each with a token before it that stands for its start.
    starts, n_steps : integer arrays of shape (samples,)
        Where each sequence starts, and how many steps it has.
    width : int, optional
        Steps of what enters the network; as many as the longest has by default.
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
        """Each sequence as it is read to tell the next token of each: the start, and all tokens but the last."""
        n_steps = np.array([len(sequence) for sequence in sequences])
        tokens = np.full(n_steps.sum() + len(n_steps), start, dtype=np.intp)
        starts = np.cumsum(n_steps + 1) - n_steps - 1
        inside = np.ones(len(tokens), dtype=bool)
        inside[starts] = False
        tokens[inside] = np.concatenate(sequences)
        return cls(tokens, starts, n_steps)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, rows: Selection) -> TokenWindows:
        width = self.width if isinstance(rows, slice) else None  # shards see as many steps as their batch
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
        """The token behind each step, sequence behind sequence."""
        return self._flat(self.starts + 1)

    @property
    def own_tokens(self) -> Array:
        """The token of each step, sequence behind sequence."""
        return self._flat(self.starts)

    def n_windows(self, longest: int) -> Array:
        """How many windows `cut` makes of each sequence."""
        return -(-self._n_steps // longest)

    def cut(self, longest: int) -> TokenWindows:
        """All sequences, those of more than `longest` steps cut into windows, one behind the other."""
        n_windows = self.n_windows(longest)
        offset = longest * (np.arange(n_windows.sum()) - np.repeat(np.cumsum(n_windows) - n_windows, n_windows))
        n_steps = np.minimum(np.repeat(self._n_steps, n_windows) - offset, longest)
        return TokenWindows(self.tokens, np.repeat(self.starts, n_windows) + offset, n_steps)

    def with_last(self) -> TokenWindows:
        """Each sequence with its last token, which nothing follows."""
        return TokenWindows(self.tokens, self.starts, self._n_steps + 1)

    def without_start(self) -> TokenWindows:
        """The tokens of each sequence, the last one included and the start left out."""
        return TokenWindows(self.tokens, self.starts + 1, self._n_steps)

    def _flat(self, starts: Array) -> Array:
        ends = np.cumsum(self._n_steps)
        return self.tokens.take(
            np.arange(self._n_steps.sum()) + np.repeat(starts - ends + self._n_steps, self._n_steps)
        )
