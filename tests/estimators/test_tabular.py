"""Tables of numbers and categories: what a model sees of them, and what it must not depend on."""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
import skops.io
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler
from sklearn.utils import get_tags

from skneural import TabularMLPClassifier, TabularMLPRegressor

START = 1_600_000_000
# Folds: tests/estimators/tabular/test_folds.py
BRIEF = {"hidden_layer_sizes": (16, 16), "max_iter": 5, "dropout": 0.0, "random_state": 0, "n_cv": 1}


def frame(n=120, seed=0):
    """Numbers of odd scales, one of them sometimes missing, and categories, of which one column has many."""
    rng = np.random.default_rng(seed)
    income = np.exp(rng.normal(10, 2, n))
    income[rng.random(n) < 0.2] = np.nan
    return pd.DataFrame(
        {
            "income": income,
            "colour": pd.Categorical(rng.choice(["red", "green", "blue"], n)),
            "time": START + rng.integers(0, 60, n),
            "place": pd.Categorical([f"place {i}" if i else None for i in rng.integers(0, 14, n)]),
        }
    )


def target(X):
    return (X["colour"] == "red") * 2.0 + (X["time"] - START) / 30 + X["income"].isna()


def regressor(**parameters):
    return TabularMLPRegressor(**{**BRIEF, **parameters})


def classifier(**parameters):
    return TabularMLPClassifier(**{**BRIEF, **parameters})


X = frame()
Y = target(X).to_numpy()
LABELS = np.array(["low", "high"])[(Y > 1.5).astype(int)]
MASK = [False, True, False, True]


@pytest.fixture(scope="module")
def model():
    return regressor().fit(X, Y)


# Encoding of columns


@pytest.mark.parametrize("embedding", ["periodic", "piecewise_linear", None])
@pytest.mark.parametrize("n_members", [1, 4])
def test_every_kind_of_column_is_learned_from(embedding, n_members):
    model = regressor(
        embedding=embedding, n_members=n_members, max_iter=60, learning_rate_init=0.01, early_stopping=False
    )
    assert model.fit(frame(600), target(frame(600))).score(X, Y) > 0.97


def test_which_columns_are_categories(model):
    np.testing.assert_array_equal(model.is_categorical_, MASK)
    assert model.categories_[0] == ["blue", "green", "red"]
    assert model.categories_[1][-1] is None
    for said in (MASK, [1, 3], ["colour", "place"], np.array([1, 3])):
        same = regressor(categorical_features=said).fit(X, Y)
        np.testing.assert_array_equal(same.predict(X), model.predict(X))


@pytest.mark.parametrize("dtype", ["str", "string", object])
def test_text_is_categories(dtype, model):
    as_text = X.astype({"colour": dtype, "place": dtype})
    np.testing.assert_array_equal(regressor().fit(as_text, Y).predict(X), model.predict(as_text))


def test_arrays_of_codes_and_of_objects_say_the_same_as_a_frame(model):
    codes = X.assign(colour=X["colour"].cat.codes, place=X["place"].cat.codes.replace(-1, 99).astype(float)).to_numpy()
    codes[:, 3] = np.where(codes[:, 3] == 99, np.nan, codes[:, 3])
    single = codes.astype(np.float32)
    single[:, 2] = codes[:, 2] - START  # times do not fit into single precision
    of_codes = regressor(categorical_features=MASK).fit(single, Y)
    np.testing.assert_allclose(of_codes.predict(single), model.predict(X), rtol=1e-4)
    objects = X.astype(object).to_numpy()
    of_objects = regressor(categorical_features=MASK).fit(objects, Y)
    np.testing.assert_allclose(of_objects.predict(objects), model.predict(X), rtol=1e-5)
    of_lists = regressor(categorical_features=MASK).fit(objects.tolist(), Y)
    np.testing.assert_array_equal(of_lists.predict(objects.tolist()), of_objects.predict(objects))


@pytest.mark.parametrize("kind", ["String", "Categorical"])
def test_polars_says_the_same_as_pandas(kind, model):
    polars = pytest.importorskip("polars")
    columns = {name: [None if pd.isna(value) else value for value in X[name]] for name in X}
    as_polars = polars.DataFrame(columns).with_columns(polars.col("colour", "place").cast(getattr(polars, kind)))
    if sklearn.__version__.startswith("1.7.") and not hasattr(as_polars, "__dataframe__"):
        pytest.skip("scikit-learn 1.7 reads the names of columns by a protocol that polars 2 has left")
    same = regressor().fit(as_polars, Y)
    assert list(same.feature_names_in_) == list(X)
    assert same.categories_ == model.categories_
    np.testing.assert_array_equal(same.predict(as_polars), model.predict(X))
    with pytest.raises(ValueError, match="feature names"):
        same.predict(as_polars[:, ::-1])


def test_missing_is_a_category_and_an_indicator(model):
    row = X.iloc[[0]]
    assert model.predict(row.assign(income=np.nan)) != model.predict(row.assign(income=X["income"].median()))
    assert model.predict(row.assign(place=None)) != model.predict(row.assign(place="never seen"))


def test_what_was_not_seen_is_no_category(model):
    """All values that were not seen in training are alike, as is a missing one where none was missing."""
    unknown = [model.predict(X.assign(colour=value)) for value in ("pink", "mauve", None, 7)]
    for predicted in unknown[1:]:
        np.testing.assert_array_equal(predicted, unknown[0])
    assert not np.array_equal(unknown[0], model.predict(X))


def test_missing_where_none_was_in_training_is_the_median():
    X, y = X_of_numbers(), Y
    model = regressor().fit(X, y)
    median = np.quantile(X[:, 1], 0.5, method="inverted_cdf")
    without, with_median = X.copy(), X.copy()
    without[:, 1], with_median[:, 1] = np.nan, median
    np.testing.assert_allclose(model.predict(without), model.predict(with_median), rtol=1e-12)


def X_of_numbers():
    return np.random.default_rng(1).standard_normal((len(X), 3))


# Invariances


@pytest.mark.parametrize("embedding", ["periodic", "piecewise_linear", None])
def test_units_do_not_matter(embedding):
    X, y = X_of_numbers(), Y
    other = X * [1e6, 1e-6, -3.0] + [5.0, 1.0, 0.0]
    other[:, 2] *= -1
    expected = regressor(embedding=embedding).fit(X, y).predict(X)
    np.testing.assert_allclose(regressor(embedding=embedding).fit(other, y).predict(other), expected, rtol=1e-6)


def test_names_of_categories_do_not_matter(model):
    renamed = X.assign(colour=X["colour"].cat.rename_categories({"red": 30, "green": 20, "blue": 10}))
    np.testing.assert_array_equal(regressor().fit(renamed, Y).predict(renamed), model.predict(X))
    unused = X.assign(colour=X["colour"].cat.add_categories(["amber", "zinc"]))
    np.testing.assert_array_equal(regressor().fit(unused, Y).predict(unused), model.predict(X))


def test_outliers_are_clipped(model):
    far, farther = (model.predict(X.assign(income=value)) for value in (1e20, 1e30))
    np.testing.assert_allclose(far, farther, rtol=1e-5)


def test_small_differences_of_large_numbers_are_seen(model):
    """Times in seconds differ by less than single precision tells."""
    spread = np.ptp(model.predict(X.assign(time=START + np.arange(len(X)) % 60, income=1e4, colour="red")))
    assert spread > 0.02


@pytest.mark.parametrize("value", [3.0, np.nan], ids=["constant", "all missing"])
@pytest.mark.parametrize("embedding", ["periodic", "piecewise_linear", None])
def test_columns_that_say_nothing_change_nothing(value, embedding):
    X = np.column_stack([X_of_numbers(), np.full(len(Y), value)])
    model = regressor(embedding=embedding).fit(X, Y)
    other = X.copy()
    other[:, 3] = 17.0 if value == value else np.nan
    np.testing.assert_array_equal(model.predict(other), model.predict(X))
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("embedding", ["periodic", "piecewise_linear", None])
@pytest.mark.parametrize("step", [1e-8, 1e-30, 1e-44])
def test_numbers_may_be_closer_than_single_precision_tells(embedding, step):
    nearly_equal = np.where(np.arange(len(Y)) % 3, step * (np.arange(len(Y)) % 7), Y)
    X = np.column_stack([X_of_numbers(), nearly_equal])
    assert np.isfinite(regressor(embedding=embedding).fit(X.astype(np.float32), Y).predict(X)).all()


def test_a_category_column_may_be_all_missing():
    empty = X.assign(place=pd.Categorical([None] * len(X)))
    model = regressor().fit(empty, Y)
    assert model.categories_[1] == [None]
    assert np.isfinite(model.predict(X)).all()


def test_categories_alone_and_duplicate_columns():
    alone = pd.DataFrame({"colour": X["colour"], "place": X["place"], "again": X["colour"]})
    model = classifier().fit(alone, LABELS)
    assert model.weights_.dtype == np.float32
    assert model.predict_proba(alone).shape == (len(X), 2)


def test_held_out_rows_do_not_choose_the_scale():
    """Centre and scale are those of the training rows."""
    X, y = X_of_numbers(), Y
    far = X + 100
    model = regressor().fit(X, y, X_val=far, y_val=y)
    mean = model.network_["features"]["numbers"]["standardization"]
    assert mean.n_channels == 3
    np.testing.assert_array_equal(model.buffers_[:3], np.quantile(X, 0.5, axis=0, method="inverted_cdf"))


@pytest.mark.parametrize("n_members", [1, 3])
def test_weights_equal_repetitions(n_members):
    X, weight = X_of_numbers(), np.random.default_rng(2).integers(0, 3, len(Y))
    X[::7, 1] = np.nan
    common = {"n_members": n_members, "shuffle": False, "batch_size": 10_000, "early_stopping": False}
    weighted = regressor(**common)
    repeated = clone(weighted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one batch holds everything
        weighted.fit(X, Y, sample_weight=weight)
        repeated.fit(np.repeat(X, weight, axis=0), np.repeat(Y, weight))
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-7)


# Members


def test_members_start_alike_and_part():
    model = classifier(n_members=5, early_stopping=False).fit(X, LABELS)
    weight = model._parameters()["output"]["weight"]
    assert weight.shape == (5, 16, 1)
    assert np.ptp(weight, axis=0).max() > 1e-3


@pytest.mark.parametrize("batch_size", [16, 120])
def test_members_that_start_alike_part_by_the_rows_that_they_see(batch_size):
    """Without dropout, nothing else could part them: one would be computed twice."""
    model = regressor(n_members=8, batch_size=batch_size, early_stopping=False).fit(X, Y)
    factor = model._parameters()["members"]["factor"]
    assert len(np.unique(np.sign(factor), axis=0)) == 4
    assert np.abs(factor[:4] - factor[4:]).max(axis=1).min() > 1e-3


def test_many_members_share_rows_but_not_with_lbfgs():
    """Its batches are all alike: members that share rows would never see those of others."""
    for solver, members_per_row in (("adamw", 4), ("lbfgs", 8)):
        model = regressor(n_members=8, solver=solver, early_stopping=False).fit(X, Y)
        assert model.network_arguments_["members_per_row"] == members_per_row
    weight = np.random.default_rng(2).integers(0, 3, len(Y))
    repeated = clone(model).fit(X.loc[np.repeat(X.index, weight)], np.repeat(Y, weight))
    np.testing.assert_allclose(model.fit(X, Y, weight).predict(X), repeated.predict(X), rtol=1e-3)


def test_probabilities_of_members_are_averaged():
    three = np.where(Y > 2, "high", LABELS)
    model = classifier(n_members=4).fit(X, np.where(Y < 0.7, "least", three))
    network, tree = model.network_, model._parameters()
    hidden = X_hidden = model._read(X).as_batch()[0]
    hidden = network.without("output").predict(tree, hidden)
    raw = np.einsum("bki,kio->bko", hidden, tree["output"]["weight"]) + tree["output"]["bias"]
    each = np.exp(raw - raw.max(axis=2, keepdims=True))
    each /= each.sum(axis=2, keepdims=True)
    assert len(X_hidden) == len(X)
    np.testing.assert_allclose(model.predict_proba(X), each.mean(axis=1), rtol=1e-4)


RARE = np.arange(len(Y)) % 40 == 0


@pytest.mark.parametrize(
    "y",
    [RARE, np.where(RARE, "rare", np.where(Y > 0.7, "high", "low")), np.column_stack([RARE, Y > 1]).astype(int)],
    ids=["two classes", "three classes", "multilabel"],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_smoothed_labels_leave_the_mean_probability_as_it_is(y, weighted):
    """At the optimum, the mean of the probabilities is that of the targets, because the output has a bias."""
    weight = np.where(RARE, 3.0, 1.0 + np.arange(len(Y)) % 2) if weighted else None
    model = classifier(solver="lbfgs", alpha=0.0, label_smoothing=0.3, max_iter=30, n_members=2).fit(X, y, weight)
    shares = y if y.ndim == 2 else (y[:, np.newaxis] == model.classes_)
    mean = np.average(model.predict_proba(X), axis=0, weights=weight)
    np.testing.assert_allclose(mean, np.average(shares, axis=0, weights=weight), atol=5e-3)


def test_class_weights_weigh_the_frequencies_toward_which_labels_are_smoothed():
    balanced = classifier(class_weight="balanced").fit(X, RARE)
    np.testing.assert_allclose(balanced._task.frequencies, [0.5])
    np.testing.assert_allclose(classifier().fit(X, RARE)._task.frequencies, [RARE.mean()])


def test_what_the_network_is_given_besides_hyperparameters_is_no_attribute_of_the_estimator(model):
    arguments = model.network_arguments_
    assert (arguments["link"], arguments["frequency_deviation"], arguments["members_per_row"]) == ("identity", 1.0, 4)
    assert not any(hasattr(model, name) for name in ("link", "frequency_deviation", "members_per_row"))
    assert classifier().fit(X, LABELS).network_arguments_["frequency_deviation"] == 0.5


# With scikit-learn


def test_tags():
    for model in (TabularMLPClassifier(), TabularMLPRegressor()):
        tags = get_tags(model).input_tags
        assert tags.allow_nan
        assert tags.categorical
        assert not tags.sparse


def through_skops(model):
    return skops.io.loads(skops.io.dumps(model), trusted=[f"{type(model).__module__}.{type(model).__qualname__}"])


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model)), through_skops])
def test_copies_predict_the_same(copied, model):
    np.testing.assert_array_equal(copied(model).predict(X), model.predict(X))


def test_grid_search_with_a_scorer_on_held_out_data():
    model = classifier(early_stopping=True, scoring="accuracy", max_iter=3)
    search = GridSearchCV(model, {"embedding": ["periodic", None], "n_members": [1, 2]}, cv=2).fit(X, LABELS)
    assert search.best_estimator_.validation_scores_
    assert set(search.predict(X)) <= {"low", "high"}


def test_behind_a_column_transformer_that_puts_out_frames():
    columns = make_column_transformer(
        (OrdinalEncoder(), ["colour"]),
        (StandardScaler(), make_column_selector(dtype_include=np.number)),
        remainder="passthrough",
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    model = make_pipeline(columns, regressor(categorical_features=["colour", "place"])).fit(X, Y)
    assert list(model[-1].feature_names_in_) == ["colour", "income", "time", "place"]
    assert model.predict(X).shape == (len(X),)


def test_permutation_importance_of_a_frame():
    model = regressor(max_iter=60, learning_rate_init=0.01, early_stopping=False).fit(X, Y)
    importance = permutation_importance(model, X, Y, n_repeats=3, random_state=0).importances_mean
    assert importance[1] == importance.max()


def test_a_pass_goes_on_with_the_categories_of_the_first():
    model = regressor(early_stopping=False)
    model.partial_fit(X, Y).partial_fit(X.assign(colour="pink"), Y)
    assert model.categories_[0] == ["blue", "green", "red"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_precision_is_that_of_x(dtype):
    X = (10 * X_of_numbers()).astype(dtype)
    expected = np.float64 if dtype == np.float64 else np.float32
    assert regressor().fit(X, Y).weights_.dtype == expected
    assert regressor().fit(pd.DataFrame(X), Y).weights_.dtype == expected


# Mistakes


def with_value(column, place, value):
    changed = X.copy()
    changed[column] = changed[column].astype(object)
    changed.loc[place, column] = value
    return changed


MISTAKES = {
    "fractions": (
        {"categorical_features": [0]},
        X_of_numbers(),
        "Column 0 of X is categorical, but holds numbers such as .* make its values strings",
    ),
    "an infinite category": (
        {"categorical_features": ["place"]},
        with_value("place", 3, np.inf).drop(columns="colour"),
        "Column 'place' of X is categorical, but holds numbers such as inf",
    ),
    "index out of range": ({"categorical_features": [4]}, X, "has 4, but X has no such column: it has 4 columns"),
    "mask of another length": ({"categorical_features": [True]}, X, "mask of 1 columns, but X has 4"),
    "unknown name": ({"categorical_features": ["color"]}, X, "color"),
    "names of an array": (
        {"categorical_features": ["colour"]},
        X_of_numbers(),
        "'colour', but X has no such column",
    ),
    "infinite number": ({}, X.assign(income=np.inf), "X contains infinity"),
    "text": (
        {},
        X[["colour"]].to_numpy(str),
        "Column 0 of X holds text, such as 'red', .*list them in categorical_features",
    ),
    "too many categories": (
        {"categorical_features": [0]},
        np.arange(2**15 + 1)[:, np.newaxis],
        "Column 0 of X has 32769 categories, more than 32768. Make numbers of them, such as by .*TargetEncoder",
    ),
    "neither a mask nor columns": ({"categorical_features": "colour"}, X, "categorical_features must be"),
}


@pytest.mark.parametrize(("parameters", "X", "message"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes_are_named(parameters, X, message):
    with pytest.raises(ValueError, match=message):
        regressor(**parameters).fit(X, np.zeros(len(X)))


def test_sparse_x_is_refused_with_the_name_of_who_takes_it():
    with pytest.raises(TypeError, match=r"takes dense X: use X.toarray\(\), or MLPClassifier and MLPRegressor"):
        classifier().fit(sparse.csr_array(X_of_numbers()), LABELS)


def test_columns_in_another_order_are_refused(model):
    with pytest.raises(ValueError, match="Feature names must be in the same order"):
        model.predict(X[["colour", "income", "time", "place"]])
    with pytest.raises(ValueError, match="feature names"):
        model.predict(X.drop(columns="place"))
