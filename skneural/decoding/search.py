"""Greedy and beam search for the most likely sequence of a decoder.

All samples are decoded in one batch; samples whose sequence has ended are removed from it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from skneural.layers.layer import Layer
from skneural.ops.types import Array
from skneural.parameters import Tree


class DecodingOptions(NamedTuple):
    """Special tokens and limits of decoding.

    Attributes
    ----------
    start_token : int
        Decoder input of the first step.
    end_token : int
        Token that ends a sequence; it is not part of the result.
    max_length : int
        Maximum number of tokens of a sequence.
    forbidden : tuple of int
        Tokens that are never predicted, such as the unknown token.
    """

    start_token: int
    end_token: int
    max_length: int
    forbidden: tuple[int, ...] = ()


def greedy_search(layer: Layer, p: Tree, state: Any, n_samples: int, options: DecodingOptions) -> list[Array]:
    """Decode by taking the most likely token at each step.

    Parameters
    ----------
    layer : Layer
        Its `step` maps the pair of a source, which is None here, and tokens of shape (samples,) to raw scores.
    p : tree of arrays
        Parameters of the layer.
    state : object
        State before the first step; see `Layer.initial_state`.
    n_samples : int
    options : DecodingOptions

    Returns
    -------
    tokens : list of integer arrays
        One array for each sample.
    """
    decoded = np.full((n_samples, options.max_length + 1), options.end_token)
    samples, tokens = np.arange(n_samples), np.full(n_samples, options.start_token)
    for t in range(options.max_length):
        scores, state = layer.step(p, (None, tokens), state)
        tokens = _allowed(scores, options).argmax(axis=1)
        decoded[samples, t] = tokens
        active = np.flatnonzero(tokens != options.end_token)
        if not len(active):
            break
        if len(active) < len(samples):
            samples, tokens, state = samples[active], tokens[active], layer.select_state(state, active)
    return [row[:n].copy() for row, n in zip(decoded, (decoded == options.end_token).argmax(axis=1), strict=True)]


def beam_search(layer: Layer, p: Tree, state: Any, n_samples: int, options: DecodingOptions, width: int) -> list[Array]:
    """Decode by beam search; the result is the sequence with the highest mean log probability of its tokens.

    The end token counts in this mean. The beam of a sample becomes narrower by each sequence that ends, so that beam
    search of width one equals greedy search.

    Parameters
    ----------
    layer, p, state, n_samples, options
        As in `greedy_search`.
    width : int
        Number of sequences in the beam of each sample.

    Returns
    -------
    tokens : list of integer arrays
    """
    best = [(-np.inf, np.empty(0, np.intp))] * n_samples
    widths = np.full(n_samples, width)  # of the beam of each sample: sequences that have not ended
    samples: Array = np.arange(n_samples)
    log_likelihood: Array = np.zeros(n_samples)
    prefixes, tokens = np.empty((n_samples, 0), np.intp), np.full(n_samples, options.start_token)
    for t in range(options.max_length):
        scores, state = layer.step(p, (None, tokens), state)
        total = _log_softmax(_allowed(scores, options)) + log_likelihood[:, np.newaxis]
        rows, tokens = _most_likely(total, samples, widths)
        samples, log_likelihood = samples[rows], total[rows, tokens]
        prefixes = np.concatenate([prefixes[rows], tokens[:, np.newaxis]], axis=1)
        ended = tokens == options.end_token
        complete = ended if t + 1 < options.max_length else np.ones_like(ended)
        for i in np.flatnonzero(complete):
            score, sample = log_likelihood[i] / (t + 1), samples[i]
            widths[sample] -= 1
            if score > best[sample][0]:
                best[sample] = score, prefixes[i, : t if ended[i] else t + 1]
        active = np.flatnonzero(~complete)
        if not len(active):
            break
        state = layer.select_state(state, rows[active])
        samples, log_likelihood, prefixes, tokens = (
            array[active] for array in (samples, log_likelihood, prefixes, tokens)
        )
    return [tokens for _, tokens in best]


def _most_likely(total: Array, samples: Array, widths: Array) -> tuple[Array, Array]:
    """Rows and tokens of the most likely continuations of each sample, as many as its beam is wide.

    Parameters
    ----------
    total : array of shape (rows, tokens)
        Log likelihood of each row extended by each token.
    samples : integer array of shape (rows,)
        Sample of each row, in ascending order.
    widths : integer array
        Width of the beam of each sample.
    """
    active, first, counts = np.unique(samples, return_index=True, return_counts=True)
    n_tokens = total.shape[1]
    by_sample: Array = np.full((len(active), counts.max(), n_tokens), -np.inf)
    number = np.repeat(np.arange(len(active)), counts)
    by_sample[number, np.arange(len(samples)) - first[number]] = total
    flat = by_sample.reshape(len(active), -1)
    n_most = min(widths[active].max(), flat.shape[1])
    candidates = np.argpartition(-flat, n_most - 1, axis=1)[:, :n_most]
    values = np.take_along_axis(flat, candidates, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    candidates, values = (np.take_along_axis(array, order, axis=1) for array in (candidates, values))
    selected = (np.arange(n_most) < widths[active, np.newaxis]) & np.isfinite(values)
    sample = np.nonzero(selected)[0]
    return first[sample] + candidates[selected] // n_tokens, candidates[selected] % n_tokens


def _allowed(scores: Array, options: DecodingOptions) -> Array:
    """Raw scores with minus infinity for forbidden tokens."""
    if options.forbidden:
        scores = scores.copy()
        scores[:, list(options.forbidden)] = -np.inf
    return scores


def _log_softmax(scores: Array) -> Array:
    shifted: Array = scores - scores.max(axis=1, keepdims=True)
    return shifted.astype(np.float64) - np.log(np.exp(shifted, dtype=np.float64).sum(axis=1, keepdims=True))
