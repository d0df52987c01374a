"""Autoencoders, beyond the common contract."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skneural import Autoencoder
from skneural.losses import GaussianLoss
from skneural.tasks import FitArguments
from skneural.template.problem import pose

IRIS = load_iris().data
DIGITS = load_digits().data[:400]
BRIEF = {"max_iter": 5, "random_state": 0}
RNG = np.random.default_rng(0)
# Two numbers behind ten features, on a curved surface
HIDDEN = RNG.normal(size=(500, 2))
CURVED = np.concatenate([HIDDEN, HIDDEN**2, np.sin(2 * HIDDEN), HIDDEN[:, ::-1] * HIDDEN, -HIDDEN], axis=1)


def reconstructed(model, X):
    return model.inverse_transform(model.transform(X))


def error(model, X):
    return float(np.mean(np.square((reconstructed(model, X) - X) / X.std(axis=0))))


# --- what is learned


def test_a_linear_autoencoder_is_principal_components():
    X = StandardScaler().fit_transform(IRIS)
    model = Autoencoder(2, (), solver="lbfgs", alpha=0, max_iter=2000, tol=1e-8, random_state=0).fit(X)
    pca = PCA(2).fit(X)
    np.testing.assert_allclose(reconstructed(model, X), pca.inverse_transform(pca.transform(X)), atol=1e-3)


@pytest.mark.slow
def test_curved_surfaces_need_fewer_numbers_than_planes():
    model = Autoencoder(2, max_iter=300, learning_rate_init=0.01, random_state=0).fit(CURVED)
    assert error(model, CURVED) < 0.2 * error(PCA(2).fit(CURVED), CURVED)


@pytest.mark.parametrize("loss", ["squared_error", "log_loss"])
def test_noise_is_taken_out(loss):
    clean = np.repeat(np.eye(4), 25, axis=0).repeat(6, axis=1)
    noisy = clean + RNG.normal(0, 0.5, clean.shape)
    settings = {"latent_size": 4, "loss": loss, "learning_rate_init": 0.01, "max_iter": 100, "random_state": 0}
    model = Autoencoder(noise=1.0, **settings).fit(clean)
    distance = np.square(reconstructed(model, noisy) - clean).mean()
    assert distance < 0.2 * np.square(noisy - clean).mean()
    assert distance < np.square(reconstructed(Autoencoder(**settings).fit(clean), noisy) - clean).mean()


@pytest.mark.parametrize("variational", [False, True])
@pytest.mark.slow
def test_outliers_are_told_by_their_scores(variational):
    model = Autoencoder(2, variational=variational, max_iter=200, learning_rate_init=0.01, random_state=0).fit(CURVED)
    outliers = RNG.permuted(CURVED, axis=0)  # each feature as before, but not together
    scores = model.score_samples(np.concatenate([CURVED, outliers]))
    assert roc_auc_score(np.repeat([1, 0], 500), scores) > 0.95


# --- units


def test_no_feature_dominates():
    """Units of features make no difference, and everything is returned in those of X."""
    units, zero = np.array([1e-3, 1, 1e4, 1]), np.array([0, 5, -1e4, 100.0])
    one, other = Autoencoder(2, **BRIEF).fit(IRIS), Autoencoder(2, **BRIEF).fit(IRIS * units + zero)
    np.testing.assert_allclose(other.transform(IRIS * units + zero), one.transform(IRIS), atol=1e-6)
    np.testing.assert_allclose(reconstructed(other, IRIS * units + zero), reconstructed(one, IRIS) * units + zero)
    np.testing.assert_allclose(other.score_samples(IRIS * units + zero), one.score_samples(IRIS), rtol=1e-6)


@pytest.mark.parametrize("settings", [{}, {"variational": True}, {"noise": 0.5}, {"hidden_layer_sizes": ()}], ids=str)
def test_a_constant_feature_is_reconstructed_as_it_is(settings):
    X = np.insert(IRIS, 1, 7.3, axis=1)
    model = Autoencoder(2, **BRIEF, **settings).fit(X)
    assert model.scale_[1] == 1
    np.testing.assert_allclose(reconstructed(model, X)[:, 1], 7.3, rtol=1e-12)
    changed = X.copy()
    changed[:, 1] += 3
    np.testing.assert_allclose(reconstructed(model, changed)[:, 1], 7.3, rtol=1e-12)
    assert model.score(changed) < model.score(X)


def test_only_constants():
    model = Autoencoder(1, **BRIEF).fit(np.full((20, 3), 4.0))
    np.testing.assert_array_equal(reconstructed(model, np.full((2, 3), 4.0)), 4.0)
    assert model.score(np.full((2, 3), 4.0)) == 0


def test_score_is_minus_the_error_in_deviations():
    model = Autoencoder(2, **BRIEF).fit(IRIS)
    expected = -np.square((reconstructed(model, IRIS) - IRIS) / IRIS.std(axis=0)).mean(axis=1)
    np.testing.assert_allclose(model.score_samples(IRIS), expected, rtol=1e-9)
    weight = RNG.random(len(IRIS))
    assert model.score(IRIS) == pytest.approx(expected.mean())
    assert model.score(IRIS, sample_weight=weight) == pytest.approx(np.average(expected, weights=weight))
    whole = Autoencoder(2, max_iter=1, batch_size=150, learning_rate_init=1e-12, alpha=0, random_state=0).fit(IRIS)
    assert whole.loss_ == pytest.approx(-whole.score(IRIS) / 2, rel=1e-6)


# --- losses


def test_zeros_and_ones_have_the_log_loss():
    binary = (DIGITS > 7).astype(float)
    model = Autoencoder(4, max_iter=30, random_state=0).fit(binary)
    assert (model.loss_function_, model.out_activation_) == ("log_loss", "logistic")
    found = reconstructed(model, binary)
    assert found.min() >= 0
    assert found.max() <= 1
    truth = np.where(binary == 1, found, 1 - found)
    np.testing.assert_allclose(model.score_samples(binary), np.log(truth).mean(axis=1), rtol=1e-6)


@pytest.mark.parametrize("X", [DIGITS, DIGITS / 16, np.zeros((20, 3))], ids=["pixels", "shares", "zeros"])
def test_other_numbers_have_squared_errors(X):
    assert Autoencoder(1, **BRIEF).fit(X).loss_function_ == "squared_error"


def test_the_log_loss_takes_numbers_between_zero_and_one_only():
    model = Autoencoder(2, loss="log_loss", **BRIEF).fit(DIGITS / 16)
    with pytest.raises(ValueError, match=r'from 0 to 16. Set loss="squared_error"'):
        model.set_params(early_stopping=False).partial_fit(DIGITS)
    with pytest.raises(ValueError, match="between 0 and 1, but X reaches from 0 to 16"):
        Autoencoder(2, loss="log_loss").fit(DIGITS)
    with pytest.raises(ValueError, match=r"In the validation data.*X reaches from 0 to 16"):
        model.fit(DIGITS / 16, X_val=DIGITS)


# --- variational


@pytest.fixture(scope="module")
def variational():
    return Autoencoder(2, (64, 64), variational=True, learning_rate_init=0.01, random_state=0).fit(CURVED)


def energy_distance(one, other):
    return 2 * cdist(one, other).mean() - cdist(one, one).mean() - cdist(other, other).mean()


@pytest.mark.slow
def test_samples_are_nearer_to_the_data_than_those_of_one_normal_distribution(variational):
    normal = RNG.multivariate_normal(CURVED.mean(axis=0), np.cov(CURVED.T), 1000)
    samples = variational.sample(1000, random_state=0)
    assert energy_distance(samples, CURVED) < 0.5 * energy_distance(normal, CURVED)
    assert np.abs(samples[:, 2] - samples[:, 0] ** 2).mean() < 0.3  # still a curved surface


def test_same_seed_same_samples(variational):
    np.testing.assert_array_equal(variational.sample(5, random_state=1), variational.sample(5, random_state=1))
    assert not np.array_equal(variational.sample(5, random_state=1), variational.sample(5, random_state=2))
    assert variational.sample().shape == (1, 10)


def test_latent_numbers_are_near_the_standard_normal_distribution(variational):
    Z = variational.transform(CURVED)
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=0.25)
    assert (Z.std(axis=0) < 1.3).all()
    np.testing.assert_array_equal(Z, variational.transform(CURVED))  # nothing is drawn


def test_a_strong_divergence_leaves_nothing_to_tell():
    model = Autoencoder(2, variational=True, beta=100, max_iter=100, learning_rate_init=0.01, random_state=0).fit(
        CURVED
    )
    assert model.transform(CURVED).std() < 0.1


def test_the_score_is_a_bound_of_the_likelihood():
    """Of a linear one it is nearly tight: X is normal, and its density is known."""
    X = RNG.normal(size=(1000, 1)) @ np.array([[2.0, -1, 3]]) + RNG.normal(size=(1000, 3)) + [5, 0, 1]
    model = Autoencoder(
        1,
        (),
        variational=True,
        max_iter=200,
        learning_rate_init=0.05,
        learning_rate="one_cycle",
        alpha=0,
        early_stopping=False,
        random_state=0,
    ).fit(X)
    weight = model.inverse_transform([[1.0]]) - model.inverse_transform([[0.0]])
    variance = np.exp(model.network_.output_bias(model._parameters())[-1]) + GaussianLoss().floor
    covariance = weight.T @ weight + variance * np.diag(model.scale_**2)
    centred = X - model.inverse_transform([[0.0]])
    mahalanobis = (centred @ np.linalg.inv(covariance) * centred).sum(axis=1)
    density = -0.5 * (mahalanobis + np.linalg.slogdet(covariance)[1] + 3 * np.log(2 * np.pi))
    assert density.mean() - 0.1 < model.score(X) < density.mean() + 0.01


def test_a_plain_autoencoder_draws_no_samples():
    model = Autoencoder(2, **BRIEF).fit(IRIS)
    assert not hasattr(model, "sample")
    with pytest.raises(AttributeError) as caught:
        model.sample(3)
    assert "set variational=True" in str(caught.value.__cause__)


@pytest.mark.parametrize("n_samples", [0, -1, 2.0, "3", True, None])
def test_a_positive_number_of_samples(variational, n_samples):
    with pytest.raises(ValueError, match="n_samples must be a positive integer"):
        variational.sample(n_samples)


def test_before_fit():
    model = Autoencoder(variational=True)
    for method, arguments in {
        "sample": (),
        "transform": (IRIS,),
        "inverse_transform": (IRIS,),
        "score": (IRIS,),
    }.items():
        with pytest.raises(NotFittedError):
            getattr(model, method)(*arguments)


# --- images


@pytest.mark.parametrize("settings", [{}, {"variational": True}, {"noise": 0.5}], ids=str)
def test_images_come_back_as_they_were_given(settings):
    images = DIGITS.reshape(-1, 8, 8)
    models = []
    for X in (images, images[..., np.newaxis], DIGITS, list(images)):
        model = Autoencoder(3, image_shape=(8, 8), channels=(4, 4), **BRIEF, **settings).fit(X)
        assert reconstructed(model, X).shape == np.shape(X)
        models.append(model)
        np.testing.assert_array_equal(model.weights_, models[0].weights_)
        np.testing.assert_array_equal(model.score_samples(X), models[0].score_samples(images))
    if settings.get("variational"):
        assert models[0].sample(3).shape == (3, 8, 8)


@pytest.mark.parametrize("shape", [(7, 5, 2), (1, 9, 1), (9, 1, 1), (1, 1, 2), (12, 13, 1)])
@pytest.mark.slow
def test_images_of_any_size_and_colours_in_their_places(shape):
    """Images that differ by one number per colour channel can be encoded by as many numbers."""
    shades = RNG.uniform(0, 255, (200, 1, 1, shape[2]))
    X = np.broadcast_to(shades, (200, *shape)) * np.linspace(0.5, 1, shape[1])[:, np.newaxis]
    model = Autoencoder(
        shape[2], image_shape=shape, channels=(8,), max_iter=150, learning_rate_init=0.01, random_state=0
    ).fit(X)
    assert reconstructed(model, X).shape == X.shape
    assert np.square(reconstructed(model, X) - X).mean() < 0.1 * X.var()


@pytest.mark.slow
def test_images_are_better_encoded_as_images():
    model = Autoencoder(8, image_shape=(8, 8), max_iter=20, learning_rate_init=0.003, batch_size=32, random_state=0)
    X = load_digits().data
    pca = PCA(8).fit(X[:1400])
    ratio = np.square(reconstructed(model.fit(X[:1400]), X[1400:]) - X[1400:]).mean()
    assert ratio < 0.8 * np.square(reconstructed(pca, X[1400:]) - X[1400:]).mean()


@pytest.mark.parametrize(
    ("X", "settings", "message"),
    [
        (DIGITS.reshape(-1, 8, 8), {}, 'set image_shape="auto"'),
        (DIGITS, {"image_shape": (7, 8)}, "has 56 numbers per image, but X has 64 features"),
        (DIGITS.reshape(-1, 8, 8), {"image_shape": (4, 16)}, r"images of shape \(8, 8, 1\), but image_shape=\(4, 16\)"),
        (DIGITS, {"image_shape": (8,)}, "image_shape must be"),
        (DIGITS, {"image_shape": (8, 8), "kernel_size": 9}, "does not fit"),
        (sparse.csr_array(DIGITS), {}, "dense"),
        (np.where(DIGITS > 15, np.nan, DIGITS), {}, "NaN"),
    ],
)
def test_what_is_no_X(X, settings, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Autoencoder(2, **BRIEF, **settings).fit(X)


# --- among scikit-learn's estimators


def test_more_numbers_than_features_are_a_mistake_unless_something_keeps_from_copying():
    with pytest.warns(UserWarning, match="latent_size=5 is more than the 4 features"):
        Autoencoder(5, **BRIEF).fit(IRIS)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "latent_size")
        Autoencoder(4, **BRIEF).fit(IRIS)
        Autoencoder(5, noise=0.1, **BRIEF).fit(IRIS)
        Autoencoder(5, variational=True, **BRIEF).fit(IRIS)


def test_latent_numbers_have_names():
    pandas = pytest.importorskip("pandas")
    frame = load_iris(as_frame=True).data
    model = Autoencoder(3, **BRIEF).set_output(transform="pandas").fit(frame)
    assert list(model.get_feature_names_out()) == ["autoencoder0", "autoencoder1", "autoencoder2"]
    assert list(model.transform(frame).columns) == list(model.get_feature_names_out())
    assert isinstance(model.transform(frame), pandas.DataFrame)


def test_a_search_through_a_pipeline():
    X, y = load_digits(return_X_y=True)
    pipeline = make_pipeline(Autoencoder(**BRIEF), LogisticRegression(max_iter=200))
    search = GridSearchCV(pipeline, {"autoencoder__latent_size": [2, 8]}, cv=2).fit(X[:300], y[:300])
    assert search.best_params_ == {"autoencoder__latent_size": 8}
    alone = GridSearchCV(Autoencoder(**BRIEF), {"latent_size": [1, 8]}, cv=2).fit(X[:300])
    assert alone.best_params_ == {"latent_size": 8}


@pytest.mark.parametrize("Z", [np.ones((3, 1)), np.ones((3, 3)), np.ones(2), [["a", "b"]]], ids=str)
def test_latent_numbers_of_another_size(Z):
    with pytest.raises(ValueError, match=r"Z|2D|convert"):
        Autoencoder(2, **BRIEF).fit(IRIS).inverse_transform(Z)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_threads_share_batches(n_jobs):
    """Divergence and draws are those of the whole batch."""
    X = RNG.normal(size=(200, 28, 28)).astype(np.float32)
    settings = {"image_shape": "auto", "batch_size": 200, "max_iter": 1, "variational": True, "random_state": 0}
    alone = Autoencoder(2, n_jobs=1, channels=(32, 32), **settings).fit(X)
    shared = Autoencoder(2, n_jobs=n_jobs, channels=(32, 32), **settings).fit(X)
    np.testing.assert_allclose(shared.loss_curve_, alone.loss_curve_, rtol=1e-4)


@pytest.mark.parametrize("weight", [None, np.arange(len(IRIS)) % 3, np.linspace(0, 0.1, len(IRIS))])
@pytest.mark.parametrize("options", [{}, {"variational": True}, {"loss": "log_loss"}])
def test_training_starts_from_the_best_constant_reconstruction(options, weight):
    """It is computed in blocks, because the targets are as large as X."""
    X = IRIS / IRIS.max(axis=0)
    model = Autoencoder(2, **options, **BRIEF)
    problem = pose(model._specification(), model._settings(False), FitArguments(X, None, weight))
    samples = problem.samples.resample(np.random.default_rng(0))
    expected = problem.loss.best_constant(samples.y.values, samples.sample_weight)
    np.testing.assert_allclose(problem.task.best_constant(problem.samples), expected, atol=1e-9)
