"""Training on chunks."""

import pickle
import tracemalloc

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDClassifier

from skneural import (
    CNNClassifier,
    CNNSequenceClassifier,
    GNNNodeClassifier,
    HopfieldNetwork,
    MLPClassifier,
    MLPRegressor,
    TabularMLPClassifier,
    streaming,
)
from skneural.callbacks import Checkpoint
from skneural.streaming import RowBlocks
from skneural.streaming.first_pass import OF_ONE_WHOLE
from tests.estimators.cases import ESTIMATORS, OF_LONG_SERIES, OF_PAIRS, OF_TEXTS, every, flowers
from tests.estimators.uses import used
from tests.test_callbacks import BrokenOffError, Stop

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CASES = ESTIMATORS | OF_TEXTS | OF_PAIRS | OF_LONG_SERIES


def takes_chunks(case):
    if isinstance(case.estimator, OF_ONE_WHOLE):
        return False
    model = case.new(early_stopping=False) if "early_stopping" in case.estimator.get_params() else case.estimator
    return hasattr(model, "partial_fit") and "max_iter" in model.get_params() and model.solver not in ("lbfgs", "auto")


STREAMED = {name: case for name, case in CASES.items() if takes_chunks(case)}


def labelled(n=600, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 4))
    return X, np.where(X[:, 0] + 0.3 * rng.standard_normal(n) > 0, "yes", "no")


def small(**options):
    return MLPClassifier(**{"hidden_layer_sizes": (8,), "batch_size": 50, "random_state": 0} | options)


def in_chunks(X, y, rows):
    return [(X[start : start + rows], y[start : start + rows]) for start in range(0, len(X), rows)]


@every(STREAMED)
def test_one_chunk_gives_the_model_of_fit(case):
    """To the bit, and so for all families: a chunk is read, encoded and weighed as X is."""
    X, y = case.data()
    options = {"early_stopping": False} | ({"n_cv": 1} if "n_cv" in case.estimator.get_params() else {})
    whole = case.new(**options).fit(X, y)
    model = case.new(**options)
    chunked = streaming.fit(model, lambda: iter([(X, y)]), n_passes=model._most_epochs(), sample_size=10**6)
    np.testing.assert_array_equal(chunked.weights_, whole.weights_)
    np.testing.assert_array_equal(chunked.buffers_, whole.buffers_)
    assert (chunked.loss_curve_, chunked.t_) == (whole.loss_curve_, whole.t_)
    assert str(used(chunked, X[:6])) == str(used(whole, X[:6]))


def test_chunks_are_the_batches_of_one_shuffle():
    X, y = labelled()
    whole = small(shuffle=False, early_stopping=False, max_iter=3).fit(X, y)
    chunked = streaming.fit(small(shuffle=False, early_stopping=False), in_chunks(X, y, 50), n_passes=3)
    np.testing.assert_array_equal(chunked.weights_, whole.weights_)


@pytest.mark.parametrize("source", ["list", "function", "blocks"])
def test_all_rows_are_seen_in_each_pass(source):
    X, y = labelled()
    chunks = in_chunks(X, y, 70)
    given = {"list": chunks, "function": lambda: iter(chunks), "blocks": RowBlocks(X, y, rows=70)}[source]
    model = streaming.fit(small(early_stopping=False, learning_rate_init=0.01), given, n_passes=20)
    assert model.t_ == 20 * len(X)
    assert model.score(X, y) > 0.9


def test_chunks_of_a_sequence_come_in_another_order_in_each_pass():
    X, y = labelled()
    read = []

    class Recording(list):
        def __getitem__(self, number):
            read.append(number)
            return super().__getitem__(number)

    streaming.fit(small(early_stopping=False), Recording(in_chunks(X, y, 60)), n_passes=2)
    first, second = read[:10], read[10:]
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second


def test_each_kth_chunk_is_held_out():
    X, y = labelled()
    y = y.astype(object)
    chunks = in_chunks(X, y, 60)
    model = streaming.fit(small(validation_fraction=0.2), chunks, n_passes=4)
    assert len(model.validation_scores_) == 4
    assert model.t_ == 4 * 480
    wrong = [(part, labels if number % 5 != 4 else labels[::-1]) for number, (part, labels) in enumerate(chunks)]
    other = streaming.fit(small(validation_fraction=0.2), wrong, n_passes=4)
    assert other.loss_curve_ == model.loss_curve_  # held-out rows are not trained on
    assert other.validation_scores_ != model.validation_scores_


def test_validation_data_decide_if_they_are_given():
    X, y = labelled()
    model = streaming.fit(small(), in_chunks(X, y, 60), n_passes=3, X_val=X[:50], y_val=y[:50])
    assert model.t_ == 3 * len(X)
    assert len(model.validation_scores_) == 3


def test_units_and_classes_follow_from_all_chunks():
    """Chunks of one class, on scales of their own; the units of y are those of all."""
    rng = np.random.default_rng(0)
    chunks = [(rng.standard_normal((50, 2)), np.full(50, 1000.0 * k) + rng.standard_normal(50)) for k in range(4)]
    y = np.concatenate([part for _, part in chunks])
    model = streaming.fit(MLPRegressor(4, random_state=0, early_stopping=False), chunks, n_passes=1)
    assert model._task.scale == pytest.approx(y.std(), rel=1e-6)
    one_class = [(X, np.full(50, k)) for k, (X, _) in enumerate(chunks)]
    model = streaming.fit(small(early_stopping=False), one_class, n_passes=1, sample_size=2)
    assert model.classes_.tolist() == [0, 1, 2, 3]


def test_categories_of_late_chunks_are_known():
    pandas = pytest.importorskip("pandas")
    X, y = flowers()
    frames = [
        pandas.DataFrame({"width": X[rows, 0], "kind": "common" if k < 3 else "late"})
        for k, rows in enumerate(np.array_split(np.arange(len(X)), 4))
    ]
    labels = np.array_split(y, 4)
    model = TabularMLPClassifier(hidden_layer_sizes=(4,), early_stopping=False, random_state=0)
    streaming.fit(model, list(zip(frames, labels, strict=True)), n_passes=1, sample_size=3)
    assert "late" in [value for values in model.categories_ for value in values]


def test_balanced_weights_are_those_of_all_chunks():
    X, y = labelled()
    order = np.argsort(y)
    chunks = in_chunks(X[order], y[order], 60)  # most of one class alone
    streamed = streaming.fit(small(class_weight="balanced", shuffle=False, early_stopping=False), chunks, n_passes=2)
    whole = small(class_weight="balanced", shuffle=False, early_stopping=False, max_iter=2, batch_size=60)
    whole.fit(X[order], y[order])
    streamed = streaming.fit(clone(whole), chunks, n_passes=2)
    np.testing.assert_allclose(streamed.weights_, whole.weights_, rtol=1e-6)
    assert streamed.class_weight == "balanced"


def test_sample_weights_of_chunks_count():
    X, y = labelled()
    weight = np.random.default_rng(1).uniform(0.1, 2.0, len(X))
    whole = small(shuffle=False, early_stopping=False, max_iter=2).fit(X, y, weight)
    chunked = streaming.fit(small(shuffle=False, early_stopping=False), RowBlocks(X, y, weight, rows=50), n_passes=2)
    np.testing.assert_allclose(chunked.weights_, whole.weights_, rtol=1e-9)


def test_samples_of_weight_zero_might_as_well_be_absent():
    X, y = labelled()
    weight = np.random.default_rng(1).integers(0, 3, len(X)).astype(float)
    weight[100:150] = 0  # a whole chunk
    chunks = [(X[rows], y[rows], weight[rows]) for rows in np.arange(len(X)).reshape(-1, 50)]
    without = [tuple(part[w > 0] for part in (X_part, y_part, w)) for X_part, y_part, w in chunks]
    options = {"early_stopping": False, "shuffle": False}
    one, two = (streaming.fit(small(**options), source, n_passes=3) for source in (chunks, without))
    np.testing.assert_array_equal(one.weights_, two.weights_)
    assert one.n_iter_ == 3
    assert one.t_ == 3 * np.count_nonzero(weight)


def test_memory_is_that_of_a_few_chunks(tmp_path):
    shape = (200_000, 50)
    stored = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float32, shape)
    stored[:] = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    stored.flush()
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    y = np.asarray(X[:, 0] > 0)
    tracemalloc.start()
    try:
        blocks = RowBlocks(X, y, rows=5000)
        model = streaming.fit(MLPClassifier(8, batch_size=500, random_state=0), blocks, n_passes=1, sample_size=5000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert model.t_ == 180_000
    assert peak < 0.6 * X.nbytes  # a tenth is held out, and in memory as rows, as samples and in their join


def test_the_warning_names_the_passes():
    X, y = labelled()
    with pytest.warns(ConvergenceWarning, match=r"reached n_passes=2 .* A larger n_passes"):
        streaming.fit(small(early_stopping=False), in_chunks(X, y, 60), n_passes=2)


def test_settings_of_the_user_stay():
    X, y = labelled()
    model = small(max_iter=7)
    streaming.fit(model, in_chunks(X, y, 60), n_passes=2)
    assert (model.max_iter, model.early_stopping, model.n_iter_) == (7, "auto", 2)


def test_an_error_names_the_chunk_and_leaves_the_model():
    X, y = labelled()
    model = small(early_stopping=False).fit(X, y)
    before = model.weights_.copy()
    with pytest.raises(ValueError, match=r"In chunk 2: .*shape \(5,\)"):
        streaming.fit(model, [(X, y), (X, y), (np.ones((9, 5)), y[:9])], n_passes=1)
    with pytest.raises(ValueError, match=r"In chunk 1: .*NaN"):
        streaming.fit(model, lambda: iter([(X, y), (np.full((9, 4), np.nan), y[:9])]), n_passes=1, sample_size=1)
    np.testing.assert_array_equal(model.weights_, before)


@pytest.mark.parametrize(
    ("chunks", "error", "message"),
    [
        (iter([]), TypeError, "read only once"),
        (3, TypeError, "must be an iterable"),
        ([], ValueError, "no samples"),
        ([(np.ones((3, 2)), [1, 2])], ValueError, "parts of chunk 0"),
        ([(1, 2, 3, 4)], ValueError, "4 parts"),
    ],
)
def test_chunks_that_cannot_be_used_are_explained(chunks, error, message):
    with pytest.raises(error, match=message):
        streaming.fit(small(), chunks, n_passes=1)


def test_too_few_chunks_to_hold_one_out():
    X, y = labelled()
    assert streaming.fit(small(), in_chunks(X, y, 300), n_passes=1).validation_scores_ is None
    with pytest.raises(ValueError, match="holds out one of 10 chunks"):
        streaming.fit(small(early_stopping=True), in_chunks(X, y, 300), n_passes=1)


@pytest.mark.parametrize(
    "model", [GNNNodeClassifier(), HopfieldNetwork(), SGDClassifier(), MLPClassifier(solver="lbfgs")]
)
def test_estimators_without_single_passes_are_refused(model):
    with pytest.raises(TypeError, match="cannot be trained on chunks"):
        streaming.fit(model, [np.ones((3, 2))], n_passes=1)


def test_one_network_is_trained_without_folds():
    X, y = labelled()
    model = TabularMLPClassifier(hidden_layer_sizes=(4,), n_members=1, random_state=0)
    streaming.fit(model, in_chunks(X, y, 60), n_passes=1)
    assert "networks" not in " ".join(model.weights_by_name())
    with pytest.raises(ValueError, match="n_cv=5"):
        streaming.fit(model.set_params(n_cv=5), in_chunks(X, y, 60), n_passes=1)


def test_networks_side_by_side_read_the_chunks_each():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 12)), rng.integers(0, 2, 60)
    model = CNNSequenceClassifier(channels=(4,), n_members=2, batch_size=10, random_state=0, n_jobs=2)
    streaming.fit(model, lambda: iter(in_chunks(X, y, 20)), n_passes=2)
    assert model.t_ == 120
    assert len([name for name in model.weights_by_name() if "network_2" in name])


def test_images_in_blocks():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 8, 8)).astype(np.float32), rng.integers(0, 2, 60)
    model = CNNClassifier(channels=(4,), hidden_layer_sizes=(8,), batch_size=10, random_state=0, early_stopping=False)
    assert streaming.fit(model, RowBlocks(X, y, rows=20), n_passes=2).t_ == 120


class TestResumed:
    """A training on chunks that is broken off and resumed ends as if it had not been, with a new sample of its rows."""

    def stream(self, model, chunks, **options):
        return streaming.fit(model, chunks, sample_size=100, **{"n_passes": 4} | options)

    def broken_off(self, model, chunks, path):
        with pytest.raises(BrokenOffError):
            self.stream(model.set_callbacks(Checkpoint(path), Stop(2)), chunks)
        return model.set_callbacks()

    @pytest.mark.parametrize("random_state", [0, None])
    @pytest.mark.parametrize(
        "options",
        [{}, {"early_stopping": False}, {"shuffle": False}, {"class_weight": "balanced", "learning_rate": "one_cycle"}],
        ids=str,
    )
    def test_to_the_bit(self, options, random_state, tmp_path):
        X, y = labelled()
        chunks, path = in_chunks(X, y, 50), tmp_path / "model.pickle"
        broken = self.broken_off(small(random_state=random_state, **options), chunks, path)
        seed = pickle.loads(path.read_bytes())._seed
        self.stream(broken, chunks, resume_from=path)
        assert broken.n_iter_ == 4
        if random_state is not None:
            whole = self.stream(small(random_state=random_state, **options), chunks)
            assert whole._seed == seed
            np.testing.assert_array_equal(broken.weights_, whole.weights_)
            assert (broken.loss_curve_, broken.validation_scores_) == (whole.loss_curve_, whole.validation_scores_)
            assert broken.t_ == whole.t_
        again = self.stream(small(**options), chunks, resume_from=path)  # another random_state does not matter
        np.testing.assert_array_equal(again.weights_, broken.weights_)

    def test_units_follow_from_the_same_rows(self, tmp_path):
        X, _ = labelled()
        chunks, path = in_chunks(X, X[:, 0] + 100, 50), tmp_path / "model.pickle"
        options = {"early_stopping": False, "random_state": np.random.RandomState(3)}
        broken = self.broken_off(MLPRegressor(4, **options), chunks, path)
        before = pickle.loads(path.read_bytes())._task.mean
        assert self.stream(broken, chunks, resume_from=path)._task.mean == before

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"rows": 500}, "has 550 training samples"),
            ({"alpha": 0.5}, "other hyper-parameters: alpha=0.0001"),
        ],
    )
    def test_other_data_and_hyperparameters_are_refused(self, change, message, tmp_path):
        X, y = labelled()
        path, rows = tmp_path / "model.pickle", change.pop("rows", 600)
        self.broken_off(small(), in_chunks(X, y, 50), path)
        with pytest.raises(ValueError, match=message):
            self.stream(small(**change), in_chunks(X[:rows], y[:rows], 50), resume_from=path)
