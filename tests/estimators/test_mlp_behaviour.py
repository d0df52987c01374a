"""Perceptron and MLP do what the textbooks and the documentation say."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from scipy.special import logsumexp
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier as ScikitClassifier
from sklearn.neural_network import MLPRegressor as ScikitRegressor

from skneural import MLPClassifier, MLPRegressor, PerceptronClassifier
from tests.estimators.cases import cancer, iris, moons, noisy_line

# --- the same model as scikit-learn's ---------------------------------------------------------------------


def pair_of_classifiers(activation, alpha, X, y):
    """scikit-learn's MLP, fitted, and ours with the same weights."""
    shared = {"hidden_layer_sizes": (7, 5), "activation": activation, "alpha": alpha, "random_state": 0}
    theirs = ScikitClassifier(**shared, learning_rate_init=0.01, max_iter=20)
    ours = MLPClassifier(**shared, max_iter=1)
    return with_same_weights(theirs, ours, X, y)


def with_same_weights(theirs, ours, X, y):
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        theirs.fit(X, y)
    ours.fit(X, y)
    for mine, other in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        mine[...] = other
    return theirs, ours


def one_plain_step(model, X, y):
    """Loss and gradient of the whole training set, from one step of gradient descent."""
    before = [array.copy() for array in model.coefs_ + model.intercepts_]
    model.set_params(solver="sgd", momentum=0.0, learning_rate_init=0.1, batch_size=len(X), shuffle=False)
    vars(model).pop("_optimizer", None)  # scikit-learn's, of the first fit
    model.partial_fit(X, y)
    steps = [(b - a) / 0.1 for a, b in zip(model.coefs_ + model.intercepts_, before, strict=True)]
    return model.loss_, steps


@pytest.mark.parametrize("data", [iris, cancer])
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_classifier_has_scikit_learns_probabilities_loss_and_gradient(data, activation, alpha):
    X, y = data()
    theirs, ours = pair_of_classifiers(activation, alpha, X, y)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-12)
    (their_loss, their_gradient), (our_loss, our_gradient) = one_plain_step(theirs, X, y), one_plain_step(ours, X, y)
    assert our_loss == pytest.approx(their_loss, rel=1e-9)
    for mine, other in zip(our_gradient, their_gradient, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-10)


@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_regressor_has_scikit_learns_predictions_loss_and_gradient(n_outputs, loss):
    """For many outputs, scikit-learn's loss is a mean over outputs but its gradient that of their sum."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    Y = rng.poisson(np.exp(X[:, :n_outputs])).astype(float)
    y = Y[:, 0] if n_outputs == 1 else Y
    shared = {
        "hidden_layer_sizes": (7, 5),
        "activation": "tanh",
        "alpha": 0.5 if n_outputs == 1 else 0.0,
        "loss": loss,
        "random_state": 0,
    }
    theirs = ScikitRegressor(**shared, learning_rate_init=0.01, max_iter=20)
    theirs, ours = with_same_weights(theirs, MLPRegressor(**shared, max_iter=1, normalize_y=False), X, y)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-10, atol=1e-12)
    (their_loss, their_gradient), (our_loss, our_gradient) = one_plain_step(theirs, X, y), one_plain_step(ours, X, y)
    for mine, other in zip(our_gradient, their_gradient, strict=True):
        np.testing.assert_allclose(n_outputs * mine, other, atol=1e-9)
    if loss == "squared_error":  # the poisson losses may differ by what depends on y alone
        assert our_loss == pytest.approx(their_loss, rel=1e-9)


def test_multilabel_has_scikit_learns_probabilities():
    X, y = iris()
    Y = np.column_stack([y == 0, y != 1, X[:, 0] > 0]).astype(int)
    theirs, ours = pair_of_classifiers("relu", 0.1, X, Y)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-12)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


# --- many labels, many outputs -----------------------------------------------------------------------------


def test_multilabel():
    X, y = iris()
    Y = np.column_stack([y == 0, y != 1, X[:, 0] > 0]).astype(int)
    model = MLPClassifier(16, solver="lbfgs", random_state=0).fit(X, Y)
    assert model.score(X, Y) > 0.95
    probabilities = model.predict_proba(X)
    assert probabilities.shape == Y.shape
    np.testing.assert_array_equal(model.predict(X), probabilities > 0.5)
    assert not np.allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])


def test_outputs_of_one_network_are_each_learnt_in_their_own_scale():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    Y = np.column_stack([1e-4 * X[:, 0], 1e4 * X[:, 1] + 1e6])
    model = MLPRegressor(16, solver="lbfgs", max_iter=200, random_state=0).fit(X, Y)
    for predicted, target in zip(model.predict(X).T, Y.T, strict=True):
        assert np.mean((predicted - target) ** 2) < 0.01 * target.var()
    assert MLPRegressor(16, max_iter=1).fit(X, Y[:, 0]).predict(X).shape == (200,)


# --- validation and early stopping ------------------------------------------------------------------------


@pytest.mark.parametrize("batch_norm", [False, True])
def test_given_validation_data_decides_and_the_best_epoch_is_kept(batch_norm):
    X, y = moons()
    X_val, y_val = moons(100, seed=1)
    y_val = np.where(np.arange(100) < 30, 1 - y_val, y_val)  # wrong labels: overconfidence is soon punished
    model = MLPClassifier(32, learning_rate_init=0.03, batch_norm=batch_norm, max_iter=200, random_state=0)
    model.fit(X, y, X_val=X_val, y_val=y_val)
    scores = model.validation_scores_
    assert model.n_iter_ == len(scores) < 200
    assert model.best_validation_score_ == max(scores) > scores[-1]
    assert -log_loss(y_val, model.predict_proba(X_val)) == pytest.approx(max(scores), rel=1e-6)
    assert model.best_loss_ is None
    assert len(scores) - 1 - np.argmax(scores) <= model.n_iter_no_change + 1


def test_weights_of_validation_samples_count():
    X, y = moons()
    X_val, y_val = moons(100, seed=1)
    wrong = np.arange(100) < 30
    y_val = np.where(wrong, 1 - y_val, y_val)
    model = MLPClassifier(8, learning_rate_init=0.03, max_iter=20, random_state=0)
    weighted = clone(model).fit(X, y, X_val=X_val, y_val=y_val, sample_weight_val=(~wrong).astype(float))
    without = clone(model).fit(X, y, X_val=X_val[~wrong], y_val=y_val[~wrong])
    np.testing.assert_allclose(weighted.validation_scores_, without.validation_scores_, rtol=1e-9)


def test_validation_data_is_not_trained_on():
    X, y = moons()
    model = MLPClassifier(8, max_iter=5, random_state=0)
    seen = clone(model).fit(X, y, X_val=X[:10], y_val=y[:10]).loss_curve_
    assert seen == clone(model).fit(X, y, X_val=X[:10], y_val=1 - y[:10]).loss_curve_


@pytest.mark.parametrize(
    ("estimator", "threshold"),
    [
        (MLPClassifier(4, max_iter=1), 20_000),
        (MLPRegressor(4, max_iter=1), 20_000),
        (PerceptronClassifier(solver="adam", early_stopping="auto", max_iter=1), 1000),
    ],
)
def test_auto_holds_out_of_large_data_alone(estimator, threshold):
    X, y = moons(threshold)
    small, large = clone(estimator).fit(X[:-1], y[:-1]), clone(estimator).fit(X, y)
    assert small.validation_scores_ is None
    assert small.t_ == threshold - 1
    assert len(large.validation_scores_) == 1
    assert large.t_ == 0.9 * threshold
    assert clone(estimator).set_params(early_stopping=False).fit(X, y).t_ == threshold
    assert clone(estimator).set_params(solver="lbfgs").fit(X, y).validation_scores_ is None
    given = clone(estimator).fit(X, y, X_val=X[:50], y_val=y[:50])
    assert given.t_ == threshold
    assert len(given.validation_scores_) == 1
    assert clone(estimator).set_params(early_stopping=True).fit(X[:100], y[:100]).t_ == 90


def test_lbfgs_stops_early_too():
    X, y = moons()
    X_val, y_val = moons(100, seed=1)
    y_val = np.where(np.arange(100) < 30, 1 - y_val, y_val)
    model = MLPClassifier(32, solver="lbfgs", tol=0, random_state=0).fit(X, y, X_val=X_val, y_val=y_val)
    assert model.n_iter_ < model.max_iter
    assert -log_loss(y_val, model.predict_proba(X_val)) == pytest.approx(max(model.validation_scores_), rel=1e-6)


def test_scoring_by_accuracy():
    X, y = moons()
    X_val, y_val = moons(100, seed=1)
    model = MLPClassifier(16, scoring="accuracy", learning_rate_init=0.01, max_iter=30, random_state=0)
    model.fit(X, y, X_val=X_val, y_val=y_val)
    assert model.score(X_val, y_val) == model.best_validation_score_ == max(model.validation_scores_)
    assert all(score * 100 == pytest.approx(round(score * 100)) for score in model.validation_scores_)


def test_scoring_by_a_function():
    X, y = noisy_line()
    seen = []

    def worst_error(estimator, X, y):
        seen.append(estimator.predict(X).copy())
        return -np.abs(estimator.predict(X) - y).max()

    model = MLPRegressor(8, scoring=worst_error, max_iter=10, random_state=0).fit(X, y, X_val=X[:50], y_val=y[:50])
    assert worst_error(model, X[:50], y[:50]) == pytest.approx(model.best_validation_score_)
    assert not np.array_equal(seen[0], seen[5])


def test_the_better_validation_score_in_units_of_y():
    X, y = noisy_line()
    model = MLPRegressor(8, max_iter=5, random_state=0).fit(X, 1000 * y, X_val=X, y_val=1000 * y)
    expected = -0.5 * np.mean((model.predict(X) - 1000 * y) ** 2)
    assert model.best_validation_score_ == pytest.approx(expected, rel=1e-6)


# --- classes out of balance -------------------------------------------------------------------------------


def test_balanced_class_weight_finds_the_rare_class():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, size=(380, 2)), rng.normal(1.5, 1, size=(20, 2))])
    y = np.repeat(["common", "rare"], [380, 20])
    model = MLPClassifier(8, solver="lbfgs", max_iter=15, alpha=0.1, random_state=0)
    plain, balanced = clone(model).fit(X, y), clone(model).set_params(class_weight="balanced").fit(X, y)
    found_plain, found = ((m.predict(X[380:]) == "rare").mean() for m in (plain, balanced))
    assert found > 0.7 > 0.5 > found_plain


def test_class_weights_are_sample_weights():
    X, y = iris()
    by_class = MLPClassifier(8, max_iter=5, class_weight={0: 1.0, 1: 2.0, 2: 0.5}, random_state=0).fit(X, y)
    by_sample = MLPClassifier(8, max_iter=5, random_state=0).fit(X, y, np.array([1.0, 2.0, 0.5])[y])
    np.testing.assert_array_equal(by_class.weights_, by_sample.weights_)


# --- losses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_quantile_covers_its_share(quantile):
    X, y = noisy_line()
    model = MLPRegressor(8, loss="quantile", quantile=quantile, learning_rate_init=0.01, random_state=0).fit(X, y)
    assert np.mean(y <= model.predict(X)) == pytest.approx(quantile, abs=0.04)


@pytest.mark.parametrize(
    ("loss", "statistic"), [("squared_error", np.mean), ("absolute_error", np.median), ("poisson", np.mean)]
)
def test_without_information_the_best_constant_is_predicted(loss, statistic):
    y = np.random.default_rng(0).exponential(size=400)
    model = MLPRegressor(4, loss=loss, learning_rate_init=0.001, max_iter=300, random_state=0)
    model.fit(np.zeros((400, 1)), y)
    np.testing.assert_allclose(model.predict(np.zeros((3, 1))), statistic(y), rtol=0.05)


def test_huber_lies_between_mean_and_median():
    y = np.random.default_rng(0).exponential(size=401) ** 2
    X = np.zeros((401, 1))
    small, large = (
        MLPRegressor(4, loss="huber", huber_delta=delta, solver="lbfgs").fit(X, y).predict(X[:1])[0]
        for delta in (0.05, 100.0)
    )
    assert np.median(y) < small < large
    assert large == pytest.approx(y.mean(), rel=1e-3)


def test_the_delta_of_huber_leads_from_the_median_to_the_mean():
    X, y = np.zeros((200, 1)), np.random.default_rng(0).exponential(size=200)
    options = {"loss": "huber", "solver": "lbfgs", "alpha": 0, "max_iter": 300, "random_state": 0}
    found = [MLPRegressor((), huber_delta=delta, **options).fit(X, y).predict(X[:1])[0] for delta in (0.02, 1, 100)]
    assert abs(found[0] - np.median(y)) < 0.03
    assert found[0] + 0.05 < found[1] < found[2] - 0.02
    np.testing.assert_allclose(found[2], y.mean(), rtol=1e-5)


def test_outliers_move_robust_losses_less():
    X, y = noisy_line()
    y = np.where(np.arange(400) % 20 == 0, y + 100, y)
    truth = 3 * X[:, 0]
    error = {
        loss: np.abs(MLPRegressor((), loss=loss, learning_rate_init=0.02, random_state=0).fit(X, y).predict(X) - truth)
        for loss in ("squared_error", "absolute_error", "huber")
    }
    assert error["absolute_error"].mean() < 0.5 < 3 < error["squared_error"].mean()
    assert error["huber"].mean() < error["squared_error"].mean()


def test_poisson_is_positive_and_keeps_the_mean():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    y = rng.poisson(np.exp(X[:, 0]))
    model = MLPRegressor(8, loss="poisson", solver="lbfgs", random_state=0).fit(X, y)
    predicted = model.predict(X)
    assert (predicted > 0).all()
    assert (model.predict(100 * X) >= 0).all()
    assert predicted.mean() == pytest.approx(y.mean(), rel=0.01)
    assert np.corrcoef(np.log(predicted), X[:, 0])[0, 1] > 0.95


# --- units and types --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (1e6, -1e8), (1e-6, 3.0)])
def test_predictions_and_losses_are_in_the_units_of_y(scale, shift):
    X, y = noisy_line()
    y = scale * y + shift
    model = MLPRegressor(8, solver="lbfgs", alpha=0, random_state=0).fit(X, y)
    half_squares = 0.5 * np.mean((model.predict(X) - y) ** 2)
    assert model.loss_ == pytest.approx(half_squares, rel=1e-4)
    assert half_squares < 0.6 * scale**2


def test_full_batch_loss_is_the_loss_of_the_final_model():
    X, y = noisy_line()
    y = 1000 * y + 5
    model = MLPRegressor(8, batch_size=400, alpha=0, max_iter=400, learning_rate_init=0.01, random_state=0).fit(X, y)
    assert model.best_loss_ == pytest.approx(0.5 * np.mean((model.predict(X) - y) ** 2), rel=0.01)


def test_normalizing_y_makes_the_unit_irrelevant():
    X, y = noisy_line()
    plain, scaled = (MLPRegressor(8, max_iter=5, random_state=0).fit(X, target) for target in (y, 1024 * y))
    np.testing.assert_allclose(scaled.predict(X), 1024 * plain.predict(X), rtol=1e-9)
    off = MLPRegressor(8, max_iter=5, normalize_y=False, random_state=0).fit(X, 1024 * y)
    assert np.ptp(off.predict(X)) < 0.1 * np.ptp(scaled.predict(X))  # it has far to go from the constant
    np.testing.assert_array_equal(off.y_scale_, [1])


@pytest.mark.parametrize("solver", ["sgd", "adam", "adamw", "rmsprop", "lbfgs"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_of_x_is_kept(solver, dtype):
    X, y = moons()
    options = {"solver": solver, "max_iter": 2, "batch_norm": True, "dropout": 0.2}
    X = X.astype(dtype)
    classifier, regressor = MLPClassifier(8, **options).fit(X, y), MLPRegressor(8, **options).fit(X, y)
    for array in (classifier.weights_, classifier.buffers_, regressor.weights_, regressor.predict(X)):
        assert array.dtype == dtype
    assert classifier.predict_proba(X).dtype == classifier.decision_function(X).dtype == dtype
    assert isinstance(classifier.loss_, float)


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.bool_, np.float16])
def test_other_numbers_are_float32(dtype):
    X = np.random.default_rng(0).integers(0, 2, size=(50, 3)).astype(dtype)
    assert MLPRegressor(4, max_iter=1).fit(X, X[:, 0].astype(int)).predict(X).dtype == np.float32


def test_probabilities_of_extreme_scores_are_finite():
    X, y = moons()
    model = MLPClassifier(8, max_iter=1).fit(X, y)
    probabilities = model.predict_proba(1e6 * X)
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


@pytest.mark.parametrize("score", [-30.0, -50.0, -80.0])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_small_probabilities_keep_their_precision(score, n_classes):
    """A score of -30 is a probability of 1e-13, not of zero: log losses of confident models depend on it."""
    X = np.array([[1.0], [2.0], [3.0]])
    model = PerceptronClassifier().fit(X, np.arange(3) % n_classes)
    model.coef_[...] = 0
    model.intercept_[...] = score if n_classes == 2 else [0, score, 0]
    raw = np.array([0, score] if n_classes == 2 else [0, score, 0])
    expected = np.exp(score - logsumexp(raw))
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], expected, rtol=1e-6)
    np.testing.assert_allclose(model.predict_log_proba(X)[:, 1], score - logsumexp(raw), rtol=1e-6)


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csr_array])
@pytest.mark.parametrize(
    "options", [{}, {"residual": True}, {"linear_skip": True}, {"solver": "lbfgs"}, {"early_stopping": True}]
)
def test_sparse_x_is_never_made_dense(monkeypatch, container, options):
    X, y = cancer()
    X = container(np.where(X > 0.5, X, 0))

    def refuse(*arguments, **keywords):
        raise AssertionError("sparse X was made dense")

    for method in ("toarray", "todense"):
        monkeypatch.setattr(container, method, refuse)
    model = MLPClassifier(4, max_iter=3, batch_size=50, random_state=0, **options).fit(X, y, sample_weight=y + 1.0)
    assert model.predict(X).shape == y.shape


def test_linear_skip_learns_a_line_and_the_rest():
    X = np.linspace(-1, 1, 60)[:, np.newaxis]
    y = 5 * X[:, 0] + np.abs(X[:, 0])
    model = MLPRegressor(4, linear_skip=True, solver="lbfgs", alpha=0, max_iter=200, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.9999
    assert [array.shape for array in model.coefs_] == [(1, 4), (4, 1)]


def test_linear_skip_follows_other_units_of_y():
    X = np.linspace(-1, 1, 60)[:, np.newaxis]
    y = 5 * X[:, 0] + np.abs(X[:, 0])
    stochastic = MLPRegressor(4, linear_skip=True, max_iter=2, random_state=0)
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        stochastic.fit(X, y)
    before = stochastic.predict(X)
    stochastic.set_params(learning_rate_init=1e-12).partial_fit(X, 100 * y)  # other units
    np.testing.assert_allclose(stochastic.predict(X), before, rtol=1e-4, atol=1e-4)


# --- the start --------------------------------------------------------------------------------------------


def test_training_starts_from_the_best_constant_however_large_the_features_are():
    X, y = load_iris(return_X_y=True)
    entropy = np.log(3)
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        for seed in range(20):
            for sizes in ((100,), (50, 50)):
                assert MLPClassifier(sizes, max_iter=1, random_state=seed).fit(X, y).loss_ < 2 * entropy
            assert MLPRegressor(max_iter=1, random_state=seed).fit(1000 * X, y).loss_ < 2 * np.var(y) / 2


@pytest.mark.slow
def test_no_training_on_unscaled_iris_stops_half_way():
    X, y = load_iris(return_X_y=True)
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        assert min(MLPClassifier(random_state=seed).fit(X, y).score(X, y) for seed in range(20)) > 0.9


@pytest.mark.parametrize("activation", ["relu", "gelu", "silu"])
def test_weights_start_within_their_bounds(activation):
    X, y = load_iris(return_X_y=True)
    model = MLPClassifier((60, 40), activation=activation, max_iter=1, learning_rate_init=1e-9, random_state=0)
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        model.fit(X, y)
    glorot, he = np.sqrt(6 / (4 + 60)), np.sqrt(6 / 60)
    for array, bound in zip(model.coefs_, (glorot, he, 0.0), strict=True):
        assert 0.95 * bound <= np.abs(array).max() < bound + 1e-8
    for array, n_in in zip(model.intercepts_[:-1], (4, 60), strict=True):
        assert 0.9 < np.sqrt(n_in) * np.abs(array).max() < 1 + 1e-6
    assert np.ptp(model.intercepts_[-1]) < 1e-6  # the best constant: three classes of one size
