import numpy as np
import pytest

from skneural.ops.normalize import batch_normalize, batch_statistics


def alone(array):
    """The sum over the shards of a batch that has one."""
    return array


@pytest.fixture
def x():
    return 3.0 + 2.0 * np.random.default_rng(0).standard_normal((9, 4))


def normalize(x, gamma, beta, epsilon=1e-5):
    mean, variance = batch_statistics(x, len(x), alone)
    return batch_normalize(x, mean, variance, gamma, beta, epsilon, len(x), alone)


def test_statistics_are_mean_and_biased_variance(x):
    mean, variance = batch_statistics(x, len(x), alone)
    np.testing.assert_allclose(mean, x.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(variance, x.var(axis=0), rtol=1e-12)


def test_variance_survives_a_large_mean_in_float32():
    x = (1e4 + np.random.default_rng(0).standard_normal((500, 3))).astype(np.float32)
    mean, variance = batch_statistics(x, len(x), alone)
    assert mean.dtype == variance.dtype == np.float32
    np.testing.assert_allclose(variance, x.astype(np.float64).var(axis=0), rtol=1e-3)


def test_two_shards_give_the_statistics_of_the_batch(x):
    parts = x[:4], x[4:]
    sums = np.sum([part.sum(axis=0) for part in parts], axis=0)
    squares = np.sum([((part - x.mean(axis=0)) ** 2).sum(axis=0) for part in parts], axis=0)
    totals = iter([sums, squares])
    mean, variance = batch_statistics(parts[0], len(x), lambda array: next(totals))
    np.testing.assert_allclose(mean, x.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(variance, x.var(axis=0), rtol=1e-12)


def test_output_has_the_learned_shift_and_scale(x):
    gamma, beta = np.array([1.0, -2.0, 0.5, 3.0]), np.array([0.0, 1.0, -1.0, 2.0])
    y, _ = normalize(x, gamma, beta, epsilon=0.0)
    np.testing.assert_allclose(y.mean(axis=0), beta, atol=1e-12)
    np.testing.assert_allclose(y.std(axis=0), np.abs(gamma), rtol=1e-12)
    np.testing.assert_allclose(y, gamma * (x - x.mean(axis=0)) / x.std(axis=0) + beta, atol=1e-12)


def test_epsilon_keeps_a_constant_feature_finite():
    y, vjp = normalize(np.full((5, 1), 7.0), np.ones(1), np.zeros(1))
    np.testing.assert_array_equal(y, np.zeros((5, 1)))
    assert np.isfinite(vjp(np.ones((5, 1)), np.empty(1), np.empty(1))).all()


def test_gradients_flow_through_the_statistics(x):
    rng = np.random.default_rng(1)
    gamma, beta = rng.standard_normal(4), rng.standard_normal(4)
    dy, along, along_gamma, along_beta = (rng.standard_normal(shape) for shape in (x.shape, x.shape, 4, 4))
    d_gamma, d_beta = np.full(4, np.nan), np.full(4, np.nan)
    dx = normalize(x, gamma, beta)[1](dy, d_gamma, d_beta)

    def moved(step):
        return np.sum(dy * normalize(x + step * along, gamma + step * along_gamma, beta + step * along_beta)[0])

    exact = np.sum(dx * along) + d_gamma @ along_gamma + d_beta @ along_beta
    assert exact == pytest.approx((moved(1e-6) - moved(-1e-6)) / 2e-6, rel=1e-6)


def test_dx_is_blind_to_shifting_and_scaling_x(x):
    dy = np.random.default_rng(2).standard_normal(x.shape)
    dx = normalize(x, np.ones(4), np.zeros(4), epsilon=0.0)[1](dy, np.empty(4), np.empty(4))
    assert np.abs(dx).max() > 0.1
    np.testing.assert_allclose(dx.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose((dx * (x - x.mean(axis=0))).sum(axis=0), 0, atol=1e-12)
