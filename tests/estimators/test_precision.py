"""Precision of training: that of X, whatever container X comes in."""

import numpy as np
import pytest
from scipy import sparse

from skneural import CNNClassifier, MLPRegressor, RNNSequenceClassifier, TabularMLPRegressor
from tests.estimators.cases import (
    ESTIMATORS,
    UNTRAINED,
    every,
    every_sparse_estimator,
    most_precise_output,
    of_each_class,
    patients,
)
from tests.foreign_arrays import CONTAINERS, DLPackTensor, Memory, Tensor, frame


def fitted_numbers(model):
    return next(getattr(model, name) for name in ("weights_", "patterns_", "coef_") if hasattr(model, name))


def selects_rows(model):
    """Return True if X stays as it is, and batches are cut from it."""
    return model._reader_class.selects_rows(model._reader_options())


@every(of_each_class(ESTIMATORS | UNTRAINED))
@pytest.mark.slow
def test_doubles_in_any_container_train_like_an_array(case, tmp_path):
    """The weights and the predictions are the same to the bit."""
    X, y = (values[::3] for values in case.data(np.float64))
    brief = {"max_iter": 1, "batch_size": "auto"} if hasattr(case.estimator, "learning_rate") else {}
    expected = case.new(**brief).fit(X, y)
    predicted = most_precise_output(expected, X)
    on_disk = np.memmap(tmp_path / "X", np.float64, "w+", shape=X.shape)
    on_disk[...] = X
    contained = {"memmap": on_disk, **{name: convert(X) for name, convert in CONTAINERS.items()}}
    for name, foreign in contained.items():
        model = case.new(**brief).fit(foreign, y)
        np.testing.assert_array_equal(fitted_numbers(model), fitted_numbers(expected), name, strict=True)
        np.testing.assert_array_equal(most_precise_output(model, foreign), predicted, name)


@every({name: case for name, case in ESTIMATORS.items() if selects_rows(case.estimator)})
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.float16])
@pytest.mark.filterwarnings("ignore:X is integers")
def test_numbers_of_other_dtypes_train_like_the_same_in_single_precision(case, dtype):
    """They stay as they are until a batch is cut, and the weights and predictions are the same to the bit."""
    X, y = (values[::3] for values in case.data(np.float64))
    X = np.rint(10 * np.abs(X)).clip(0, 100).astype(dtype)
    model, expected = (case.new(max_iter=1).fit(each, y) for each in (X, X.astype(np.float32)))
    np.testing.assert_array_equal(model.weights_, expected.weights_, strict=True)
    np.testing.assert_array_equal(model.buffers_, expected.buffers_, strict=True)
    np.testing.assert_array_equal(most_precise_output(model, X), most_precise_output(expected, X.astype(np.float32)))


@every_sparse_estimator
def test_sparse_doubles_train_in_double_precision(case):
    X, y = case.data(np.float64)
    for values in (X, X.astype(np.longdouble)):
        assert case.new(max_iter=1).fit(sparse.csr_array(values), y).weights_.dtype == np.float64


@pytest.mark.parametrize("name", sorted(set(CONTAINERS) - {"list", "long double"}))
def test_single_precision_in_any_container_stays_single(name):
    X, y = patients(np.float32)
    if name in ("pandas nullable", "pandas with Arrow"):
        X = frame(X).astype("Float32" if name == "pandas nullable" else "float[pyarrow]")
    else:
        X = X.astype(">f4") if name == "big-endian" else CONTAINERS[name](X)
    assert MLPRegressor(2, max_iter=1).fit(X, y).weights_.dtype == np.float32


@pytest.mark.parametrize("Estimator", [MLPRegressor, TabularMLPRegressor])
@pytest.mark.parametrize("name", sorted(set(CONTAINERS) - {"columns first"}))
def test_targets_and_weights_may_come_in_any_container(Estimator, name):
    X, y = patients(np.float64)
    weight = np.linspace(0.5, 2, len(y))
    model = Estimator(max_iter=1, hidden_layer_sizes=4, random_state=0)
    expected = model.fit(X, y, weight).weights_.copy()

    def contained(values):
        if hasattr(CONTAINERS[name](X), "columns"):
            return CONTAINERS[name](values[:, np.newaxis])["x0"]
        return CONTAINERS[name](values)

    np.testing.assert_array_equal(model.fit(X, contained(y), contained(weight)).weights_, expected)


FORMS = {
    "big-endian": lambda x: x.astype(">f8"),
    "tensor": Tensor,
    "dlpack": DLPackTensor,
    "array interface": Memory,
    "long double": lambda x: x.astype(np.longdouble),
    "objects": lambda x: x.astype(object),
    "nested lists": np.ndarray.tolist,
    "list of tensors": lambda x: [Tensor(piece) for piece in x],
    "list of big-endian arrays": lambda x: [piece.astype(">f8") for piece in x],
}


@pytest.mark.parametrize("convert", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (RNNSequenceClassifier(hidden_size=3, max_iter=1, random_state=0), (12, 5, 2)),
        (CNNClassifier(channels=2, hidden_layer_sizes=3, max_iter=1, random_state=0), (12, 6, 6, 2)),
    ],
    ids=["series", "images"],
)
def test_series_and_images_of_doubles_train_in_double_precision(model, shape, convert):
    X, y = np.random.default_rng(0).normal(size=shape), np.arange(12) % 2
    expected = model.fit(X, y).weights_
    np.testing.assert_array_equal(model.fit(convert(X), y).weights_, expected, strict=True)
