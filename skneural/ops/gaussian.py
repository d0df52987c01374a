"""Normal distributions with a mean and a variance for each element: samples, and divergence from the standard normal.

name            meaning                                                         Kingma and Welling 2014
mean            mean of each element                                            mu
log_variance    logarithm of the variance of each element                       log sigma^2
noise           standard normal numbers                                         epsilon
divergence      Kullback-Leibler divergence from the standard normal, in nats   D_KL(q(z|x) || p(z))
"""

from __future__ import annotations

import numpy as np

from skneural.ops.types import Array, Vjp


def gaussian_draw(mean: Array, log_variance: Array, noise: Array) -> tuple[Array, Vjp]:
    """Samples as a differentiable function of mean and variance (the reparameterization trick).

    Parameters
    ----------
    mean, log_variance, noise : arrays of one shape

    Returns
    -------
    y : array of that shape
        ``mean + exp(log_variance / 2) * noise``.
    vjp : ``vjp(dy) -> (d_mean, d_log_variance)``
    """
    deviation = np.multiply(log_variance, 0.5)
    np.exp(deviation, out=deviation)
    deviation *= noise

    def vjp(dy: Array) -> tuple[Array, Array]:
        return dy, 0.5 * dy * deviation

    return mean + deviation, vjp


def gaussian_divergence(mean: Array, log_variance: Array) -> tuple[Array, Vjp]:
    """Kullback-Leibler divergence of each row from the standard normal distribution.

    Parameters
    ----------
    mean, log_variance : arrays of shape (rows, n)

    Returns
    -------
    divergence : array of shape (rows,)
        ``sum(mean**2 + variance - log_variance - 1) / 2``.
    vjp : ``vjp(d_divergence) -> (d_mean, d_log_variance)``
    """
    variance = np.exp(log_variance)
    divergence = 0.5 * np.add.reduce(mean * mean + variance - log_variance - 1.0, axis=1)

    def vjp(d_divergence: Array) -> tuple[Array, Array]:
        rows = d_divergence[:, np.newaxis]
        return mean * rows, 0.5 * (variance - 1.0) * rows

    return divergence, vjp
