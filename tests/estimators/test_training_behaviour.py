"""Training of estimators: warnings, schedules, regularization, threads, memory."""

import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_info, threadpool_limits

from skneural import (
    Autoencoder,
    CNNRegressor,
    MLPClassifier,
    MLPRegressor,
    PerceptronClassifier,
    RNNSequenceRegressor,
    SequenceToSequence,
)
from skneural.layers import Layer
from skneural.losses import SquaredLoss
from skneural.ops import memory
from skneural.training.objective import Objective
from tests.estimators.cases import (
    ESTIMATORS,
    every,
    every_numeric_estimator,
    iris,
    moons,
    most_precise_output,
    noisy_line,
    patients,
)

# --- training ---------------------------------------------------------------------------------------------


def test_verbose_prints_each_epoch(capsys):
    X, y = moons()
    model = MLPClassifier(4, max_iter=3, verbose=True, early_stopping=True, random_state=0).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    for number, line in enumerate(lines, 1):
        loss, score = model.loss_curve_[number - 1], model.validation_scores_[number - 1]
        expected = f"Epoch {number} of 3, loss = {loss:.8f}, validation score = {score:.8f}, learning rate = 0.001, "
        assert line.startswith(expected)
        assert line.endswith(" s")
    model.set_params(verbose=False).fit(X, y)
    assert not capsys.readouterr().out


def test_verbose_may_leave_out_epochs(capsys):
    X, y = moons()
    MLPClassifier(4, max_iter=7, verbose=3, random_state=0).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == ["Epoch 3 of 7", "Epoch 6 of 7"]


def test_verbose_prints_the_passes_of_partial_fit(capsys):
    X, y = moons()
    model = MLPClassifier(4, verbose=True, random_state=0)
    for number in (1, 2):
        model.partial_fit(X, y, classes=[0, 1])
        line = capsys.readouterr().out
        assert line.startswith(f"Epoch {number} of {number}, loss = {model.loss_:.8f}, learning rate = 0.001, ")


def test_the_length_of_a_long_fit_is_announced(capsys, monkeypatch):
    monkeypatch.setattr("skneural.template.epoch_callbacks.LONG", 0.0)
    X, y = moons()
    model = MLPClassifier(4, max_iter=2, batch_size=30, verbose=True, random_state=0).fit(X, y)
    first = capsys.readouterr().out.splitlines()[0]
    assert first == f"{len(model.weights_)} weights, 7 steps in each of at most 2 epochs"


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_too_few_epochs_warn(solver):
    X, y = moons()
    with pytest.warns(ConvergenceWarning, match="max_iter=3"):
        MLPClassifier(8, solver=solver, max_iter=3, random_state=0).fit(X, y)


@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
def test_enough_epochs_do_not_warn():
    X, y = iris()
    assert PerceptronClassifier(alpha=0.1).fit(X, y).n_iter_ < 1000
    assert MLPClassifier(8, tol=1, random_state=0).fit(X, y).n_iter_ == 12


@pytest.mark.parametrize("schedule", ["constant", "invscaling", "adaptive", "cosine", "one_cycle"])
@pytest.mark.parametrize("warmup", [0.0, 0.2])
def test_every_schedule_trains(schedule, warmup):
    X, y = moons()
    model = MLPClassifier(
        16,
        solver="sgd",
        learning_rate=schedule,
        learning_rate_init=1.0 if schedule == "invscaling" else 0.1,
        power_t=0.3,
        warmup=warmup,
        batch_size=20,
        max_iter=60,
        random_state=0,
    ).fit(X, y)
    assert model.score(X, y) > 0.84
    assert model.loss_ < 0.5 * model.loss_curve_[0]


@pytest.mark.parametrize("schedule", ["invscaling", "cosine", "one_cycle"])
def test_schedules_differ(schedule):
    X, y = moons()
    options = {"batch_size": 20, "max_iter": 5, "random_state": 0}
    constant = MLPClassifier(8, **options).fit(X, y)
    assert not np.allclose(constant.weights_, MLPClassifier(8, learning_rate=schedule, **options).fit(X, y).weights_)


def test_shuffled_labels_cannot_be_predicted():
    """Nothing leaks from the labels: 95 % of fair coins show between 0.43 and 0.57 heads in 200 throws."""
    X, _ = moons(800)
    y = np.random.default_rng(0).integers(0, 2, size=800)
    model = MLPClassifier(32, learning_rate_init=0.01, batch_norm=True, early_stopping=True, random_state=0)
    assert 0.4 < model.fit(X[:600], y[:600]).score(X[600:], y[600:]) < 0.6


@pytest.mark.parametrize("options", [{}, {"batch_norm": True}, {"residual": True}])
def test_ten_samples_are_learnt_by_heart(options):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(10, 3)), rng.integers(0, 3, size=10)
    shared = {"learning_rate_init": 0.01, "max_iter": 500, "tol": 0, "alpha": 0, "n_iter_no_change": 100}
    classifier = MLPClassifier((32, 32), random_state=0, **shared, **options).fit(X, y)
    assert classifier.score(X, y) == 1
    assert classifier.best_loss_ < 0.01
    target = rng.normal(size=10)
    regressor = MLPRegressor((32, 32), random_state=0, **shared, **options).fit(X, target)
    assert regressor.best_loss_ < 0.01 * target.var()


@pytest.mark.parametrize("activation", ["identity", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softplus"])
def test_every_activation_learns(activation):
    X, y = moons()
    model = MLPClassifier((16, 16), activation, solver="lbfgs", max_iter=100, random_state=0).fit(X, y)
    accuracy = model.score(X, y)
    assert accuracy < 0.95 if activation == "identity" else accuracy > 0.98


def test_dropout_acts_in_training_only():
    X, y = moons()
    model = MLPClassifier(16, dropout=0.5, max_iter=5, random_state=0).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), model.predict_proba(X))
    without = MLPClassifier(16, max_iter=5, random_state=0).fit(X, y)
    assert not np.allclose(model.weights_, without.weights_)


DRAWING = {
    name: case
    for name, case in ESTIMATORS.items()
    if (hasattr(case.estimator, "dropout") or getattr(case.estimator, "variational", False))
    # its first bias depends on the number of rows, because some tokens never occur
    and not isinstance(case.estimator, SequenceToSequence)
}


@every(DRAWING)
def test_what_is_drawn_in_a_small_batch_is_the_same_for_all_its_samples(case):
    """A weight of two is then equivalent to a repetition, also with dropout."""
    X, y = case.data()
    rows, weight = np.linspace(0, len(X) - 1, 19).astype(int), np.tile([1, 2], 10)[:19]
    drawing = {"dropout": 0.3} if hasattr(case.estimator, "dropout") else {"noise": 0}
    model = case.new(batch_size=len(rows), early_stopping=False, **drawing)
    weighted = clone(model).fit(X[rows], y[rows], weight)
    repeated = clone(model).set_params(batch_size=weight.sum())
    repeated.fit(*(data[np.repeat(rows, weight)] for data in (X, y)))
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-6)
    without = clone(model).set_params(**{"dropout": 0} if hasattr(model, "dropout") else {"variational": False})
    assert not np.array_equal(without.fit(X[rows], y[rows], weight).weights_, weighted.weights_)


def test_alpha_shrinks_the_weights():
    X, y = moons()
    sizes = [
        sum(float((w**2).sum()) for w in MLPClassifier(8, solver="lbfgs", alpha=a, random_state=0).fit(X, y).coefs_)
        for a in (0.0, 1.0, 100.0)
    ]
    assert sizes[0] > 2 * sizes[1] > 4 * sizes[2]


def test_clipping_bounds_a_step():
    X, y = noisy_line()
    model = MLPRegressor(
        8, solver="sgd", momentum=0.0, learning_rate_init=1.0, batch_size=400, max_grad_norm=1e-3, max_iter=1
    )
    model.partial_fit(X, y)
    before = model.weights_.copy()
    assert np.linalg.norm(model.partial_fit(X, y).weights_ - before) == pytest.approx(1e-3, rel=1e-6)


# --- threads and memory -----------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_number_of_threads_changes_nothing_but_rounding(solver):
    X, y = moons(300)
    models = [MLPClassifier(32, solver=solver, max_iter=10, n_jobs=n, random_state=0).fit(X, y) for n in (1, 2)]
    np.testing.assert_allclose(models[0].predict_proba(X), models[1].predict_proba(X), atol=1e-6)


@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("options", [{}, {"dropout": 0.3}, {"batch_norm": True}, {"dropout": 0.3, "batch_norm": True}])
def test_shards_of_a_batch_in_threads_give_the_same_model(Estimator, options, small_shards):
    X, y = moons(130)
    weight = np.random.default_rng(0).uniform(0.5, 2, size=130)
    model = Estimator(16, batch_size=40, max_iter=5, n_jobs=1, random_state=0, **options)
    reference = clone(model).fit(X, y, weight)
    assert not small_shards
    for n_jobs in (3, 4):
        small_shards.clear()
        model.set_params(n_jobs=n_jobs).fit(X, y, weight)
        assert small_shards == [n_jobs] * 20  # five epochs of four batches
        np.testing.assert_allclose(model.weights_, reference.weights_, atol=1e-9)
        np.testing.assert_allclose(model.buffers_, reference.buffers_, atol=1e-9)
        np.testing.assert_allclose(model.loss_curve_, reference.loss_curve_, rtol=1e-9)


def test_divergence_in_threads_leaves_no_trace(small_shards):
    X, y = moons(130)
    model = MLPRegressor(16, solver="sgd", learning_rate_init=1e9, batch_size=40, n_jobs=3, random_state=0)
    with pytest.raises(ValueError, match="diverged"):
        model.fit(1e3 * X, y)
    assert set(small_shards) == {3}
    assert not hasattr(model, "weights_")


def test_an_error_in_a_thread_is_raised_and_leaves_no_trace(small_shards, monkeypatch):
    value_and_gradient = SquaredLoss.value_and_gradient

    def failing(*arguments):
        if threading.current_thread().name.startswith("skneural"):
            raise MemoryError("for this shard")
        return value_and_gradient(*arguments)

    X, y = moons(130)
    model = MLPRegressor(16, batch_size=40, n_jobs=3, max_iter=5, random_state=0)
    monkeypatch.setattr(SquaredLoss, "value_and_gradient", failing)
    with pytest.raises(MemoryError, match="for this shard"):
        model.fit(X, y)
    assert small_shards == [3]
    assert not hasattr(model, "weights_")
    monkeypatch.undo()
    model.fit(X, y)


@pytest.mark.parametrize(("n_jobs", "expected"), [(1, 1), (2, 1), (None, 2)])
def test_blas_is_held_to_one_thread_where_a_batch_is_split(n_jobs, expected, monkeypatch):
    """If a batch is not split, large products are computed in `n_jobs` threads; with None, in as many as before."""
    call, seen = Objective.__call__, set()

    def noting(objective, batch):
        seen.update(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")
        return call(objective, batch)

    X, y = moons(130)
    monkeypatch.setattr("skneural.networks.shards.LEAST_PRODUCT", 1)
    monkeypatch.setattr("skneural.networks.shards.LEAST_WORK", np.inf)
    if n_jobs is not None:
        monkeypatch.setattr("skneural.networks.shards.LEAST_SHARD", {Layer: 1})
    monkeypatch.setattr(Objective, "__call__", noting)
    with threadpool_limits(2, user_api="blas"):
        MLPRegressor(16, batch_size=40, n_jobs=n_jobs, max_iter=1, random_state=0).fit(X, y)
    assert seen == {expected}


def peak_of_predicting(n_layers):
    X = np.random.default_rng(0).normal(size=(2000, 64))
    model = MLPRegressor((64,) * n_layers, max_iter=1).fit(X[:50], X[:50, 0])
    model.predict(X)
    tracemalloc.start()
    model.predict(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_predicting_with_more_layers_needs_no_more_memory():
    """No activations are kept: two layers at once are all there is."""
    assert peak_of_predicting(16) < 1.1 * peak_of_predicting(3)


def test_predicting_many_rows_goes_block_by_block():
    X = np.random.default_rng(0).normal(size=(20_000, 4)).astype(np.float32)
    model = MLPRegressor(256, max_iter=1).fit(X[:50], X[:50, 0])
    tracemalloc.start()
    model.predict(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000 * 256 * 4 / 2


def test_threads_may_predict_with_one_model_at_once():
    X, y = moons(3000)
    model = MLPClassifier((32, 32), batch_norm=True, dropout=0.2, max_iter=2, random_state=0).fit(X, y)
    parts = np.array_split(X, 16)
    serial = [model.predict_proba(part) for part in parts]
    with ThreadPoolExecutor(4) as pool:
        for found, expected in zip(pool.map(model.predict_proba, parts), serial, strict=True):
            np.testing.assert_array_equal(found, expected)


def test_threads_may_fit_models_at_once():
    X, y = moons()
    models = [MLPClassifier(16, dropout=0.2, max_iter=5, random_state=seed) for seed in range(4)]
    serial = [clone(model).fit(X, y).weights_ for model in models]
    with ThreadPoolExecutor(4) as pool:
        parallel = [model.weights_ for model in pool.map(lambda model: model.fit(X, y), models)]
    for found, expected in zip(parallel, serial, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-10)


def test_lists_train_like_arrays_of_the_same_numbers():
    X, y = patients()
    from_array = MLPRegressor(8, max_iter=20, random_state=0).fit(X, y)
    from_lists = MLPRegressor(8, max_iter=20, random_state=0).fit(X.tolist(), y.tolist())
    assert from_lists.weights_.dtype == np.float64
    np.testing.assert_array_equal(from_lists.weights_, from_array.weights_)


def test_integers_train_in_float32():
    model = MLPRegressor(8, max_iter=2, random_state=0).fit(np.arange(20).reshape(10, 2), np.arange(10))
    assert model.weights_.dtype == np.float32


@pytest.mark.parametrize("hidden_layer_sizes", [3, (8, 8)])
def test_a_refit_may_change_the_network_while_scorers_and_callbacks_watch(hidden_layer_sizes):
    from sklearn.callback import ScoringMonitor

    X, y = iris()
    options = {"max_iter": 4, "early_stopping": True, "scoring": "accuracy", "random_state": 0}
    model = MLPClassifier(5, **options).fit(X, y)
    monitor = ScoringMonitor(scoring="accuracy")
    model.set_params(hidden_layer_sizes=hidden_layer_sizes).set_callbacks(monitor).fit(X, y)
    fresh = MLPClassifier(hidden_layer_sizes, **options).fit(X, y)
    np.testing.assert_array_equal(model.weights_, fresh.weights_)
    assert model.validation_scores_ == fresh.validation_scores_


@pytest.mark.parametrize("scoring", ["neg_max_error", lambda model, X, y: model.score(X, y)])
def test_scorers_that_take_no_weights_go_with_weighted_samples(scoring):
    X, y = patients()
    weight = np.arange(1.0, len(y) + 1)
    model = MLPRegressor(4, max_iter=3, early_stopping=True, scoring=scoring, random_state=0).fit(X, y, weight)
    assert len(model.validation_scores_) == 3


def test_weights_count_in_scorers_that_take_them():
    X, y = iris()
    options = {"max_iter": 3, "scoring": "accuracy", "random_state": 0}
    weight_val = (y == 0).astype(float)
    model = MLPClassifier(4, **options).fit(X, y, X_val=X, y_val=y, sample_weight_val=weight_val)
    alone = MLPClassifier(4, **options).fit(X, y, X_val=X[y == 0], y_val=y[y == 0])
    assert model.validation_scores_ == pytest.approx(alone.validation_scores_)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("learning_rate", ["cosine", "one_cycle"])
def test_a_schedule_that_ends_with_training_ends_without_a_warning(learning_rate):
    X, y = moons()
    MLPClassifier(4, max_iter=5, learning_rate=learning_rate, tol=0.0, random_state=0).fit(X, y)


# --- memory that is used again ----------------------------------------------------------------------------


@pytest.mark.parametrize("n_jobs", [pytest.param(1, marks=pytest.mark.slow), 2])
@every_numeric_estimator
def test_memory_that_is_used_again_changes_nothing(case, n_jobs, small_shards, monkeypatch):
    """All arrays are recycled here, and full of NaN when they are handed out."""
    X, y = case.data()
    expected = most_precise_output(case.new(n_jobs=n_jobs).fit(X, y), X)
    assert set(small_shards) == ({2} if n_jobs == 2 and case.shardable else set())
    take = memory._Pool.take

    def take_rubbish(pool, n_bytes):
        block = take(pool, n_bytes)
        block[:] = b"\xff" * len(block)
        return block

    monkeypatch.setattr(memory, "LARGE", 1)
    monkeypatch.setattr(memory._Pool, "take", take_rubbish)
    np.testing.assert_array_equal(most_precise_output(case.new(n_jobs=n_jobs).fit(X, y), X), expected)


@pytest.mark.parametrize("schedule", ["constant", "invscaling"])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_training_that_goes_on_is_training_that_never_stopped(schedule, solver):
    X = np.random.default_rng(0).standard_normal((60, 3))
    y = X[:, 0] - X[:, 1] ** 2
    options = {"solver": solver, "learning_rate": schedule, "learning_rate_init": 0.01, "random_state": 0}
    options |= {"n_iter_no_change": 100, "early_stopping": False, "batch_size": 20}
    whole = MLPRegressor(8, max_iter=6, **options).fit(X, y)
    parts = MLPRegressor(8, max_iter=2, warm_start=True, **options)
    for _ in range(3):
        parts.fit(X, y)
    np.testing.assert_array_equal(parts.predict(X), whole.predict(X))


# --- memory that is not needed ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "dtype", "shape"),
    [
        (MLPRegressor(4), np.float32, (40_000, 100)),
        (MLPRegressor(4), np.uint8, (40_000, 400)),
        (CNNRegressor(channels=(2,), hidden_layer_sizes=2, batch_norm=False), np.uint8, (30_000, 28, 28)),
        (RNNSequenceRegressor(hidden_size=2), np.float32, (10_000, 20, 25)),
        (RNNSequenceRegressor(hidden_size=2), np.uint8, (14_000, 80, 20)),
        # targets, raw scores and losses of held-out samples are each as large as these samples
        (Autoencoder(2, 4, validation_fraction=0.05), np.float32, (40_000, 100)),
    ],
    ids=["table", "table of bytes", "images of bytes", "series", "series of bytes", "autoencoder"],
)
def test_neither_held_out_nor_weightless_samples_need_a_copy_of_a_memory_map(model, dtype, shape, tmp_path):
    X = np.lib.format.open_memmap(tmp_path / "X.npy", mode="w+", dtype=dtype, shape=shape)
    X[:] = np.arange(len(X)).reshape(-1, *[1] * (len(shape) - 1)) % 7
    model = clone(model).set_params(max_iter=1, batch_size=100, random_state=0, n_jobs=1)
    y = {} if isinstance(model, Autoencoder) else {"y": np.arange(len(X)) % 7}
    weight = np.ones(len(X))
    weight[5] = 0
    tracemalloc.start()
    model.fit(X, **y, sample_weight=weight)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert model.validation_scores_
    assert peak < 0.5 * X.nbytes
