"""Draws from normal distributions, and their divergence from the standard normal distribution."""

import numpy as np
from scipy import integrate, stats

from skneural.ops.gaussian import gaussian_divergence, gaussian_draw
from tests.ops.differences import check_gradients_of, with_parameters


def test_divergence_is_that_of_the_distributions():
    mean, log_variance = np.array([[0.7, -2.0]]), np.array([[0.3, -1.5]])
    expected = 0
    for m, v in zip(mean[0], np.exp(log_variance[0]), strict=True):
        own, standard = stats.norm(m, np.sqrt(v)), stats.norm()
        expected += integrate.quad(lambda z: own.pdf(z) * (own.logpdf(z) - standard.logpdf(z)), -9, 9)[0]  # noqa: B023
    np.testing.assert_allclose(gaussian_divergence(mean, log_variance)[0], expected)
    assert gaussian_divergence(np.zeros((2, 3)), np.zeros((2, 3)))[0].tolist() == [0, 0]


def test_draws_have_the_mean_and_the_variance_they_are_told():
    noise = np.random.default_rng(0).standard_normal((100_000, 2))
    draws, _ = gaussian_draw(np.full_like(noise, 3), np.broadcast_to(np.log([4.0, 0.25]), noise.shape), noise)
    np.testing.assert_allclose(draws.mean(axis=0), 3, atol=0.03)
    np.testing.assert_allclose(draws.var(axis=0), [4, 0.25], rtol=0.02)


def test_gradients():
    mean, log_variance, noise = np.random.default_rng(0).standard_normal((3, 5, 2))
    check_gradients_of(with_parameters(lambda *arrays: gaussian_draw(*arrays, noise), n_inputs=2), mean, log_variance)
    check_gradients_of(with_parameters(gaussian_divergence, n_inputs=2), mean, log_variance)
