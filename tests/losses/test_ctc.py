import numpy as np

from skneural.losses import CTCLoss
from skneural.testing import check_loss
from tests.alignments import likelihoods, series, split

RAW, N_STEPS = series(8)
LABELS = [[], [1], [0, 1], [0], [1, 0], [1, 1], [0], [1]]
N_STEPS = np.maximum(N_STEPS, 3)
RAW = np.random.default_rng(1).standard_normal((N_STEPS.sum(), 3))
Y = np.array([[n, *labels, *[-1] * (2 - len(labels))] for n, labels in zip(N_STEPS, LABELS, strict=True)])


def test_value_is_the_mean_over_samples():
    each = [-np.log(likelihoods(raw)[tuple(labels)]) for raw, labels in zip(split(RAW, N_STEPS), LABELS, strict=True)]
    np.testing.assert_allclose(CTCLoss(3).value(Y, RAW), np.mean(each))
    weight = np.arange(8.0)
    np.testing.assert_allclose(CTCLoss(3).value(Y, RAW, weight, 28.0), np.average(each, weights=weight))
    check_loss(CTCLoss(3), Y, RAW, weight, rows_are_samples=False)


def test_the_best_constant_is_better_than_uniform_scores():
    constant = CTCLoss(3).best_constant(Y)
    assert constant.argmax() == 2  # most steps are blank
    assert CTCLoss(3).value(Y, np.tile(constant, (len(RAW), 1))) < CTCLoss(3).value(Y, np.zeros_like(RAW))
