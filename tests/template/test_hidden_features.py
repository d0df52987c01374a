"""Supervised estimators as transformers to the outputs of their layers."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skneural import (
    CNNClassifier,
    CNNSequenceClassifier,
    GNNGraphClassifier,
    GNNNodeClassifier,
    ImageSegmenter,
    KANClassifier,
    MLPClassifier,
    PerceptronClassifier,
    RNNSequenceClassifier,
    RNNSequenceTagger,
    TabularMLPClassifier,
    TransformerSequenceClassifier,
)
from skneural.layers import Dense, MemberOutputs
from skneural.template.classifier import NeuralClassifier
from skneural.template.regressor import NeuralRegressor
from skneural.template.tagger import NeuralTagger
from tests.estimators.cases import BRIEF, ESTIMATORS, every, flowers, large_petals

SUPERVISED = {
    name: case
    for name, case in ESTIMATORS.items()
    if isinstance(case.estimator, NeuralClassifier | NeuralRegressor | NeuralTagger)
}


def ragged(n=16, n_features=2):
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(steps, n_features)) for steps in rng.integers(1, 12, n)]
    return X, np.arange(n) % 2, [np.arange(len(series)) % 2 for series in X]


@every(SUPERVISED)
def test_output_layer_on_hidden_features_gives_the_raw_scores(case):
    X, _ = case.data()
    model = case.fitted()
    features = model.transform(X)
    assert features.shape[-1] == len(model.get_feature_names_out())
    assert features.dtype == model.weights_.dtype
    network, tree = model.network_, model._parameters()
    output = network.children().get("output")
    if not isinstance(output, Dense | MemberOutputs):
        return  # of splines, pixels and nodes: below
    rows = features.reshape(-1, features.shape[-1])
    if isinstance(output, MemberOutputs):
        rows = rows.reshape(len(rows), output.n_members, -1)
    np.testing.assert_allclose(output.predict(tree["output"], rows), model._scored(X)[1], rtol=1e-6, atol=1e-9)


def test_output_layer_of_splines_and_pixels():
    splines = ESTIMATORS["spline classifier"]
    X, _ = splines.data()
    model = splines.fitted()
    network, tree = model.network_, model._parameters()
    scores = network["edges_2"].predict(tree["edges_2"], model.transform(X)) + tree["bias"]["bias"]
    np.testing.assert_allclose(scores, model._scored(X)[1])
    pixels = ESTIMATORS["regressor of pixels"]
    X, _ = pixels.data()
    model = pixels.fitted()
    weights = model.weights_by_name()
    kernel, bias = (weights[f"pixels.inner.output.{name}"] for name in ("kernel", "bias"))
    features = model.transform(X).reshape(-1, len(model.get_feature_names_out()))
    np.testing.assert_allclose(features @ kernel[0, 0] + bias, model._scored(X)[1])


@every({name: case for name, case in SUPERVISED.items() if "pixels" not in name and "segmenter" not in name})
def test_every_layer_has_a_row_for_each_sample(case):
    X, _ = case.data()
    model = case.fitted()
    names = [row.name for row in model.summary().layers]
    for name in names:
        features = model.transform(X, layer=name)
        assert len(features) == len(X)
        assert np.isfinite(features).all()


def test_layers_of_convolutions_are_feature_maps():
    X, y = np.random.default_rng(0).random((20, 8, 8)), np.arange(20) % 2
    model = CNNClassifier(channels=(3, 4), hidden_layer_sizes=5, **BRIEF).fit(X, y)
    (name,) = (row.name for row in model.summary().layers if row.kind == "Flatten")
    assert model.transform(X, name).shape == (20, 2 * 2 * 4)
    np.testing.assert_array_equal(model.transform(X), model.transform(X, "hidden_1"))


@pytest.mark.parametrize(
    ("model", "pool"),
    [
        (RNNSequenceClassifier(hidden_size=3, **BRIEF), lambda steps: steps[-1]),
        (RNNSequenceClassifier(hidden_size=3, pooling="max", **BRIEF), lambda steps: steps.max(axis=0)),
        (RNNSequenceClassifier(hidden_size=3, pooling="attention", **BRIEF), lambda steps: steps.mean(axis=0)),
        (RNNSequenceClassifier(hidden_size=3, bidirectional=True, **BRIEF), lambda steps: steps.mean(axis=0)),
        (RNNSequenceTagger(hidden_size=3, **BRIEF), lambda steps: steps.mean(axis=0)),
    ],
    ids=["last", "max", "attention", "bidirectional", "tagger"],
)
def test_steps_are_pooled_without_padding(model, pool):
    X, classes, labels = ragged()
    model.fit(X, labels if isinstance(model, RNNSequenceTagger) else classes)
    name = "standardization" if model.bidirectional else "encoder.layer_1"
    each = model.transform(X, name, per_step=True)
    assert [len(steps) for steps in each] == [len(series) for series in X]
    expected = np.stack([pool(steps) for steps in each])
    np.testing.assert_allclose(model.transform(X, name, per_step=False), expected, rtol=1e-6)
    alone = np.concatenate([model.transform([series], name, per_step=False) for series in X])
    np.testing.assert_allclose(alone, expected, rtol=1e-6)


def test_taggers_have_features_of_steps_in_the_form_of_their_labels():
    X, _, labels = ragged()
    model = RNNSequenceTagger(hidden_size=3, **BRIEF).fit(X, labels)
    assert [piece.shape for piece in model.transform(X)] == [(len(series), 3) for series in X]
    grid, labels = large_petals()
    assert model.fit(grid, labels).transform(grid).shape == (*np.shape(labels), 3)
    assert model.set_output(transform="pandas").transform(grid).shape == (*np.shape(labels), 3)


def test_layers_at_the_class_token_have_its_state():
    X, y, _ = ragged()
    model = TransformerSequenceClassifier(pooling="cls", d_model=4, n_heads=2, **BRIEF).fit(X, y)
    last = "encoder.class_token.inner.normalization"
    np.testing.assert_allclose(model.transform(X, last), model.transform(X))


@pytest.mark.parametrize("kind", [GNNNodeClassifier, GNNGraphClassifier])
def test_layers_of_graphs_are_rows_of_samples(kind):
    X, y = flowers()
    model = kind(hidden_layer_sizes=(3, 4), max_iter=2, random_state=0).fit(X, y)
    first = next(row.name for row in model.summary().layers if row.name.endswith("block_1.convolution"))
    assert model.transform(X, first).shape == (len(X), 3)
    np.testing.assert_allclose(model.transform(X[:9], first), model.transform(X, first)[:9])


@pytest.mark.parametrize(
    ("model", "layer", "per_step", "message"),
    [
        (MLPClassifier(4, **BRIEF), "hiden_1", None, r"no layer 'hiden_1'; it has hidden_1"),
        (MLPClassifier(4, **BRIEF), None, True, "has no steps. These layers have: none"),
        (RNNSequenceClassifier(hidden_size=2, **BRIEF), None, True, "These layers have: .*encoder.layer_1"),
        (ImageSegmenter(channels=(2, 2), **BRIEF), None, False, "per_step=False"),
        (ImageSegmenter(channels=(2, 2), **BRIEF), "pixels.inner.unet.levels.below.pooling", None, "another size"),
    ],
)
def test_errors(model, layer, per_step, message):
    X, y = large_petals() if isinstance(model, ImageSegmenter) else flowers()
    model.fit(X, y)
    with pytest.raises(ValueError, match=message):
        model.transform(X, layer, per_step=per_step)


def test_steps_of_pipelines():
    X, y = flowers(np.float32)
    network = MLPClassifier((8, 4), solver="lbfgs", max_iter=50, random_state=0)
    model = make_pipeline(network, LogisticRegression()).fit(X, y)
    assert model.score(X, y) > 0.9
    features = model[0].transform(X)
    assert features.dtype == np.float32
    frozen = make_pipeline(FrozenEstimator(model[0]), LogisticRegression()).fit(X, y)
    np.testing.assert_array_equal(frozen[0].transform(X), features)


@pytest.mark.parametrize(("layer", "first"), [(None, "mlpclassifier0"), ("hidden_1", "mlpclassifier_hidden_1_0")])
def test_names_of_columns(layer, first):
    X, y = flowers()
    frame = MLPClassifier(4, **BRIEF).fit(X, y).set_output(transform="pandas").transform(X, layer=layer)
    assert next(iter(frame.columns)) == first
    assert frame.shape == (len(X), 4)


def test_blocks_threads_and_files(tmp_path):
    X, y = flowers()
    model = MLPClassifier(4, n_jobs=2, **BRIEF).fit(X, y)
    many = np.tile(X, (100, 1))
    stored = np.memmap(tmp_path / "X", np.float64, "w+", shape=many.shape)
    stored[...] = many
    expected = np.tile(model.transform(X), (100, 1))
    for given in (many, stored):
        np.testing.assert_allclose(model.transform(given), expected, rtol=1e-12)


def test_series_of_many_lengths_keep_their_order():
    X, y, labels = ragged(300)
    model = CNNSequenceClassifier(channels=4, architecture="fcn", **BRIEF).fit(X, y)
    expected = np.concatenate([model.transform([series]) for series in X])
    np.testing.assert_allclose(model.transform(X), expected, rtol=1e-5, atol=1e-6)
    tagger = RNNSequenceTagger(hidden_size=2, **BRIEF).fit(X, labels)
    for piece, series in zip(tagger.transform(X), X, strict=True):
        np.testing.assert_allclose(piece, tagger.transform([series])[0], rtol=1e-5, atol=1e-6)


def test_sparse_rows_become_dense():
    X, y = flowers()
    X[X < 0] = 0
    model = PerceptronClassifier(max_iter=5).fit(sparse.csr_array(X), y)
    np.testing.assert_array_equal(model.transform(sparse.csr_array(X)), X)


def test_several_networks_side_by_side():
    X, y = flowers()
    networks = TabularMLPClassifier(hidden_layer_sizes=8, n_cv=2, max_iter=2, random_state=0).fit(X, y)
    assert networks.transform(X).shape == (len(X), 16)
    splines = KANClassifier(hidden_layer_sizes=(), **BRIEF).fit(X, y)
    assert splines.transform(X).shape == X.shape
    members = CNNSequenceClassifier(channels=3, n_members=2, **BRIEF).fit(X, y)
    assert members.transform(X).shape == (len(X), 6)
