"""Networks that start with the layers of a fitted model: of the same family, for other targets, and of other kinds."""

import pickle

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from skneural import (
    Autoencoder,
    CNNClassifier,
    CNNRegressor,
    CNNSequenceClassifier,
    CNNSequenceRegressor,
    GNNGraphClassifier,
    GNNGraphRegressor,
    GNNLinkPredictor,
    GNNNodeClassifier,
    GNNNodeRegressor,
    GraphNodes,
    ImageRegressor,
    ImageSegmenter,
    KANClassifier,
    KANRegressor,
    LanguageModel,
    MambaSequenceClassifier,
    MambaSequenceTagger,
    MLPClassifier,
    MLPRegressor,
    NetworkClassifier,
    NetworkRegressor,
    PerceptronClassifier,
    RNNSequenceClassifier,
    RNNSequenceTagger,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TransformerSequenceClassifier,
    TransformerSequenceTagger,
    callbacks,
    streaming,
)
from skneural.layers import Frozen
from skneural.layers.traversal import find
from skneural.streaming.first_pass import OF_ONE_WHOLE
from skneural.template.pretrained import _Parts
from tests.estimators.cases import BRIEF, flowers, patients
from tests.estimators.networks import two_layers

X, Y = flowers(np.float32)
TWO = Y != "setosa"
NUMBERS = X[:, 0] - X[:, 1]
TOKENS = (X.mean(axis=0) < X).astype(int)
EACH = np.where(X > 0, "large", "small")
IMAGES, PIXELS = X.reshape(-1, 2, 2), EACH.reshape(-1, 2, 2)
NODES = GraphNodes(X, (np.random.default_rng(0).random((75, 75)) < 0.05).astype(float))
SMALL = BRIEF | {"alpha": 0.1}
CNN = {"channels": (3, 4), "hidden_layer_sizes": 5} | SMALL
RNN = {"hidden_size": 3, "n_layers": 2, "bidirectional": True} | SMALL
ATTENTION = {"d_model": 4, "n_heads": 2, "feedforward_size": 3, "vocabulary_size": 2} | SMALL
MAMBA = {"d_model": 4, "state_size": 2} | SMALL
TABLE = {"hidden_layer_sizes": (6, 5), "n_cv": 1} | SMALL
GRAPHS = {"hidden_layer_sizes": (4, 3)} | SMALL

# A model with its data, an estimator of the same family with others, and the number of layers with weights.
FAMILIES = {
    "mlp": (
        MLPClassifier((6, 5), batch_norm=True, **BRIEF),
        (X, Y),
        MLPRegressor((6, 5), batch_norm=True),
        (X, NUMBERS),
        2,
    ),
    "mlp beside a linear map": (
        MLPClassifier((6, 5), linear_skip=True, **BRIEF),
        (X, Y),
        MLPClassifier((6, 5), linear_skip=True),
        (X[TWO], Y[TWO]),
        2,
    ),
    "tabular": (TabularMLPClassifier(**TABLE), (X, Y), TabularMLPRegressor(**TABLE), (X, NUMBERS), 2),
    "images": (CNNClassifier(**CNN), (X, Y), CNNRegressor(batch_norm=True, **CNN), (X, NUMBERS), 3),
    "resnet": (
        CNNClassifier(architecture="resnet", **CNN),
        (X, Y),
        CNNClassifier(architecture="resnet", **CNN),
        (X[TWO], Y[TWO]),
        3,
    ),
    "series": (
        CNNSequenceClassifier(channels=(3, 4), **BRIEF),
        (X, Y),
        CNNSequenceRegressor(channels=(3, 4)),
        (X, NUMBERS),
        2,
    ),
    "recurrent": (RNNSequenceTagger(**RNN), (X, EACH), RNNSequenceClassifier(**RNN), (X, Y), 2),
    "transformer": (
        TransformerSequenceTagger(**ATTENTION),
        (TOKENS, EACH),
        TransformerSequenceClassifier(pooling="cls", **ATTENTION),
        (TOKENS, Y),
        2,
    ),
    "mamba": (
        MambaSequenceClassifier(bidirectional=True, pooling="last", **MAMBA),
        (X, Y),
        MambaSequenceTagger(bidirectional=True, **MAMBA),
        (X, EACH),
        2,
    ),
    "nodes": (GNNNodeClassifier(**GRAPHS), (NODES, Y), GNNNodeRegressor(**GRAPHS), (NODES, NUMBERS), 2),
    "graphs": (GNNGraphClassifier(**GRAPHS), (X, Y), GNNGraphRegressor(**GRAPHS), (X, NUMBERS), 2),
    "links": (GNNLinkPredictor(**GRAPHS), (NODES, None), GNNLinkPredictor(**GRAPHS), (NODES, None), 2),
    "kan": (
        KANClassifier(hidden_layer_sizes=(3, 2), **BRIEF),
        (X, Y),
        KANRegressor(hidden_layer_sizes=(3, 2)),
        (X, NUMBERS),
        2,
    ),
    "segmentation": (
        ImageSegmenter(channels=(2, 3), **BRIEF),
        (IMAGES, PIXELS),
        ImageRegressor(channels=(2, 3)),
        (IMAGES, IMAGES),
        7,
    ),
    "own network": (NetworkClassifier(two_layers, **BRIEF), (X, Y), NetworkRegressor(two_layers), (X, NUMBERS), 1),
}
every_family = pytest.mark.parametrize(
    ("model", "data", "new", "new_data", "n_layers"), FAMILIES.values(), ids=FAMILIES
)


def started(new, model, **options):
    return clone(new).set_params(**SMALL | {"pretrained": model} | options)


def hidden(model):
    """Copies of all arrays before the output layer, but for a pooling that only one task has."""
    arrays = _Parts.of(model.network_, model._parameters()).body
    return {name: array.copy() for name, array in arrays.items() if "class_token" not in name and "pooling" not in name}


@every_family
def test_layers_are_those_of_the_model(model, data, new, new_data, n_layers):
    model = clone(model).fit(*data)
    new = started(new, model, learning_rate_init=1e-30, alpha=0, freeze=n_layers).fit(*new_data)
    assert hidden(model).keys() == hidden(new).keys()
    for name, array in hidden(model).items():
        np.testing.assert_allclose(hidden(new)[name], array, err_msg=name)
    frozen = find(new.network_, new._parameters(), Frozen)
    passing = [layer for layer, _ in frozen if layer.input_gradient]  # to a class token, which learns
    assert bool(passing) == (getattr(new, "pooling", None) == "cls")


@every_family
def test_frozen_layers_stay_and_others_learn(model, data, new, new_data, n_layers):
    model = clone(model).fit(*data)
    new = started(new, model, freeze=n_layers - 1).fit(*new_data)
    before, after = hidden(model), hidden(new)
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert changed
    frozen = [
        each.replace("class_token.inner.", "").replace(".steps", "")
        for each in new.network_arguments_.get("frozen", ())
    ]
    assert (n_layers == 1) == (not frozen)
    assert not [name for name in changed if name.startswith(tuple(f"{each}." for each in frozen))]
    again = pickle.loads(pickle.dumps(new))
    np.testing.assert_array_equal(np.asarray(again.transform(new_data[0])), np.asarray(new.transform(new_data[0])))
    twice = clone(new).set_params(pretrained=FrozenEstimator(model)).fit(*new_data)
    np.testing.assert_array_equal(twice.weights_, new.weights_)


@every_family
def test_training_continues_and_keeps_frozen_layers(model, data, new, new_data, n_layers):
    model = clone(model).fit(*data)
    new = started(new, model, freeze=n_layers, warm_start=True, early_stopping=False).fit(*new_data)
    buffers = hidden(new)
    new.partial_fit(*new_data) if hasattr(new, "partial_fit") else new.fit(*new_data)
    for name, array in hidden(new).items():
        np.testing.assert_array_equal(array, buffers[name], err_msg=name)


@every_family
def test_without_frozen_layers_all_learn(model, data, new, new_data, n_layers):
    model = clone(model).fit(*data)
    new = started(new, model).fit(*new_data)
    assert "frozen" not in new.network_arguments_
    kernels = [name for name, array in hidden(model).items() if array.ndim > 1 and array.size > 1]
    assert any(not np.array_equal(hidden(model)[name], hidden(new)[name]) for name in kernels)


@every_family
def test_frozen_layers_in_files_and_chunks(model, data, new, new_data, n_layers):
    model = clone(model).fit(*data)
    new = started(new, FrozenEstimator(model), freeze=n_layers, max_iter=1)
    x, y = new_data
    fitted = clone(new).fit(x, y)
    file = skops.io.dumps(fitted)
    back = skops.io.loads(file, trusted=skops.io.get_untrusted_types(data=file))
    np.testing.assert_array_equal(back.transform(x), fitted.transform(x))
    for name, array in hidden(model).items():
        np.testing.assert_array_equal(hidden(fitted)[name], array, err_msg=name)
    if not isinstance(new, OF_ONE_WHOLE):
        streaming.fit(new, [(x[:40], y[:40]), (x[40:], y[40:])], n_passes=1)
        for name, array in hidden(model).items():
            np.testing.assert_array_equal(hidden(new)[name], array, err_msg=name)


SAME_TASK = {
    "classes": (MLPClassifier((6, 5), **BRIEF), (X, Y)),
    "perceptron": (PerceptronClassifier(max_iter=3), (X, Y)),
    "numbers in other units": (MLPRegressor((6, 5), linear_skip=True, **BRIEF), (X, NUMBERS)),
    "labels of steps": (RNNSequenceTagger(**RNN), (X, EACH)),
    "transformer": (TransformerSequenceClassifier(**ATTENTION), (TOKENS, Y)),
    "kan": (KANRegressor(hidden_layer_sizes=3, **BRIEF), (X, NUMBERS)),
}


@pytest.mark.parametrize(("model", "data"), SAME_TASK.values(), ids=SAME_TASK)
def test_the_output_is_copied_if_the_task_is_the_same(model, data):
    model = clone(model).fit(*data)
    x, y = data[0][10:], data[1][10:]
    new = (
        clone(model)
        .set_params(pretrained=model, alpha=0, solver="adam", learning_rate_init=1e-30, max_iter=1)
        .fit(x, y)
    )
    method = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    np.testing.assert_allclose(getattr(new, method)(x), getattr(model, method)(x), rtol=1e-3, atol=1e-4)


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


# Models of other kinds


def test_an_autoencoder_starts_a_perceptron():
    model = Autoencoder(2, (6, 5), noise=0.1, **BRIEF).fit(X)
    new = MLPClassifier((6, 5), "silu", pretrained=model, **BRIEF | {"learning_rate_init": 1e-30, "alpha": 0}).fit(X, Y)
    encoder = model.network_["encoder"].without("output")
    np.testing.assert_allclose(new.transform(X), encoder.predict(model._parameters()["encoder"], X), atol=1e-5)
    again = MLPRegressor((6, 5), "silu", pretrained=new, freeze=2, **BRIEF).fit(X, NUMBERS)
    np.testing.assert_allclose(again.transform(X), new.transform(X), atol=1e-5)


def test_an_autoencoder_of_images_starts_a_convolutional_network():
    sizes = {"channels": (3, 4), "hidden_layer_sizes": 5}
    model = Autoencoder(2, image_shape="auto", **sizes, **BRIEF).fit(IMAGES)
    options = {"activation": "silu", "batch_norm": False, "freeze": 3} | sizes | BRIEF
    new = CNNClassifier(pretrained=model, **options).fit(IMAGES, Y)
    encoder = model.network_["encoder"].without("output")
    tree = model._parameters()["encoder"]
    np.testing.assert_allclose(new.transform(IMAGES), encoder.predict(tree, IMAGES[..., np.newaxis]), atol=1e-5)


WORDS = [" ".join(np.random.default_rng(i).choice(["who", "what", "is"], 1 + i % 5)) for i in range(20)]
OF_MODEL = {"d_model": 4, "n_layers": 2}
# Networks that start from a language model, and one that starts from these.
OF_LANGUAGE = {
    "gru": RNNSequenceClassifier(cell="gru", hidden_size=4, embedding_size=4, n_layers=2, pooling="mean"),
    "lstm": RNNSequenceTagger(cell="lstm", hidden_size=4, embedding_size=4, n_layers=2),
    "mamba": MambaSequenceClassifier(**OF_MODEL),
    "transformer": TransformerSequenceClassifier(n_heads=2, feedforward_size=6, **OF_MODEL),
}


@pytest.mark.parametrize(("architecture", "new"), OF_LANGUAGE.items(), ids=OF_LANGUAGE)
def test_a_language_model_starts_networks_of_its_architecture(architecture, new):
    model = LanguageModel(architecture=architecture, n_heads=2, feedforward_size=6, level="word", **OF_MODEL, **BRIEF)
    model.fit(WORDS)
    y = [text.split() for text in WORDS] if isinstance(new, RNNSequenceTagger) else np.arange(20) % 2
    new = started(new, model, learning_rate_init=1e-30, alpha=0).fit(WORDS, y)
    embedding, tree = model._embedding()
    numbers = model._reader.encode(WORDS)
    states = [embedding.states(tree, one[np.newaxis])[0] for one in numbers]
    given = new.transform(WORDS)
    if isinstance(new, RNNSequenceTagger):
        np.testing.assert_allclose(np.concatenate(given), np.concatenate(states), atol=1e-5)
    else:
        np.testing.assert_allclose(given, [each.mean(axis=0) for each in states], atol=1e-5)
    again = started(new, new, freeze=1).fit(WORDS, y)  # of texts, too
    assert again.network_arguments_["frozen"][0] == "embedding"
    back = pickle.loads(pickle.dumps(again))
    np.testing.assert_array_equal(back.transform(WORDS[:1]), again.transform(WORDS[:1]))


# Columns by name


def named(*names):
    return pd.DataFrame({name: X[:, "abcd".index(name)] if name in "abcd" else X[:, 0] * X[:, 1] for name in names})


OF_COLUMNS = {
    "mlp": MLPClassifier((6, 5), **BRIEF),
    "mlp beside a linear map": MLPClassifier((6, 5), linear_skip=True, residual=True, **BRIEF),
    "kan": KANClassifier(hidden_layer_sizes=3, **BRIEF),
    "perceptron": PerceptronClassifier(max_iter=3),
}


@pytest.mark.parametrize("names", ["dcba", "bxacd"])
@pytest.mark.parametrize("model", OF_COLUMNS.values(), ids=OF_COLUMNS)
def test_columns_are_recognized_by_their_names(model, names):
    model = clone(model).fit(named(*"abcd"), Y)
    still = {"alpha": 0, "solver": "adam", "learning_rate_init": 1e-30, "max_iter": 1}
    new = clone(model).set_params(pretrained=model, **still).fit(named(*names), Y)
    np.testing.assert_allclose(
        new.predict_proba(named(*names)), model.predict_proba(named(*"abcd")), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("options", [{}, {"embedding": "piecewise_linear", "n_members": 1}, {"hidden_layer_sizes": ()}])
def test_mixed_columns_are_recognized_by_their_names(options):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "year": 2000 + X[:, 0].astype(float),
            "gaps": np.where(rng.random(75) < 0.3, np.nan, X[:, 1]),
            "few": pd.Categorical(rng.choice(["a", "b"], 75)),
            "many": pd.Categorical(rng.choice(list("abcdefghijkl"), 75)),
            "time": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 1000, 75), "h"),
        }
    )
    further = {
        "x": X[:, 2],
        "kind": pd.Categorical(rng.choice(list("uvw"), 75)),
        "code": pd.Categorical(rng.choice(list("abcdefghijk"), 75)),
        "lost": np.where(rng.random(75) < 0.3, np.nan, X[:, 3]),
        "when": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1000, 75), "h"),
    }
    larger = table.assign(**further)[["when", "many", "x", "year", "code", "time", "few", "lost", "gaps", "kind"]]
    settings = TABLE | options
    model = TabularMLPClassifier(**settings).fit(table, Y)
    new = TabularMLPClassifier(pretrained=model, **settings | {"learning_rate_init": 1e-30, "alpha": 0}).fit(larger, Y)
    np.testing.assert_allclose(new.predict_proba(larger), model.predict_proba(table), atol=1e-5)
    with pytest.raises(ValueError, match="X lacks columns on which pretrained was fitted: few, many"):
        TabularMLPClassifier(pretrained=model, **settings).fit(table.drop(columns=["few", "many"]), Y)
    with pytest.raises(ValueError, match=r"for which other columns held .*: few"):
        TabularMLPClassifier(pretrained=model, **settings).fit(larger.assign(few=X[:, 0]), Y)


def test_columns_that_are_missing_are_named():
    model = MLPClassifier(3, **BRIEF).fit(named(*"abcd"), Y)
    with pytest.raises(ValueError, match="X lacks columns on which pretrained was fitted: a, c"):
        MLPClassifier(3, pretrained=model, **BRIEF).fit(named(*"dxb"), Y)
    with pytest.raises(ValueError, match=r"freeze: hidden_1.dense.weight would not learn of columns .*: x"):
        MLPClassifier(3, pretrained=model, freeze=1, **BRIEF).fit(named(*"abcdx"), Y)
    MLPClassifier(3, pretrained=model, freeze=1, **BRIEF).fit(named(*"cabd"), Y)


def test_tables_are_read_as_by_the_model():
    columns = {"year": 2000.0 + 1e-3 * X[:, 0], "colour": pd.Categorical(np.where(X[:, 1] > 0, "red", "blue"))}
    model = TabularMLPClassifier(**TABLE).fit(pd.DataFrame(columns), Y)
    other = pd.DataFrame(columns).iloc[::2].assign(year=lambda frame: frame["year"] + 5)
    other["colour"] = other["colour"].cat.rename_categories({"blue": "green"})
    new = TabularMLPClassifier(pretrained=model, **TABLE | {"learning_rate_init": 1e-30, "alpha": 0}).fit(other, Y[::2])
    np.testing.assert_allclose(new.predict_proba(other), model.predict_proba(other), atol=1e-4)
    assert new.categories_ == [["blue", "red"]]


MLP = MLPClassifier((6, 5), **BRIEF).fit(X, Y)
MISTAKES = {
    "sizes": ({"hidden_layer_sizes": (6, 4)}, r"hidden_2.dense.weight has the shape \(6, 5\) there, and \(6, 4\) here"),
    "depth": ({"hidden_layer_sizes": 6}, r"hidden_2.dense.weight has .* None here.* hidden_layer_sizes=\[6, 5\]"),
    "activation": ({"activation": "tanh"}, "hidden_1.activation has function='relu' there, and 'tanh' here"),
    "too many": ({"freeze": 3}, "2 layers before the output have weights: hidden_1, hidden_2"),
    "no such layer": ({"freeze": ["hiden_1"]}, "no layer 'hiden_1' before its output; it has hidden_1"),
    "the output": ({"freeze": ["output"]}, "no layer 'output' before its output"),
    "nothing to freeze": ({"pretrained": None, "freeze": 1}, "freeze=1 needs pretrained"),
    "no body": ({"pretrained": None, "body_learning_rate": 0.1}, "body_learning_rate=0.1 needs pretrained"),
    "lbfgs": ({"solver": "lbfgs", "body_learning_rate": 0.1}, "lbfgs"),
    "another family": ({"pretrained": RNNSequenceClassifier(hidden_size=2, **BRIEF)}, "not fitted"),
    "another package": ({"pretrained": LogisticRegression()}, "pretrained must be None or fitted"),
    "negative": ({"freeze": -1}, "freeze must be"),
    "another table": (
        {"pretrained": MLPRegressor((6, 5), **BRIEF).fit(*patients())},
        r"weight has the shape \(10, 6\)",
    ),
    "of images": ({"pretrained": Autoencoder(image_shape="auto", **BRIEF).fit(IMAGES)}, "of images; here, .* without"),
    "of other layers": (
        {"pretrained": Autoencoder(2, 6, **BRIEF).fit(X)},
        r"fitted with hidden_layer_sizes=\[6\], activ",
    ),
}


@pytest.mark.parametrize(("options", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_named(options, message):
    settings = {"hidden_layer_sizes": (6, 5), "pretrained": MLP} | BRIEF | options
    with pytest.raises((ValueError, TypeError), match=message):
        MLPClassifier(**settings).fit(X, Y)


def test_networks_of_other_kinds_and_of_folds():
    with pytest.raises(ValueError, match="is of another kind than that of KANClassifier"):
        KANClassifier(pretrained=MLP).fit(X, Y)
    folds = TabularMLPClassifier(**TABLE | {"n_cv": 2}).fit(X, Y)
    with pytest.raises(ValueError, match="of 2 networks, and TabularMLPClassifier starts from one: fit it with n_cv=1"):
        TabularMLPClassifier(pretrained=folds, **TABLE).fit(X, Y)
    one = TabularMLPClassifier(**TABLE).fit(X, Y)
    with pytest.raises(ValueError, match=r"other layers.* For pretrained, n_cv=1\.$"):
        TabularMLPClassifier(pretrained=one, **TABLE | {"n_cv": 2}).fit(X, Y)


# Step sizes of the body, and starts that are kept


@pytest.mark.parametrize("is_frozen", [False, True])
def test_training_is_resumed(is_frozen, tmp_path):
    model = MLPClassifier((6, 5), **BRIEF).fit(X, Y)
    options = {"pretrained": FrozenEstimator(model) if is_frozen else model, "early_stopping": True} | BRIEF
    options |= {"body_learning_rate": 1e-4, "learning_rate_init": 0.1}
    whole = MLPClassifier((6, 5), **options | {"max_iter": 5}).fit(X, np.roll(Y, 25), X_val=X, y_val=Y)
    path = tmp_path / "training.skops"
    part = MLPClassifier((6, 5), **options | {"max_iter": 2}).set_callbacks(callbacks.Checkpoint(path))
    part.fit(X, np.roll(Y, 25), X_val=X, y_val=Y)
    again = MLPClassifier((6, 5), **options | {"max_iter": 5})
    again.fit(X, np.roll(Y, 25), X_val=X, y_val=Y, resume_from=path)
    np.testing.assert_array_equal(again.weights_, whole.weights_)
    assert again.best_validation_score_ == whole.best_validation_score_ > max(whole.validation_scores_)
    other = clone(again).set_params(pretrained=MLPClassifier((6, 5), **BRIEF | {"max_iter": 1}).fit(X, Y))
    with pytest.raises(ValueError, match="other hyper-parameters: pretrained="):
        other.fit(X, np.roll(Y, 25), X_val=X, y_val=Y, resume_from=path)


@pytest.mark.parametrize("solver", ["sgd", "adam", "adamw", "rmsprop"])
def test_the_body_has_a_rate_of_its_own(solver):
    options = {"alpha": 0.1, "solver": solver} | BRIEF
    model = MLPClassifier((6, 5), **options).fit(X, Y)
    usual, same, slow = (
        MLPClassifier((6, 5), pretrained=model, body_learning_rate=rate, **options).fit(X, Y)
        for rate in (None, 1e-3, 1e-30)
    )
    np.testing.assert_allclose(usual.weights_, same.weights_, rtol=1e-5, atol=1e-7)
    for name, array in hidden(model).items():
        np.testing.assert_array_equal(hidden(slow)[name], array)
    assert not np.array_equal(slow.coefs_[2], model.coefs_[2])


@pytest.mark.parametrize("learning_rate", ["constant", "cosine", "adaptive"])
def test_schedules_change_both_rates(learning_rate):
    options = {"alpha": 0, "solver": "sgd", "momentum": 0, "learning_rate": learning_rate} | BRIEF
    model = MLPClassifier(6, **options).fit(X, Y)
    moved = {}
    for factor in (1.0, 0.5):
        new = MLPClassifier(6, pretrained=model, body_learning_rate=1e-6 * factor, learning_rate_init=1e-6, **options)
        moved[factor] = new.fit(X, Y).coefs_[0].astype(float) - model.coefs_[0]
    np.testing.assert_allclose(moved[0.5], moved[1.0] / 2, rtol=0.1, atol=2e-8)


@pytest.mark.parametrize("scoring", ["loss", "accuracy"])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_start_is_kept_if_no_epoch_is_better(solver, scoring, tmp_path):
    model = MLPClassifier((6, 5), solver="lbfgs", max_iter=100, random_state=0).fit(X, Y)
    wrong = np.roll(Y, 25)
    validation = {"X_val": X, "y_val": Y}
    options = {
        "pretrained": model,
        "solver": solver,
        "early_stopping": True,
        "scoring": scoring,
        "learning_rate_init": 0.1,
    }
    new = MLPClassifier((6, 5), **BRIEF | options).fit(X, wrong, **validation)
    np.testing.assert_allclose(new.predict_proba(X), model.predict_proba(X), atol=1e-5)
    assert len(new.validation_scores_) == len(new.loss_curve_) == new.n_iter_ > 0
    assert new.best_validation_score_ > max(new.validation_scores_)
    moved = MLPClassifier((6, 5), **BRIEF | options | {"early_stopping": False}).fit(X, wrong, **validation)
    assert moved.best_validation_score_ == max(moved.validation_scores_)
    assert moved.score(X, Y) < model.score(X, Y)
