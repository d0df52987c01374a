"""Regressors of sequences whose inputs and targets are in the units of each series."""

import copy

import numpy as np
import pytest

from skneural import (
    CNNSequenceRegressor,
    MambaSequenceRegressor,
    RNNSequenceRegressor,
    TransformerSequenceRegressor,
)
from skneural.preprocessing import SlidingWindows
from skneural.tasks import steps

BRIEF = {"max_iter": 2, "batch_size": 50, "random_state": 0, "reversible_normalization": True}
MODELS = [
    CNNSequenceRegressor(architecture="textcnn", channels=4, **BRIEF),
    RNNSequenceRegressor(hidden_size=4, **BRIEF),
    TransformerSequenceRegressor(d_model=4, n_heads=2, feedforward_size=4, **BRIEF),
    MambaSequenceRegressor(d_model=4, state_size=3, **BRIEF),
]
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)

rng = np.random.default_rng(0)
X, Y = SlidingWindows(8, horizon=2).windows_and_targets(rng.normal(size=(60, 3)).cumsum(axis=0))


@every_model
def test_units_of_each_series_do_not_matter(model):
    level, factor = rng.normal(size=(2, len(X), 1, 1))
    factor = np.exp(3 * factor)
    model = copy.copy(model).fit(X, Y)
    other = copy.copy(model).fit(X * factor + level, Y * factor[:, 0] + level[:, 0])
    np.testing.assert_allclose(
        other.predict(X * factor + level), model.predict(X) * factor[:, 0] + level[:, 0], rtol=1e-4, atol=1e-4
    )


@every_model
def test_without_training_the_mean_of_each_series_is_predicted(model):
    model = copy.copy(model).set_params(learning_rate_init=1e-12).fit(X, Y)
    model.weights_[...] = 0
    np.testing.assert_allclose(model.predict(X), np.tile(X.mean(axis=1), 2), rtol=1e-6)


def test_unequal_lengths_and_one_target(monkeypatch):
    series = [x[: 4 + i % 5] for i, x in enumerate(X[:, :, :1])]
    model = copy.copy(MODELS[1]).fit(series, Y[:, 0])
    together = model.predict(series)
    monkeypatch.setattr(steps, "SERIES_AT_ONCE", 7)
    np.testing.assert_allclose(model.predict(series), together, rtol=1e-9)
    assert together.shape == (len(X),)
    for i in (0, 7):
        np.testing.assert_allclose(model.predict([series[i]]), together[i : i + 1], rtol=1e-6)
    assert np.isfinite(model.partial_fit(series, Y[:, 0]).predict(series)).all()


@pytest.mark.parametrize(
    ("X", "y", "options", "message"),
    [
        (X, Y[:, :4], {}, "series have 3 features, but y has 4 columns"),
        (X, X, {}, "y has a target for each step"),
        (X, np.abs(Y), {"loss": "poisson"}, 'loss="poisson" counts'),
        (np.arange(40).reshape(10, 4) % 5, np.arange(10.0), {"vocabulary_size": 5}, "X is tokens"),
    ],
)
def test_what_cannot_be_normalized(X, y, options, message):
    model = RNNSequenceRegressor(hidden_size=4, **BRIEF, **options)
    with pytest.raises(ValueError, match=f"Set reversible_normalization=False: {message}"):
        model.fit(X, y)
