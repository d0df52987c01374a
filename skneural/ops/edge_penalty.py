"""How much each edge of a Kolmogorov-Arnold layer varies over a batch, and a penalty that leaves few of them.

An edge puts out ``features @ weights``: its own weights, and features (base and basis functions) that all edges of one
input share. Its variance is a quadratic form of the features' covariance, so that spreads and their gradients are exact
without an array of (rows, outputs, inputs).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skneural.ops.types import Array, Vjp

# Keeps the root of a variance, and the logarithm of a share, from having no slope at zero.
LEAST = 1e-12


def itself(array: Array) -> Array:
    """The sum over the shards of a batch that has one."""
    return array


def edge_spread(
    features: Array,
    weights: Array,
    sample_weight: Array | None = None,
    reduce: Callable[[Array], Array] = itself,
) -> tuple[Array, Vjp]:
    """Standard deviation of what each edge puts out, over the whole batch.

    Parameters
    ----------
    features : array of shape (rows, inputs, n)
    weights : array of shape (inputs, n, outputs)
    sample_weight : array of shape (rows,), optional
    reduce : callable, optional
        Sums an array over the shards of the batch, of which `features` and `sample_weight` are one.

    Returns
    -------
    spread : array of shape (inputs, outputs)
    vjp : ``vjp(d_spread) -> (d_features, d_weights)``
        d_weights is that of the whole batch in every shard.
    """
    if sample_weight is None:
        n_rows = float(reduce(np.array([len(features)]))[0])
        sample_weight = np.full(len(features), 1 / n_rows, features.dtype)
    share = sample_weight / reduce(sample_weight.sum(keepdims=True))
    share = share.astype(features.dtype)[:, np.newaxis, np.newaxis]
    centred = (features - reduce(np.add.reduce(features * share, axis=0))).transpose(1, 0, 2)
    shares = share.transpose(1, 0, 2)
    covariance = reduce(np.matmul((centred * shares).transpose(0, 2, 1), centred))
    along = covariance @ weights
    spread = np.sqrt(np.maximum(np.einsum("ino,ino->io", weights, along), 0) + LEAST)

    def vjp(d_spread: Array) -> tuple[Array, Array]:
        by_spread = (d_spread / spread)[:, np.newaxis]
        d_weights = along * by_spread
        d_features = (centred * shares) @ ((weights * by_spread) @ weights.transpose(0, 2, 1))
        return d_features.transpose(1, 0, 2), d_weights

    return spread, vjp


def sparsity_penalty(spread: Array, present: Array, entropy: float) -> tuple[float, Array]:
    """Sum of the spreads of all edges that are there, plus their entropy (Liu et al. 2024, equations 2.18 to 2.20).

    The sum pulls all edges down; the entropy of their shares is least if few edges do all the work.

    Parameters
    ----------
    spread : array of shape (inputs, outputs)
    present : array of shape (inputs, outputs)
        One where there is an edge, zero where it was removed.
    entropy : float
        Weight of the entropy.

    Returns
    -------
    value : float
    d_spread : array of shape (inputs, outputs)
    """
    spread = spread * present
    total = spread.sum() + LEAST
    log_share = np.log(spread / total + LEAST)
    disorder = -float((spread / total * log_share).sum())
    d_disorder = -(log_share + disorder) / total
    return float(total) + entropy * disorder, (1 + entropy * d_disorder) * present
