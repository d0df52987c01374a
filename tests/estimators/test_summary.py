"""Names, shapes and numbers of parameters in `summary` are true for every estimator of the table."""

import pickle
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skneural import (
    CNNSequenceClassifier,
    DiffusionModel,
    KANRegressor,
    MLPClassifier,
    RNNSequenceClassifier,
    SequenceToSequence,
)
from skneural.layers.traversal import layer_outputs
from skneural.tasks import FitArguments
from tests.estimators.cases import ESTIMATORS, every_numeric_estimator


def fitted(case):
    return case.new(max_iter=1).fit(*case.data())


@every_numeric_estimator
def test_parameters_add_up_to_the_weights(case):
    model = fitted(case)
    summary = model.summary()
    assert sum(layer.n_parameters for layer in summary.layers) == summary.n_parameters == len(model.weights_)
    assert str(summary).splitlines()[-1].split() == ["total", f"{len(model.weights_):,}"]


@every_numeric_estimator
def test_shapes_are_those_of_what_layers_put_out(case):
    model = fitted(case)
    X, _ = case.data()
    container = model._read(X[:7])
    if isinstance(model, SequenceToSequence) and model.loss != "ctc":
        container = model._task.pairs(container, model._decoded(container))
    if isinstance(model, DiffusionModel):
        container = model._task.network_input(FitArguments(container, None))
    x = container.as_batch()[0]
    _, n_steps, *more = (x[1] if isinstance(x, tuple) else x).shape
    numbers = {"n": 7, "steps": n_steps, "height": n_steps, "width": more[0] if more else None}
    if not container.shardable:
        pytest.skip("nodes bring others along: what a layer puts out has more rows than there are samples")
    outputs = layer_outputs(model.network_, model._parameters(), x)
    told = {layer.name: tuple(eval(str(number), numbers) for number in layer.shape) for layer in model.summary().layers}
    assert told == {name: y.shape for name, y in outputs.items()}


@every_numeric_estimator
def test_the_last_layer_puts_out_raw_scores(case):
    model = fitted(case)
    rows, n_outputs = model.summary().layers[-1].shape
    assert rows in ("n", "n * steps", "n * ((steps + 1) // 2)", "n * height * width")
    assert n_outputs == model.n_outputs_


@every_numeric_estimator
def test_it_survives_pickle(case):
    model = fitted(case)
    assert pickle.loads(pickle.dumps(model)).summary() == model.summary()


@pytest.mark.parametrize("model", [CNNSequenceClassifier, RNNSequenceClassifier])
def test_series_of_other_lengths_have_the_same_summary(model):
    rng = np.random.default_rng(0)
    y = np.arange(12) % 2
    equal = [rng.standard_normal((5, 2)) for _ in y]
    unequal = [rng.standard_normal((n, 2)) for n in 3 + y]
    assert model(max_iter=1).fit(equal, y).summary() == model(max_iter=1).fit(unequal, y).summary()


def test_tokens_enter_without_features():
    X, y = np.random.default_rng(0).integers(0, 9, (12, 5)), np.arange(12) % 2
    model = RNNSequenceClassifier(vocabulary_size=9, embedding_size=3, max_iter=1).fit(X, y)
    first = model.summary().layers[0]
    assert (first.kind, first.shape, first.n_parameters) == ("Embedding", ("n", "steps", 3), 27)


def test_smaller_and_finer_networks_have_a_summary_of_their_own():
    X = np.random.default_rng(0).uniform(-1, 1, (60, 2))
    model = KANRegressor(hidden_layer_sizes=3, solver="lbfgs", max_iter=5, random_state=0).fit(X, X[:, 0])
    for other in (model.prune(threshold=0.9), model.refine(8)):
        assert other.summary().n_parameters == len(other.weights_) != len(model.weights_)


def test_before_fit_there_is_none():
    with pytest.raises(NotFittedError):
        ESTIMATORS["classifier"].new().summary()


def test_notebooks_show_a_table():
    X, y = np.eye(4), [0, 1, 0, 1]
    summary = MLPClassifier(3, max_iter=1).fit(X, y).summary()
    table = ElementTree.fromstring(summary._repr_html_())
    rows = [[cell.text for cell in row if cell.text] for row in table]
    assert rows == [re.split(r"\s{2,}", line) for line in str(summary).splitlines()]
