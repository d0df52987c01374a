"""Values in place of names: losses, activations, optimizers and schedules that users bring."""

import pickle
from dataclasses import dataclass

import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skneural import (
    Autoencoder,
    CNNClassifier,
    DiffusionModel,
    KANClassifier,
    KANRegressor,
    MLPClassifier,
    MLPRegressor,
    SequenceToSequence,
    SeriesForecaster,
    TabularMLPClassifier,
)
from skneural.export import to_onnx, trusted_types
from skneural.layers import ActivationFunction
from skneural.losses import (
    AbsoluteLoss,
    ElementwiseLoss,
    GaussianLoss,
    HuberLoss,
    LogisticLoss,
    Loss,
    PoissonLoss,
    QuantileLoss,
    QuantilesLoss,
    SoftmaxLogLoss,
    SquaredLoss,
)
from skneural.optimizers import SGD, Adam, Optimizer
from skneural.optimizers.schedules import cosine
from skneural.template.estimator import NeuralEstimator
from skneural.template.regressor import NeuralRegressor
from skneural.testing import check_activation, check_loss, check_optimizer, check_schedule
from tests.estimators.cases import BRIEF, ESTIMATORS, SMALL_TABULAR, every, flowers, monthly_sales, patients, sentences

X, y = flowers()


def slope_of_tanh(x):
    return 1 - np.tanh(x) ** 2


def triangle(progress):
    return 1 - abs(2 * progress.fraction - 1)


@dataclass(frozen=True)
class SignDescent(Optimizer):
    """Steps of the same length for all weights."""

    momentum: float = 0.9

    def start(self, weights):
        return {"velocity": np.zeros_like(weights)}

    def update(self, weights, gradient, state, rate):
        state["velocity"] *= self.momentum
        state["velocity"] += (1 - self.momentum) * gradient
        weights -= rate * np.sign(state["velocity"])


@dataclass(frozen=True)
class LogCosh(ElementwiseLoss):
    """A smooth absolute error."""

    sharpness: float = 1.0

    def losses_and_slopes(self, y, raw):
        scaled = self.sharpness * (raw - y)
        losses = (np.logaddexp(scaled, -scaled) - np.log(2)) / self.sharpness
        return losses.astype(raw.dtype), np.tanh(scaled)

    def best_constant(self, y, sample_weight=None):
        return np.average(y, axis=0, weights=sample_weight)


TANH = ActivationFunction(np.tanh, slope_of_tanh)
# Name of the hyper-parameter -> a value that a user brings
BROUGHT = {"activation": TANH, "solver": SignDescent(), "learning_rate": triangle}
REGRESSORS = {name: case for name, case in ESTIMATORS.items() if isinstance(case.estimator, NeuralRegressor)}
every_value = pytest.mark.parametrize(("name", "value"), BROUGHT.items(), ids=BROUGHT)


def test_they_follow_their_contracts():
    check_activation(TANH)
    check_optimizer(SignDescent(), rate=0.01, tolerance=0.1)
    check_schedule(triangle)


@pytest.mark.parametrize(
    ("name", "value", "same"),
    [
        ("solver", Adam(), "adam"),
        ("solver", SGD(0.9, True), "sgd"),
        ("solver", Adam(beta_1=0.0), "rmsprop"),
        ("learning_rate", cosine, "cosine"),
        ("activation", TANH, "tanh"),
    ],
)
def test_a_value_is_equivalent_to_its_name(name, value, same):
    model = MLPClassifier(8, early_stopping=True, **BRIEF)
    ours, theirs = (clone(model).set_params(**{name: each}).fit(X, y) for each in (value, same))
    if name == "activation":
        np.testing.assert_allclose(ours.weights_, theirs.weights_, rtol=1e-9, atol=1e-12)
    else:
        np.testing.assert_array_equal(ours.weights_, theirs.weights_)
    assert ours.validation_scores_ == pytest.approx(theirs.validation_scores_)


@pytest.mark.filterwarnings("ignore")  # of short trainings
@every_value
def test_clones_pickles_and_searches(name, value):
    model = MLPClassifier(8, **BRIEF | {name: value})
    assert clone(model).get_params()[name] == value
    model.fit(X, y)
    restored = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(restored.predict_proba(X), model.predict_proba(X))
    assert getattr(restored, name) == value
    np.testing.assert_array_equal(restored.partial_fit(X, y).weights_, model.partial_fit(X, y).weights_)
    search = GridSearchCV(MLPClassifier(4, max_iter=2, random_state=0), {name: [value]}, cv=2)
    assert search.fit(X, y).best_params_ == {name: value}


@every_value
def test_skops_asks_for_their_types(name, value):
    model = MLPClassifier(4, **BRIEF | {name: value}).fit(X, y)
    data = skops.io.dumps(model)
    asked = skops.io.get_untrusted_types(data=data)
    assert set(asked) <= set(trusted_types(model))
    np.testing.assert_array_equal(skops.io.loads(data, trusted=asked).predict(X), model.predict(X))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@every({name: case for name, case in ESTIMATORS.items() if case.in_minibatches and "poisson" not in name})
def test_every_estimator_takes_optimizers_and_schedules(case):
    model = case.new(max_iter=1)
    if not isinstance(model, NeuralEstimator) or "step" in repr(model):
        pytest.skip("its rule is its solver")
    model.set_params(solver=SignDescent(), learning_rate=triangle).fit(*case.data())
    assert np.isfinite(model.weights_).all()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("model", "data"),
    [
        (MLPRegressor(4, batch_norm=True, residual=True, **BRIEF), patients()),
        (TabularMLPClassifier(**SMALL_TABULAR), (X, y)),
        (CNNClassifier(channels=4, hidden_layer_sizes=4, batch_norm=False, **BRIEF), (X, y)),
        (CNNClassifier(channels=4, architecture="resnet", **BRIEF), (X, y)),
        (Autoencoder(2, 4, **BRIEF), (X,)),
        (Autoencoder(2, 4, image_shape="auto", channels=(2,), **BRIEF), (X,)),
        (DiffusionModel(4, **BRIEF), (X,)),
        (
            SeriesForecaster(2, window_size=4, n_members=2, hidden_layer_sizes=4, compare=False, **BRIEF),
            monthly_sales()[:1],
        ),
        (KANRegressor(hidden_layer_sizes=2, **BRIEF), patients()),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, NeuralEstimator) else "",
)
def test_every_estimator_with_an_activation_takes_a_function(model, data):
    name = "activation" if hasattr(model, "activation") else "base_activation"
    plain = clone(model).set_params(**{name: "tanh"}).fit(*data)
    model.set_params(**{name: TANH}).fit(*data)
    np.testing.assert_allclose(model.weights_, plain.weights_, rtol=2e-4, atol=1e-5)


@dataclass(frozen=True)
class WithoutUpdate(Optimizer):
    """An optimizer that is not finished."""


def text(progress):
    return "fast"


def decreasing(progress):
    return 0.5 - progress.fraction


def nothing():
    return 1.0


WRONG = {
    "no update": ({"solver": WithoutUpdate()}, TypeError, "WithoutUpdate must define update"),
    "class": ({"solver": Adam}, ValueError, "solver must be .* or Optimizer of skneural.optimizers; got <class"),
    "text": ({"learning_rate": text}, TypeError, "must return a number, .* it returned 'fast'"),
    "negative": ({"learning_rate": decreasing}, ValueError, "finite numbers >= 0; at the fraction 1.0"),
    "no argument": ({"learning_rate": nothing}, TypeError, "must be a function of one argument, the Progress"),
    "number": ({"learning_rate": 0.1}, ValueError, r"did you mean learning_rate_init=0\.1"),
    "function alone": ({"activation": np.tanh}, ValueError, "or ActivationFunction of skneural.layers; got <ufunc"),
    "no derivative": ({"activation": ActivationFunction(np.tanh, None)}, TypeError, "derivative must be a function"),
    "sum": (
        {"activation": ActivationFunction(np.sum, np.cos)},
        TypeError,
        "function must return an array of the shape",
    ),
    "initializer": (
        {"activation": ActivationFunction(np.sin, np.cos, "he")},
        ValueError,
        "initializer must be one of .*he_uniform",
    ),
}


@pytest.mark.parametrize(("hyperparameters", "kind", "message"), WRONG.values(), ids=WRONG)
def test_what_is_missing_is_named(hyperparameters, kind, message):
    with pytest.raises(kind, match=message):
        MLPClassifier(4, **BRIEF | hyperparameters).fit(X, y)


def test_hyperparameters_of_other_solvers_are_warned_of():
    with pytest.warns(
        UserWarning, match=r"trains with solver=SignDescent\(momentum=0\.9\) here, and does not use beta_1"
    ):
        MLPClassifier(4, solver=SignDescent(), beta_1=0.5, **BRIEF).fit(X, y)


def test_a_schedule_that_ends_near_zero_needs_no_warning_of_convergence(recwarn):
    MLPClassifier(4, learning_rate=triangle, **BRIEF).fit(X, y)
    assert not recwarn.list


@pytest.mark.parametrize(
    "model", [MLPClassifier(4, TANH, **BRIEF), KANClassifier(hidden_layer_sizes=2, base_activation=TANH, **BRIEF)]
)
def test_an_activation_without_an_operator_is_named_by_onnx(model):
    model.fit(X, y)
    with pytest.raises(NotImplementedError, match=r"Classifier cannot be exported: the activation ActivationFunction"):
        to_onnx(model)


def test_the_base_function_of_an_edge_is_named():
    wrong = ActivationFunction(np.sum, np.cos)
    with pytest.raises(TypeError, match=r"base_activation=.*: function must return an array of the shape"):
        KANClassifier(hidden_layer_sizes=2, base_activation=wrong, **BRIEF).fit(X, y)


# --- losses ------------------------------------------------------------------------------------------------

NUMBERS = patients()
LOSSES_WITH_NAMES = {
    "squared_error": SquaredLoss(),
    "absolute_error": AbsoluteLoss(),
    "huber": HuberLoss(1.35),
    "quantile": QuantileLoss(0.5),
    "poisson": PoissonLoss(),
}


@pytest.mark.parametrize(("name", "loss"), LOSSES_WITH_NAMES.items(), ids=LOSSES_WITH_NAMES)
def test_a_loss_is_equivalent_to_its_name(name, loss):
    ours, theirs = (MLPRegressor(4, loss=each, **BRIEF).fit(*NUMBERS) for each in (loss, name))
    np.testing.assert_array_equal(ours.predict(NUMBERS[0]), theirs.predict(NUMBERS[0]))
    assert ours.loss_curve_ == theirs.loss_curve_


def test_a_loss_follows_its_contract():
    rng = np.random.default_rng(0)
    check_loss(LogCosh(2.0), rng.standard_normal((9, 2)), rng.standard_normal((9, 2)))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@every({name: case for name, case in REGRESSORS.items() if not isinstance(case.estimator, SeriesForecaster)})
def test_every_regressor_takes_a_loss(case):
    X, y = case.data()
    model = case.new(max_iter=1, loss=LogCosh(2.0)).fit(X, y)
    assert clone(model).loss == LogCosh(2.0)
    restored = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(restored.predict(X), model.predict(X))
    assert restored.warm_start or restored.set_params(warm_start=True).fit(X, y).n_iter_


def test_skops_asks_for_the_class_of_a_loss():
    model = MLPRegressor(4, loss=LogCosh(), **BRIEF).fit(*NUMBERS)
    data = skops.io.dumps(model)
    asked = skops.io.get_untrusted_types(data=data)
    assert asked == trusted_types(model)
    restored = skops.io.loads(data, trusted=asked)
    np.testing.assert_array_equal(restored.predict(NUMBERS[0]), model.predict(NUMBERS[0]))


@dataclass(frozen=True)
class WithoutConstant(ElementwiseLoss):
    """A loss that is not finished."""

    def losses_and_slopes(self, y, raw):
        return np.abs(raw - y), np.sign(raw - y)


@dataclass(frozen=True)
class WithoutSlopes(ElementwiseLoss):
    """Another one."""

    def best_constant(self, y, sample_weight=None):
        return y.mean(axis=0)


class OtherLink(LogCosh):
    """A loss whose link is unknown."""

    link_name = "probit"


WRONG_LOSSES = {
    "constant": (WithoutConstant(), TypeError, "WithoutConstant must define best_constant"),
    "slopes": (WithoutSlopes(), TypeError, "WithoutSlopes must define losses_and_slopes"),
    "base class": (Loss(), TypeError, "Loss must define value_and_gradient and best_constant"),
    "link": (OtherLink(), ValueError, "link_name must be one of identity, .*; it is 'probit'"),
    "class": (LogCosh, ValueError, "or Loss of skneural.losses; got <class"),
    "function": (np.abs, ValueError, "or Loss of skneural.losses; got <ufunc"),
}


@pytest.mark.parametrize(("loss", "kind", "message"), WRONG_LOSSES.values(), ids=WRONG_LOSSES)
def test_what_a_loss_lacks_is_named(loss, kind, message):
    with pytest.raises(kind, match=message):
        MLPRegressor(4, loss=loss, **BRIEF).fit(*NUMBERS)


def test_a_loss_of_other_targets_is_named():
    for loss in (QuantilesLoss((0.1, 0.9)), GaussianLoss()):
        with pytest.raises(ValueError, match=r"does not fit these targets: best_constant returned an array of shape"):
            MLPRegressor(4, loss=loss, **BRIEF).fit(*NUMBERS)


# --- losses of forecasts, reconstructions and sequences ----------------------------------------------------


@dataclass(frozen=True)
class LogLossOfTokens(Loss):
    """Log loss that learns the number of tokens from its arguments, with smoothed labels."""

    smoothing: float = 0.0
    link_name = "softmax"

    def value_and_gradient(self, y, raw, sample_weight=None, total=None):
        return SoftmaxLogLoss(raw.shape[1], self.smoothing).value_and_gradient(y, raw, sample_weight, total)

    def best_constant(self, y, sample_weight=None):
        return SoftmaxLogLoss(int(y.max()) + 1, self.smoothing).best_constant(y, sample_weight)


FORECASTER = SeriesForecaster(2, window_size=4, n_members=2, hidden_layer_sizes=4, compare=False, **BRIEF)
AUTOENCODER = Autoencoder(2, 4, **BRIEF)
TRANSLATOR = SequenceToSequence(hidden_size=4, embedding_size=3, level="word", **BRIEF)
SALES, SHARES, TEXTS = monthly_sales()[:1], ((X - X.min()) / np.ptp(X),), (sentences()[0],) * 2
# name -> estimator, arguments of fit, the name of a loss and the same as a value, another value, one that does not fit
OF_OTHER_TARGETS = {
    "forecast": (FORECASTER, SALES, "huber", HuberLoss(), LogCosh(2.0), PoissonLoss()),
    "reconstruction": (AUTOENCODER, (X,), "squared_error", SquaredLoss(), LogCosh(2.0), SoftmaxLogLoss(2)),
    "shares": (AUTOENCODER, SHARES, "log_loss", LogisticLoss(), LogCosh(2.0), Loss()),
    "tokens": (TRANSLATOR, TEXTS, "log_loss", LogLossOfTokens(), LogLossOfTokens(0.1), SquaredLoss()),
}
every_target = pytest.mark.parametrize(
    ("model", "arguments", "name", "same", "other", "wrong"), OF_OTHER_TARGETS.values(), ids=OF_OTHER_TARGETS
)


@every_target
def test_losses_of_all_targets(model, arguments, name, same, other, wrong):
    by_name, ours, others = (clone(model).set_params(loss=loss).fit(*arguments) for loss in (name, same, other))
    np.testing.assert_allclose(ours.weights_, by_name.weights_, rtol=1e-5, atol=1e-7)
    assert ours.loss_curve_ == pytest.approx(by_name.loss_curve_)
    assert not np.allclose(others.weights_, by_name.weights_)
    restored = pickle.loads(pickle.dumps(others))
    np.testing.assert_array_equal(restored.weights_, others.weights_)
    assert restored.loss == other
    continued = [each.set_params(warm_start=True).fit(*arguments).weights_ for each in (restored, others)]
    np.testing.assert_array_equal(*continued)
    with pytest.raises((ValueError, TypeError), match="loss"):
        clone(model).set_params(loss=wrong).fit(*arguments)


@pytest.mark.parametrize("loss", [LogCosh(), PoissonLoss()], ids=repr)
def test_errors_of_another_loss_are_in_its_units(loss):
    """With the identity as its link, in deviations of each feature, and otherwise in the units of X."""
    counts, scaled = np.abs(X) + 1, loss.link_name == "identity"
    model = clone(AUTOENCODER).set_params(loss=loss).fit(counts)
    assert (model.loss_function_, model.out_activation_) == (loss, loss.link_name)
    assert (model.scale_ != 1).all() == scaled
    mean, scale = (np.float64(each) for each in (model.mean_, model.scale_))
    decoded = (model.inverse_transform(model.transform(counts)) - mean) / scale
    errors, _ = loss.losses_and_slopes((counts - mean) / scale, decoded if scaled else np.log(decoded))
    np.testing.assert_allclose(model.score_samples(counts), -errors.mean(axis=1), rtol=1e-6)


def test_a_variational_autoencoder_needs_a_density():
    with pytest.raises(ValueError, match="variational=True needs the density"):
        clone(AUTOENCODER).set_params(loss=LogCosh(), variational=True).fit(X)
