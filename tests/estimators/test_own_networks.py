"""Networks that users bring: hyper-parameters of their functions, errors about what these return, and files."""

import copy
import io
import pickle
from dataclasses import dataclass

import cloudpickle
import joblib
import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skneural import NetworkClassifier, NetworkRegressor, streaming
from skneural.export import to_onnx, trusted_types
from skneural.layers import Activation, BatchLast, Chain, Convolution, Dense, Layer
from tests.estimators.cases import BRIEF, flowers, patients, patients_two_numbers, questions
from tests.estimators.networks import of_images, of_series, of_tokens, two_layers, wide_and_deep

X, y = flowers()
IMAGES = X.reshape(-1, 2, 2, 1)
SERIES = X[:, :, np.newaxis]
TOKENS = questions()


def model_of(network=two_layers, **hyperparameters):
    return NetworkClassifier(network, **BRIEF | hyperparameters)


# --- hyper-parameters of the function ----------------------------------------------------------------------


def test_arguments_of_the_function_are_hyperparameters():
    model = model_of(network__width=3)
    assert model.get_params()["network__width"] == 3
    assert "network__function" not in model.get_params()
    assert "network__width=3" in repr(model)
    assert "network__width" in model._repr_html_()
    model.set_params(network__function="relu", alpha=0.5)
    assert clone(model).get_params() == model.get_params()
    assert clone(model).fit(X, y).network_ == model_of(network__width=3, network__function="relu").fit(X, y).network_


def test_defaults_are_those_of_the_signature():
    model = model_of().fit(X, y)
    arguments = {"n_features_in": 4, "n_out": 3, "width": 8, "function": "tanh", "dropout": 0.0}
    assert model.network_arguments_["arguments"] == arguments
    assert model.network_ == model_of(network__width=8).fit(X, y).network_


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_searches_and_pipelines_reach_them():
    search = GridSearchCV(
        make_pipeline(StandardScaler(), model_of()), {"networkclassifier__network__width": [2, np.int64(5)]}, cv=2
    )
    best = search.fit(X, y).best_estimator_[-1]
    assert len(best.weights_) in {4 * n + n + 3 * n + 3 for n in (2, 5)}
    assert type(best.network_arguments_["arguments"]["width"]) is int


def test_scikit_learns_constructor_refuses_other_names():
    with pytest.raises(TypeError, match="unexpected keyword argument 'width'"):
        NetworkClassifier(two_layers, width=3)


@pytest.mark.parametrize(
    ("model", "data", "shapes"),
    [
        (model_of(network__width=2), (X, y), {"n_features_in": 4, "n_out": 3}),
        (NetworkRegressor(wide_and_deep, **BRIEF), patients(), {"n_features_in": 10, "n_out": 1}),
        (model_of(of_images, kind="images"), (IMAGES, y), {"height": 2, "width": 2, "channels": 1, "n_out": 3}),
        (model_of(of_images, kind="images"), (X, y), {"height": 2, "width": 2, "channels": 1, "n_out": 3}),
        (
            model_of(of_images, kind="images", image_shape=(1, 2, 2)),
            (X, y),
            {"height": 1, "width": 2, "channels": 2, "n_out": 3},
        ),
        (model_of(of_series, kind="series"), (SERIES, y), {"n_features": 1, "n_out": 3}),
        (model_of(of_series, kind="series"), ([each[: 2 + i % 3] for i, each in enumerate(SERIES)], y), {"n_out": 3}),
        (model_of(of_tokens, kind="tokens", vocabulary_size=5), TOKENS, {"vocabulary_size": 5, "n_out": 1}),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_each_kind_gives_its_shapes(model, data, shapes):
    model.fit(*data)
    assert shapes.items() <= model.network_arguments_["arguments"].items()
    assert model.predict(data[0]).shape == np.shape(data[1])
    assert str(model.summary()).splitlines()[-1].split() == ["total", f"{len(model.weights_):,}"]


QUANTILES = {"loss": "quantile", "quantile": (0.9, 0.1, 0.5)}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("options", [QUANTILES, {"loss": "gaussian"}], ids=["quantiles", "normal"])
@pytest.mark.parametrize("network", [two_layers, wide_and_deep])
def test_intervals(network, options):
    """One network has as many scores as quantiles, or means and deviations, also after further training."""
    X, y = patients_two_numbers()
    model = NetworkRegressor(network, **BRIEF | options).fit(X, y)
    for _ in range(2):
        if options == QUANTILES:
            predicted = model.predict(X)
            assert predicted.shape == (len(X), 2, 3)
            assert (np.diff(predicted[..., [1, 2, 0]]) >= 0).all()
        else:
            mean, deviation = model.predict(X, return_std=True)
            assert mean.shape == deviation.shape == y.shape
            assert (deviation > 0).all()
        assert np.isfinite(model.score(X, y))
        if network is two_layers:  # the output layer of the other one is not rescaled
            model.partial_fit(X, 2 * y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_number_of_tokens_is_read():
    model = model_of(of_tokens, kind="tokens", vocabulary_size="auto").fit(*TOKENS)
    assert model.network_arguments_["arguments"]["vocabulary_size"] == 5
    later, unknown = ([np.append(each, token) for each in TOKENS[0]] for token in (99, 0))
    np.testing.assert_array_equal(model.predict_proba(later), model.predict_proba(unknown))


# --- errors ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Repeated(Layer):
    """A layer whose `shape` is that of its input, although its output has twice the features."""

    def forward(self, p, x, context):
        n = x.shape[1]
        return np.concatenate([x, x], axis=1), lambda dy, g: dy[:, :n] + dy[:, n:]


VALID = r"hyper-parameters are network__width, network__function, network__dropout\."
WRONG = {
    "unknown": (model_of(network__widht=3), ValueError, f"widht is unknown. Its {VALID}"),
    "shape": (model_of(network__n_out=3), ValueError, "network__n_out follows from the data"),
    "required": (
        model_of(lambda n_out, depth: Dense(4, n_out)),
        ValueError,
        "requires depth, .* n_features_in, n_out: set network__depth",
    ),
    "another kind": (model_of(of_images), ValueError, "of_images requires height, width, channels"),
    "no layer": (model_of(lambda: "a network"), TypeError, "must return a network.* 'a network', of type str"),
    "class of a layer": (model_of(lambda: Dense), TypeError, "of type type"),
    "output": (
        model_of(lambda n_features_in: Dense(n_features_in, 7)),
        ValueError,
        r"output of shape \(n, 7\) for X of shape \(n, 4\); it must be \(n, 3\)",
    ),
    "each pixel": (
        model_of(lambda n_out: Chain(BatchLast(), Convolution(1, n_out)), kind="images"),
        ValueError,
        r"output of shape \(2, 3, 2, n\)",
    ),
    "axes": (model_of(lambda n_out: Chain(BatchLast(), Dense(4, n_out))), ValueError, "do not fit X of shape"),
    "features": (
        model_of(lambda n_out: Dense(5, n_out)),
        ValueError,
        r"cannot compute X of shape \(2, 4\): ValueError.*mismatch",
    ),
    "wrong shape": (
        model_of(lambda n_out: Chain(Dense(4, n_out), Repeated())),
        ValueError,
        r"of shape \(2, 6\) for 2 samples of X, and its layers declare \(2, 3\): the method shape",
    ),
    "vocabulary": (model_of(of_tokens, kind="tokens"), ValueError, "got None with kind='tokens'"),
    "vocabulary of a table": (model_of(vocabulary_size=3), ValueError, "got 3 with kind='table'"),
    "image shape of a table": (model_of(image_shape=(2, 2)), ValueError, "is for kind='images'"),
    "no function": (NetworkClassifier("mlp"), ValueError, "network must be callable; got 'mlp'"),
}


@pytest.mark.parametrize(("model", "kind", "message"), WRONG.values(), ids=WRONG)
def test_mistakes_are_told_at_fit(model, kind, message):
    with pytest.raises(kind, match=message):
        model.fit(X, y)


def test_other_arguments_need_another_fit():
    model = model_of(warm_start=True, network__width=3).fit(X, y)
    model.fit(X, y)
    with pytest.raises(ValueError, match="cannot continue"):
        model.set_params(network__width=4).fit(X, y)
    with pytest.raises(ValueError, match="cannot continue"):
        model.set_params(network=wide_and_deep, network__width=3).partial_fit(X, y)


# --- files -------------------------------------------------------------------------------------------------


def test_a_file_has_the_fitted_network_whatever_is_set_later():
    model = model_of(network__width=3).fit(X, y)
    expected = model.predict_proba(X)
    model.set_params(network=wide_and_deep, network__width=9, kind="series")
    restored = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(restored.predict_proba(X), expected)
    assert restored.get_params() == model.get_params()


def test_skops_asks_for_the_function():
    model = model_of(network__width=3).fit(X, y)
    data = skops.io.dumps(model)
    name = f"{NetworkClassifier.__module__}.NetworkClassifier"
    assert trusted_types(model) == [name, "tests.estimators.networks.two_layers"]
    assert skops.io.get_untrusted_types(data=data) == trusted_types(model)
    restored = skops.io.loads(data, trusted=trusted_types(model))
    np.testing.assert_array_equal(restored.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize("dump", [pickle.dumps, skops.io.dumps, lambda model: joblib.dump(model, io.BytesIO())])
def test_functions_without_a_name_are_refused_with_advice(dump, fitted):
    model = model_of(lambda n_features_in, n_out: Dense(n_features_in, n_out))
    if fitted:
        model.fit(X, y)
    with pytest.raises(pickle.PicklingError, match=r"network is test_.*<lambda> .* define it by def at the top"):
        dump(model)


def test_copies_and_processes_get_functions_without_a_name():
    def local(n_features_in, n_out):
        return Dense(n_features_in, n_out)

    model = model_of(local).fit(X, y)
    for copied in (copy.copy(model), copy.deepcopy(model), clone(model)):
        assert copied.network is local
    restored = cloudpickle.loads(cloudpickle.dumps(model))
    np.testing.assert_array_equal(restored.predict_proba(X), model.predict_proba(X))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_streams_train_it():
    chunks = [(X[k::3], y[k::3]) for k in range(3)]
    model = streaming.fit(model_of(early_stopping=False), chunks, n_passes=2)
    assert model.n_iter_ == 2


@dataclass(frozen=True)
class Doubled(Layer):
    """A layer of a user."""

    def forward(self, p, x, context):
        return 2 * x, lambda dy, g: 2 * dy


def test_a_layer_without_a_converter_is_named():
    model = model_of(lambda n_features_in, n_out: Chain(Dense(n_features_in, n_out), Doubled())).fit(X, y)
    with pytest.raises(NotImplementedError, match=r"NetworkClassifier cannot be exported: .*Doubled"):
        to_onnx(model)


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_it_is_the_network_of_another_estimator(activation):
    """A network of the same layers as an MLP's is trained to the same weights, to the bit."""
    from skneural import MLPClassifier
    from skneural.networks.mlp import mlp_network

    def same(n_features_in, n_out, sizes=(5,), activation="relu"):
        return mlp_network(n_features_in, n_out, sizes, activation, 0.0, False, False)

    theirs = MLPClassifier((6, 5), activation, early_stopping=False, **BRIEF).fit(X, y)
    ours = model_of(same, network__sizes=(6, 5), network__activation=activation, early_stopping=False).fit(X, y)
    np.testing.assert_array_equal(ours.weights_, theirs.weights_)
    assert isinstance(ours.network_["hidden_1"]["activation"], Activation)
