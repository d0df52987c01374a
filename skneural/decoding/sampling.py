"""Autoregressive sampling of tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from skneural.layers.layer import Layer
from skneural.ops.pointwise import sigmoid
from skneural.ops.softmax import softmax
from skneural.ops.types import Array
from skneural.parameters import Tree


@dataclass(frozen=True)
class TokenSampler:
    """Sampling of a token from raw scores.

    Parameters
    ----------
    temperature : float, default=1.0
        Divisor of the raw scores; values below one favour likely tokens. 0 always takes the most likely one.
    top_k : int, optional
        If set, sample from the `top_k` most likely tokens only; of equally likely ones, the first.
    forbidden : tuple of int, default=()
        Tokens that are never sampled.
    """

    temperature: float = 1.0
    top_k: int | None = None
    forbidden: tuple[int, ...] = ()

    def __call__(self, scores: Array, rng: np.random.Generator) -> int:
        """Sample a token from raw scores of shape (n_tokens,)."""
        scores = scores.astype(np.float64)
        scores[list(self.forbidden)] = -np.inf
        if self.temperature == 0:
            return int(scores.argmax())
        if self.top_k is not None and self.top_k < len(scores):
            scores[np.argsort(-scores, kind="stable")[self.top_k :]] = -np.inf
        scores -= scores.max()
        cumulative = np.cumsum(softmax(scores / self.temperature))
        return int(np.searchsorted(cumulative, cumulative[-1] * rng.random(), side="right"))


@dataclass(frozen=True)
class SetSampler:
    """Sampling of a set of classes from raw scores, each class independently of the others.

    Parameters
    ----------
    temperature : float, default=1.0
        Divisor of the raw scores; 0 takes the classes that are likelier than not.
    top_k : int, optional
        If set, only the `top_k` most likely classes may occur.
    n_special : int, default=0
        Further columns of steps, which are zero.
    """

    temperature: float = 1.0
    top_k: int | None = None
    n_special: int = 0

    def __call__(self, scores: Array, rng: np.random.Generator) -> Array:
        """Sample a zero-one vector of shape (n_classes + n_special,) from raw scores of shape (n_classes,)."""
        if self.temperature == 0:
            occurs = scores > 0
        else:
            occurs = rng.random(len(scores)) < sigmoid(scores.astype(np.float64) / self.temperature)
        if self.top_k is not None:
            occurs[np.argsort(-scores, kind="stable")[self.top_k :]] = False
        return np.pad(occurs.astype(scores.dtype), (0, self.n_special))


Token = TypeVar("Token", int, Array)


def generate_tokens(
    network: Layer,
    tree: Tree,
    prompt: list[Token],
    n_tokens: int,
    sampler: Callable[[Array, np.random.Generator], Token],
    rng: np.random.Generator,
    context_length: int | None = None,
) -> list[Token]:
    """Continue a prompt, each token sampled from the scores that the network predicts from all tokens before it.

    The state of the network is kept between tokens, so that the cost of a token does not depend on its position.

    Parameters
    ----------
    network : Layer
        Network with `step`, which maps tokens of shape (1,), or vectors of shape (1, n), to raw scores of shape
        (1, n_tokens).
    tree : tree of arrays
        Parameters of the network.
    prompt : list of int or of arrays
        At least one token or vector.
    n_tokens : int
        Number of tokens to generate.
    sampler : TokenSampler or SetSampler
    rng : Generator
    context_length : int, optional
        Maximum number of consecutive steps of the network. It starts with that many of the last tokens of the prompt;
        whenever the context is full, it restarts with the last half of it, which costs at most two steps per token.

    Returns
    -------
    generated : list like prompt
    """
    text = list(prompt)
    state: Any = None
    first = 0 if context_length is None else max(0, len(text) - context_length)
    n_processed = first
    while len(text) < len(prompt) + n_tokens:
        if context_length is not None and len(text) - first > context_length:
            first = n_processed = len(text) - max(context_length // 2, 1)
            state = None
        for token in text[n_processed:]:
            scores, state = network.step(tree, np.array([token]), state)
        n_processed = len(text)
        text.append(sampler(scores[0], rng))
    return text[len(prompt) :]
