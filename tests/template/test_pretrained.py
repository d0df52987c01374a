"""Networks that start with the layers of a model of the same family."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from skneural import (
    CNNClassifier,
    MLPClassifier,
    MLPRegressor,
    RNNSequenceClassifier,
)
from skneural.layers.truncation import before_output
from skneural.template.pretrained import _arrays
from tests.estimators.cases import BRIEF, flowers, patients

X, Y = flowers()
TWO = Y != "setosa"

# A model, an estimator that starts from it, and the number of layers with weights.
FAMILIES = {
    "mlp": (MLPClassifier((6, 5), batch_norm=True, **BRIEF), MLPClassifier((6, 5), batch_norm=True, **BRIEF), 2),
    "mlp, other targets": (MLPClassifier((6, 5), **BRIEF), MLPRegressor((6, 5), **BRIEF), 2),
    "images": (
        CNNClassifier(channels=(3, 4), hidden_layer_sizes=5, **BRIEF),
        CNNClassifier(channels=(3, 4), hidden_layer_sizes=5, **BRIEF),
        3,
    ),
    "resnet": (
        CNNClassifier(architecture="resnet", channels=(3, 4), batch_norm=True, **BRIEF),
        CNNClassifier(architecture="resnet", channels=(3, 4), batch_norm=True, **BRIEF),
        3,
    ),
}
every_family = pytest.mark.parametrize(("model", "new", "n_layers"), FAMILIES.values(), ids=FAMILIES)


def other_targets(new):
    """Data with other classes, or other targets, than those of the model."""
    if isinstance(new, MLPRegressor):
        return X, X[:, 0] - X[:, 1]
    return X[TWO], Y[TWO]


def hidden(model):
    """Copies of all arrays before the output layer."""
    arrays = _arrays(before_output(model.network_), model._parameters())
    return {name: array.copy() for name, array in arrays.items()}


@every_family
def test_layers_are_those_of_the_model(model, new, n_layers):
    model = clone(model).fit(X, Y)
    new = clone(new).set_params(pretrained=model, learning_rate_init=1e-30, alpha=0, freeze=n_layers)
    new.fit(*other_targets(new))
    for name, array in hidden(model).items():
        np.testing.assert_allclose(hidden(new)[name], array, err_msg=name)
    np.testing.assert_allclose(new.transform(X), model.transform(X), rtol=1e-6)


@every_family
def test_frozen_layers_stay_and_others_learn(model, new, n_layers):
    model = clone(model).fit(X, Y)
    new = clone(new).set_params(pretrained=model, freeze=n_layers - 1, alpha=0.1)
    new.fit(*other_targets(new))
    before, after = hidden(model), hidden(new)
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    frozen = {
        name for name in before if any(name.startswith(layer + ".") for layer in new.network_arguments_["frozen"])
    }
    assert frozen
    assert changed
    assert not changed & frozen
    twice = clone(new).set_params(pretrained=FrozenEstimator(model)).fit(*other_targets(new))
    np.testing.assert_array_equal(twice.weights_, new.weights_)
    again = pickle.loads(pickle.dumps(new))
    np.testing.assert_array_equal(np.asarray(again.predict(X)), np.asarray(new.predict(X)))


@every_family
def test_without_frozen_layers_all_learn(model, new, n_layers):
    model = clone(model).fit(X, Y)
    new = clone(new).set_params(pretrained=model).fit(*other_targets(new))
    assert "frozen" not in new.network_arguments_
    kernels = [name for name, array in hidden(model).items() if array.ndim > 1]
    assert all(not np.array_equal(hidden(model)[name], hidden(new)[name]) for name in kernels)


def test_names_of_layers():
    model = MLPClassifier((6, 5), **BRIEF).fit(X, Y)
    new = MLPClassifier((6, 5), pretrained=model, freeze=["hidden_2.dense"], **BRIEF).fit(X, Y)
    before, after = hidden(model), hidden(new)
    assert not np.array_equal(before["hidden_1.dense.weight"], after["hidden_1.dense.weight"])
    np.testing.assert_array_equal(before["hidden_2.dense.weight"], after["hidden_2.dense.weight"])
    assert {row.name: row.n_parameters for row in new.summary().layers}["hidden_2.dense"] == 0


def test_searches_with_a_frozen_estimator():
    model = FrozenEstimator(MLPClassifier((6, 5), **BRIEF).fit(X, Y))
    search = GridSearchCV(MLPClassifier((6, 5), pretrained=model, **BRIEF), {"freeze": [0, 1, 2]}, cv=2)
    assert len(search.fit(X, Y).cv_results_["params"]) == 3
    with pytest.raises(ValueError, match=r"not fitted.*FrozenEstimator"):
        clone(MLPClassifier((6, 5), pretrained=model.estimator, **BRIEF)).fit(X, Y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_layer_sizes": (6, 4)}, r"hidden_2.dense.weight has the shape \(6, 5\) there, and \(6, 4\) here"),
        ({"hidden_layer_sizes": 6}, "hidden_2.dense.weight has the shape .* there, and None here"),
        ({"freeze": 3}, "2 layers before the output have weights: hidden_1, hidden_2"),
        ({"freeze": ["hiden_1"]}, "no layer 'hiden_1'; it has hidden_1"),
        ({"pretrained": None, "freeze": 1}, "needs pretrained"),
        ({"pretrained": RNNSequenceClassifier(hidden_size=2, **BRIEF).fit(X, Y)}, "another kind"),
        ({"pretrained": LogisticRegression().fit(X, Y)}, "pretrained"),
        ({"freeze": -1}, "freeze"),
    ],
)
def test_errors(options, message):
    model = MLPClassifier((6, 5), **BRIEF).fit(X, Y)
    settings = {"hidden_layer_sizes": (6, 5), "pretrained": model} | BRIEF | options
    with pytest.raises((ValueError, TypeError), match=message):
        MLPClassifier(**settings).fit(X, Y)


def test_models_of_other_columns():
    with pytest.raises(ValueError, match=r"hidden_1.dense.weight has the shape \(4, 6\) there"):
        MLPRegressor(6, pretrained=MLPClassifier(6, **BRIEF).fit(X, Y), **BRIEF).fit(*patients())
