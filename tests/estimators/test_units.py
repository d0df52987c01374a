"""Units: data times a hundred, whatever kind of data it is, give the same model in other units."""

import numpy as np
import pytest
from sklearn.base import is_regressor
from sklearn.datasets import load_digits

from skneural import Autoencoder, DiffusionModel, MLPRegressor
from tests.estimators.cases import BRIEF, ESTIMATORS, every, most_precise_output, patients

# Factor of y -> power of the factor in the loss, by the loss
DEGREES = {"squared_error": 2, "absolute_error": 1, "quantile": 1, "huber": 2}
OF_NUMBERS = {
    name: case for name, case in ESTIMATORS.items() if is_regressor(case.estimator) and case.estimator.loss != "poisson"
}
STANDARDIZING = {
    name: case
    for name, case in ESTIMATORS.items()
    if (
        getattr(case.estimator, "standardize", False) and "sequence to sequence" not in name
    )  # which does not scale rows
    or name.startswith(("tabular", "autoencoder", "diffusion"))
}
IMAGES = load_digits().images[:40]
close = {"rtol": 1e-4, "atol": 1e-6}


@every(OF_NUMBERS)
def test_regression_is_in_the_units_of_y(case):
    X, y = case.data()
    model, other = (case.new(max_iter=2).fit(X, factor * y) for factor in (1, 100))
    np.testing.assert_allclose(other.weights_, model.weights_, **close)
    np.testing.assert_allclose(other.predict(X) / 100, model.predict(X), rtol=1e-4, atol=1e-6 * np.abs(y).max())
    degree = DEGREES[case.estimator.loss]
    np.testing.assert_allclose(other.loss_curve_, 100**degree * np.array(model.loss_curve_), rtol=1e-4)
    if model.validation_scores_ is not None:
        np.testing.assert_allclose(
            other.validation_scores_, 100**degree * np.array(model.validation_scores_), rtol=1e-4
        )


@pytest.mark.parametrize("loss", DEGREES)
def test_every_loss_is_in_the_units_of_y(loss):
    X, y = patients()
    model = MLPRegressor(8, loss=loss, huber_delta=0.7, quantile=0.2, early_stopping=True, **BRIEF)
    curves = [model.fit(X, factor * y).loss_curve_ + model.validation_scores_ for factor in (1, 100)]
    np.testing.assert_allclose(curves[1], 100 ** DEGREES[loss] * np.array(curves[0]), rtol=1e-4)


@every(STANDARDIZING)
def test_the_units_of_x_do_not_matter_to_a_model_that_scales_it(case):
    X, y = case.data()
    model, other = (case.new(max_iter=1).fit(factor * X, y) for factor in (1, 100))
    np.testing.assert_allclose(other.weights_, model.weights_, **close)
    if isinstance(model, Autoencoder):
        return  # whose scores are in the units of X: see below
    for one, another in zip(most_precise_output(other, 100 * X), most_precise_output(model, X), strict=True):
        if np.asarray(one).dtype.kind == "f":
            np.testing.assert_allclose(one, another, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("settings", [{}, {"variational": True}, {"noise": 0.5}, {"beta": 0.1}], ids=str)
@pytest.mark.parametrize("X", [IMAGES, np.stack([IMAGES, 3 * IMAGES[::-1]], axis=3), patients()[0]], ids=np.shape)
def test_autoencoders_of_rows_and_images(settings, X):
    """Densities of X are divided by the factor once for each number of X."""
    shape = "auto" if X.ndim > 2 else None
    settings = {"latent_size": 2, "hidden_layer_sizes": 4, "channels": 3, "image_shape": shape, **BRIEF, **settings}
    one, other = Autoencoder(**settings).fit(X), Autoencoder(**settings).fit(100 * X)
    Z = one.transform(X)
    np.testing.assert_allclose(other.transform(100 * X), Z, **close)
    np.testing.assert_allclose(other.inverse_transform(Z) / 100, one.inverse_transform(Z), **close)
    np.testing.assert_allclose(other.loss_curve_, one.loss_curve_, rtol=1e-5)
    n_densities = X[0].size if one.variational else 0
    np.testing.assert_allclose(other.score_samples(100 * X), one.score_samples(X) - n_densities * np.log(100), **close)


@pytest.mark.parametrize("prediction", ["velocity", "noise"])
@pytest.mark.parametrize("scaling", ["standard", "quantile"])
def test_diffusion_models(prediction, scaling):
    X, y = patients()
    settings = {"hidden_layer_sizes": 8, "prediction": prediction, "scaling": scaling, "averaging": 0, **BRIEF}
    one, other = DiffusionModel(**settings).fit(X, y), DiffusionModel(**settings).fit(100 * X, 100 * y)
    made = one.sample(20, y=100.0, random_state=0)
    np.testing.assert_allclose(other.sample(20, y=1e4, random_state=0) / 100, made, **close)
    np.testing.assert_allclose(other.score_samples(100 * X, 100 * y), one.score_samples(X, y), **close)
