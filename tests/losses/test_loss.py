import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy import optimize, special, stats
from sklearn import metrics

from skneural import losses
from skneural.losses import (
    LINKS,
    AbsoluteLoss,
    BinaryLogLoss,
    GaussianLoss,
    HuberLoss,
    LogisticLoss,
    Loss,
    MemberLoss,
    MulticlassPerceptronLoss,
    PerceptronLoss,
    PoissonLoss,
    QuantileLoss,
    SoftmaxLogLoss,
    SquaredLoss,
)
from skneural.testing import check_loss

N = 40


def draw(shape, seed):
    return np.random.default_rng(seed).standard_normal(shape)


NUMBERS = 2 * draw((N, 2), 0) + [0.5, -3.0]
COUNTS = np.random.default_rng(1).poisson(2.5, (N, 2)).astype(np.float64)
YES_OR_NO = (draw((N, 2), 2) > 0.4).astype(np.float64)
CLASSES = np.random.default_rng(3).choice(3, N, p=[0.5, 0.3, 0.2])


def by_output(metric, **options):
    """A metric of scikit-learn, one value per output."""
    return lambda y, raw, weight: metric(y, raw, sample_weight=weight, multioutput="raw_values", **options)


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


def smoothed(reference, uniform):
    """The mean of what the true targets and the uniform ones cost, by shares of 0.8 and 0.2."""
    return lambda y, raw, weight: 0.8 * reference(y, raw, weight) + 0.2 * uniform(raw, weight)


def uniform_binary(raw, weight):
    return np.average(-0.5 * (np.log(special.expit(raw)) + np.log(special.expit(-raw))).sum(axis=1), weights=weight)


def uniform_softmax(raw, weight):
    return np.average(-special.log_softmax(raw, axis=1).mean(axis=1), weights=weight)


def perceptron(y, raw, weight):
    return np.average(np.maximum(0, np.where(y == 1, -raw, raw)).sum(axis=1), weights=weight)


def multiclass_perceptron(y, raw, weight):
    rivals = [max(np.delete(scores, label)) - scores[label] for scores, label in zip(raw, y, strict=True)]
    return np.average(np.maximum(0, rivals), weights=weight)


@dataclass(frozen=True)
class Case:
    """`reference(y, raw, weight)` is the loss written otherwise; `degree` how it grows with the unit of y."""

    loss: Loss
    y: Any
    n_outputs: int
    reference: Any
    link: str = "identity"
    degree: int | None = None
    gradient_scale: float = 1.0


LOSS_CASES = {
    "squared": Case(SquaredLoss(), NUMBERS, 2, lambda *a: by_output(metrics.mean_squared_error)(*a) / 2, degree=2),
    "absolute": Case(AbsoluteLoss(), NUMBERS, 2, by_output(metrics.mean_absolute_error), degree=1),
    "huber": Case(HuberLoss(), NUMBERS, 2, huber),
    "median": Case(QuantileLoss(), NUMBERS, 2, by_output(metrics.mean_pinball_loss), degree=1),
    "high quantile": Case(QuantileLoss(0.9), NUMBERS, 2, by_output(metrics.mean_pinball_loss, alpha=0.9), degree=1),
    "poisson": Case(PoissonLoss(), COUNTS, 2, poisson, "exp"),
    "normal": Case(GaussianLoss(), NUMBERS, 3, normal),
    "logistic": Case(LogisticLoss(), special.expit(NUMBERS), 2, cross_entropy, "logistic"),
    "binary": Case(BinaryLogLoss(), YES_OR_NO, 2, binary, "logistic"),
    "softmax": Case(SoftmaxLogLoss(3), CLASSES, 3, softmax, "softmax"),
    "smoothed binary": Case(BinaryLogLoss(0.2), YES_OR_NO, 2, smoothed(binary, uniform_binary), "logistic"),
    "smoothed softmax": Case(SoftmaxLogLoss(3, 0.2), CLASSES, 3, smoothed(softmax, uniform_softmax), "softmax"),
    "average of members": Case(MemberLoss(SoftmaxLogLoss(3)), CLASSES, 3, softmax, "softmax"),
    "perceptron": Case(PerceptronLoss(), YES_OR_NO, 2, perceptron, gradient_scale=N),
    "multiclass perceptron": Case(MulticlassPerceptronLoss(3), CLASSES, 3, multiclass_perceptron, gradient_scale=N),
}
each_case = pytest.mark.parametrize("case", LOSS_CASES.values(), ids=list(LOSS_CASES))
WEIGHTS = np.random.default_rng(4).integers(0, 4, N)


def raw_for(case, seed=5):
    return draw((N, case.n_outputs), seed)


def test_every_loss_has_a_row():
    exported = [getattr(losses, name) for name in losses.__all__]
    classes = {loss for loss in exported if inspect.isclass(loss) and issubclass(loss, Loss)} - {Loss}
    assert classes == {type(case.loss) for case in LOSS_CASES.values()}


@each_case
@pytest.mark.parametrize("weighted", [False, True])
def test_gradient(case, weighted):
    weight = np.random.default_rng(0).uniform(0.2, 3, N) if weighted else None
    for seed in range(3):
        check_loss(case.loss, case.y, raw_for(case, seed), weight, gradient_scale=case.gradient_scale, seed=seed)


@each_case
@pytest.mark.parametrize("weighted", [False, True])
def test_value_equals_the_reference(case, weighted):
    weight = WEIGHTS.astype(np.float64) if weighted else np.ones(N)
    value = case.loss.value(case.y, raw_for(case), weight if weighted else None, weight.sum())
    np.testing.assert_allclose(value, case.reference(case.y, raw_for(case), weight), rtol=1e-10)


@each_case
def test_weights_equal_repetitions(case):
    repeated = np.repeat(np.arange(N), WEIGHTS)
    raw, weight = raw_for(case), WEIGHTS.astype(np.float64)
    value, gradient = case.loss.value_and_gradient(case.y, raw, weight, weight.sum())
    expected, parts = case.loss.value_and_gradient(case.y[repeated], raw[repeated])
    summed = np.zeros_like(raw)
    np.add.at(summed, repeated, parts)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    np.testing.assert_allclose(gradient, summed, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(
        case.loss.best_constant(case.y, weight), case.loss.best_constant(case.y[repeated]), rtol=1e-12, atol=1e-15
    )


@each_case
def test_shards_add_up_to_the_batch(case):
    raw, weight = raw_for(case), WEIGHTS.astype(np.float64)
    value, gradient = case.loss.value_and_gradient(case.y, raw, weight, 33.0)
    shards = [case.loss.value_and_gradient(case.y[s], raw[s], weight[s], 33.0) for s in (slice(0, 13), slice(13, N))]
    np.testing.assert_allclose(shards[0][0] + shards[1][0], value, rtol=1e-12)
    np.testing.assert_allclose(np.concatenate([shards[0][1], shards[1][1]]), gradient, rtol=1e-12)


@each_case
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradient_keeps_the_dtype(case, dtype):
    y = case.y.astype(dtype) if case.y.dtype.kind == "f" else case.y
    raw = raw_for(case).astype(dtype)
    for weight in (None, WEIGHTS.astype(dtype)):
        value, gradient = case.loss.value_and_gradient(y, raw, weight)
        assert gradient.dtype == dtype
        exact, _ = case.loss.value_and_gradient(case.y, raw_for(case), weight)
        np.testing.assert_allclose(value, exact, rtol=1e-4)


@each_case
def test_memory_order_of_raw_does_not_matter(case):
    raw = raw_for(case)
    value, gradient = case.loss.value_and_gradient(case.y, raw)
    other_value, other_gradient = case.loss.value_and_gradient(case.y, np.asfortranarray(raw))
    np.testing.assert_allclose(other_value, value, rtol=1e-12)
    np.testing.assert_allclose(other_gradient, gradient, rtol=1e-12)


@each_case
@pytest.mark.parametrize("weighted", [False, True])
def test_best_constant_is_the_minimum(case, weighted):
    weight = WEIGHTS.astype(np.float64) if weighted else None
    best = case.loss.best_constant(case.y, weight)
    assert best.shape == (case.n_outputs,)

    def value(constant):
        return np.sum(case.loss.value(case.y, np.tile(constant, (N, 1)), weight))

    for output in range(case.n_outputs):
        for distance in (-1, -0.1, -0.01, 0.01, 0.1, 1):
            assert value(best) <= value(best + distance * np.eye(case.n_outputs)[output]) + 1e-12


@pytest.mark.parametrize("delta", [0.01, 0.3, 1.35, 10.0])
def test_huber_is_scipys_for_every_delta(delta):
    loss, raw = HuberLoss(delta), raw_for(LOSS_CASES["huber"])
    np.testing.assert_allclose(loss.value(NUMBERS, raw), special.huber(delta, raw - NUMBERS).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(
        loss.value_and_gradient(NUMBERS, raw)[1] * raw.size, np.clip(raw - NUMBERS, -delta, delta), rtol=1e-12
    )


@pytest.mark.parametrize("n", [1, 2, 3, 30, 300])
@pytest.mark.parametrize("delta", [0.01, 1.35, 100.0])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_best_constant_of_huber_is_the_minimum(n, delta, weighted, shift):
    rng = np.random.default_rng(n)
    loss, y = HuberLoss(delta), rng.standard_t(1.5, (n, 3)) + np.array([0.0, 5.0, -1e3]) + shift
    weight = rng.exponential(size=n) if weighted else None
    best = loss.best_constant(y, weight)

    def slope(constant, output):
        return np.average(np.clip(y[:, output] - constant, -delta, delta), weights=weight)

    for output in range(3):
        found = optimize.brentq(slope, y.min() - delta, y.max() + delta, args=(output,), xtol=1e-13 * (1 + shift))
        assert abs(slope(best[output], output)) <= 1e-9 * delta + 1e-15 * shift
        reached, expected = (loss.value(y, np.tile(one, (n, 1)), weight)[output] for one in (best, [found] * 3))
        assert reached <= expected * (1 + 1e-12) + 1e-15 * shift


def test_best_constant_of_huber_where_many_are_equal_or_all_are_best():
    constant = np.full((7, 1), 3.0)
    assert HuberLoss().best_constant(constant) == 3.0
    assert HuberLoss().best_constant(np.full((7, 1), 1e17)) == 1e17  # where delta is lost in rounding
    apart = np.array([[0.0], [100.0]])  # all from 1 to 99 are best
    assert HuberLoss(1.0).best_constant(apart) == 1.0


@pytest.mark.parametrize("rare", [1, 2, 7])
def test_best_constants_of_rare_classes_are_their_shares(rare):
    """Only a class that never occurs is kept off zero, by half a sample."""
    n = 1000
    labels = (np.arange(n) < rare).astype(int)
    yes_or_no = labels[:, np.newaxis].astype(float)
    np.testing.assert_allclose(special.expit(BinaryLogLoss().best_constant(yes_or_no)), [rare / n], rtol=1e-12)
    found = special.softmax(SoftmaxLogLoss(3).best_constant(labels))
    np.testing.assert_allclose(found[:2], [1 - rare / n, rare / n], rtol=1e-3)
    np.testing.assert_allclose(found[2], 0.5 / n, rtol=1e-3)
    np.testing.assert_allclose(special.expit(BinaryLogLoss().best_constant(np.zeros((n, 1)))), [0.5 / n], rtol=1e-12)


@each_case
def test_link_turns_the_best_constant_into_the_mean(case):
    assert case.loss.link_name == case.link
    if isinstance(case.loss, SquaredLoss | BinaryLogLoss | LogisticLoss | PoissonLoss | SoftmaxLogLoss):
        mean = np.bincount(case.y) / N if case.y.ndim == 1 else case.y.mean(axis=0)
        uniform = 0.5 if isinstance(case.loss, BinaryLogLoss) else 1 / len(mean)
        mean = mean + getattr(case.loss, "smoothing", 0.0) * (uniform - mean)
        np.testing.assert_allclose(case.loss.link(case.loss.best_constant(case.y)), mean, rtol=1e-10)


@each_case
def test_degree_says_how_the_loss_grows_with_the_unit(case):
    if case.degree is None:
        return
    assert case.loss.degree == case.degree
    scaled = case.loss.value(3 * case.y, 3 * raw_for(case))
    np.testing.assert_allclose(scaled, 3**case.loss.degree * case.loss.value(case.y, raw_for(case)), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_losses_do_not_overflow(dtype):
    y, raw = np.array([[0.0], [1.0], [0.0], [1.0]], dtype), np.array([[1e4], [1e4], [-1e4], [-1e4]], dtype)
    value, gradient = BinaryLogLoss().value_and_gradient(y, raw)
    assert value == pytest.approx(5000.0)
    np.testing.assert_allclose(gradient, [[0.25], [0], [0], [-0.25]], atol=1e-7)
    both = np.concatenate([-raw, raw], axis=1) / 2
    value, gradient = SoftmaxLogLoss(2).value_and_gradient(y[:, 0].astype(int), both)
    assert value == pytest.approx(5000.0)
    np.testing.assert_allclose(gradient[:, 1:], [[0.25], [0], [0], [-0.25]], atol=1e-7)


def test_two_softmax_outputs_are_one_logistic_output():
    raw, y = draw((N, 1), 6), YES_OR_NO[:, :1]
    binary_value, binary_gradient = BinaryLogLoss().value_and_gradient(y, raw)
    scores = np.concatenate([np.zeros((N, 1)), raw], axis=1)
    value, gradient = SoftmaxLogLoss(2).value_and_gradient(y[:, 0].astype(int), scores)
    assert value == pytest.approx(binary_value)
    np.testing.assert_allclose(gradient[:, 1:], binary_gradient, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        (BinaryLogLoss(), np.ones((8, 1))),
        (LogisticLoss(), np.ones((8, 1))),
        (SoftmaxLogLoss(3), np.zeros(8, int)),
        (PoissonLoss(), np.zeros((8, 1))),
    ],
    ids=["binary", "logistic", "softmax", "poisson"],
)
def test_best_constant_is_finite_where_the_optimum_is_not(loss, y):
    assert np.isfinite(loss.best_constant(y)).all()


def test_poisson_is_zero_at_the_target():
    y = COUNTS + 1
    np.testing.assert_allclose(PoissonLoss().value(y, np.log(y)), 0, atol=1e-12)


def test_the_base_loss_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="must define value_and_gradient"):
        Loss().value(NUMBERS, NUMBERS)
    with pytest.raises(NotImplementedError, match="must define best_constant"):
        Loss().best_constant(NUMBERS)


# link -> reference
LINK_CASES = {
    "identity": lambda raw: raw,
    "exp": np.exp,
    "logistic": special.expit,
    "softmax": lambda raw: special.softmax(raw, axis=1),
}


def test_every_link_has_a_row():
    assert set(LINK_CASES) == set(LINKS)


@pytest.mark.parametrize("name", LINK_CASES)
def test_links_equal_their_reference_and_keep_the_dtype(name):
    raw = draw((5, 3), 7)
    before = raw.copy()
    np.testing.assert_allclose(LINKS[name](raw), LINK_CASES[name](raw), rtol=1e-12)
    np.testing.assert_array_equal(raw, before)
    assert LINKS[name](raw.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("case", [LOSS_CASES["squared"], LOSS_CASES["smoothed softmax"]], ids=["squared", "softmax"])
@pytest.mark.parametrize("weight", [None, np.random.default_rng(0).uniform(0.2, 3, N)], ids=["alike", "weighted"])
def test_the_loss_of_members_is_the_mean_of_theirs(case, weight):
    loss, raw = MemberLoss(case.loss), np.stack([raw_for(case, seed) for seed in range(4)], axis=1)
    value, gradient = loss.value_and_gradient(case.y, raw, weight)
    each = [case.loss.value_and_gradient(case.y, raw[:, member], weight) for member in range(4)]
    np.testing.assert_allclose(value, np.mean([v for v, _ in each], axis=0), rtol=1e-12)
    np.testing.assert_allclose(gradient, np.stack([g for _, g in each], axis=1) / 4, rtol=1e-12)
    check_loss(loss, case.y, raw, weight)
