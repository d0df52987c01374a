"""All alignments of short series with labels, one by one: the reference of connectionist temporal classification."""

import itertools

import numpy as np
from scipy.special import log_softmax


def labels_of(path, blank):
    """Labels of an alignment: repetitions are merged, then blanks are removed."""
    return tuple(label for label, _ in itertools.groupby(path) if label != blank)


def likelihoods(raw):
    """Probability of every sequence of labels, a dictionary by labels. raw: (steps, classes), the blank last."""
    n_steps, n_classes = raw.shape
    log_p = log_softmax(raw, axis=1)
    total = {}
    for path in itertools.product(range(n_classes), repeat=n_steps):
        labels = labels_of(path, n_classes - 1)
        total[labels] = total.get(labels, 0.0) + np.exp(log_p[range(n_steps), list(path)].sum())
    return total


def series(n_samples, n_classes=3, longest=6, seed=0):
    """Raw scores of series of several lengths, one after the other, and their lengths."""
    rng = np.random.default_rng(seed)
    n_steps = rng.integers(1, longest + 1, n_samples)
    return 1.5 * rng.standard_normal((n_steps.sum(), n_classes)), n_steps


def split(raw, n_steps):
    return np.split(raw, np.cumsum(n_steps)[:-1])
