"""Exported models predict what the estimators predict, in onnxruntime and in the reference evaluator."""

import functools

import numpy as np
import onnx
import pytest
from sklearn.base import BaseEstimator, clone

import skneural
from skneural.export import to_onnx
from tests.export.cases import CASES, NOT_EXPORTED
from tests.export.running import outputs_of, reference_outputs


@functools.cache
def fitted(name):
    case = CASES[name]
    X, y = case.train()
    model = clone(case.estimator)
    model = model.fit(X) if y is None else model.fit(X, y)
    # Output weights start at zero, and after few epochs the layers before would hardly change the predictions.
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
    found = outputs_of(exported(name), {key: value[:0] for key, value in one.items()})
    expected = case.predicted(model, case.new(1))
    assert {key: value.shape for key, value in found.items()} == {
        key: (0, *np.shape(value)[1:]) for key, value in expected.items()
    }


def test_every_estimator_has_a_row():
    public = {name for name in skneural.__all__ if isinstance(getattr(skneural, name), type)}
    estimators = {name for name in public if issubclass(getattr(skneural, name), BaseEstimator)}
    assert {type(case.estimator).__name__ for case in CASES.values()} | set(NOT_EXPORTED) == estimators
