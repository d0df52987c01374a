import numpy as np
import pytest

from skneural.ops.normalize import add_bias, batch_normalize, local_response_normalize, scale_and_shift


def alone(array):
    """The sum over the shards of a batch that has one."""
    return array


@pytest.fixture
def x():
    return 3.0 + 2.0 * np.random.default_rng(0).standard_normal((9, 4))


def normalize(x, gamma, beta, epsilon=1e-5):
    y, vjp, _ = batch_normalize(x, gamma, beta, epsilon, alone)
    return y, vjp


def moments(x, reduce=alone, **options):
    return batch_normalize(x, np.ones(4), np.zeros(4), 1e-5, reduce, **options)[2]


def test_moments_are_mean_and_biased_variance(x):
    mean, variance = moments(x)
    np.testing.assert_allclose(mean, x.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(variance, x.var(axis=0), rtol=1e-12)


def test_variance_survives_a_large_mean_in_float32():
    x = (1e4 + np.random.default_rng(0).standard_normal((500, 4))).astype(np.float32)
    mean, variance = moments(x)
    assert mean.dtype == variance.dtype == np.float32
    np.testing.assert_allclose(variance, x.astype(np.float64).var(axis=0), rtol=1e-3)


def test_two_shards_give_the_moments_of_the_batch(x):
    squares = ((x - x.mean(axis=0)) ** 2).sum(axis=0)
    totals = iter([np.append(x.sum(axis=0), len(x)), squares])
    mean, variance = moments(x[:4], lambda array: next(totals))
    np.testing.assert_allclose(mean, x.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(variance, x.var(axis=0), rtol=1e-12)


def test_images_are_normalized_as_rows_of_their_pixels_are():
    rng = np.random.default_rng(0)
    images, gamma, beta = rng.standard_normal((3, 4, 5, 2)), rng.standard_normal(4), rng.standard_normal(4)
    rows = images.transpose(0, 2, 3, 1).reshape(-1, 4)
    dy = rng.standard_normal(images.shape)
    y, vjp, _ = batch_normalize(images, gamma, beta, 1e-5, alone, axis=1)
    y_rows, vjp_rows, _ = batch_normalize(rows, gamma, beta, 1e-5, alone)
    found, expected = np.empty((2, 4)), np.empty((2, 4))
    dx = vjp(dy, *found)
    dx_rows = vjp_rows(dy.transpose(0, 2, 3, 1).reshape(-1, 4), *expected)
    np.testing.assert_allclose(y.transpose(0, 2, 3, 1).reshape(-1, 4), y_rows, rtol=1e-10)
    np.testing.assert_allclose(dx.transpose(0, 2, 3, 1).reshape(-1, 4), dx_rows, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_elements_of_no_weight_count_for_nothing_and_give_zero(x):
    weight = np.array([1.0, 0, 1, 1, 0, 1, 1, 1, 0])[:, np.newaxis]
    kept = weight[:, 0] > 0
    y, vjp, (mean, _) = batch_normalize(x, np.ones(4), np.ones(4), 1e-5, alone, weight=weight)
    expected, expected_vjp = normalize(x[kept], np.ones(4), np.ones(4))
    np.testing.assert_allclose(mean, x[kept].mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(y[kept], expected, rtol=1e-10)
    assert (y[~kept] == 0).all()
    dy = np.random.default_rng(1).standard_normal(x.shape)
    dx = vjp(dy, np.empty(4), np.empty(4))
    np.testing.assert_allclose(dx[kept], expected_vjp(dy[kept], np.empty(4), np.empty(4)), rtol=1e-8, atol=1e-12)
    assert (dx[~kept] == 0).all()


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


def test_local_response_follows_its_formula():
    x = np.random.default_rng(0).standard_normal((2, 6, 3, 2))
    y, _ = local_response_normalize(x, 3, 2.0, 0.5, 0.75)
    for channel in range(6):
        around = x[:, max(channel - 1, 0) : channel + 2]
        expected = x[:, channel] / (2.0 + 0.5 * (around**2).sum(axis=1)) ** 0.75
        np.testing.assert_allclose(y[:, channel], expected, rtol=1e-12)


@pytest.mark.parametrize(("shape", "axis", "stretched"), [((5, 3), -1, (3,)), ((2, 3, 4, 5), 1, (3, 1, 1))])
def test_scale_shift_and_bias(shape, axis, stretched):
    rng = np.random.default_rng(0)
    x, scale, shift = rng.standard_normal(shape), rng.standard_normal(3), rng.standard_normal(3)
    across = tuple(i for i in range(x.ndim) if i != axis % x.ndim)
    y, vjp = scale_and_shift(x, scale, shift, axis=axis)
    np.testing.assert_allclose(y, x * scale.reshape(stretched) + shift.reshape(stretched))
    dy, d_scale, d_shift = rng.standard_normal(shape), np.empty(3), np.empty(3)
    np.testing.assert_allclose(vjp(dy, d_scale, d_shift), dy * scale.reshape(stretched))
    np.testing.assert_allclose(d_scale, (dy * x).sum(axis=across), rtol=1e-10)
    np.testing.assert_allclose(d_shift, dy.sum(axis=across), rtol=1e-10)
    y, vjp = add_bias(x, shift, axis=axis)
    np.testing.assert_allclose(y, x + shift.reshape(stretched))
    np.testing.assert_array_equal(vjp(dy, d_shift), dy)
    np.testing.assert_allclose(d_shift, dy.sum(axis=across), rtol=1e-10)
