"""Pooling over the steps of series: x of shape (batch, steps, features) becomes y of shape (batch, features).

x may have any memory order; its gradient has the same. `mask`, of shape (batch, steps), is True for real steps and
False for padding; None if there is no padding. Each series has at least one real step.

Attention pooling, with the letters of Yang et al. 2016, section 2.2:

    weight, bias    projection of the steps              W_w, b_w
    hidden          tanh of the projected steps          u_it
    query           learned vector that yields scores    u_w
    shares          softmax of the scores over steps     alpha_it
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from skneural.ops.linear import linear
from skneural.ops.memory import zeros_ordered_as
from skneural.ops.softmax import softmax
from skneural.ops.types import Array, Vjp


def first_step(x: Array, mask: Array | None = None) -> tuple[Array, Vjp]:
    """Features of the first step, of shape (batch, features)."""

    def vjp(dy: Array) -> Array:
        dx = zeros_ordered_as(x)
        dx[:, 0] = dy
        return dx

    return x[:, 0], vjp


def last_step(x: Array, mask: Array | None = None) -> tuple[Array, Vjp]:
    """Features of the last real step, of shape (batch, features)."""
    rows = np.arange(len(x))
    last = -1 if mask is None else np.add.reduce(mask, axis=1) - 1

    def vjp(dy: Array) -> Array:
        dx = zeros_ordered_as(x)
        dx[rows, last] = dy
        return dx

    return x[rows, last], vjp


def mean_of_steps(x: Array, mask: Array | None = None) -> tuple[Array, Vjp]:
    """Mean of each feature over the real steps, of shape (batch, features)."""
    if mask is None:
        share: Array = np.full((len(x), 1), 1.0 / x.shape[1], x.dtype)
        total = np.add.reduce(x, axis=1)
    else:
        share = (1.0 / np.add.reduce(mask, axis=1, dtype=x.dtype))[:, np.newaxis]
        total = np.einsum("btf,bt->bf", x, mask.astype(x.dtype))

    def vjp(dy: Array) -> Array:
        dx = zeros_ordered_as(x)
        dx += (dy * share)[:, np.newaxis]
        if mask is not None:
            dx *= mask[:, :, np.newaxis]
        return dx

    return total * share, vjp


def max_of_steps(x: Array, mask: Array | None = None) -> tuple[Array, Vjp]:
    """Maximum of each feature over the real steps, of shape (batch, features).

    The gradient goes to the first step that attains the maximum.
    """
    present = x if mask is None else np.where(mask[:, :, np.newaxis], x, x.dtype.type(-math.inf))
    place = present.argmax(axis=1)[:, np.newaxis]

    def vjp(dy: Array) -> Array:
        dx = zeros_ordered_as(x)
        np.put_along_axis(dx, place, dy[:, np.newaxis], axis=1)
        return dx

    return np.take_along_axis(x, place, axis=1)[:, 0], vjp


class AttentionPoolingResult(NamedTuple):
    """Result of `attention_pooling`."""

    y: Array
    vjp: Vjp
    shares: Array


def attention_pooling(
    x: Array, weight: Array, bias: Array, query: Array, mask: Array | None = None
) -> AttentionPoolingResult:
    """Weighted mean of the real steps, with learned weights (Yang et al. 2016).

    The weights are the softmax over steps of ``tanh(x @ weight + bias) @ query``.

    Parameters
    ----------
    x : array of shape (batch, steps, features)
    weight : array of shape (features, n)
    bias, query : arrays of shape (n,)
    mask : boolean array of shape (batch, steps), optional

    Returns
    -------
    y : array of shape (batch, features)
    vjp : ``vjp(dy, d_weight, d_bias, d_query) -> dx``
    shares : array of shape (batch, steps)
        The weight of each step; they sum to one.
    """
    projected, project_vjp = linear(x, weight, bias)
    hidden = np.tanh(projected)
    scores = hidden @ query
    if mask is not None:
        scores[~mask] = -math.inf
    shares = softmax(scores)
    y = np.matmul(shares[:, np.newaxis], x)[:, 0]

    def vjp(dy: Array, d_weight: Array, d_bias: Array, d_query: Array) -> Array:
        d_shares = np.matmul(x, dy[:, :, np.newaxis])[:, :, 0]
        d_scores = shares * (d_shares - np.add.reduce(shares * d_shares, axis=1, keepdims=True))
        np.einsum("btn,bt->n", hidden, d_scores, out=d_query)
        d_hidden = d_scores[:, :, np.newaxis] * query
        d_hidden *= 1.0 - hidden * hidden
        dx = project_vjp(d_hidden, d_weight, d_bias)
        dx += shares[:, :, np.newaxis] * dy[:, np.newaxis]
        return dx

    return AttentionPoolingResult(y, vjp, shares)


def pooled_so_far(function: str, x: Array, state: tuple[int, Array] | None) -> tuple[Array, tuple[int, Array]]:
    """Update a pooled value with a new step.

    Parameters
    ----------
    function : {"first", "last", "mean", "max"}
    x : array of shape (batch, features)
        The newest step.
    state : pair of int and array, or None
        Number of previous steps, and their pooled value; None before the first step.

    Returns
    -------
    y : array of shape (batch, features)
        The pooled value of all steps so far.
    state : pair of int and array
    """
    if state is None:
        return x, (1, x)
    n, before = state
    if function == "mean":
        y = before + (x - before) * (1 / (n + 1))
    else:
        y = {"first": before, "last": x, "max": np.maximum(before, x)}[function]
    return y, (n + 1, y)


def attention_so_far(
    x: Array, weight: Array, bias: Array, query: Array, state: tuple[Array, Array, Array] | None
) -> tuple[Array, tuple[Array, Array, Array]]:
    """Update `attention_pooling` with a new step x, of shape (batch, features).

    The state holds the maximum of the scores so far and, relative to its exponential, the sums of the weights and of
    the weighted steps.
    """
    score = (np.tanh(x @ weight + bias) @ query)[:, np.newaxis]
    if state is None:
        return x, (score, np.ones_like(score), x)
    top = np.maximum(state[0], score)
    before, newest = np.exp(state[0] - top), np.exp(score - top)
    total, weighted = state[1] * before + newest, state[2] * before + x * newest
    return weighted / total, (top, total, weighted)
