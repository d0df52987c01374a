"""Properties of every loss."""

import inspect

import numpy as np
import pytest

from skneural import losses
from skneural.losses import BinaryLogLoss, ElementwiseLoss, LogisticLoss, Loss, PoissonLoss, SoftmaxLogLoss, SquaredLoss
from skneural.testing import check_loss
from tests.losses.cases import LOSS_CASES, NUMBERS, WEIGHTS, N, each_case, raw_for


def test_every_loss_has_a_row():
    exported = [getattr(losses, name) for name in losses.__all__]
    classes = {loss for loss in exported if inspect.isclass(loss) and issubclass(loss, Loss)} - {Loss, ElementwiseLoss}
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


@each_case
def test_link_turns_the_best_constant_into_the_mean(case):
    assert case.loss.link_name == case.link
    if isinstance(case.loss, SquaredLoss | BinaryLogLoss | LogisticLoss | PoissonLoss | SoftmaxLogLoss):
        mean = np.bincount(case.y) / N if case.y.ndim == 1 else case.y.mean(axis=0)
        if smoothing := getattr(case.loss, "smoothing", 0.0):
            mean = mean + smoothing * ((case.loss.frequencies or 1 / len(mean)) - mean)
        np.testing.assert_allclose(case.loss.link(case.loss.best_constant(case.y)), mean, rtol=1e-10)


@each_case
def test_degree_says_how_the_loss_grows_with_the_unit(case):
    if case.degree is None:
        return
    assert case.loss.degree == case.degree
    scaled = case.loss.value(3 * case.y, 3 * raw_for(case))
    np.testing.assert_allclose(scaled, 3**case.loss.degree * case.loss.value(case.y, raw_for(case)), rtol=1e-12)


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
    weighted, repeated = loss.best_constant(y, np.full(8, 3.0)), loss.best_constant(np.repeat(y, 3, axis=0))
    np.testing.assert_allclose(weighted, repeated)


def test_the_base_loss_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="must define value_and_gradient"):
        Loss().value(NUMBERS, NUMBERS)
    with pytest.raises(NotImplementedError, match="must define best_constant"):
        Loss().best_constant(NUMBERS)
