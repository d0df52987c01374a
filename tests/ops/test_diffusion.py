import numpy as np
import pytest
from scipy.stats import multivariate_normal

from skneural.ops.diffusion import (
    add_noise,
    back_to_data,
    expected_clean,
    levels,
    predict_clean,
    prediction_target,
    times_back,
)

RNG = np.random.default_rng(0)
CLEAN, NOISE = RNG.standard_normal((5, 3)), RNG.standard_normal((5, 3))
EVERYWHERE = (np.full(3, -np.inf), np.full(3, np.inf))


def test_signal_falls_and_noise_rises_from_nothing_to_all():
    signal, noise = levels(np.linspace(0, 1, 101, dtype=np.float64))
    np.testing.assert_allclose(signal**2 + noise**2, 1)
    assert (np.diff(signal) < 0).all()
    assert signal[0] == 1
    assert signal[-1] == pytest.approx(1e-3)


def test_levels_are_those_of_the_paper():
    """Levels of Nichol and Dhariwal 2021, equation 17."""
    time = np.linspace(0, 0.99, 50)
    f = np.cos((time + 0.008) / 1.008 * np.pi / 2) ** 2
    np.testing.assert_allclose(levels(time)[0] ** 2, f / f[0])


@pytest.mark.parametrize("prediction", ["velocity", "noise"])
@pytest.mark.parametrize("time", [0.01, 0.5, 0.9])
def test_clean_data_follows_from_the_prediction_target(prediction, time):
    at = levels(time)
    noisy, predicted = add_noise(CLEAN, NOISE, *at), prediction_target(prediction, CLEAN, NOISE, *at)
    np.testing.assert_allclose(predict_clean(noisy, predicted, prediction, *at), CLEAN, atol=1e-12)


@pytest.mark.parametrize("prediction", ["velocity", "noise"])
@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
def test_a_perfect_prediction_leads_back_to_the_data(prediction, eta):
    def predict(noisy, time):
        at = levels(time)
        return prediction_target(prediction, CLEAN, (noisy - at[0] * CLEAN) / at[1], *at)

    rng = np.random.RandomState(0)
    *_, last = back_to_data(NOISE, predict, np.linspace(1, 0, 11), prediction, EVERYWHERE, eta, rng)
    np.testing.assert_allclose(last, CLEAN, atol=1e-9)


def test_fresh_noise_keeps_the_variance():
    """If the data is predicted to be zero, ancestral steps keep the sample standard normal."""

    def predict(noisy, time):  # clean data is zero
        return prediction_target("velocity", 0 * noisy, noisy / levels(time)[1], *levels(time))

    times = np.linspace(1, 0.4, 20)
    start = np.random.default_rng(0).standard_normal((20000, 1)) * levels(1.0)[1]
    for eta in (0.0, 0.5, 1.0):
        *_, last = back_to_data(start, predict, times, "velocity", (-np.inf, np.inf), eta, np.random.RandomState(0))
        assert last.std() == pytest.approx(levels(0.4)[1], rel=0.02)


@pytest.mark.parametrize("n_steps", [10, 20, 40])
def test_second_order_steps_are_more_accurate_on_a_known_path(n_steps):
    """For a normal distribution, the path is known: the distance from the mean in standard deviations is constant."""
    deviation = 0.2

    def predict(noisy, time):
        signal, noise = levels(time)
        clean = deviation**2 * signal / (signal**2 * deviation**2 + noise**2) * noisy
        return prediction_target("velocity", clean, (noisy - signal * clean) / noise, signal, noise)

    start = np.array([[2.0]])
    *_, last = back_to_data(start, predict, np.linspace(1, 0, n_steps + 1), "velocity", (-9, 9), 0.0, None)
    assert abs(last[0, 0] - deviation * 2.0) < 15 / n_steps**2


class TestExpectedClean:
    """Posterior mean of the clean data."""

    def resample(self, n=9, d=3, dtype=np.float64):
        rng = np.random.default_rng(0)
        clean, time = rng.standard_normal((n, d)), rng.uniform(0.05, 1, (n, 1))
        at = levels(time)
        noisy = add_noise(clean, rng.standard_normal((n, d)), *at)
        return [array.astype(dtype) for array in (noisy, clean, *at)]

    def test_is_the_mean_by_normal_densities(self):
        noisy, clean, signal, noise = self.resample()
        for row, mean in enumerate(expected_clean(noisy, clean, signal, noise, None, None)):
            density = multivariate_normal(np.zeros(3), noise[row] ** 2 * np.eye(3)).pdf(
                noisy[row] - signal[row] * clean
            )
            np.testing.assert_allclose(mean, density @ clean / density.sum())

    def test_weights_are_repetitions(self):
        noisy, clean, signal, noise = self.resample()
        weight = np.arange(1.0, 10)
        rows = np.repeat(np.arange(9), np.arange(1, 10))
        repeated = expected_clean(*(array[rows] for array in (noisy, clean, signal, noise)), None, None)
        np.testing.assert_allclose(expected_clean(noisy, clean, signal, noise, None, weight)[rows], repeated)

    def test_rows_that_are_no_candidates_or_without_weight_leave_no_trace(self):
        noisy, clean, signal, noise = self.resample()
        few = expected_clean(noisy[:5], clean[:5], signal[:5], noise[:5], None, None)
        weight = np.repeat([1.0, 0.0], [5, 4])
        np.testing.assert_allclose(expected_clean(noisy, clean, signal, noise, None, weight)[:5], few)
        candidate = weight[:, np.newaxis] == weight
        np.testing.assert_allclose(expected_clean(noisy, clean, signal, noise, candidate, None)[:5], few)

    def test_a_row_without_weight_among_such_and_a_row_of_its_own_kind_are_what_they_were(self):
        noisy, clean, signal, noise = self.resample()
        alone = np.eye(9, dtype=bool)
        for weight in (None, np.zeros(9)):
            np.testing.assert_array_equal(expected_clean(noisy, clean, signal, noise, alone, weight), clean)

    def test_single_precision_suffices_where_noise_is_least(self):
        noisy, clean, signal, noise = self.resample(dtype=np.float32)
        signal, noise = (np.full_like(level, value) for level, value in zip((signal, noise), levels(1e-3), strict=True))
        noisy = add_noise(clean, np.ones_like(clean), signal, noise)
        np.testing.assert_allclose(expected_clean(noisy, clean, signal, noise, None, None), clean, rtol=1e-6)


def mixture(n=2000, deviation=0.05):
    """The exact prediction for eight narrow normal distributions on a line, and their centres."""
    centers = np.linspace(-1.5, 1.5, 8)

    def predict(noisy, time):
        signal, noise = levels(time)
        spread = signal**2 * deviation**2 + noise**2
        logit = -((noisy - signal * centers) ** 2) / (2 * spread)
        share = np.exp(logit - logit.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        clean = (share * (centers + signal * deviation**2 / spread * (noisy - signal * centers))).sum(axis=1)
        clean = clean[:, np.newaxis]
        return prediction_target("velocity", clean, (noisy - signal * clean) / noise, signal, noise)

    return predict, centers, np.random.default_rng(0).standard_normal((n, 1))


def test_steps_come_closer_together_towards_the_data():
    """Equal steps lose a quarter of the deviation of narrow distributions."""
    predict, centers, start = mixture()
    *_, last = back_to_data(start, predict, times_back(50), "velocity", (-9, 9), 0.0, None)
    distance = np.abs(last - centers).min(axis=1)
    assert np.sqrt(np.mean(distance**2)) == pytest.approx(0.05, rel=0.04)
    for n in (1, 2, 7):
        times = times_back(n)
        assert (times[0], times[-1], len(times)) == (1, 0, n + 1)
        assert (np.diff(times) < 0).all()
        assert (np.diff(times, 2) >= 0).all()


@pytest.mark.parametrize("eta", [0.0, 1.0])
@pytest.mark.parametrize("prediction", ["velocity", "noise"])
def test_clean_data_is_clipped_at_every_step(prediction, eta):
    """Predictions far out of bounds give the same samples as those at the bounds."""

    def predict_towards(target):
        def predict(noisy, time):
            at = levels(time)
            return prediction_target(prediction, target, (noisy - at[0] * target) / at[1], *at)

        return predict

    bounds, outside = (np.array([-1.0, 0, -2]), np.array([1.0, 3, 2])), np.array([5.0, -4, 1]) * np.ones((5, 1))
    paths = [
        list(
            back_to_data(
                NOISE, predict_towards(target), times_back(9), prediction, bounds, eta, np.random.RandomState(0)
            )
        )
        for target in (outside, np.clip(outside, *bounds))
    ]
    np.testing.assert_allclose(paths[0], paths[1], atol=1e-9)
    np.testing.assert_allclose(paths[0][-1], np.clip(outside, *bounds), atol=1e-9)
