"""Training and prediction on arrays in files, whose rows are read when they are needed."""

import tracemalloc

import numpy as np
import pytest
from sklearn.base import clone

from skneural import (
    Autoencoder,
    CNNClassifier,
    CNNSequenceClassifier,
    KANRegressor,
    MambaSequenceClassifier,
    MLPClassifier,
    MLPRegressor,
    PerceptronClassifier,
    RNNSequenceClassifier,
    RocketSequenceClassifier,
    TabularMLPClassifier,
    TransformerSequenceClassifier,
)
from skneural.data import block_order
from tests.estimators.cases import ESTIMATORS, every, flowers
from tests.estimators.uses import used

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class OnlySlices:
    """Array of a library that has slices of rows, and nothing else; counts the rows that it gives."""

    def __init__(self, values):
        self._values, self.n_read, self.most_at_once = values, 0, 0
        self.shape, self.dtype, self.ndim = values.shape, values.dtype, values.ndim

    def __getitem__(self, rows):
        if not isinstance(rows, slice):
            raise TypeError("rows must be a slice")
        values = self._values[rows].copy()
        self.n_read += len(values)
        self.most_at_once = max(self.most_at_once, len(values))
        return values


def in_file(kind, X, folder):
    """X as an array of the given kind."""
    if kind == "slices":
        return OnlySlices(X)
    if kind == "memmap":
        np.save(folder / "X.npy", X)
        return np.load(folder / "X.npy", mmap_mode="r")
    if kind == "h5py":
        return pytest.importorskip("h5py").File(folder / "X.h5", "w").create_dataset("X", data=X)
    zarr = pytest.importorskip("zarr")
    chunks = (16, *X.shape[1:])
    stored = zarr.create_array(str(folder / "X.zarr"), shape=X.shape, dtype=X.dtype, chunks=chunks)
    stored[:] = X
    return stored


def is_plain(case):
    X = case.data()[0]
    return isinstance(X, np.ndarray) and X.dtype.kind in "biuf"


def assert_same_models(model, other):
    for name, value in vars(other).items():
        if isinstance(value, np.ndarray | list | float):
            np.testing.assert_array_equal(getattr(model, name), value, err_msg=name)


@every({name: case for name, case in ESTIMATORS.items() if is_plain(case)})
def test_a_memory_map_gives_the_model_of_the_array(case, tmp_path):
    """To the bit, for every estimator."""
    X, y = case.data()
    model, other = (case.new().fit(data, y) for data in (in_file("memmap", X, tmp_path), X))
    assert str(used(model, X[:6])) == str(used(other, X[:6]))
    assert_same_models(model, other)


def images():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (60, 6, 6), np.uint8), rng.integers(0, 2, 60)


def series():
    rng = np.random.default_rng(0)
    return rng.standard_normal((60, 5, 2)), rng.integers(0, 2, 60)


def tokens():
    rng = np.random.default_rng(0)
    return rng.integers(0, 9, (60, 7)), rng.integers(0, 2, 60)


def numbers():
    X, _ = flowers(np.float32)
    return X, X[:, 0] - X[:, 1]


SMALL = {"batch_size": 16, "max_iter": 3, "early_stopping": True, "random_state": 0}
STORED = {
    "table": (MLPClassifier(8, **SMALL), flowers),
    "scored by accuracy": (MLPClassifier(8, scoring="accuracy", **SMALL), flowers),
    "splines": (KANRegressor(hidden_layer_sizes=(2,), **SMALL), numbers),
    "images": (CNNClassifier(channels=(2,), hidden_layer_sizes=(4,), batch_norm=True, **SMALL), images),
    "series": (RNNSequenceClassifier(hidden_size=4, **SMALL), series),
    "tokens": (RNNSequenceClassifier(hidden_size=4, vocabulary_size=9, embedding_size=3, **SMALL), tokens),
    "learned positions": (
        TransformerSequenceClassifier(
            d_model=4, n_heads=2, n_layers=1, feedforward_size=4, positional="learned", dropout=0.0, **SMALL
        ),
        series,
    ),
    "scans": (MambaSequenceClassifier(d_model=4, state_size=2, n_layers=1, **SMALL), series),
    "convolutions of series": (CNNSequenceClassifier(channels=(4,), n_members=1, **SMALL), series),
    "perceptron": (PerceptronClassifier(solver="adam", **SMALL), flowers),
    "reconstruction": (Autoencoder(hidden_layer_sizes=(4,), **SMALL), lambda: (flowers()[0], None)),
    "kernels": (RocketSequenceClassifier(n_kernels=84, random_state=0), series),
}


@pytest.mark.parametrize("kind", ["slices", "h5py", "zarr"])
@pytest.mark.parametrize("case", STORED.values(), ids=list(STORED))
def test_files_give_the_model_of_the_array(case, kind, tmp_path):
    """To the bit, in training and in prediction, with weights, of which some are zero."""
    (model, data), weight = case, {}
    X, y = data()
    if y is not None:
        weight = {"sample_weight": np.random.default_rng(1).integers(0, 3, len(X)).astype(float)}
    stored = in_file(kind, X, tmp_path)
    model, other = (clone(model).fit(given, y, **weight) for given in (stored, X))
    assert_same_models(model, other)
    method = "predict" if hasattr(model, "predict") else "transform"
    np.testing.assert_array_equal(getattr(model, method)(stored), getattr(model, method)(X))
    assert model.score(stored, y) == other.score(X, y)


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of 64 bytes in chunks of 512, instead of megabytes."""
    monkeypatch.setattr(block_order, "BYTES_OF_A_BLOCK", 64)
    monkeypatch.setattr(block_order, "BYTES_OF_A_CHUNK", 512)


@pytest.mark.parametrize("name", [name for name in STORED if name != "kernels"])
def test_batches_from_blocks_are_the_same_in_memory(name, small_blocks):
    (model, data), models = STORED[name], {}
    X, y = data()
    for order in (True, "blocks"):
        models[order] = [clone(model).set_params(shuffle=order).fit(given, y) for given in (X, OnlySlices(X))]
        assert_same_models(*models[order])
    assert not np.array_equal(models[True][0].weights_, models["blocks"][0].weights_)
    assert models[True][0].t_ == models["blocks"][0].t_


def test_blocks_of_sorted_data_are_learned(small_blocks):
    """Chunks of 32 of 750 flowers in the order of their classes, in blocks of four."""
    X, y = (np.repeat(part, 10, axis=0) for part in flowers(np.float32))
    options = {"batch_size": 32, "learning_rate_init": 0.01, "max_iter": 20, "random_state": 0}
    scores = [MLPClassifier(16, shuffle=order, **options).fit(X, y).score(X, y) for order in (True, "blocks")]
    assert min(scores) > 0.95


def test_blocks_are_no_matter_for_lbfgs_and_few_samples():
    X, y = flowers()
    for options in ({"solver": "lbfgs"}, {"batch_size": 20, "max_iter": 3}):
        models = [MLPClassifier(4, shuffle=order, random_state=0, **options).fit(X, y) for order in (True, "blocks")]
        assert_same_models(*models)


def test_validation_data_and_targets_may_be_stored_too(tmp_path):
    h5py = pytest.importorskip("h5py")
    X, y = numbers()
    with h5py.File(tmp_path / "data.h5", "w") as file:
        stored = [file.create_dataset(name, data=data) for name, data in (("X", X), ("y", y))]
        model, other = MLPRegressor(8, **SMALL), MLPRegressor(8, **SMALL)
        model.fit(*stored, X_val=stored[0], y_val=stored[1])
        assert_same_models(model, other.fit(X, y, X_val=X, y_val=y))
        model, other = MLPRegressor(8, random_state=0), MLPRegressor(8, random_state=0)
        assert_same_models(model.partial_fit(*stored), other.partial_fit(X, y))


def test_no_more_than_blocks_are_read_at_once():
    """Each row is read for the check and in each epoch; and, at the end, those close to rows that are looked at."""
    X = OnlySlices(np.random.default_rng(0).standard_normal((20_000, 200), dtype=np.float32))
    y = np.arange(20_000) % 2
    model = MLPClassifier(4, batch_size=1000, max_iter=2, shuffle=False, early_stopping=False, random_state=0)
    model.fit(X, y)
    assert X.most_at_once < 0.6 * len(y)
    assert X.n_read < 4.1 * len(y)
    model.predict_proba(X)
    assert X.most_at_once < 0.6 * len(y)


def test_wide_numbers_are_converted_block_by_block(tmp_path):
    """A file in double precision is predicted by a model in single precision, without a copy of the whole."""
    X, y = numbers()
    model = MLPRegressor(8, **SMALL).fit(X, y)
    wide = in_file("memmap", np.tile(X.astype(np.float64), (5000, 1)), tmp_path)
    tracemalloc.start()
    try:
        predicted = model.predict(wide)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1.2 * wide.nbytes / 2
    np.testing.assert_array_equal(predicted, model.predict(np.asarray(wide)))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("case", ["table", "series"])
def test_missing_values_are_found_in_training_and_prediction(case, value):
    model, data = STORED[case]
    X, y = data()
    wrong = X.copy()
    wrong[50, ..., 1] = value
    words = "Among the samples from 0 on: .*(NaN|infinity)"
    with pytest.raises(ValueError, match=words):
        clone(model).fit(OnlySlices(wrong), y)
    with pytest.raises(ValueError, match=words):
        clone(model).fit(X, y).predict(OnlySlices(wrong))
    weight = np.ones(len(X))
    weight[50] = 0  # it might as well be absent
    clone(model).fit(OnlySlices(wrong), y, sample_weight=weight)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((75, 3)), "X has 3 features, but MLPClassifier is expecting 4"),
        (np.zeros((75, 4, 2)), "Found array with dim 3"),
        (np.zeros((0, 4)), "0 sample"),
    ],
)
def test_other_shapes_are_explained(X, message):
    model = MLPClassifier(8, **SMALL).fit(*flowers())
    with pytest.raises(ValueError, match=message):
        model.predict(OnlySlices(X))


def test_families_that_need_all_rows_name_the_way_by_chunks():
    X, y = flowers()
    with pytest.raises(TypeError, match=r"skneural\.streaming\.fit, such as skneural\.streaming\.RowBlocks"):
        TabularMLPClassifier(hidden_layer_sizes=(4,)).fit(OnlySlices(X), y)
    with pytest.raises(TypeError, match=r"skneural\.streaming\.fit"):
        MLPClassifier(4).fit(OnlySlices(X.astype(object)), y)
