"""Pipelines of scikit-learn that skl2onnx converts."""

import numpy as np
import pandas as pd
import pytest
import skl2onnx
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skneural import (
    Autoencoder,
    CNNClassifier,
    KANClassifier,
    MambaSequenceClassifier,
    MLPClassifier,
    MLPRegressor,
    RNNSequenceClassifier,
    TabularMLPClassifier,
)
from tests.estimators.cases import SMALL_MAMBA, SMALL_TABULAR
from tests.export.cases import SMALL, amounts, rows, table
from tests.export.running import outputs_of, session_of

MAMBA = MambaSequenceClassifier(**SMALL_MAMBA)
PIPELINES = {
    "classifier": Pipeline([("scale", StandardScaler()), ("classify", MLPClassifier(8, **SMALL))]),
    "splines": make_pipeline(PCA(3), KANClassifier(hidden_layer_sizes=3, **SMALL)),
    "recurrent classifier": make_pipeline(StandardScaler(), RNNSequenceClassifier(hidden_size=4, **SMALL)),
    "loops in both directions": make_pipeline(StandardScaler(), MAMBA.set_params(bidirectional=True)),
    "images": make_pipeline(StandardScaler(), CNNClassifier(channels=4, hidden_layer_sizes=4, **SMALL)),
    "two models, one behind the other": make_pipeline(Autoencoder(2, 8, **SMALL), MLPClassifier(4, **SMALL)),
}


@pytest.mark.parametrize("opset", [18, 21])
@pytest.mark.parametrize("pipeline", PIPELINES.values(), ids=PIPELINES)
def test_classifiers_in_pipelines(pipeline, opset):
    X, y = table()()
    pipeline.fit(X, y)
    proto = skl2onnx.to_onnx(pipeline, X[:1], target_opset={"": opset, "ai.onnx.ml": 3})
    for n in (5, 1):
        found = outputs_of(proto, {"X": rows(n)})
        np.testing.assert_array_equal(found["label"], pipeline.predict(rows(n)))
        np.testing.assert_allclose(found["probabilities"], pipeline.predict_proba(rows(n)), atol=1e-5)


def test_a_regressor_in_a_pipeline():
    X, y = amounts()()
    pipeline = make_pipeline(StandardScaler(), MLPRegressor(8, **SMALL)).fit(X, y)
    found = outputs_of(skl2onnx.to_onnx(pipeline, X[:1], target_opset=18), {"X": rows(5)})
    np.testing.assert_allclose(found["variable"][:, 0], pipeline.predict(rows(5)), rtol=1e-5)


def frame(n, seed):
    rng = np.random.default_rng(seed)
    colours = np.array(["red", "blue"], object)[rng.integers(0, 2, n)]
    return pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n), "colour": colours})


def of_frame(X):
    return {name: X[[name]].to_numpy(object if name == "colour" else np.float32) for name in X.columns}


ON_FRAMES = {
    "behind a column transformer": make_pipeline(
        ColumnTransformer(
            [("numbers", StandardScaler(), ["a", "b"]), ("colours", OneHotEncoder(sparse_output=False), ["colour"])]
        ),
        MLPClassifier(8, **SMALL),
    ),
    "alone": TabularMLPClassifier(**SMALL_TABULAR),
}


@pytest.mark.parametrize("model", ON_FRAMES.values(), ids=ON_FRAMES)
def test_columns_of_several_types(model):
    X = frame(40, 0)
    model.fit(X, np.where(X["a"] > 0, "more", "less"))
    types = [(name, skl2onnx.common.data_types.FloatTensorType([None, 1])) for name in "ab"]
    types.append(("colour", skl2onnx.common.data_types.StringTensorType([None, 1])))
    found = outputs_of(skl2onnx.to_onnx(model, initial_types=types, target_opset=18), of_frame(frame(6, 1)))
    new = frame(6, 1).astype({"a": np.float32, "b": np.float32})
    np.testing.assert_array_equal(found["label"], model.predict(new))
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(new), atol=1e-5)


def test_probabilities_are_an_array():
    X, y = table()()
    proto = skl2onnx.to_onnx(
        make_pipeline(StandardScaler(), MLPClassifier(8, **SMALL)).fit(X, y), X[:1], target_opset=18
    )
    outputs = {each.name: each.type for each in session_of(proto).get_outputs()}
    assert outputs == {"label": "tensor(string)", "probabilities": "tensor(float)"}


def test_an_old_opset_is_refused():
    X, y = table()()
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(8, **SMALL)).fit(X, y)
    with pytest.raises(NotImplementedError, match="MLPClassifier needs operators of opset 18"):
        skl2onnx.to_onnx(pipeline, X[:1], target_opset=15)


def test_other_numbers_of_inputs_are_refused():
    X, y = table()()
    model = MLPClassifier(8, **SMALL).fit(X, y)
    types = [(name, skl2onnx.common.data_types.FloatTensorType([None, 1])) for name in "abc"]
    with pytest.raises(NotImplementedError, match="takes 1 inputs, but the steps before give 3"):
        skl2onnx.to_onnx(model, initial_types=types, target_opset=18)
