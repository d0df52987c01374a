"""Windows of token sequences, gathered when a batch needs them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skneural.data.series import FlatSeries
from skneural.ops.segments import ranges, segment_starts
from skneural.ops.types import Array


class TokenWindows(FlatSeries):
    """Token sequences such as texts, each preceded by the start token, or windows of texts.

    Steps are tokens, or vectors that say which classes occur.
    """

    @classmethod
    def from_sequences(
        cls, sequences: Sequence[Array], start: int | Array, dtype: np.dtype[Any] | None = None
    ) -> TokenWindows:
        """Make inputs of next-token prediction: the start token, and all tokens of the sequence but the last.

        Tokens may be vectors: rows of each sequence, and a vector as the start.
        """
        n_steps = np.array([len(sequence) for sequence in sequences])
        flat = np.concatenate(sequences)
        tokens = np.empty((len(flat) + len(n_steps), *flat.shape[1:]), flat.dtype)
        starts = segment_starts(n_steps + 1)
        inside = np.ones(len(tokens), dtype=bool)
        inside[starts] = False
        tokens[starts], tokens[inside] = start, flat
        return cls(tokens, starts, n_steps, dtype=dtype)

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
        return TokenWindows(self.steps, np.repeat(self.starts, n_windows) + offset, n_steps, dtype=self.dtype)

    def with_last(self) -> TokenWindows:
        """Extend each sequence by its last token, which has no next token."""
        return TokenWindows(self.steps, self.starts, self._n_steps + 1, dtype=self.dtype)

    def without_start(self) -> TokenWindows:
        """The tokens of each sequence, including the last one, without the start token."""
        return TokenWindows(self.steps, self.starts + 1, self._n_steps, dtype=self.dtype)

    def _flat(self, starts: Array) -> Array:
        return self.steps.take(ranges(starts, self._n_steps), axis=0)
