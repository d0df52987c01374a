"""Exported models predict what the estimators predict, in onnxruntime and in the reference evaluator."""

import functools
import json

import numpy as np
import onnx
import pytest
from sklearn.base import BaseEstimator, clone

import skneural
from skneural import (
    GNNNodeClassifier,
    HopfieldNetwork,
    KANRegressor,
    LanguageModel,
    MLPClassifier,
    MLPRegressor,
    RNNSequenceClassifier,
    SequenceToSequence,
    TabularMLPClassifier,
)
from skneural.export import to_onnx
from tests.estimators.cases import SMALL_TABULAR, SMALL_TRANSFORMER
from tests.export.cases import (
    CASES,
    RECURRENT,
    SMALL,
    amounts,
    as_series,
    bits,
    frame,
    frame_and_labels,
    labelled_series,
    rows,
    sentences,
    series,
    source_numbers,
    table,
    translations,
)
from tests.export.running import outputs_of, reference_outputs, session_of


@functools.cache
def fitted(name):
    case = CASES[name]
    X, y = case.train()
    model = clone(case.estimator)
    model = model.fit(X) if y is None else model.fit(X, y)
    # Output weights start at zero, and after few epochs the layers before would hardly change the predictions.
    if not hasattr(model, "weights_"):
        return model
    moves = 0.3 * np.random.default_rng(0).standard_normal(len(model.weights_))
    model.weights_ = model.weights_ + moves.astype(model.weights_.dtype)
    return model


@functools.cache
def exported(name):
    return to_onnx(fitted(name))


every_case = pytest.mark.parametrize("name", CASES)


def difference(found, expected):
    """Largest difference of numbers, relative to the largest value; share of labels that differ."""
    known = ~np.ma.getmaskarray(expected)
    expected = np.asarray(np.ma.getdata(expected))
    assert found.shape == expected.shape
    found, expected = found[known], expected[known]
    if expected.dtype.kind == "f":
        assert np.isfinite(found).all()  # the greatest of some numbers and NaN may be a number
    if expected.dtype.kind not in "f":
        assert found.dtype.kind == {"U": "O"}.get(expected.dtype.kind, expected.dtype.kind)
        return float(np.mean(found != expected)) if expected.size else 0.0
    return float(np.abs(found - expected).max(initial=0.0) / max(np.abs(expected).max(initial=0.0), 1e-30))


def compare(name, run, n):
    case, model = CASES[name], fitted(name)
    X = case.new(n)
    found, expected = run(exported(name), case.feed(model, X)), case.predicted(model, X)
    assert list(found) == list(expected)
    differences = {key: difference(found[key], expected[key]) for key in expected}
    assert max(differences.values()) <= case.precise, differences


@every_case
def test_model_is_valid(name):
    proto = exported(name)
    onnx.checker.check_model(proto, full_check=True)
    assert proto.ir_version <= 10
    assert proto.producer_name == "skneural"


@every_case
@pytest.mark.parametrize("n", [7, 1, 2])
def test_predicts_what_the_estimator_predicts(name, n):
    compare(name, outputs_of, n)


@every_case
def test_reference_evaluator_agrees(name):
    if not CASES[name].of_reference:
        pytest.skip("the reference evaluator has an error in an operator; see test_layers.py")
    compare(name, reference_outputs, 3)


@every_case
def test_no_rows(name):
    case, model = CASES[name], fitted(name)
    one = case.feed(model, case.new(1))
    found = outputs_of(
        exported(name), {key: value[:, :0] if key == "edges" else value[:0] for key, value in one.items()}
    )
    expected = case.predicted(model, case.new(1))
    assert {key: value.shape for key, value in found.items()} == {
        key: (0, *np.shape(value)[1:]) for key, value in expected.items()
    }


def test_every_estimator_has_a_row():
    public = {name for name in skneural.__all__ if isinstance(getattr(skneural, name), type)}
    estimators = {name for name in public if issubclass(getattr(skneural, name), BaseEstimator)}
    assert {type(case.estimator).__name__ for case in CASES.values()} == estimators


# --- mistakes that other exporters make -------------------------------------------------------------------


def inputs_and_outputs(proto):
    return [[(each.name, each.type, each.shape) for each in part()] for part in parts_of(session_of(proto))]


def parts_of(session):
    return session.get_inputs, session.get_outputs


def test_two_classes_have_two_columns():
    inputs, outputs = inputs_and_outputs(exported("mlp classifier of two"))
    assert inputs == [("X", "tensor(float)", ["n", 4])]
    assert outputs == [("label", "tensor(int64)", ["n"]), ("probabilities", "tensor(float)", ["n", 2])]


def test_labels_keep_their_type():
    types = {
        "mlp classifier": "tensor(string)",
        "mlp classifier of two": "tensor(int64)",
        "mlp classifier of floats": "tensor(double)",
        "perceptron with steps of two": "tensor(bool)",
    }
    for name, expected in types.items():
        _, outputs = inputs_and_outputs(exported(name))
        assert outputs[0][1] == expected


def test_inputs_keep_the_names_of_columns():
    inputs, _ = inputs_and_outputs(exported("mlp classifier of named columns"))
    assert [name for name, _, _ in inputs] == fitted("mlp classifier of named columns").feature_names_in_.tolist()


def test_columns_have_the_types_that_they_need():
    inputs, _ = inputs_and_outputs(exported("tabular classifier of a frame"))
    assert {name: kind for name, kind, _ in inputs} == {
        "age": "tensor(double)",  # numbers of frames are centred before they are rounded
        "year of birth": "tensor(double)",
        "colour": "tensor(string)",
        "code": "tensor(double)",  # its numbers are not exact in single precision
        "town": "tensor(string)",
        "member": "tensor(float)",
    }


def test_numbers_of_samples_and_steps_are_free():
    inputs, outputs = inputs_and_outputs(exported("recurrent tagger"))
    assert inputs == [("X", "tensor(float)", ["n", "steps", 2]), ("lengths", "tensor(int32)", ["n"])]
    assert [shape for _, _, shape in outputs] == [["n", "steps"], ["n", "steps", 2]]


def test_perceptrons_with_steps_have_no_probabilities():
    _, outputs = inputs_and_outputs(exported("perceptron with steps"))
    assert [name for name, _, _ in outputs] == ["label"]


def test_an_unknown_category_is_none_of_training():
    model, proto = fitted("tabular classifier of texts"), exported("tabular classifier of texts")
    X = np.array([["z", "a", "b"], ["y", "a", "b"], ["a", "a", "b"]], object)
    found = outputs_of(proto, {"X": X})["probabilities"]
    np.testing.assert_allclose(found, model.predict_proba(X), atol=1e-5)
    np.testing.assert_array_equal(found[0], found[1])
    assert np.abs(found[0] - found[2]).max() > 1e-3


# --- options, metadata and messages -----------------------------------------------------------------------


def test_metadata():
    properties = {each.key: each.value for each in exported("mlp classifier").metadata_props}
    assert properties["skneural_version"] == skneural.__version__
    assert properties["estimator"] == "MLPClassifier"
    assert json.loads(properties["classes"]) == fitted("mlp classifier").classes_.tolist()
    assert "classes" not in {each.key for each in exported("mlp regressor").metadata_props}


def test_series_of_equal_lengths_need_no_lengths():
    X, y = labelled_series()
    model = RNNSequenceClassifier(**RECURRENT).fit(X, y)
    proto = to_onnx(model, lengths=False)
    values = np.random.default_rng(0).normal(size=(3, 5, 2)).astype(np.float32)
    found = outputs_of(proto, {"X": values})["probabilities"]
    np.testing.assert_allclose(found, model.predict_proba(values), atol=1e-6)
    with_lengths = outputs_of(to_onnx(model), as_series(model, list(values)))["probabilities"]
    np.testing.assert_allclose(found, with_lengths, atol=1e-6)


def test_what_follows_the_end_of_a_series_has_no_effect():
    model, proto = fitted("recurrent classifier lstm"), exported("recurrent classifier lstm")
    feed = as_series(model, series(4))
    other = feed | {"X": np.where(np.isnan(feed["X"]), np.float32(1e6), feed["X"])}
    np.testing.assert_array_equal(outputs_of(proto, feed)["probabilities"], outputs_of(proto, other)["probabilities"])


@pytest.mark.parametrize("opset", [18, 19, 20, 21, 22])
@pytest.mark.parametrize(
    "name", ["mlp classifier", "recurrent classifier gru", "mamba classifier mamba2, True", "segmenter"]
)
def test_later_opsets(name, opset):
    proto = to_onnx(fitted(name), opset=opset)
    assert proto.opset_import[0].version == opset
    case = CASES[name]
    X = case.new(3)
    expected = outputs_of(exported(name), case.feed(fitted(name), X))
    found = outputs_of(proto, case.feed(fitted(name), X))
    np.testing.assert_array_equal(found["label"], expected["label"])


@pytest.mark.parametrize("opset", [17, 1000])
def test_other_opsets_are_refused(opset):
    with pytest.raises(ValueError, match="opset must be between 18 and"):
        to_onnx(fitted("mlp classifier"), opset=opset)


def test_double_precision_is_cast():
    X, y = amounts()()
    model = MLPRegressor(8, **SMALL).fit(X.astype(np.float64), y)
    assert model.weights_.dtype == np.float64
    found = outputs_of(to_onnx(model), {"X": rows(5)})["variable"]
    np.testing.assert_allclose(found[:, 0], model.predict(rows(5)), rtol=1e-5)


def test_units_that_single_precision_does_not_hold():
    X, y = amounts()()
    y = 1e45 * y.astype(np.float64)
    model = MLPRegressor(8, **SMALL).fit(X, y)
    found = outputs_of(to_onnx(model), {"X": rows(5)})["variable"]
    assert found.dtype == np.float64
    np.testing.assert_allclose(found[:, 0], model.predict(rows(5)), rtol=1e-5)


def test_rows_with_a_graph_of_neighbours_are_not_exported():
    X, y = table(("a", "b"))()
    with pytest.raises(NotImplementedError, match="GNNNodeClassifier cannot be exported: rows whose graph is that of"):
        to_onnx(GNNNodeClassifier(max_iter=2).fit(X, y))


def test_recall_in_a_random_order_is_not_exported():
    with pytest.raises(NotImplementedError, match="sets units in a random order"):
        to_onnx(HopfieldNetwork().fit(bits(3)))


def test_mixed_categories_are_not_exported():
    X = frame()
    X["mixed"] = np.array([1, "one"], object)[np.arange(len(X)) % 2]
    model = TabularMLPClassifier(**SMALL_TABULAR).fit(X, frame_and_labels()[1])
    with pytest.raises(NotImplementedError, match="numbers and strings as categories"):
        to_onnx(model)


def test_other_estimators_are_refused():
    from sklearn.linear_model import LogisticRegression

    with pytest.raises(TypeError, match="LogisticRegression is not an estimator of skneural"):
        to_onnx(LogisticRegression())


def test_models_that_are_not_fitted_are_refused():
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        to_onnx(MLPClassifier())


def test_onnx_is_asked_for(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"needs onnx: pip install 'skneural\[onnx\]'"):
        to_onnx(fitted("mlp classifier"))


def test_named_functions_of_splines():
    X, y = amounts()()
    model = KANRegressor(hidden_layer_sizes=(2,), **SMALL).fit(X, y).fix_symbolic(0, 1, 0, "sin")
    found = outputs_of(to_onnx(model), {"X": rows(5)})["variable"]
    np.testing.assert_allclose(found[:, 0], model.predict(rows(5)), rtol=1e-4)


# --- loops around graphs, as the documentation describes them ---------------------------------------------


def test_sequences_are_decoded_token_by_token():
    X, y = translations()
    model = SequenceToSequence(hidden_size=8, embedding_size=4, max_iter=30, learning_rate_init=0.01, random_state=0)
    model.fit(X, y)
    session = session_of(to_onnx(model))
    for text, expected in zip(X[:5], model.predict(X[:5]), strict=True):
        (source,) = source_numbers(model, [text])
        feed = {"X": source[None], "lengths": np.array([len(source)], np.int32)}
        target = [len(model.target_vocabulary_) + 1]
        while len(target) <= model.max_length_:
            (probabilities,) = session.run(None, feed | {"target": np.array([target])})
            scores = probabilities[0, -1]
            scores[0] = 0  # the unknown token is never predicted
            if scores.argmax() == len(scores) - 1:
                break
            target.append(int(scores.argmax()))
        assert "".join(model.target_vocabulary_[token] for token in target[1:]) == expected


def test_texts_are_generated_token_by_token():
    texts = sentences(24, 0)
    model = LanguageModel(**SMALL_TRANSFORMER).fit(texts)
    session = session_of(to_onnx(model))
    tokens = [model.vocabulary_size_]
    for _ in range(8):
        (probabilities,) = session.run(None, {"X": np.array([tokens])})
        likely = probabilities[0, -1]
        likely[0] = 0
        tokens.append(int(likely.argmax()))
    assert "".join(model.vocabulary_[token] for token in tokens[1:]) == model.generate(n_tokens=8, temperature=0)
