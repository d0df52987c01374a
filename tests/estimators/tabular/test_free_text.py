"""Columns of free text in tables: what a model sees of them, and what it must not depend on."""

import pickle
import warnings

import numpy as np
import pandas as pd
import polars
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from skneural import DiffusionModel, TabularMLPClassifier, TabularMLPRegressor

BRIEF = {
    "hidden_layer_sizes": (16,),
    "max_iter": 30,
    "learning_rate_init": 0.02,
    "random_state": 0,
    "n_cv": 1,
    "n_members": 1,
    "early_stopping": False,
}
GOOD, BAD, OTHERS = ("good", "fine", "lovely"), ("bad", "dull", "weak"), ("the", "a", "of", "film", "plot", "is")


def reviews(n, seed=0):
    """A table of which only the text tells the class, and the classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    texts = [
        " ".join(rng.permutation([rng.choice(GOOD if label else BAD), *rng.choice(OTHERS, rng.integers(1, 9))]))
        for label in y
    ]
    X = {"stars": rng.normal(size=n), "source": pd.Categorical(rng.choice(["web", "paper"], n)), "text": texts}
    return pd.DataFrame(X), y


X, Y = reviews(200)


def classifier(**options):
    return TabularMLPClassifier(**BRIEF | {"text_features": ["text"]} | options)


@pytest.fixture(scope="module")
def model():
    return classifier().fit(X, Y)


def with_texts(texts):
    """As many rows as there are texts, which differ in them only."""
    rows = X.iloc[[0] * len(texts)].reset_index(drop=True)
    return rows.assign(text=texts)


def test_the_text_decides(model):
    X_test, y_test = reviews(100, 1)
    assert model.score(X_test, y_test) > 0.95
    assert (
        classifier(text_features=None).fit(X.drop(columns="text"), Y).score(X_test.drop(columns="text"), y_test) < 0.7
    )


def test_several_folds_and_members_read_texts():
    several = classifier(n_cv=2, n_members=2).fit(X, Y)
    assert several.score(*reviews(100, 1)) > 0.95
    assert several.oof_prediction_.shape == (200, 2)


def test_texts_of_a_regressor():
    X_test, y_test = reviews(100, 1)
    regressor = TabularMLPRegressor(**BRIEF | {"max_iter": 80}, text_features=["text"]).fit(X, 9.0 * Y)
    assert regressor.score(X_test, 9.0 * y_test) > 0.7


EQUAL = {
    "order": ("good is the plot", "the plot is good"),
    "case": ("GOOD Plot", "good plot"),
    "unknown words": ("good plot", "good plot xylophone"),
    "missing and empty": (None, ""),
    "missing and not a number": (None, np.nan),
    "missing and unknown": (None, "xylophone"),
}


@pytest.mark.parametrize(("one_text", "other"), EQUAL.values(), ids=EQUAL)
def test_texts_of_the_same_words_are_equal(one_text, other, model):
    first, second = model.predict_proba(with_texts([one_text, other]))
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_repeated_words_count(model):
    once, twice = model.predict_proba(with_texts(["good plot", "good good plot"]))
    assert not np.allclose(once, twice)


def test_texts_are_read_up_to_the_longest_of_training(model):
    longest = X["text"].str.split().str.len().max()
    texts = [" ".join(["film"] * longest + ["good"] * more) for more in (0, 5)]
    first, second = model.predict_proba(with_texts(texts))
    np.testing.assert_allclose(first, second, atol=1e-6)


FORMS = {
    "number of the column": (X, {"text_features": [2]}),
    "number from the end": (X, {"text_features": [-1]}),
    "polars": (polars.DataFrame(X.assign(source=X["source"].astype(str)).to_dict("list")), {}),
    "objects": (X.astype({"text": object}), {}),
    "array": (X.to_numpy(object), {"text_features": [2], "categorical_features": [1]}),
    "categories are named": (X, {"categorical_features": ["source"]}),
}


@pytest.mark.parametrize(("table", "options"), FORMS.values(), ids=FORMS)
def test_the_form_of_the_table_does_not_matter(table, options, model):
    other = classifier(**options).fit(table, Y)
    np.testing.assert_allclose(other.predict_proba(table), model.predict_proba(X), atol=1e-5)


def test_a_table_of_a_text_alone():
    assert classifier().fit(X[["text"]], Y).score(reviews(100, 1)[0][["text"]], reviews(100, 1)[1]) > 0.95


def test_names_files_and_clones(model):
    assert model.feature_names_in_.tolist() == ["stars", "source", "text"]
    assert model.is_categorical_.tolist() == [False, True, False]
    restored = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(restored.predict_proba(X), model.predict_proba(X))
    assert clone(model).text_features == ["text"]
    assert cross_val_score(classifier(max_iter=2), X, Y, cv=2).shape == (2,)


def test_the_first_call_of_partial_fit_decides_which_words_there_are():
    model = classifier().partial_fit(X, Y, classes=[0, 1])
    n_weights = model.weights_.size
    model.partial_fit(X.assign(text=X["text"] + " xylophone xylophone"), Y)
    assert model.weights_.size == n_weights
    with pytest.warns(UserWarning, match="the categories of X and the words of its texts are learned"):
        classifier().partial_fit(X.assign(text="good bad good")[:5], [0, 1, 0, 1, 0], classes=[0, 1])


MISTAKES = {
    "no such name": (
        {"text_features": ["Text"]},
        X,
        r"has 'Text', but X has no such column: it has 3 columns, 'stars'",
    ),
    "no such number": ({"text_features": [3]}, X, "has 3, but X has no such column"),
    "a name alone": ({"text_features": "text"}, X, "text_features must be None or list of column names or numbers"),
    "numbers": (
        {"text_features": ["text", "stars"]},
        X,
        r"Column 'stars' of X is one of text_features, but holds .*no text",
    ),
    "categories, too": ({"categorical_features": ["text"]}, X, "one of text_features and of categorical_features"),
    "no words": ({}, X.assign(text=None), "no word occurs in it twice"),
}


@pytest.mark.parametrize(("options", "table", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_named(options, table, message):
    with pytest.raises(ValueError, match=message):
        classifier(**options).fit(table, Y)


def test_the_warning_of_text_names_the_remedy():
    different = X.assign(text=[f"{text} {i}" for i, text in enumerate(X["text"])])
    with pytest.warns(
        UserWarning, match=r"To mend this: text_features=\['text'\], which reads its words, or X = X.drop"
    ):
        classifier(text_features=None, max_iter=1).fit(different, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        classifier(max_iter=1, batch_size=50).fit(different, Y)


def test_the_warning_of_estimators_without_texts_does_not():
    different = X.assign(text=[f"{text} {i}" for i, text in enumerate(X["text"])])
    with pytest.warns(UserWarning, match="nearly all of it is different") as record:
        DiffusionModel(hidden_layer_sizes=(4,), max_iter=1, random_state=0).fit(different)
    assert not any("text_features" in str(warning.message) for warning in record)
