"""Passes of `partial_fit` over chunks: the size of the first one hardly matters."""

import dataclasses
import functools
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.metrics import r2_score

from skneural import (
    Autoencoder,
    CNNClassifier,
    CNNRegressor,
    CNNSequenceClassifier,
    CNNSequenceRegressor,
    DiffusionModel,
    GNNGraphClassifier,
    GNNGraphRegressor,
    GNNNodeClassifier,
    GNNNodeRegressor,
    ImageRegressor,
    ImageSegmenter,
    KANClassifier,
    KANRegressor,
    LanguageModel,
    MambaSequenceClassifier,
    MambaSequenceRegressor,
    MambaSequenceTagger,
    MLPClassifier,
    MLPRegressor,
    PerceptronClassifier,
    RNNSequenceClassifier,
    RNNSequenceRegressor,
    RNNSequenceTagger,
    SequenceToSequence,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TransformerSequenceClassifier,
    TransformerSequenceRegressor,
    TransformerSequenceTagger,
)
from skneural.layers import Standardization
from skneural.layers.traversal import find
from tests.estimators.cases import ESTIMATORS, OF_ELEMENTS, every

SMALL = {"learning_rate_init": 0.01, "random_state": 0}
TRANSFORMER = {"d_model": 8, "n_heads": 2, "n_layers": 1, "feedforward_size": 8, **SMALL}
MAMBA = {"d_model": 8, "n_layers": 1, "state_size": 4, **SMALL}
TABULAR = {"hidden_layer_sizes": (16,), "learning_rate": "constant", **SMALL}
MODELS = [
    Autoencoder(2, 16, **SMALL),
    CNNClassifier(channels=8, hidden_layer_sizes=16, batch_norm=False, **SMALL),
    CNNRegressor(channels=8, hidden_layer_sizes=16, batch_norm=False, **SMALL),
    CNNSequenceClassifier(channels=8, batch_norm=False, **SMALL),
    CNNSequenceRegressor(channels=8, batch_norm=False, **SMALL),
    GNNGraphClassifier(hidden_layer_sizes=8, dropout=0, **SMALL),
    GNNGraphRegressor(hidden_layer_sizes=8, dropout=0, **SMALL),
    GNNNodeClassifier(convolution="sage", dropout=0, **SMALL),
    GNNNodeRegressor(convolution="sage", dropout=0, **SMALL),
    ImageRegressor(channels=8, batch_norm=False, **SMALL),
    ImageSegmenter(channels=8, batch_norm=False, **SMALL),
    KANClassifier(hidden_layer_sizes=(), **SMALL),
    KANRegressor(hidden_layer_sizes=(), **SMALL),
    MLPClassifier(16, **SMALL),
    MLPRegressor(16, **SMALL),
    MambaSequenceClassifier(**MAMBA),
    MambaSequenceRegressor(**MAMBA),
    MambaSequenceTagger(**MAMBA),
    PerceptronClassifier(solver="adam", **SMALL),
    RNNSequenceClassifier(hidden_size=8, **SMALL),
    RNNSequenceRegressor(hidden_size=8, **SMALL),
    RNNSequenceTagger(hidden_size=8, **SMALL),
    TabularMLPClassifier(**TABULAR),
    TabularMLPRegressor(**TABULAR),
    TransformerSequenceClassifier(**TRANSFORMER),
    TransformerSequenceRegressor(**TRANSFORMER),
    TransformerSequenceTagger(**TRANSFORMER),
]


# They do not scale X.
UNSCALED = MLPClassifier, MLPRegressor, PerceptronClassifier, GNNNodeClassifier, GNNNodeRegressor
UNSCALED += GNNGraphClassifier, GNNGraphRegressor


def data(model):
    """240 rows of four numbers, and targets that depend on them, in other units."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((240, 4))
    y = X[:, 0] - 0.5 * X[:, 1] + X[:, 2] + 0.2 * rng.standard_normal(240)
    scaled = X if isinstance(model, UNSCALED) else 5 * X + 20
    if isinstance(model, Autoencoder):
        X[:, 2:] = X[:, :2]
        return 5 * X + 20, None
    y = X if isinstance(model, OF_ELEMENTS) else y
    return scaled, 1e3 * y + 5e4 if is_regressor(model) else (y > 0).astype(int)


def part(rows, which):
    return None if rows is None else rows[which]


@functools.cache
def score_after_chunks(number, first, n_passes=5):
    """Score on all rows after a first chunk of the given size, and some passes over chunks."""
    model = clone(MODELS[number])
    X, y = data(model)
    chunks = [slice(0, first), *[slice(start, start + 60) for start in range(0, 240, 60)] * n_passes]
    classes = {} if is_regressor(model) or y is None else {"classes": [0, 1]}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The first call of partial_fit has", UserWarning)
        for chunk in chunks:
            model.partial_fit(X[chunk], part(y, chunk), **classes)
    return r2_score(X, model.inverse_transform(model.transform(X))) if y is None else model.score(X, y)


@pytest.mark.parametrize("first", [1, pytest.param(10, marks=pytest.mark.slow)])  # one row is harder than ten
@pytest.mark.parametrize("number", range(len(MODELS)), ids=[type(model).__name__ for model in MODELS])
@pytest.mark.slow
def test_a_small_first_chunk_is_as_good_as_a_large_one(number, first):
    assert score_after_chunks(number, first) > score_after_chunks(number, 200) - 0.15


def test_single_rows_are_as_good_as_chunks():
    X, y = data(MLPRegressor())
    model = MLPRegressor(16, **SMALL)
    for row in range(240):
        model.partial_fit(X[[row]], y[[row]])
    assert model.score(X, y) > 0.8


WEIGHT = np.random.default_rng(1).integers(1, 4, 240).astype(float)


SCALED = [model for model in MODELS if not isinstance(model, UNSCALED)]


@pytest.mark.parametrize("model", SCALED, ids=lambda model: type(model).__name__)
def test_units_of_chunks_are_those_of_all_rows(model):
    X, y = data(model)
    classes = {"classes": [0, 1]} if is_classifier(model) else {}
    whole, chunked = clone(model), clone(model)
    whole.partial_fit(X, y, sample_weight=WEIGHT, **classes)
    for chunk in (slice(0, 40), slice(40, 41), slice(41, 240)):
        chunked.partial_fit(X[chunk], part(y, chunk), sample_weight=WEIGHT[chunk], **classes)
    for name in ("y_mean_", "y_scale_", "mean_", "scale_"):
        if hasattr(whole, name):
            np.testing.assert_allclose(getattr(chunked, name), getattr(whole, name), rtol=1e-10)
    layers = (find(model.network_, model._parameters(), Standardization) for model in (whole, chunked))
    for (layer, p), (_, q) in zip(*layers, strict=True):
        if layer.statistics in ("moments", "given"):
            np.testing.assert_allclose([q["mean"], q["scale"]], [p["mean"], p["scale"]], rtol=1e-6)


ATTENTIVE = GNNNodeRegressor(convolution="gat", hidden_layer_sizes=4, n_heads=2, dropout=0, random_state=0)


@every(
    {name: case for name, case in ESTIMATORS.items() if is_regressor(case.estimator) and case.in_minibatches}
    | {"node regressor with attention": dataclasses.replace(ESTIMATORS["node regressor"], estimator=ATTENTIVE)}
)
def test_predictions_do_not_move_with_the_units_of_y(case):
    X, y = case.data()
    model = case.new(early_stopping=False, solver="sgd", momentum=0.0).partial_fit(X, y)
    before, scale = model.predict(X), model.y_scale_
    model.set_params(learning_rate_init=1e-30).partial_fit(X, 20 * y + 7)
    if model.loss == "poisson":
        return
    assert (model.y_scale_ > 5 * scale).all()
    np.testing.assert_allclose(model.predict(X), before, atol=0.02 * np.abs(before).max())  # batches move running means


def test_samples_have_the_units_of_all_chunks():
    X = np.random.default_rng(0).standard_normal((200, 2)) * [1, 50] + [0, 400]
    y = 10 * X[:, 1]
    model = DiffusionModel(8, learning_rate="constant", random_state=0)
    for chunk in (slice(0, 1), slice(1, 10), slice(10, 200)):
        model.partial_fit(X[chunk], y[chunk])
    encoding, moments = model._task.encoding, model._task.condition.moments
    np.testing.assert_allclose([encoding.center, encoding.scale], [X.mean(axis=0), X.std(axis=0)])
    np.testing.assert_allclose([encoding.least, encoding.greatest], [X.min(axis=0), X.max(axis=0)])
    np.testing.assert_allclose([encoding.mean, encoding.variance], [[0, 0], [1, 1]], atol=1e-12)
    np.testing.assert_allclose([moments.mean, moments.scale], [[y.mean()], [y.std()]])


FEW = np.random.default_rng(0).standard_normal((3, 2))
COLOURS = pd.DataFrame({"size": [1.0, 2.0, 3.0], "colour": ["red", "blue", "red"]})


@pytest.mark.parametrize(
    ("model", "data", "words"),
    [
        (KANRegressor(), (FEW, [1.0, 2, 3]), "the grids of splines"),
        (TabularMLPRegressor(), (COLOURS, [1.0, 2, 3]), "the categories of X"),
        (TabularMLPRegressor(embedding="piecewise_linear"), (FEW, [1.0, 2, 3]), "the bins of piecewise linear"),
        (DiffusionModel(), (COLOURS,), "the categories of X and the ranks of numbers"),
        (GNNNodeRegressor(), (FEW, [1.0, 2, 3]), "the rows among which neighbours are searched"),
        (LanguageModel(), (["ab", "abc", "c"],), "the vocabulary"),
        (SequenceToSequence(), (["ab", "abc", "c"], ["ba", "cba", "c"]), "the vocabulary of X and the vocabulary of y"),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "fit") else "",
)
def test_few_first_samples_warn_of_what_stays(model, data, words):
    with pytest.warns(UserWarning, match=f"has 3 samples, from which {words}.*Begin with fit.* on at least 10 samples"):
        model.partial_fit(*data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.partial_fit(*data)


@every({name: case for name, case in ESTIMATORS.items() if is_classifier(case.estimator) and case.in_minibatches})
def test_a_later_chunk_with_an_unknown_class_is_an_error(case):
    X, y = case.data()
    model = case.new(early_stopping=False).partial_fit(X, y)
    before, later = model.weights_.copy(), np.array(y, dtype=object)
    later[0] = "unknown"
    with pytest.raises(ValueError, match=r"not among the classes .*: \['unknown'\].*first call of partial_fit"):
        model.partial_fit(X, later)
    np.testing.assert_array_equal(model.weights_, before)


def test_later_categories_are_unknown_to_tables_and_an_error_for_generated_rows():
    frame = pd.concat([COLOURS] * 4, ignore_index=True)
    later = frame.assign(colour="pink")
    TabularMLPRegressor(hidden_layer_sizes=8).partial_fit(frame, frame["size"]).partial_fit(later, frame["size"])
    with pytest.raises(ValueError, match="pink"):
        DiffusionModel(8).partial_fit(frame).partial_fit(later)
