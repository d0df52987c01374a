"""The forms in which series, tokens and graphs come: lists and columns of tables, alone and in company."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier
from sklearn.inspection import permutation_importance
from sklearn.multiclass import OutputCodeClassifier
from sklearn.pipeline import make_pipeline

from skneural import (
    CNNSequenceClassifier,
    CNNSequenceRegressor,
    GNNGraphClassifier,
    GNNNodeClassifier,
    Graph,
    GraphNodes,
    LanguageModel,
    MambaSequenceClassifier,
    MambaSequenceRegressor,
    MambaSequenceTagger,
    MLPRegressor,
    RNNSequenceClassifier,
    RNNSequenceRegressor,
    RNNSequenceTagger,
    SequenceToSequence,
    TransformerSequenceClassifier,
    TransformerSequenceRegressor,
    TransformerSequenceTagger,
)
from skneural.data.object_columns import object_array
from tests.data.test_object_columns import COLUMNS

RNG = np.random.default_rng(0)
BRIEF = {"max_iter": 2, "batch_size": 4, "random_state": 0}
SMALL = {
    "CNN": {"channels": 2, **BRIEF},
    "RNN": {"hidden_size": 2, **BRIEF},
    "Transformer": {"d_model": 4, "n_heads": 1, "n_layers": 1, "feedforward_size": 4, **BRIEF},
    "Mamba": {"d_model": 4, "state_size": 2, "n_layers": 1, **BRIEF},
}
CLASSIFIERS = {
    "CNN": CNNSequenceClassifier,
    "RNN": RNNSequenceClassifier,
    "Transformer": TransformerSequenceClassifier,
    "Mamba": MambaSequenceClassifier,
}
REGRESSORS = {
    "CNN": CNNSequenceRegressor,
    "RNN": RNNSequenceRegressor,
    "Transformer": TransformerSequenceRegressor,
    "Mamba": MambaSequenceRegressor,
}
TAGGERS = {"RNN": RNNSequenceTagger, "Transformer": TransformerSequenceTagger, "Mamba": MambaSequenceTagger}
MODELS = {
    f"{kind} {cls.__name__}": cls(**SMALL[kind])
    for classes in (CLASSIFIERS, REGRESSORS, TAGGERS)
    for kind, cls in classes.items()
}
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


def series(*lengths):
    return [RNG.standard_normal(n) for n in lengths]


def targets(model, X):
    if isinstance(model, tuple(TAGGERS.values())):
        return [np.arange(len(x)) % 2 for x in X]
    return np.arange(len(X)) % 2


# A list is a list of series


@every_model
def test_a_list_of_arrays_is_one_of_series_whatever_their_lengths(model):
    equal, unequal = series(5, 5, 5, 5), series(7, 4, 7)
    model = clone(model).fit(equal, targets(model, equal))
    together = model.predict(unequal)
    for i, x in enumerate(unequal):
        np.testing.assert_allclose(model.predict([x])[0], together[i], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.predict(unequal[::2])[1], together[2], rtol=1e-4, atol=1e-6)
    assert model.n_features_in_ == 1


@every_model
def test_series_are_learned_one_at_a_time(model):
    model = clone(model).set_params(batch_size=1)
    for x in series(5, 7, 3):
        y = targets(model, [x])
        model.partial_fit([x], y, **({} if isinstance(model, tuple(REGRESSORS.values())) else {"classes": [0, 1]}))
    assert len(model.predict(series(4))) == 1


def test_a_list_of_equally_long_lists_of_numbers_is_a_table():
    rows = RNG.standard_normal((8, 5))
    by_rows = CNNSequenceClassifier(**SMALL["CNN"]).fit(rows.tolist(), np.arange(8) % 2)
    assert by_rows.n_features_in_ == 5
    by_series = CNNSequenceClassifier(**SMALL["CNN"]).fit(list(rows), np.arange(8) % 2)
    np.testing.assert_array_equal(by_series.predict_proba(rows[:, :3].tolist()), by_series.predict_proba(rows[:, :3]))
    np.testing.assert_array_equal(by_series.predict_proba(list(rows)), by_rows.predict_proba(rows))


# Columns of series


@pytest.mark.parametrize("make", COLUMNS.values(), ids=COLUMNS)
@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_columns_are_lists_of_series(kind, make):
    X = [x.tolist() for x in series(*RNG.integers(2, 9, 12))]
    arrays, y = [np.array(x) for x in X], np.arange(12) % 2
    model = CLASSIFIERS[kind](early_stopping=True, **SMALL[kind])
    expected = model.fit(arrays, y).predict_proba(arrays)
    np.testing.assert_array_equal(clone(model).fit(make(X), y).predict_proba(make(X)), expected)


@pytest.mark.parametrize("make", COLUMNS.values(), ids=COLUMNS)
def test_columns_of_series_have_columns_of_labels(make):
    X = [x.tolist() for x in series(3, 5, 2, 4)]
    y = [(np.array(x) > 0).astype(float).tolist() for x in X]
    model = RNNSequenceTagger(**SMALL["RNN"]).fit(make(X), make(y))
    expected = RNNSequenceTagger(**SMALL["RNN"]).fit([np.array(x) for x in X], y).predict([np.array(x) for x in X])
    predicted = model.predict(make(X))
    assert predicted.dtype == object
    for of_column, of_list in zip(predicted, expected, strict=True):
        np.testing.assert_array_equal(of_column, of_list)


@pytest.mark.parametrize("make", [pl.Series, pa.array, lambda lists: object_array(lists)[:, np.newaxis]])
def test_columns_of_series_of_several_features(make):
    X = [RNG.standard_normal((n, 2)) for n in (3, 5, 2, 4)]
    model = RNNSequenceClassifier(**SMALL["RNN"]).fit(X, [0, 1, 0, 1])
    column = make([x.tolist() for x in X])
    np.testing.assert_array_equal(model.predict_proba(column), model.predict_proba(X))


@pytest.mark.parametrize("make", [pl.Series, pa.array, pd.Series, lambda lists: object_array(lists)[:, np.newaxis]])
def test_columns_of_tokens(make):
    X, y = [[1, 2], [3, 1, 2], [0], [2, 2]], [[2, 1], [1], [3], [2, 2]]
    column = make(X)
    tagger = RNNSequenceTagger(vocabulary_size=4, **SMALL["RNN"])
    for of_column, of_list in zip(
        tagger.fit(column, y=make(X)).predict(column), tagger.fit(X, X).predict(X), strict=True
    ):
        np.testing.assert_array_equal(of_column, of_list)
    translator = SequenceToSequence(hidden_size=2, embedding_size=2, **BRIEF)
    expected = clone(translator).fit(X, y).token_accuracy(X, y)
    assert translator.fit(column, make(y)).token_accuracy(column, make(y)) == expected
    model = LanguageModel(d_model=4, n_heads=1, n_layers=1, **BRIEF)
    assert clone(model).fit(column).score(column) == model.fit(X).score(X)


# In scikit-learn's company

UNEQUAL = series(*RNG.integers(3, 9, 30))
COLUMN = object_array(UNEQUAL)[:, np.newaxis]
LABELS = np.array([x[0] > 0 for x in UNEQUAL]).astype(int)
MODEL = RNNSequenceClassifier(hidden_size=4, learning_rate_init=0.1, max_iter=15, batch_size=8, random_state=0)


@pytest.mark.parametrize("X", [COLUMN, pd.DataFrame({"series": UNEQUAL})], ids=["array", "table"])
def test_bagging_takes_a_column(X):
    assert BaggingClassifier(MODEL, n_estimators=2, random_state=0).fit(X, LABELS).score(X, LABELS) > 0.6


def test_output_codes_take_a_column():
    model = OutputCodeClassifier(MODEL, code_size=1.5, random_state=0)
    assert model.fit(COLUMN, LABELS).predict(COLUMN).shape == (30,)


@pytest.mark.parametrize("X", [COLUMN, pd.DataFrame({"series": UNEQUAL})], ids=["array", "table"])
def test_the_importance_of_a_column(X):
    model = clone(MODEL).fit(X, LABELS)
    importance = permutation_importance(model, X, LABELS, n_repeats=3, random_state=0)
    assert importance.importances_mean[0] > 0.1


def test_column_transformers_choose_a_column():
    X = pd.DataFrame({"id": range(30), "series": UNEQUAL})
    model = make_pipeline(ColumnTransformer([("series", "passthrough", ["series"])]), MODEL)
    np.testing.assert_array_equal(model.fit(X, LABELS).predict(X), clone(MODEL).fit(UNEQUAL, LABELS).predict(UNEQUAL))


def test_column_transformers_embed_graphs():
    graphs = [Graph.from_edges([(0, i) for i in range(1, n)], np.ones((n, 1))) for n in range(3, 13)]
    y = np.arange(10) % 2
    embed = GNNGraphClassifier(hidden_layer_sizes=(2,), **BRIEF)
    transformer = ColumnTransformer([("graph", embed, ["graph"])], remainder="passthrough")
    embedded = transformer.fit_transform(pd.DataFrame({"graph": graphs, "id": range(10)}), y)
    np.testing.assert_array_equal(embedded[:, :-1], clone(embed).fit(graphs, y).transform(graphs))


# What is refused


@every_model
def test_matrices_are_refused(model):
    with pytest.warns(PendingDeprecationWarning):
        X = np.matrix(RNG.standard_normal((4, 5)))
    with pytest.raises(TypeError, match=r"np\.matrix is not supported"):
        clone(model).fit(X, targets(model, np.asarray(X)))


def test_graph_nodes_are_no_array():
    nodes = GraphNodes.from_edges([(0, 1), (1, 2)])
    with pytest.raises(TypeError, match=r"X is GraphNodes\(3 nodes .*X\.features"):
        np.asarray(nodes)
    with pytest.raises(TypeError, match="X is GraphNodes"):
        MLPRegressor(2, max_iter=1).fit(nodes, [0, 1, 2])


def test_nodes_have_several_labels_in_a_sparse_y():
    X = GraphNodes.from_edges([(i, i + 1) for i in range(19)])
    y = (RNG.random((20, 3)) > 0.5).astype(int)
    dense, of_sparse = (
        GNNNodeClassifier(max_iter=3, random_state=0).fit(X, form(y)) for form in (np.asarray, sparse.csr_array)
    )
    np.testing.assert_array_equal(of_sparse.predict(X), dense.predict(X))
    assert of_sparse.score(X, sparse.csr_array(y)) == dense.score(X, y)


@pytest.mark.parametrize(
    "model", [MLPRegressor(2, max_iter=1), *(cls(**SMALL[kind]) for kind, cls in REGRESSORS.items())], ids=str
)
def test_regressors_refuse_a_sparse_y(model):
    X = RNG.standard_normal((6, 3))
    with pytest.raises(ValueError, match=r"y is a sparse matrix of shape \(6, 2\).*takes dense targets: y.toarray"):
        clone(model).fit(X, sparse.csr_array(X[:, :2]))


@pytest.mark.parametrize("model", [LanguageModel(vocabulary_size=1), SequenceToSequence(vocabulary_size=1)], ids=str)
def test_a_vocabulary_of_the_unknown_token_is_refused(model):
    with pytest.raises(ValueError, match="vocabulary_size must be None or int >= 2; got 1"):
        model.fit(["ab", "ba"], ["ab", "ba"])
