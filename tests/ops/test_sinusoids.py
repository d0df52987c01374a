import numpy as np

from skneural.ops.sinusoids import embed_last


def test_the_last_feature_becomes_sines_and_cosines():
    x, frequencies = np.random.default_rng(0).standard_normal((5, 3)), np.array([1.0, 7.0])
    y, _ = embed_last(x, frequencies)
    angles = x[:, 2:] * frequencies
    np.testing.assert_array_equal(y, np.concatenate([x[:, :2], np.sin(angles), np.cos(angles)], axis=1))


def test_its_gradient_is_that_of_differences():
    rng = np.random.default_rng(0)
    x, dy, step = rng.standard_normal((5, 3)), rng.standard_normal((5, 6)), 1e-6
    frequencies = np.array([1.0, 7.0])
    dx = embed_last(x, frequencies)[1](dy)
    direction = rng.standard_normal(x.shape)
    ahead, behind = (embed_last(x + sign * step * direction, frequencies)[0] for sign in (1, -1))
    np.testing.assert_allclose(np.sum(dx * direction), np.sum(dy * (ahead - behind)) / (2 * step), rtol=1e-7)
