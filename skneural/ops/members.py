"""Several members of an ensemble in one network: (batch, members, features).

Our names and the paper's (Gorishniy et al. 2025, "TabM: advancing tabular deep learning with parameter-efficient
ensembling"): `members` k, `factor` r, the vectors by which members differ.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import logsumexp

from skneural.ops.memory import empty
from skneural.ops.pointwise import log_one_plus_exp
from skneural.ops.types import Array, Vjp

# Rows, and which members see them: at most all rows once.
MemberAssignments = list[tuple[slice, Array]]


def assign_members(n_members: int, members_per_row: int, first: int = 0) -> MemberAssignments:
    """Deal rows out to members: each row to `members_per_row` of them, and to each of them as many rows.

    Row i goes to the members from ``i * members_per_row`` on, counted round.

    Parameters
    ----------
    n_members : int
    members_per_row : int
        Members that see each row.
    first : int, default=0
        What the first row is the number of, if there are others before it.

    Returns
    -------
    deals : list of (slice, array of shape (members_per_row,))
        Every so many rows, and the members that see them.
    """
    period = n_members // math.gcd(n_members, members_per_row)
    members = np.arange(n_members * members_per_row).reshape(n_members, members_per_row) % n_members
    return [(slice(i, None, period), members[(first + i) % period]) for i in range(period)]


def multiply_members(
    x: Array, factor: Array, deals: MemberAssignments, *, input_gradient: bool = True
) -> tuple[Array, Vjp]:
    """Multiply the features of each member by a vector of its own.

    Parameters
    ----------
    x : array of shape (batch, features), the same for all members, or (batch, members that see a row, features)
    factor : array of shape (members, features)
    deals : list of (slice, array)
        Rows and the members that see them, as many for each row.
    input_gradient : bool, default=True
        False to skip dx, which is None then.

    Returns
    -------
    y : array of shape (batch, members that see a row, features)
    vjp : ``vjp(dy, d_factor) -> dx``
    """
    shared = x.ndim == 2
    each = x[:, np.newaxis] if shared else x
    y = empty((len(x), len(deals[0][1]), factor.shape[1]), x.dtype)
    for rows, members in deals:
        np.multiply(each[rows], factor[members], out=y[rows])

    def vjp(dy: Array, d_factor: Array) -> Array | None:
        d_factor[...] = 0.0
        dx = empty(x.shape, x.dtype) if input_gradient else None
        for rows, members in deals:
            d_factor[members] += np.einsum("bkf,bf->kf" if shared else "bkf,bkf->kf", dy[rows], x[rows])
            if dx is not None:
                dx[rows] = np.einsum("bkf,kf->bf" if shared else "bkf,kf->bkf", dy[rows], factor[members])
        return dx

    return y, vjp


def linear_members(x: Array, weight: Array, bias: Array, deals: MemberAssignments) -> tuple[Array, Vjp]:
    """A product with a weight of its own for each member, plus a bias.

    Parameters
    ----------
    x : array of shape (batch, members that see a row, n_in)
    weight : array of shape (members, n_in, n_out)
    bias : array of shape (members, n_out)
    deals : list of (slice, array)
        Rows and the members that see them, as many for each row.

    Returns
    -------
    y : array of shape (batch, members that see a row, n_out)
    vjp : ``vjp(dy, d_weight, d_bias) -> dx``
    """
    y = np.empty((*x.shape[:2], bias.shape[1]), x.dtype)
    for rows, members in deals:
        by_member = y[rows].transpose(1, 0, 2)
        np.matmul(x[rows].transpose(1, 0, 2), weight[members], out=by_member)
        by_member += bias[members, np.newaxis]

    def vjp(dy: Array, d_weight: Array, d_bias: Array) -> Array:
        dx = empty(x.shape, x.dtype)
        d_weight[...], d_bias[...] = 0.0, 0.0
        for rows, members in deals:
            dy_by_member = dy[rows].transpose(1, 0, 2)
            d_weight[members] += x[rows].transpose(1, 2, 0) @ dy_by_member
            d_bias[members] += dy_by_member.sum(axis=1)
            np.matmul(dy_by_member, weight[members].transpose(0, 2, 1), out=dx[rows].transpose(1, 0, 2))
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
