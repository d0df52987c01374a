"""The most likely sequence that a decoder gives, found step by step.

All samples take their steps together; those that have come to their end are left out of the next step.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from skneural.layers.layer import Layer
from skneural.ops.types import Array
from skneural.parameters import Tree


class Ends(NamedTuple):
    """Where sequences start and end.

    Attributes
    ----------
    start : int
        The token that is given to the decoder at the first step.
    end : int
        The token after the last; it is no part of what is found.
    most : int
        Tokens after which a sequence ends at the latest.
    never : tuple of int
        Tokens that are not to be found, such as what stands for unknown ones.
    """

    start: int
    end: int
    most: int
    never: tuple[int, ...] = ()


def greedy_search(layer: Layer, p: Tree, state: Any, n_samples: int, ends: Ends) -> list[Array]:
    """At each step the most likely token.

    Parameters
    ----------
    layer : Layer
        Its `step` takes the pair of a source, here None, and tokens of shape (samples,), and gives raw scores.
    p : tree of arrays
    state : object
        Before the first step; see `Layer.state_over`.
    n_samples : int
    ends : Ends

    Returns
    -------
    tokens : list of integer arrays
        One for each sample.
    """
    found = np.full((n_samples, ends.most + 1), ends.end)
    samples, tokens = np.arange(n_samples), np.full(n_samples, ends.start)
    for t in range(ends.most):
        scores, state = layer.step(p, (None, tokens), state)
        tokens = _allowed(scores, ends).argmax(axis=1)
        found[samples, t] = tokens
        going = np.flatnonzero(tokens != ends.end)
        if not len(going):
            break
        if len(going) < len(samples):
            samples, tokens, state = samples[going], tokens[going], layer.take(state, going)
    return [row[:n].copy() for row, n in zip(found, (found == ends.end).argmax(axis=1), strict=True)]


def beam_search(layer: Layer, p: Tree, state: Any, n_samples: int, ends: Ends, width: int) -> list[Array]:
    """Of `width` sequences that grow beside each other, the one with the highest mean log probability of its tokens.

    Its end counts as a token. A sequence that has come to its end leaves its place empty, so that a beam of width one
    is the greedy search.

    Parameters
    ----------
    layer, p, state, n_samples, ends
        As in `greedy_search`.
    width : int

    Returns
    -------
    tokens : list of integer arrays
    """
    best = [(-np.inf, np.empty(0, np.intp))] * n_samples
    places = np.full(n_samples, width)  # of sequences that have not ended
    samples: Array = np.arange(n_samples)
    log_likelihood: Array = np.zeros(n_samples)
    so_far, tokens = np.empty((n_samples, 0), np.intp), np.full(n_samples, ends.start)
    for t in range(ends.most):
        scores, state = layer.step(p, (None, tokens), state)
        total = _log_softmax(_allowed(scores, ends)) + log_likelihood[:, np.newaxis]
        rows, tokens = _most_likely(total, samples, places)
        samples, log_likelihood = samples[rows], total[rows, tokens]
        so_far = np.concatenate([so_far[rows], tokens[:, np.newaxis]], axis=1)
        ended = tokens == ends.end
        complete = ended if t + 1 < ends.most else np.ones_like(ended)
        for i in np.flatnonzero(complete):
            score, sample = log_likelihood[i] / (t + 1), samples[i]
            places[sample] -= 1
            if score > best[sample][0]:
                best[sample] = score, so_far[i, : t if ended[i] else t + 1]
        going = np.flatnonzero(~complete)
        if not len(going):
            break
        state = layer.take(state, rows[going])
        samples, log_likelihood, so_far, tokens = (each[going] for each in (samples, log_likelihood, so_far, tokens))
    return [tokens for _, tokens in best]


def _most_likely(total: Array, samples: Array, places: Array) -> tuple[Array, Array]:
    """For each sample, as many of the most likely continuations as it has places: their rows and tokens.

    Parameters
    ----------
    total : array of shape (rows, tokens)
        Log likelihood of what each row becomes by each token.
    samples : integer array of shape (rows,)
        Whose row each is, in ascending order.
    places : integer array
        For each sample.
    """
    own, first, counts = np.unique(samples, return_index=True, return_counts=True)
    n_tokens = total.shape[1]
    beside: Array = np.full((len(own), counts.max(), n_tokens), -np.inf)
    number = np.repeat(np.arange(len(own)), counts)
    beside[number, np.arange(len(samples)) - first[number]] = total
    flat = beside.reshape(len(own), -1)
    n_most = min(places[own].max(), flat.shape[1])
    candidates = np.argpartition(-flat, n_most - 1, axis=1)[:, :n_most]
    values = np.take_along_axis(flat, candidates, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    candidates, values = (np.take_along_axis(each, order, axis=1) for each in (candidates, values))
    chosen = (np.arange(n_most) < places[own, np.newaxis]) & np.isfinite(values)
    sample = np.nonzero(chosen)[0]
    return first[sample] + candidates[chosen] // n_tokens, candidates[chosen] % n_tokens


def _allowed(scores: Array, ends: Ends) -> Array:
    """Raw scores, of which those of what is never found are minus infinity."""
    if ends.never:
        scores = scores.copy()
        scores[:, list(ends.never)] = -np.inf
    return scores


def _log_softmax(scores: Array) -> Array:
    shifted: Array = scores - scores.max(axis=1, keepdims=True)
    return shifted.astype(np.float64) - np.log(np.exp(shifted, dtype=np.float64).sum(axis=1, keepdims=True))
