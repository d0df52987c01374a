"""Ensembles whose members share most of the weights of a network: arrays of shape (batch, members, features).

Our names and those of the paper (Gorishniy et al. 2025, "TabM: advancing tabular deep learning with parameter-efficient
ensembling"):

    members     networks in the ensemble                                   k
    factor      vectors by which the inputs of members are multiplied      r
"""

from __future__ import annotations

import math

import numpy as np

from skneural.ops.memory import empty
from skneural.ops.pointwise import log_one_plus_exp
from skneural.ops.types import Array, Vjp

# Slices of the rows of a batch, and the members that are trained on them; no row is in two slices.
MemberAssignments = list[tuple[slice, Array]]


def assign_members(n_members: int, members_per_row: int, first: int = 0) -> MemberAssignments:
    """Assign each row to `members_per_row` members, so that all members get equally many rows.

    Row i is assigned to the members from ``i * members_per_row`` on, modulo `n_members`.

    Parameters
    ----------
    n_members : int
    members_per_row : int
        Number of members that are trained on each row.
    first : int, default=0
        Number of the first row, which is not zero in the later shards of a batch.

    Returns
    -------
    assignments : list of (slice, array of shape (members_per_row,))
        Strided slices of the rows, and the members of each slice.
    """
    period = n_members // math.gcd(n_members, members_per_row)
    members = np.arange(n_members * members_per_row).reshape(n_members, members_per_row) % n_members
    return [(slice(i, None, period), members[(first + i) % period]) for i in range(period)]


def multiply_members(
    x: Array, factor: Array, assignments: MemberAssignments, *, input_gradient: bool = True
) -> tuple[Array, Vjp]:
    """Multiply the features of each member by the factors of the member.

    Parameters
    ----------
    x : array of shape (batch, features), shared by all members, or (batch, members_per_row, features)
    factor : array of shape (members, features)
    assignments : list of (slice, array)
        Slices of the rows and their members, equally many for each slice; see `assign_members`.
    input_gradient : bool, default=True
        False to skip dx, which is None then.

    Returns
    -------
    y : array of shape (batch, members_per_row, features)
    vjp : ``vjp(dy, d_factor) -> dx``
    """
    shared = x.ndim == 2
    each = x[:, np.newaxis] if shared else x
    y = empty((len(x), len(assignments[0][1]), factor.shape[1]), x.dtype)
    for rows, members in assignments:
        np.multiply(each[rows], factor[members], out=y[rows])

    def vjp(dy: Array, d_factor: Array) -> Array | None:
        d_factor[...] = 0.0
        dx = empty(x.shape, x.dtype) if input_gradient else None
        for rows, members in assignments:
            d_factor[members] += np.einsum("bkf,bf->kf" if shared else "bkf,bkf->kf", dy[rows], x[rows])
            if dx is not None:
                dx[rows] = np.einsum("bkf,kf->bf" if shared else "bkf,kf->bkf", dy[rows], factor[members])
        return dx

    return y, vjp


def linear_members(x: Array, weight: Array, bias: Array, assignments: MemberAssignments) -> tuple[Array, Vjp]:
    """Apply the linear layer of each member.

    Parameters
    ----------
    x : array of shape (batch, members_per_row, n_in)
    weight : array of shape (members, n_in, n_out)
    bias : array of shape (members, n_out)
    assignments : list of (slice, array)
        Slices of the rows and their members, equally many for each slice; see `assign_members`.

    Returns
    -------
    y : array of shape (batch, members_per_row, n_out)
    vjp : ``vjp(dy, d_weight, d_bias) -> dx``
    """
    y = np.empty((*x.shape[:2], bias.shape[1]), x.dtype)
    for rows, members in assignments:
        by_member = y[rows].transpose(1, 0, 2)
        np.matmul(x[rows].transpose(1, 0, 2), weight[members], out=by_member)
        by_member += bias[members, np.newaxis]

    def vjp(dy: Array, d_weight: Array, d_bias: Array) -> Array:
        dx = empty(x.shape, x.dtype)
        d_weight[...], d_bias[...] = 0.0, 0.0
        for rows, members in assignments:
            dy_by_member = dy[rows].transpose(1, 0, 2)
            d_weight[members] += x[rows].transpose(1, 2, 0) @ dy_by_member
            d_bias[members] += dy_by_member.sum(axis=1)
            np.matmul(dy_by_member, weight[members].transpose(0, 2, 1), out=dx[rows].transpose(1, 0, 2))
        return dx

    return y, vjp


def average_members(raw: Array, link: str) -> tuple[Array, Vjp]:
    """Average the predictions of the members: raw scores whose link is the mean of the links of the members' scores.

    Probabilities are averaged through their logarithms, which do not underflow.

    Parameters
    ----------
    raw : array of shape (batch, members, outputs)
    link : {"identity", "exp", "logistic", "softmax"}

    Returns
    -------
    y : array of shape (batch, outputs)
        For the softmax, the logarithms of the probabilities.
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
    log_positive, log_negative = -log_one_plus_exp(-raw), -log_one_plus_exp(raw)
    (mean_positive, share_positive), (mean_negative, share_negative) = _log_mean(log_positive), _log_mean(log_negative)

    def vjp(dy: Array) -> Array:
        return dy[:, np.newaxis] * (share_positive * np.exp(log_negative) + share_negative * np.exp(log_positive))

    return mean_positive - mean_negative, vjp


def _softmax(raw: Array) -> tuple[Array, Vjp]:
    logarithms = raw - _log_sum(raw, axis=2)
    mean, share = _log_mean(logarithms)

    def vjp(dy: Array) -> Array:
        d_logarithms = dy[:, np.newaxis] * share
        return d_logarithms - np.exp(logarithms) * d_logarithms.sum(axis=2, keepdims=True)

    return mean, vjp


def _log_mean(logarithms: Array) -> tuple[Array, Array]:
    """Logarithm of the mean over the members, and the share of each member in the mean."""
    total = _log_sum(logarithms, axis=1)
    return total[:, 0] - float(np.log(logarithms.shape[1])), np.exp(logarithms - total)


def _log_sum(x: Array, axis: int) -> Array:
    """Logarithm of the sum of exponentials: that of SciPy takes longer than the rest of the prediction of one row."""
    greatest = x.max(axis=axis, keepdims=True)
    total: Array = np.exp(x - greatest).sum(axis=axis, keepdims=True)
    return np.log(total) + greatest


_AVERAGES = {"identity": _identity, "exp": _exp, "logistic": _logistic, "softmax": _softmax}
