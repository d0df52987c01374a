"""Transformers that start from a language model."""

import pickle

import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from skneural import (
    LanguageModel,
    TransformerSequenceClassifier,
    TransformerSequenceRegressor,
    TransformerSequenceTagger,
)
from skneural.layers import Frozen
from skneural.layers.traversal import find
from skneural.parameters import leaves
from skneural.testing.estimator_contract import check_estimator_contract

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
TEXTS = [" ".join(RNG.choice(["who", "what", "is", "here"], n)) for n in RNG.integers(1, 11, 30)]
NUMBERS = [RNG.integers(0, 7, n) for n in RNG.integers(1, 11, 30)]
Y = RNG.integers(0, 2, 30)
SIZES = {"d_model": 8, "n_heads": 2, "n_layers": 2, "feedforward_size": 6, "max_iter": 2, "random_state": 0}


def language_model(X=TEXTS, **options):
    return LanguageModel(**SIZES | {"objective": "masked", "context_length": 60} | options).fit(X)


def classifier(model, **options):
    return TransformerSequenceClassifier(**SIZES | {"pretrained": model} | options)


def untrained(estimator):
    """With a rate so small that nothing is learned."""
    return estimator.set_params(learning_rate_init=1e-30, alpha=0)


OPTIONS = {
    "masked": ({}, {}),
    "words": ({"level": "word"}, {}),
    "causal": ({"objective": "causal"}, {"pooling": "last"}),
    "learned positions": ({"positional": "learned"}, {"positional": "learned"}),
    "rotary positions": ({"positional": "rotary"}, {"positional": "rotary", "pooling": "attention"}),
}


@pytest.mark.parametrize(("of_model", "own"), OPTIONS.values(), ids=OPTIONS)
def test_the_encoder_is_that_of_the_language_model(of_model, own):
    model = language_model(**of_model)
    fine = untrained(classifier(model, dropout=0, **own | {"pooling": "mean"})).fit(TEXTS, Y)
    embedding, tree = model._embedding()
    numbers = model._reader.encode(TEXTS)
    means = np.stack([embedding.states(tree, one[np.newaxis])[0].mean(axis=0) for one in numbers])
    top = dict(leaves(fine._parameters()["output"]))
    scores = means @ top["weight"] + top["bias"]
    np.testing.assert_allclose(fine.decision_function(TEXTS), scores[:, 0], atol=1e-5)
    if model.objective == "masked":
        np.testing.assert_allclose(model.transform(TEXTS), means, atol=1e-5)


@pytest.mark.parametrize("objective", ["masked", "causal"])
def test_what_a_causal_model_does_not_see_is_not_seen(objective):
    model = language_model(objective=objective)
    weights = classifier(model).fit(TEXTS, Y).attention_weights(TEXTS[:1])[0]
    sees_later = np.triu(weights, 1).any()
    assert sees_later == (objective == "masked")


@pytest.mark.parametrize("pooling", ["mean", "cls", "attention"])
@pytest.mark.parametrize("solver", ["adam", "adamw", "sgd", "lbfgs"])
@pytest.mark.parametrize("freeze", [1, 2])
def test_frozen_layers_stay_and_others_learn(pooling, solver, freeze):
    settings = {"pooling": pooling, "solver": solver, "freeze": freeze, "alpha": 0.1, "positional": "learned"}
    model = language_model(positional="learned")
    still = untrained(classifier(model, **settings)).fit(TEXTS, Y)
    if solver == "lbfgs":
        still.set_params(solver="adam").fit(TEXTS, Y)
    moved = classifier(model, **settings).fit(TEXTS, Y)
    kept = [[tree for _, tree in find(one.network_, one._parameters(), Frozen)] for one in (still, moved)]
    for (_, before), (_, after) in zip(
        *(leaves({str(i): tree for i, tree in enumerate(trees)}) for trees in kept), strict=True
    ):
        np.testing.assert_array_equal(before, after)
    assert not np.array_equal(still.weights_, moved.weights_)
    table = moved._parameters()["embedding"]["inner"]["table"]
    np.testing.assert_array_equal(table, model._embedding()[1]["table"][: model.vocabulary_size_])


def test_freezing_leaves_fewer_weights_to_learn():
    model = language_model()
    sizes = [classifier(model, freeze=n).fit(TEXTS, Y).weights_.size for n in range(3)]
    assert sizes[0] > sizes[1] > sizes[2] > 0


@pytest.mark.parametrize("estimator", [TransformerSequenceRegressor, TransformerSequenceTagger])
def test_other_targets(estimator):
    y = [list(text) for text in TEXTS] if estimator is TransformerSequenceTagger else Y.astype(float)
    fine = estimator(**SIZES, pretrained=language_model(), freeze=1).fit(TEXTS, y)
    assert len(fine.predict(TEXTS)) == 30


@pytest.mark.parametrize("X", [TEXTS, NUMBERS], ids=["texts", "integers"])
def test_contract(X):
    check_estimator_contract(classifier(FrozenEstimator(language_model(X)), freeze=1), X, Y)


def test_in_searches():
    model = language_model()
    fine = classifier(FrozenEstimator(model))
    search = GridSearchCV(fine, {"freeze": [0, 2]}, cv=2, error_score="raise").fit(TEXTS, Y)
    assert search.best_estimator_.pretrained.estimator is model
    assert cross_val_score(fine, TEXTS, Y, cv=2, error_score="raise").shape == (2,)
    with pytest.raises(ValueError, match=r"not fitted.*FrozenEstimator\(model\)"):
        cross_val_score(classifier(model), TEXTS, Y, cv=2, error_score="raise")


def test_it_comes_back_from_a_pickle_and_goes_on():
    fine = classifier(language_model(), freeze=1).partial_fit(TEXTS, Y, classes=[0, 1])
    back = pickle.loads(pickle.dumps(fine))
    np.testing.assert_array_equal(back.predict_proba(TEXTS), fine.predict_proba(TEXTS))
    np.testing.assert_array_equal(back.partial_fit(TEXTS, Y).weights_, fine.partial_fit(TEXTS, Y).weights_)
    np.testing.assert_array_equal(back.buffers_, fine.buffers_)


WRONG = {
    "widths": ({"d_model": 16, "n_layers": 1}, "fitted with d_model=8, n_layers=2; .* has d_model=16, n_layers=1"),
    "positions": ({"positional": "rotary"}, "positional='sinusoidal'"),
    "vocabulary": ({"vocabulary_size": 9}, "vocabulary_size=9, but pretrained has"),
    "too many layers": ({"freeze": 3}, "freeze=3, but 2 layers before the output have weights"),
    "no model": ({"pretrained": None, "freeze": 1}, "freeze=1 needs pretrained"),
    "another estimator": ({"pretrained": LogisticRegression()}, "pretrained must be None or fitted"),
}


@pytest.mark.parametrize(("options", "message"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        classifier(language_model(), **options).fit(TEXTS, Y)


def test_models_that_do_not_fit():
    with pytest.raises(ValueError, match="this one is a gru"):
        classifier(language_model(architecture="gru", objective="causal")).fit(TEXTS, Y)
    with pytest.raises(ValueError, match="not fitted"):
        classifier(clone(language_model())).fit(TEXTS, Y)
    with pytest.raises(ValueError, match="max_length=9, but pretrained has learned 60 positions"):
        classifier(language_model(positional="learned"), positional="learned", max_length=9).fit(TEXTS, Y)
    with pytest.raises(ValueError, match="sequences of integers, but the model was fitted on texts"):
        classifier(language_model()).fit(NUMBERS, Y)
    with pytest.raises(ValueError, match="stands first"):
        classifier(language_model(objective="causal"), pooling="cls").fit(TEXTS, Y)
    with pytest.raises(NotFittedError):
        classifier(language_model()).predict(TEXTS)


def test_longer_texts_than_places():
    fine = classifier(language_model(positional="learned"), positional="learned").fit(TEXTS, Y)
    with pytest.raises(ValueError, match="max_length=60 positions only"):
        fine.predict(["who " * 20])


def test_frozen_layers_have_no_parameters_to_learn():
    fine = classifier(language_model(), freeze=1).fit(TEXTS, Y)
    summary = fine.summary()
    assert summary.n_parameters == fine.weights_.size
    parts = ("embedding", "encoder.block_1")
    frozen = [layer.n_parameters for layer in summary.layers if layer.name.startswith(parts)]
    assert len(frozen) > 10
    assert not any(frozen)


def test_the_language_model_may_stand_in_a_pipeline():
    pipeline = make_pipeline(FrozenEstimator(language_model()), LogisticRegression())
    assert cross_val_score(pipeline, TEXTS, Y, cv=2, error_score="raise").shape == (2,)


def test_it_comes_back_from_skops():
    fine = classifier(FrozenEstimator(language_model())).fit(TEXTS, Y)
    data = skops.io.dumps(fine)
    types = skops.io.get_untrusted_types(data=data)
    assert len(types) == 2
    np.testing.assert_array_equal(skops.io.loads(data, trusted=types).predict_proba(TEXTS), fine.predict_proba(TEXTS))
