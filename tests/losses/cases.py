"""Every loss, with the same function written otherwise."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy import special, stats
from sklearn import metrics

from skneural.losses import (
    AbsoluteLoss,
    BinaryLogLoss,
    CTCLoss,
    GaussianLoss,
    HuberLoss,
    LogisticLoss,
    Loss,
    MemberLoss,
    MulticlassPerceptronLoss,
    PerceptronLoss,
    PoissonLoss,
    PresentTargetsLoss,
    QuantileLoss,
    QuantilesLoss,
    SoftmaxLogLoss,
    SquaredLoss,
)

N = 40


def draw(shape, seed):
    return np.random.default_rng(seed).standard_normal(shape)


NUMBERS = 2 * draw((N, 2), 0) + [0.5, -3.0]
WITH_GAPS = np.where(draw((N, 2), 6) > 0.8, np.nan, NUMBERS)
COUNTS = np.random.default_rng(1).poisson(2.5, (N, 2)).astype(np.float64)
RATES = 0.3 * COUNTS  # such as counts per hour: 0, and fractions below and above one
YES_OR_NO = (draw((N, 2), 2) > 0.4).astype(np.float64)
CLASSES = np.random.default_rng(3).choice(3, N, p=[0.5, 0.3, 0.2])
FREQUENCIES = (0.7, 0.1, 0.2)


def by_output(metric, **options):
    """A metric of scikit-learn, one value per output."""
    return lambda y, raw, weight: metric(y, raw, sample_weight=weight, multioutput="raw_values", **options)


def pinballs(y, raw, weight):
    columns = zip(np.repeat(y, 2, axis=1).T, raw.T, (0.1, 0.7) * 2, strict=True)
    return [metrics.mean_pinball_loss(t, x, sample_weight=weight, alpha=alpha) for t, x, alpha in columns]


def absolute_of_the_present(y, raw, weight):
    return np.nansum(weight[:, np.newaxis] * np.abs(raw - y), axis=0) / weight.sum()


def huber(y, raw, weight):
    return np.average(special.huber(1.35, raw - y), axis=0, weights=weight)


def poisson(y, raw, weight):
    outputs = zip(y.T, np.exp(raw).T, strict=True)
    return [metrics.mean_poisson_deviance(*output, sample_weight=weight) / 2 for output in outputs]


def binary(y, raw, weight):
    outputs = zip(y.T, special.expit(raw).T, strict=True)
    return sum(metrics.log_loss(*output, sample_weight=weight, labels=[0, 1]) for output in outputs)


def normal(y, raw, weight):
    deviation = np.sqrt(np.exp(raw[:, 2:]) + 1e-4)
    density = stats.norm(raw[:, :2], deviation).logpdf(y) + np.log(2 * np.pi) / 2
    return -np.average(density, axis=0, weights=weight)


def cross_entropy(y, raw, weight):
    predicted = special.expit(raw)
    return np.average(-special.xlogy(y, predicted) - special.xlogy(1 - y, 1 - predicted), axis=0, weights=weight)


def softmax(y, raw, weight):
    return metrics.log_loss(y, special.softmax(raw, axis=1), sample_weight=weight, labels=[0, 1, 2])


def ctc_of_one_step(y, raw, weight):
    return softmax(np.where(y[:, 1] < 0, 2, y[:, 1]), raw, weight)


def smoothed(reference, constant):
    """The mean of what the true targets and constant ones cost, by shares of 0.8 and 0.2."""
    return lambda y, raw, weight: 0.8 * reference(y, raw, weight) + 0.2 * constant(raw, weight)


def uniform_binary(raw, weight):
    return np.average(-0.5 * (np.log(special.expit(raw)) + np.log(special.expit(-raw))).sum(axis=1), weights=weight)


def uniform_softmax(raw, weight):
    return np.average(-special.log_softmax(raw, axis=1).mean(axis=1), weights=weight)


def frequent_binary(raw, weight):
    y = np.broadcast_to(FREQUENCIES[:2], raw.shape)
    return cross_entropy(y, raw, weight).sum()


def frequent_softmax(raw, weight):
    return np.average(-special.log_softmax(raw, axis=1) @ FREQUENCIES, weights=weight)


def perceptron(y, raw, weight):
    return np.average(np.maximum(0, np.where(y == 1, -raw, raw)).sum(axis=1), weights=weight)


def multiclass_perceptron(y, raw, weight):
    rivals = [max(np.delete(scores, label)) - scores[label] for scores, label in zip(raw, y, strict=True)]
    return np.average(np.maximum(0, rivals), weights=weight)


@dataclass(frozen=True)
class LossCase:
    """`reference(y, raw, weight)` is the loss written otherwise; `degree` how it grows with the unit of y."""

    loss: Loss
    y: Any
    n_outputs: int
    reference: Any
    link: str = "identity"
    degree: int | None = None
    gradient_scale: float = 1.0


LOSS_CASES = {
    "squared": LossCase(SquaredLoss(), NUMBERS, 2, lambda *a: by_output(metrics.mean_squared_error)(*a) / 2, degree=2),
    "absolute": LossCase(AbsoluteLoss(), NUMBERS, 2, by_output(metrics.mean_absolute_error), degree=1),
    "huber": LossCase(HuberLoss(), NUMBERS, 2, huber),
    "median": LossCase(QuantileLoss(), NUMBERS, 2, by_output(metrics.mean_pinball_loss), degree=1),
    "high quantile": LossCase(QuantileLoss(0.9), NUMBERS, 2, by_output(metrics.mean_pinball_loss, alpha=0.9), degree=1),
    "two quantiles": LossCase(QuantilesLoss((0.1, 0.7)), NUMBERS, 4, pinballs, degree=1),
    "absolute, with gaps": LossCase(
        PresentTargetsLoss(AbsoluteLoss()), WITH_GAPS, 2, absolute_of_the_present, degree=1
    ),
    "poisson": LossCase(PoissonLoss(), COUNTS, 2, poisson, "exp"),
    "poisson of rates": LossCase(PoissonLoss(), RATES, 2, poisson, "exp"),
    "normal": LossCase(GaussianLoss(), NUMBERS, 3, normal),
    "normal with a variance of each output": LossCase(GaussianLoss(shared=False), NUMBERS, 4, normal),
    "logistic": LossCase(LogisticLoss(), special.expit(NUMBERS), 2, cross_entropy, "logistic"),
    "binary": LossCase(BinaryLogLoss(), YES_OR_NO, 2, binary, "logistic"),
    "softmax": LossCase(SoftmaxLogLoss(3), CLASSES, 3, softmax, "softmax"),
    "smoothed binary": LossCase(BinaryLogLoss(0.2), YES_OR_NO, 2, smoothed(binary, uniform_binary), "logistic"),
    "smoothed softmax": LossCase(SoftmaxLogLoss(3, 0.2), CLASSES, 3, smoothed(softmax, uniform_softmax), "softmax"),
    "binary smoothed toward frequencies": LossCase(
        BinaryLogLoss(0.2, FREQUENCIES[:2]), YES_OR_NO, 2, smoothed(binary, frequent_binary), "logistic"
    ),
    "softmax smoothed toward frequencies": LossCase(
        SoftmaxLogLoss(3, 0.2, FREQUENCIES), CLASSES, 3, smoothed(softmax, frequent_softmax), "softmax"
    ),
    "average of members": LossCase(MemberLoss(SoftmaxLogLoss(3)), CLASSES, 3, softmax, "softmax"),
    # of a single step: the label, or the blank, which is the last class
    "alignments of one step": LossCase(
        CTCLoss(3),
        np.stack([np.ones(N, int), np.where(CLASSES == 2, -1, CLASSES)], axis=1),
        3,
        ctc_of_one_step,
        "softmax",
    ),
    "perceptron": LossCase(PerceptronLoss(), YES_OR_NO, 2, perceptron, gradient_scale=N),
    "multiclass perceptron": LossCase(MulticlassPerceptronLoss(3), CLASSES, 3, multiclass_perceptron, gradient_scale=N),
}
each_case = pytest.mark.parametrize("case", LOSS_CASES.values(), ids=list(LOSS_CASES))
WEIGHTS = np.random.default_rng(4).integers(0, 4, N)


def raw_for(case, seed=5):
    return draw((N, case.n_outputs), seed)
