"""Tokens drawn one by one, each from what a network makes of those before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.layers.layer import Layer
from skneural.ops.softmax import softmax
from skneural.ops.types import Array
from skneural.parameters import Tree


@dataclass(frozen=True)
class Draw:
    """How a token is drawn from raw scores.

    Parameters
    ----------
    temperature : float, default=1.0
        Raw scores are divided by it: below one, likely tokens become likelier. 0 takes the most likely one.
    top_k : int, optional
        Only so many of the most likely tokens are drawn from.
    forbidden : tuple of int, default=()
        Tokens that are never drawn.
    """

    temperature: float = 1.0
    top_k: int | None = None
    forbidden: tuple[int, ...] = ()

    def __call__(self, scores: Array, rng: np.random.Generator) -> int:
        """One token by its raw scores, of shape (n_tokens,)."""
        scores = scores.astype(np.float64)
        scores[list(self.forbidden)] = -np.inf
        if self.temperature == 0:
            return int(scores.argmax())
        if self.top_k is not None and self.top_k < len(scores):
            least = np.partition(scores, -self.top_k)[-self.top_k]
            scores[scores < least] = -np.inf
        scores -= scores.max()
        cumulated = np.cumsum(softmax(scores / self.temperature))
        return int(np.searchsorted(cumulated, cumulated[-1] * rng.random(), side="right"))


def continued(
    network: Layer,
    tree: Tree,
    tokens: list[int],
    n_tokens: int,
    draw: Draw,
    rng: np.random.Generator,
    longest: int | None = None,
) -> list[int]:
    """Tokens that follow others, each drawn from what the network makes of all before it.

    What the network makes of the tokens before is kept, so that a token costs the same wherever it stands.

    Parameters
    ----------
    network : Layer
        With `step`, from tokens of shape (1,) to raw scores (1, n_tokens).
    tree : tree of arrays
        Its parameters.
    tokens : list of int
        At least one.
    n_tokens : int
        How many are drawn.
    draw : Draw
    rng : Generator
    longest : int, optional
        Steps that the network takes at once. At first it sees so many of the last tokens; whenever it has taken as many
        steps, it begins again with the last half of them, which costs each token two steps at most.

    Returns
    -------
    drawn : list of int
    """
    text = list(tokens)
    state: Any = None
    first = 0 if longest is None else max(0, len(text) - longest)
    seen = first
    while len(text) < len(tokens) + n_tokens:
        if longest is not None and len(text) - first > longest:
            first = seen = len(text) - max(longest // 2, 1)
            state = None
        for token in text[seen:]:
            scores, state = network.step(tree, np.array([token]), state)
        seen = len(text)
        text.append(draw(scores[0], rng))
    return text[len(tokens) :]
