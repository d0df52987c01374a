"""Standard deviation of each edge of a Kolmogorov-Arnold layer over a batch, and a penalty that makes edges sparse.

The output of an edge is ``features @ weights``, where the features (base and basis functions) are shared by all edges
of an input. Its variance is a quadratic form of the covariance of the features, so that standard deviations and their
gradients are exact without an array of shape (rows, outputs, inputs).

    spread      standard deviation of an edge     |phi|_1 in Liu et al. 2024, equation 2.17, which is a mean of |phi|
    entropy     weight of the entropy             mu_2 / mu_1, equation 2.20
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skneural.ops.types import Array, Vjp

# Added to variances and shares, so that their roots and logarithms have finite slopes at zero.
SMOOTHING = 1e-12


def single_shard(array: Array) -> Array:
    """Sum over the shards of a batch that has only one shard."""
    return array


def edge_spread(
    features: Array,
    weights: Array,
    sample_weight: Array | None = None,
    reduce: Callable[[Array], Array] = single_shard,
) -> tuple[Array, Vjp]:
    """Standard deviation of the output of each edge over the entire batch.

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
        In every shard, d_weights is the gradient of the entire batch.
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
    spread = np.sqrt(np.maximum(np.einsum("ino,ino->io", weights, along), 0) + SMOOTHING)

    def vjp(d_spread: Array) -> tuple[Array, Array]:
        by_spread = (d_spread / spread)[:, np.newaxis]
        d_weights = along * by_spread
        d_features = (centred * shares) @ ((weights * by_spread) @ weights.transpose(0, 2, 1))
        return d_features.transpose(1, 0, 2), d_weights

    return spread, vjp


def sparsity_penalty(spread: Array, present: Array, entropy: float) -> tuple[float, Array]:
    """Sum of the spreads of all present edges, plus their weighted entropy (Liu et al. 2024, equations 2.18 to 2.20).

    The sum shrinks all edges. The entropy of their shares in the sum is small if few edges have large shares.

    Parameters
    ----------
    spread : array of shape (inputs, outputs)
    present : array of shape (inputs, outputs)
        One for each edge, zero where an edge was removed.
    entropy : float
        Weight of the entropy.

    Returns
    -------
    value : float
    d_spread : array of shape (inputs, outputs)
    """
    spread = spread * present
    total = spread.sum() + SMOOTHING
    log_share = np.log(spread / total + SMOOTHING)
    disorder = -float((spread / total * log_share).sum())
    d_disorder = -(log_share + disorder) / total
    return float(total) + entropy * disorder, (1 + entropy * d_disorder) * present
