"""Connectionist temporal classification: likelihood of labels, summed over all alignments (Graves et al. 2006).

Each step emits a class: one of the labels, or the blank, which is the last class. An alignment is a class for each
step; the labels follow from it by merging repetitions and then removing blanks, so that equal labels in succession need
a blank between them. For n labels, an alignment passes through 2 n + 1 states: blanks and labels by turns, from a blank
to a blank.

Forward variables, the log-likelihood of all beginnings of alignments that end in a state, follow from those of the step
before. Backward variables are the forward variables of reversed series and labels; both are computed in one loop, whose
calls of NumPy take longer than their arithmetic. Steps after the end of a series are certain blanks, which change no
likelihood, so that all series of a batch take the same steps.
"""

from __future__ import annotations

import numpy as np

from skneural.ops.segments import ranges, segment_starts
from skneural.ops.softmax import softmax_and_log_sum
from skneural.ops.types import Array, Vjp


def least_steps(labels: Array, n_labels: Array) -> Array:
    """Smallest number of steps that have an alignment: one for each label, and one for the blank between equal ones.

    Parameters
    ----------
    labels : integer array of shape (samples, longest)
    n_labels : integer array of shape (samples,)
    """
    real = np.arange(1, labels.shape[1]) < n_labels[:, np.newaxis]
    return n_labels + ((labels[:, 1:] == labels[:, :-1]) & real).sum(axis=1)


def ctc(raw: Array, n_steps: Array, labels: Array, n_labels: Array) -> tuple[Array, Vjp]:
    """Negative log-likelihood of the labels of each sample.

    Parameters
    ----------
    raw : array of shape (sum of n_steps, classes)
        Raw scores of all steps, one series after another.
    n_steps : integer array of shape (samples,)
        Positive.
    labels : integer array of shape (samples, longest)
        Labels from 0 to ``classes - 2``; whatever follows the labels of a sample is not used.
    n_labels : integer array of shape (samples,)
        Number of labels of each sample.

    Returns
    -------
    losses : float64 array of shape (samples,)
        Infinity for a sample that has fewer than `least_steps`; its gradient is NaN then.
    vjp : ``vjp(dy) -> d_raw``
    """
    probabilities, log_sum = softmax_and_log_sum(raw)
    backwards = np.take_along_axis(labels, np.maximum(n_labels[:, np.newaxis] - 1 - np.arange(labels.shape[1]), 0), 1)
    states, may_skip = _alignment_states(np.concatenate([labels, backwards]), np.tile(n_labels, 2), raw.shape[1] - 1)
    emissions = _emissions(raw, log_sum, n_steps, states)
    variables = _forward_variables(emissions, may_skip)
    samples = np.arange(len(n_steps))
    last = 2 * n_labels + 2  # two columns precede the first state
    log_likelihood = np.logaddexp(variables[-1, samples, last], variables[-1, samples, last - 1])

    def vjp(dy: Array) -> Array:
        sample, step = np.repeat(samples, n_steps), ranges(0, n_steps)
        left = last[sample, np.newaxis] - 2 - np.arange(states.shape[1])  # states that follow, up to the end
        forward = variables[step + 1, sample, 2:]
        backward = np.take_along_axis(
            variables[n_steps[sample] - step, sample + len(samples)], np.maximum(left, 0) + 2, axis=1
        )
        with np.errstate(invalid="ignore"):
            log_share = forward + backward - emissions[step, sample] - log_likelihood[sample, np.newaxis]
        share = np.exp(np.where(left >= 0, log_share, -np.inf)).astype(raw.dtype)
        gradient = np.ascontiguousarray(probabilities).copy()
        places = np.arange(len(raw))[:, np.newaxis] * raw.shape[1] + states[sample]
        np.subtract.at(gradient.reshape(-1), places.ravel(), share.ravel())
        gradient *= dy.astype(raw.dtype)[sample, np.newaxis]
        return gradient

    return -log_likelihood, vjp


def _alignment_states(labels: Array, n_labels: Array, blank: int) -> tuple[Array, Array]:
    """Class of each state, and whether each label may follow the one before it without a blank between them.

    Returns
    -------
    states : integer array of shape (samples, 2 * longest + 1)
    may_skip : boolean array of shape (samples, longest)
    """
    longest = labels.shape[1]
    states = np.full((len(labels), 2 * longest + 1), blank)
    states[:, 1::2] = np.where(np.arange(longest) < n_labels[:, np.newaxis], labels, blank)
    may_skip = np.zeros((len(labels), longest), dtype=bool)
    may_skip[:, 1:] = states[:, 3::2] != states[:, 1:-2:2]
    return states, may_skip


def _emissions(raw: Array, log_sum: Array, n_steps: Array, states: Array) -> Array:
    """Log-probability of the class of each state at each step, forward and then reversed.

    Returns
    -------
    array of shape (steps, 2 * samples, states)
    """
    steps, starts = np.arange(n_steps.max())[:, np.newaxis], segment_starts(n_steps)
    real = steps < n_steps
    rows = np.where(real, starts + steps, 0)
    backwards = np.where(real, starts + n_steps - 1 - steps, 0)
    rows, real = np.concatenate([rows, backwards], axis=1), np.concatenate([real, real], axis=1)
    emissions = raw[rows[:, :, np.newaxis], states].astype(np.float64)
    emissions -= log_sum[rows]
    emissions[~real] = -np.inf
    emissions[:, :, ::2][~real] = 0.0  # certain blanks
    return emissions


def _forward_variables(emissions: Array, may_skip: Array) -> Array:
    """Log-likelihood of the beginnings of alignments, by step and state.

    Returns
    -------
    array of shape (steps + 1, samples, 2 + states)
        The first entry is before the first step. The first two states do not exist: their likelihood is zero, so that
        all states have predecessors.
    """
    n_steps, n_samples, n_states = emissions.shape
    variables = np.full((n_steps + 1, n_samples, 2 + n_states), -np.inf)
    variables[0, :, 2] = 0.0  # alignments begin with the first blank or the first label
    forbidden = np.where(may_skip, 0.0, -np.inf)
    skipping = np.empty_like(forbidden)
    for before, now, emission in zip(variables, variables[1:], emissions, strict=False):
        np.logaddexp(before[:, 2:], before[:, 1:-1], out=now[:, 2:])
        if may_skip.size:
            np.add(before[:, 1:-2:2], forbidden, out=skipping)
            labels = now[:, 3::2]
            np.logaddexp(labels, skipping, out=labels)
        now[:, 2:] += emission
    return variables
