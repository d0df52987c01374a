import numpy as np
import pytest
from scipy import optimize, special

from skneural.losses import HuberLoss, PoissonLoss, PresentTargetsLoss, QuantilesLoss
from tests.losses.cases import COUNTS, LOSS_CASES, NUMBERS, raw_for


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


def test_poisson_is_zero_at_the_target():
    y = COUNTS + 1
    np.testing.assert_allclose(PoissonLoss().value(y, np.log(y)), 0, atol=1e-12)


def test_missing_targets_have_no_gradient_whatever_the_loss_is():
    y = np.where(np.arange(NUMBERS.size).reshape(NUMBERS.shape) % 3 == 0, np.nan, NUMBERS)
    raw = np.random.default_rng(0).standard_normal((len(y), 4))
    for loss, scores in ((HuberLoss(), raw[:, :2]), (QuantilesLoss((0.2, 0.9)), raw)):
        value, gradient = PresentTargetsLoss(loss).value_and_gradient(y, scores)
        missing = np.repeat(np.isnan(y), scores.shape[1] // 2, axis=1)
        assert np.isfinite(value).all()
        assert not gradient[missing].any()
        _, whole = loss.value_and_gradient(np.where(np.isnan(y), 0, y), scores)
        np.testing.assert_array_equal(gradient[~missing], whole[~missing])
