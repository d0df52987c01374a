"""Decoding of the raw scores of connectionist temporal classification (Graves et al. 2006).

raw: (sum of n_steps, classes), the raw scores of all steps, one series after another; the last class is the blank. The
labels of an alignment follow by merging repetitions and then removing blanks.
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np

from skneural.ops.segments import segment_starts
from skneural.ops.softmax import softmax_and_log_sum
from skneural.ops.types import Array

# Multiplier of the codes by which prefixes are compared: that of Knuth's generator, which spreads them over 64 bits.
MULTIPLIER = np.uint64(6364136223846793005)
# Codes of what is equal to nothing: of empty places in a beam, and of what precedes the empty prefix.
EMPTY_PLACE, NO_PREFIX = np.uint64(2**64 - 1), np.uint64(2**64 - 2)


def ctc_best_path(raw: Array, n_steps: Array) -> list[Array]:
    """Labels of the single most likely alignment of each sample, which has the most likely class at each step."""
    best = raw.argmax(axis=1)
    repeated = np.zeros(len(best), dtype=bool)
    repeated[1:] = best[1:] == best[:-1]
    repeated[segment_starts(n_steps)] = False
    emitted = (best != raw.shape[1] - 1) & ~repeated
    sample = np.repeat(np.arange(len(n_steps)), n_steps)[emitted]
    ends = np.cumsum(np.bincount(sample, minlength=len(n_steps)))
    return np.split(best[emitted], ends[:-1])


def ctc_beam_search(raw: Array, n_steps: Array, width: int) -> list[Array]:
    """Most likely labels of each sample by prefix beam search, which adds up the alignments of the same labels.

    At each step, the most likely prefixes are kept: sequences of labels, with the probability of all alignments so far
    that lead to them. With as many as there are prefixes, the result is exact. A beam of one differs from
    `ctc_best_path`: it keeps the most likely prefix instead of the most likely alignment.

    Parameters
    ----------
    width : int
        Number of prefixes that are kept for each sample.
    """
    log_p = _log_probabilities(raw, n_steps)
    beams = Beams.start(len(n_steps), width)
    sources, tokens = np.empty((2, len(log_p), len(n_steps), width), np.intp)
    for step, at_step in enumerate(log_p):
        beams, sources[step], tokens[step] = beams.after(at_step)
    slot, samples = beams.total.argmax(axis=1), np.arange(len(n_steps))
    emitted = np.empty((len(log_p), len(n_steps)), np.intp)
    for step in reversed(range(len(log_p))):
        emitted[step] = tokens[step, samples, slot]
        slot = sources[step, samples, slot]
    return [of_sample[of_sample >= 0] for of_sample in emitted.T]


def _log_probabilities(raw: Array, n_steps: Array) -> Array:
    """Log-probabilities of shape (steps, samples, classes), where steps after the end are certain blanks."""
    with np.errstate(invalid="ignore"):  # scores of classes that are never predicted are minus infinity
        rows = raw - softmax_and_log_sum(raw)[1]
    log_p = np.full((n_steps.max(initial=0), len(n_steps), raw.shape[1]), -np.inf)
    log_p[:, :, -1] = 0.0
    log_p.transpose(1, 0, 2)[np.arange(len(log_p)) < n_steps[:, np.newaxis]] = rows
    return log_p


class Beams(NamedTuple):
    """Prefixes that are kept for each sample, all arrays of shape (samples, width).

    Attributes
    ----------
    by_blank, by_label : arrays
        Log-probability of the alignments that lead to the prefix and end in a blank, or in its last label.
    last : integer array
        Last label; -1 for the empty prefix.
    code, code_before : integer arrays
        Numbers that follow from the labels of the prefix, and of the prefix without its last label, by which equal
        prefixes are known.
    """

    by_blank: Array
    by_label: Array
    last: Array
    code: Array
    code_before: Array

    @classmethod
    def start(cls, n_samples: int, width: int) -> Self:
        """The empty prefix, and empty places."""
        shape = n_samples, width
        by_blank = np.full(shape, -np.inf)
        by_blank[:, 0] = 0.0
        code = np.full(shape, EMPTY_PLACE)
        code[:, 0] = 0
        return cls(by_blank, np.full(shape, -np.inf), np.full(shape, -1), code, np.full(shape, NO_PREFIX))

    @property
    def total(self) -> Array:
        total: Array = np.logaddexp(self.by_blank, self.by_label)
        return total

    def after(self, log_p: Array) -> tuple[Beams, Array, Array]:
        """The most likely prefixes after one more step.

        Parameters
        ----------
        log_p : array of shape (samples, classes)

        Returns
        -------
        beams : Beams
        sources : integer array of shape (samples, width)
            Place of the prefix that was kept or extended.
        tokens : integer array of shape (samples, width)
            Label by which it was extended; -1 if it was kept.
        """
        kept_by_blank = self.total + log_p[:, -1:]
        kept_by_label, extended = self._by_label(log_p)
        n_samples, width = self.last.shape
        kept = np.logaddexp(kept_by_blank, kept_by_label)
        candidates = np.concatenate([kept, extended.reshape(n_samples, -1)], axis=1)
        chosen = np.argpartition(-candidates, width - 1, axis=1)[:, :width]
        value = np.take_along_axis(candidates, chosen, axis=1)
        source, token = np.divmod(chosen - width, extended.shape[2])
        stays = chosen < width
        source, token = np.where(stays, chosen, source), np.where(stays, -1, token)
        at = np.arange(n_samples)[:, np.newaxis], source
        code = np.where(stays, self.code[at], self.code[at] * MULTIPLIER + token.astype(np.uint64) + np.uint64(1))
        code_before = np.where(stays, self.code_before[at], self.code[at])
        empty = np.isneginf(value)
        beams = Beams(
            np.where(stays, kept_by_blank[at], -np.inf),
            np.where(stays, kept_by_label[at], value),
            np.where(stays, self.last[at], token),
            np.where(empty, EMPTY_PLACE, code),
            np.where(empty, NO_PREFIX, code_before),
        )
        return beams, source, token

    def _by_label(self, log_p: Array) -> tuple[Array, Array]:
        """Log-probability of prefixes that are kept and end in a label, and of those that are extended by each label.

        An extension that is in the beam already is added to what is kept there.
        """
        begun, last = self.last >= 0, np.maximum(self.last, 0)[:, :, np.newaxis]
        again = np.where(begun, np.take_along_axis(log_p, last[:, :, 0], axis=1), -np.inf)
        extended = self.total[:, :, np.newaxis] + log_p[:, np.newaxis, :-1]
        # The last label is repeated only after a blank.
        repeated = np.where(begun, self.by_blank + again, np.take_along_axis(extended, last, axis=2)[:, :, 0])
        np.put_along_axis(extended, last, repeated[:, :, np.newaxis], axis=2)
        samples, shorter, longer = np.nonzero(self.code[:, :, np.newaxis] == self.code_before[:, np.newaxis])
        places = samples, shorter, self.last[samples, longer]
        by_label = self.by_label + again
        by_label[samples, longer] = np.logaddexp(by_label[samples, longer], extended[places])
        extended[places] = -np.inf
        return by_label, extended
