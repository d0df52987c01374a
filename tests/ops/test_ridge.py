"""Ridge regressions of all penalties equal scikit-learn's, and leaving out each row equals fitting without it."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from skneural.ops.ridge import RidgePath, Scaling

RNG = np.random.default_rng(0)
N = 12
Y = RNG.normal(size=(N, 2))
WEIGHTS = {"equal weights": np.ones(N), "weights": RNG.uniform(0.5, 3, N)}
# rows by rows with more features than rows, and with fewer
FEATURES = {n: RNG.normal(size=(N, n)) * RNG.uniform(0.1, 5, n) + RNG.normal(size=n) for n in (5, 30)}
ALPHAS = np.array([0.3, 20.0])


def of_products(features, weight, rows):
    """The path by products of features, with some rows to predict without themselves."""
    scaling = Scaling.learn(features, weight)
    scaled, mean = scaling.of(features, slice(None)), np.average(Y, axis=0, weights=weight)
    gram, cross = scaled.T @ (weight[:, np.newaxis] * scaled), scaled.T @ (weight[:, np.newaxis] * (Y - mean))
    some = scaled[rows], Y[rows], weight[rows]
    return RidgePath.of_products(gram, cross, mean, weight.sum(), len(features), *some), scaling


def of_rows(features, weight):
    scaling = Scaling.learn(features, weight)
    return RidgePath.of_rows(features, scaling, Y, weight), scaling


every_weight = pytest.mark.parametrize("weight", WEIGHTS.values(), ids=WEIGHTS)
every_size = pytest.mark.parametrize("features", FEATURES.values(), ids=FEATURES)


@every_weight
@every_size
def test_coefficients_are_those_of_ridge(features, weight):
    for path, scaling in (of_rows(features, weight), of_products(features, weight, slice(0, 4))):
        coefficients, intercept = path.coefficients(ALPHAS, features, scaling)
        scaled = (features - scaling.mean) / scaling.scale
        for k, alpha in enumerate(ALPHAS):
            expected = Ridge(alpha).fit(scaled, Y[:, k], weight).predict(scaled)
            np.testing.assert_allclose(features @ coefficients[:, k] + intercept[k], expected, rtol=1e-7, atol=1e-9)


@every_weight
@every_size
def test_left_out_rows_are_predicted_by_the_others(features, weight):
    path, scaling = of_rows(features, weight)
    some, _ = of_products(features, weight, slice(2, 7))
    scaled = scaling.of(features, slice(None))
    for alpha, leverage, of_some in zip(ALPHAS, path.leverage(ALPHAS).T, some.leverage(ALPHAS).T, strict=True):
        expected = []
        for i in range(N):
            others = np.arange(N) != i
            expected.append(Ridge(alpha).fit(scaled[others], Y[others], weight[others]).predict(scaled[i : i + 1])[0])
        np.testing.assert_allclose(path.left_out(alpha, leverage), expected, rtol=1e-6)
        np.testing.assert_allclose(some.left_out(alpha, of_some), expected[2:7], rtol=1e-6)


def test_constant_features_have_no_influence():
    features = FEATURES[5].copy()
    features[:, 2] = 0.1
    path, scaling = of_rows(features, WEIGHTS["weights"])
    coefficients, _ = path.coefficients(ALPHAS, features, scaling)
    assert scaling.scale[2] == 1
    np.testing.assert_allclose(coefficients[2], 0, atol=1e-12)


@pytest.mark.parametrize("n", [1, 4])
def test_rows_without_features_that_vary(n):
    features, y, weight = np.ones((n, 3)), np.arange(n, dtype=float)[:, np.newaxis], np.ones(n)
    path = RidgePath.of_rows(features, Scaling.learn(features, weight), y, weight)
    coefficients, intercept = path.coefficients(ALPHAS[:1], features, Scaling.learn(features, weight))
    assert not coefficients.any()
    np.testing.assert_allclose(intercept, y.mean())
    left_out = path.left_out(1.0, path.leverage(ALPHAS)[:, 0])
    if n > 1:
        np.testing.assert_allclose(left_out[:, 0], [(y.sum() - each) / (n - 1) for each in y[:, 0]])
    assert np.isfinite(left_out).all()
