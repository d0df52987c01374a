"""Several quantiles by one network, and standard deviations: coverage, units, order and shapes."""

import numpy as np
import pytest
from sklearn.metrics import d2_pinball_score

from skneural import (
    CNNSequenceRegressor,
    ImageRegressor,
    KANRegressor,
    MLPRegressor,
    RNNSequenceRegressor,
    TabularMLPRegressor,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
RNG = np.random.default_rng(0)
X = RNG.uniform(-2, 2, (1500, 1))
DEVIATION = 50 * (0.2 + 0.4 * np.abs(X[:, 0]))
Y = 100 + 50 * np.sin(2 * X[:, 0]) + DEVIATION * RNG.normal(size=len(X))
LEVELS = (0.05, 0.5, 0.95)
LEARNS = {"max_iter": 60, "batch_size": 50, "learning_rate_init": 0.01, "learning_rate": "cosine", "random_state": 0}
BRIEF = {"max_iter": 2, "random_state": 0}


@pytest.fixture(scope="module")
def quantiles():
    return MLPRegressor(32, loss="quantile", quantile=LEVELS, **LEARNS).fit(X, Y)


@pytest.fixture(scope="module")
def normal():
    return MLPRegressor(32, loss="gaussian", **LEARNS).fit(X, Y)


def test_quantiles_cover_their_share(quantiles):
    predicted = quantiles.predict(X)
    assert predicted.shape == (len(X), 3)
    for side in (X[:, 0] < 0, X[:, 0] > 0):
        np.testing.assert_allclose((Y[side, np.newaxis] < predicted[side]).mean(axis=0), LEVELS, atol=0.04)


def test_deviations_are_those_of_the_data(normal):
    mean, deviation = normal.predict(X, return_std=True)
    np.testing.assert_array_equal(mean, normal.predict(X))
    assert mean.shape == deviation.shape == Y.shape
    assert np.corrcoef(deviation, DEVIATION)[0, 1] > 0.9
    assert np.mean(deviation / DEVIATION) == pytest.approx(1, abs=0.1)
    assert np.mean(np.abs(Y - mean) < 1.645 * deviation) == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize("levels", [(0.05, 0.5, 0.95), [0.9, 0.1], np.array([0.5])])
@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("kind", [MLPRegressor, KANRegressor, TabularMLPRegressor])
def test_quantiles_never_cross_whatever_the_weights_are(kind, n_outputs, levels):
    y = Y[:60] if n_outputs == 1 else np.stack([Y, -Y], axis=1)[:60]
    model = kind(loss="quantile", quantile=levels, **BRIEF).fit(X[:60], y)
    model.weights_ = RNG.normal(size=model.weights_.shape).astype(model.weights_.dtype)
    predicted = model.predict(X)
    assert predicted.shape == (len(X), *y.shape[1:], len(levels))
    assert (np.diff(predicted[..., np.argsort(levels)], axis=-1) >= 0).all()
    assert len(levels) == 1 or (np.diff(predicted[..., np.argsort(levels)], axis=-1) > 0).any()


@pytest.mark.parametrize("options", [{"loss": "quantile", "quantile": LEVELS}, {"loss": "gaussian"}])
def test_predictions_follow_the_units_of_y(options):
    def predicted(y, **other):
        model = MLPRegressor(8, alpha=0.0, **BRIEF | options | other).fit(X, y)
        return model.predict(X) if "quantile" in options else np.stack(model.predict(X, return_std=True), axis=1)

    usual, other = predicted(Y), predicted(1000 * Y + 7)
    shift = 7 if "quantile" in options else np.array([7, 0])
    np.testing.assert_allclose(other, 1000 * usual + shift, rtol=1e-6)


@pytest.mark.parametrize("options", [{"loss": "quantile", "quantile": LEVELS}, {"loss": "gaussian"}])
def test_a_weight_of_two_is_a_repetition(options):
    model = MLPRegressor(8, alpha=0.0, solver="lbfgs", **BRIEF | options)
    weight = RNG.integers(1, 3, 80)
    repeated = np.repeat(np.arange(80), weight)
    weighted = model.fit(X[:80], Y[:80], weight).predict(X)
    np.testing.assert_allclose(weighted, model.fit(X[repeated], Y[repeated]).predict(X), rtol=1e-5)


@pytest.mark.parametrize("options", [{"loss": "quantile", "quantile": LEVELS}, {"loss": "gaussian"}])
def test_new_units_do_not_change_predictions(options):
    """The first step of a further pass has no effect with a tiny learning rate, but units follow its data."""
    model = MLPRegressor(8, **BRIEF | options).fit(X, Y)
    before = model.predict(X)
    deviations = model.predict(X, return_std=True)[1] if model.loss == "gaussian" else None
    model.set_params(learning_rate_init=1e-12).partial_fit(X, 3 * Y - 500)
    np.testing.assert_allclose(model.predict(X), before, rtol=1e-4)
    if deviations is not None:
        np.testing.assert_allclose(model.predict(X, return_std=True)[1], deviations, rtol=1e-3)


def test_score_is_the_mean_of_the_d2_scores(quantiles):
    predicted = quantiles.predict(X)
    weight = RNG.random(len(X))
    each = [d2_pinball_score(Y, predicted[:, i], alpha=level, sample_weight=weight) for i, level in enumerate(LEVELS)]
    assert quantiles.score(X, Y, weight) == pytest.approx(np.mean(each))


def test_targets_of_steps_and_pixels():
    series, steps = RNG.normal(size=(12, 5, 2)), RNG.normal(size=(12, 5, 1))
    images = RNG.normal(size=(6, 8, 8))
    cases = [
        (RNNSequenceRegressor(hidden_size=4, **BRIEF), series, steps, (12, 5)),
        (CNNSequenceRegressor(channels=(4,), **BRIEF), series, steps[:, 0, 0], (12,)),
        (ImageRegressor(channels=(4, 8), **BRIEF), images, images, (6, 8, 8)),
    ]
    for model, x, y, shape in cases:
        model.set_params(loss="quantile", quantile=LEVELS).fit(x, y)
        assert model.predict(x).shape == (*shape, 3)
        assert model.score(x, y) <= 1
        mean, deviation = model.set_params(loss="gaussian").fit(x, y).predict(x, return_std=True)
        assert mean.shape == deviation.shape == np.shape(model.predict(x))
        assert (deviation > 0).all()


def test_deviations_in_units_of_series():
    series = RNG.normal(size=(30, 8, 1))
    model = RNNSequenceRegressor(
        hidden_size=4, loss="gaussian", reversible_normalization=True, **BRIEF | {"batch_size": 10}
    )
    model.fit(series, series[:, -1, 0])
    mean, deviation = model.predict(series, return_std=True)
    of_larger = model.predict(100 * series + 5, return_std=True)
    np.testing.assert_allclose(of_larger, [100 * mean + 5, 100 * deviation], rtol=1e-5)


def test_mistakes(quantiles):
    with pytest.raises(ValueError, match='return_std=True needs a model that was fitted with loss="gaussian"'):
        quantiles.predict(X, return_std=True)
    for levels in ((), (0.5, 1.0), "0.5", [None]):
        with pytest.raises(ValueError, match="quantile must be"):
            MLPRegressor(loss="quantile", quantile=levels).fit(X, Y)
    with pytest.raises(ValueError, match="A formula is of one prediction"):
        KANRegressor(loss="gaussian", **BRIEF).fit(X[:50], Y[:50]).to_formula()
