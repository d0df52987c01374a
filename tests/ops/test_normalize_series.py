"""Each series has mean zero and deviation one over its real steps."""

import numpy as np
import pytest

from skneural.ops.normalize_series import normalize_series, series_statistics

rng = np.random.default_rng(0)
X = rng.standard_normal((5, 7, 2)) + np.array([3.0, -1.0])
LENGTHS = np.array([7, 3, 5, 1, 7])


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_mean_is_zero_and_deviation_one(lengths):
    y, _ = normalize_series(X, lengths)
    for series, n in zip(y, [7] * 5 if lengths is None else lengths, strict=True):
        np.testing.assert_allclose(series[:n].mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(series[:n].std(axis=0), 1 if n > 1 else 0, atol=1e-12)
        assert not series[n:].any()


def test_statistics_restore_the_series():
    mean, deviation = series_statistics(X, LENGTHS)
    y, _ = normalize_series(X, LENGTHS)
    restored = y * deviation[:, np.newaxis] + mean[:, np.newaxis]
    for one, other, n in zip(restored, X, LENGTHS, strict=True):
        np.testing.assert_allclose(one[:n], other[:n], rtol=1e-12)


def test_padding_does_not_matter():
    padded = X.copy()
    padded[1, 3:] = 1e6
    np.testing.assert_array_equal(normalize_series(padded, LENGTHS)[0], normalize_series(X, LENGTHS)[0])


def test_constant_series_are_centred():
    x = np.full((2, 4, 1), 5.0)
    y, vjp = normalize_series(x, None)
    assert not y.any()
    np.testing.assert_allclose(vjp(np.eye(4)[:2, :, np.newaxis]).sum(axis=1), 0, atol=1e-12)


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_gradient(lengths):
    dy = rng.standard_normal(X.shape)
    direction = rng.standard_normal(X.shape)
    step = 1e-6
    after, before = (np.sum(dy * normalize_series(X + sign * step * direction, lengths)[0]) for sign in (1, -1))
    dx = normalize_series(X, lengths)[1](dy)
    np.testing.assert_allclose(np.sum(dx * direction), (after - before) / (2 * step), rtol=1e-6)
