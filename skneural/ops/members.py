"""Several members of an ensemble in one network: (batch, members, features).

Our names and the paper's (Gorishniy et al. 2025, "TabM: advancing tabular deep learning with parameter-efficient
ensembling"): `members` k, `factor` r, the vectors by which members differ.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from skneural.ops.memory import empty
from skneural.ops.pointwise import log_one_plus_exp
from skneural.ops.types import Array, Vjp


def multiply_members(x: Array, factor: Array, *, input_gradient: bool = True) -> tuple[Array, Vjp]:
    """Multiply the features of each member by a vector of its own.

    Parameters
    ----------
    x : array of shape (batch, features), the same for all members, or (batch, members, features)
    factor : array of shape (members, features)
    input_gradient : bool, default=True
        False to skip dx, which is None then.

    Returns
    -------
    y : array of shape (batch, members, features)
    vjp : ``vjp(dy, d_factor) -> dx``
    """
    shared = x.ndim == 2
    each = x[:, np.newaxis] if shared else x
    y = np.multiply(each, factor, out=empty((len(x), *factor.shape), x.dtype))

    def vjp(dy: Array, d_factor: Array) -> Array | None:
        np.einsum("bkf,bf->kf" if shared else "bkf,bkf->kf", dy, x, out=d_factor)
        if not input_gradient:
            return None
        return np.einsum("bkf,kf->bf", dy, factor) if shared else dy * factor

    return y, vjp


def linear_members(x: Array, weight: Array, bias: Array) -> tuple[Array, Vjp]:
    """A product with a weight of its own for each member, plus a bias.

    Parameters
    ----------
    x : array of shape (batch, members, n_in)
    weight : array of shape (members, n_in, n_out)
    bias : array of shape (members, n_out)

    Returns
    -------
    y : array of shape (batch, members, n_out)
    vjp : ``vjp(dy, d_weight, d_bias) -> dx``
    """
    by_member = x.transpose(1, 0, 2)
    y = np.empty((len(x), *bias.shape), x.dtype)
    np.matmul(by_member, weight, out=y.transpose(1, 0, 2))
    y += bias

    def vjp(dy: Array, d_weight: Array, d_bias: Array) -> Array:
        dy_by_member = dy.transpose(1, 0, 2)
        np.matmul(by_member.transpose(0, 2, 1), dy_by_member, out=d_weight)
        np.add.reduce(dy, axis=0, out=d_bias)
        dx = empty(x.shape, x.dtype)
        np.matmul(dy_by_member, weight.transpose(0, 2, 1), out=dx.transpose(1, 0, 2))
        return dx

    return y, vjp


def average_members(raw: Array, link: str) -> tuple[Array, Vjp]:
    """The raw scores whose link is the mean of what the link makes of each member's.

    Probabilities are averaged by their logarithms, which lose none that are small.

    Parameters
    ----------
    raw : array of shape (batch, members, outputs)
    link : {"identity", "exp", "logistic", "softmax"}

    Returns
    -------
    y : array of shape (batch, outputs)
        For the softmax, logarithms of probabilities.
    vjp : ``vjp(dy) -> d_raw``
    """
    return _AVERAGES[link](raw)


def _identity(raw: Array) -> tuple[Array, Vjp]:
    n_members = raw.shape[1]
    return raw.mean(axis=1), lambda dy: np.repeat(dy[:, np.newaxis] / n_members, n_members, axis=1)


def _exp(raw: Array) -> tuple[Array, Vjp]:
    mean, share = _log_mean(raw)
    return mean, lambda dy: dy[:, np.newaxis] * share


def _logistic(raw: Array) -> tuple[Array, Vjp]:
    yes, no = -log_one_plus_exp(-raw), -log_one_plus_exp(raw)
    (mean_yes, share_yes), (mean_no, share_no) = _log_mean(yes), _log_mean(no)

    def vjp(dy: Array) -> Array:
        return dy[:, np.newaxis] * (share_yes * np.exp(no) + share_no * np.exp(yes))

    return mean_yes - mean_no, vjp


def _softmax(raw: Array) -> tuple[Array, Vjp]:
    logarithms = raw - logsumexp(raw, axis=2, keepdims=True)
    mean, share = _log_mean(logarithms)

    def vjp(dy: Array) -> Array:
        of_logarithms = dy[:, np.newaxis] * share
        return of_logarithms - np.exp(logarithms) * of_logarithms.sum(axis=2, keepdims=True)

    return mean, vjp


def _log_mean(logarithms: Array) -> tuple[Array, Array]:
    """The logarithm of the mean over members, and the share of each of them in it."""
    total = logsumexp(logarithms, axis=1, keepdims=True)
    return total[:, 0] - float(np.log(logarithms.shape[1])), np.exp(logarithms - total)


_AVERAGES = {"identity": _identity, "exp": _exp, "logistic": _logistic, "softmax": _softmax}
