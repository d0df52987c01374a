"""Training on a cluster."""

import os
import signal
import threading
import time
from copy import deepcopy

import numpy as np
import pytest
from sklearn.base import clone

from skneural import MLPClassifier, MLPRegressor, SeriesForecaster, callbacks, distributed
from skneural.distributed import cluster as module
from skneural.training.train import DivergenceError
from tests.distributed.conftest import cluster
from tests.estimators.cases import every
from tests.estimators.uses import used
from tests.streaming.test_fitting import STREAMED, in_chunks, labelled, small

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:.*partitions for training are fewer"),
]

SGD = {"solver": "sgd", "shuffle": False, "early_stopping": False, "max_iter": 3, "learning_rate_init": 0.05}


def divided(rows=100, n=600):
    X, y = labelled(n)
    return da.from_array(X, chunks=(rows, -1)), da.from_array(y, chunks=rows)


def in_two_partitions(X, y):
    half = (len(X) + 1) // 2
    return [dask.delayed(X[rows] if y is None else (X[rows], y[rows])) for rows in (slice(0, half), slice(half, None))]


OF_EACH_CLASS = {type(case.estimator): name for name, case in reversed(STREAMED.items())}


every_family = every({name: STREAMED[name] for name in OF_EACH_CLASS.values()})


def trained(case, client):
    X, y = case.data()
    names = case.estimator.get_params()
    quick = {"early_stopping": False, "max_iter": 2, "n_cv": 1, "n_init": 1, "n_members": 1, "grid_refinement": ()}
    model = case.new(**{name: value for name, value in quick.items() if name in names})
    distributed.fit(model, in_two_partitions(X, y), client=client)
    assert np.isfinite(model.weights_).all()
    assert model.n_iter_ == len(model.loss_curve_) == 2
    assert used(model, X[:6]) is not None
    return model.weights_


@every_family
def test_every_family_is_trained(case, client):
    trained(case, client)


def test_frozen_layers_stay_as_they_are(client):
    X, y = labelled(60)
    start = MLPClassifier((4, 3), max_iter=2, random_state=0).fit(X, y)
    model = MLPClassifier((4, 3), pretrained=start, freeze=1, body_learning_rate=0.1, max_iter=2, random_state=0)
    distributed.fit(model, in_two_partitions(X, y), client=client)
    np.testing.assert_array_equal(model.coefs_[0], start.coefs_[0])
    assert not np.array_equal(model.coefs_[1], start.coefs_[1])


@pytest.mark.slow
@every_family
def test_every_family_is_trained_by_processes(case, processes):
    trained(case, processes)


def test_processes_train_the_model_of_threads(client, processes):
    case = STREAMED["classifier"]
    np.testing.assert_array_equal(trained(case, processes), trained(case, client))


def joined_batches(n, rows, size, n_workers=2):
    """Numbers of rows in the order in which workers see them in steps that they take together."""
    partitions = np.arange(n).reshape(-1, rows)
    batches = [np.concatenate([partitions[k::n_workers]]).reshape(-1, size) for k in range(n_workers)]
    return np.concatenate([np.concatenate(step) for step in zip(*batches, strict=True)])


@pytest.mark.parametrize("options", [{}, {"momentum": 0.0, "alpha": 0.1}, {"nesterovs_momentum": False}], ids=str)
def test_steps_of_all_workers_are_those_of_one_process_on_the_joined_batches(options, client):
    X, y = labelled()
    rows = joined_batches(600, 100, 25)
    alone = small(batch_size=50, **SGD | options).fit(X[rows], y[rows])
    model = small(batch_size=25, **SGD | options)
    distributed.fit(model, *divided(), client=client, sync_every=1, sample_size=10**6)
    np.testing.assert_allclose(model.weights_, alone.weights_, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(model.loss_curve_, alone.loss_curve_)
    assert model.t_ == alone.t_


def test_sample_weights_are_those_of_the_joined_batches(client):
    X, y = labelled()
    weight = np.random.default_rng(1).uniform(0.1, 2.0, 600)
    rows = joined_batches(600, 100, 25)
    alone = small(batch_size=50, **SGD).fit(X[rows], y[rows], weight[rows])
    model = small(batch_size=25, **SGD)
    distributed.fit(model, *divided(), weight, client=client, sync_every=1, sample_size=10**6)
    np.testing.assert_allclose(model.weights_, alone.weights_, rtol=1e-9, atol=1e-12)


def test_one_round_is_the_mean_of_trainings_apart(client):
    """Weighed by the samples: one worker has two partitions of three."""
    X, y = labelled(300)
    start = small(batch_size=25, warm_start=True, **SGD | {"max_iter": 1}).fit(X, y)
    parts = [deepcopy(start).fit(X[rows], y[rows]) for rows in (np.r_[0:100, 200:300], np.r_[100:200])]
    assert np.abs(parts[0].weights_ - parts[1].weights_).max() > 1e-3
    distributed.fit(start, *divided(n=300), client=client, sync_every=1000)
    np.testing.assert_allclose(start.weights_, (2 * parts[0].weights_ + parts[1].weights_) / 3, rtol=1e-9)


@pytest.mark.parametrize("kind", ["array", "dataframe", "delayed", "futures", "tuples"])
def test_data_of_each_kind_give_the_same_model(kind, client):
    dd = pytest.importorskip("dask.dataframe")
    X, y = labelled()
    chunks = in_chunks(X, y, 100)
    data = {
        "array": divided,
        "dataframe": lambda: (dd.from_dask_array(divided()[0], columns=list("abcd")), divided()[1]),
        "delayed": lambda: ([dask.delayed(part) for part, _ in chunks], [dask.delayed(labels) for _, labels in chunks]),
        "futures": lambda: ([client.submit(np.asarray, part) for part, _ in chunks], divided()[1]),
        "tuples": lambda: ([dask.delayed(chunk) for chunk in chunks], None),
    }[kind]()
    model = distributed.fit(small(max_iter=3), *data, client=client)
    expected = distributed.fit(small(max_iter=3), *divided(), client=client)
    np.testing.assert_allclose(model.weights_, expected.weights_, rtol=1e-9)
    assert hasattr(model, "feature_names_in_") == (kind == "dataframe")


def test_bags_of_texts_are_partitions(client):
    db = pytest.importorskip("dask.bag")
    case = STREAMED["recurrent language model"]
    X, _ = case.data()
    model = distributed.fit(
        case.new(early_stopping=False, max_iter=2), db.from_sequence(X, npartitions=2), client=client
    )
    assert model.n_iter_ == 2


def test_every_tenth_partition_is_held_out(client):
    model = distributed.fit(small(max_iter=4, validation_fraction=0.2), *divided(60), client=client)
    assert len(model.validation_scores_) == 4
    assert model.t_ == 4 * 480


def test_empty_partitions_and_partitions_of_one_class_are_data_like_others(client):
    X, y = labelled()
    order = np.argsort(y)
    chunks = [*in_chunks(X[order], y[order], 100), (X[:0], y[:0])]
    model = distributed.fit(
        small(early_stopping=False, max_iter=8, learning_rate_init=0.05),
        [dask.delayed(chunk) for chunk in chunks],
        client=client,
    )
    assert model.score(X, y) > 0.9


BAD = {
    "columns": (lambda X, y: (X[:, :3], y), ValueError, "chunk 2: a sample of X has the shape"),
    "not finite": (
        lambda X, y: (np.where(np.arange(len(X))[:, None] == 7, np.inf, X), y),
        ValueError,
        "In partition 2: .*(NaN|infinity)",
    ),
    "text": (lambda X, y: (X.astype(str).astype(object) + "x", y), ValueError, "could not convert|partition 2"),
    "lengths": (lambda X, y: (X, y[:5]), ValueError, "In partition 2: .*different numbers of samples"),
}


@pytest.mark.parametrize("name", BAD)
def test_errors_name_the_partition(name, client):
    spoil, error, message = BAD[name]
    X, y = labelled()
    chunks = in_chunks(X, y, 100)
    chunks[2] = spoil(*chunks[2])
    with pytest.raises(error, match=message):
        distributed.fit(
            small(early_stopping=False), [dask.delayed(chunk) for chunk in chunks], client=client, sample_size=10
        )


def test_divergence_names_the_partitions(client):
    X, _ = divided()
    model = MLPRegressor(4, solver="sgd", learning_rate_init=1e6, early_stopping=False, random_state=0)
    with pytest.raises(DivergenceError, match=r"On partitions (0, 2, 4|1, 3, 5): Training diverged"):
        distributed.fit(model, X, X[:, 0], client=client)
    assert not hasattr(model, "weights_")


def test_what_cannot_be_trained_is_refused(client):
    X, y = labelled()
    with pytest.raises(TypeError, match=r"dask\.array\.from_array"):
        distributed.fit(small(), X, y, client=client)
    with pytest.raises(TypeError, match="cannot be trained on chunks"):
        distributed.fit(SeriesForecaster(horizon=2), divided()[0], client=client)
    with pytest.raises(ValueError, match="same partitions: X has 6, y has 3"):
        distributed.fit(
            small(), list(divided()[0].to_delayed().ravel()), list(divided(200)[1].to_delayed()), client=client
        )
    with pytest.raises(ValueError, match="sync_every"):
        distributed.fit(small(), *divided(), client=client, sync_every=0)


def test_fewer_partitions_than_workers_are_told_of(client):
    with pytest.warns(UserWarning, match="1 partitions for training are fewer than the 2 workers"):
        distributed.fit(small(early_stopping=False, max_iter=1), *divided(600), client=client)


def test_time_ends_training_between_rounds(client):
    started = time.monotonic()
    with pytest.warns(UserWarning, match="max_time"):
        model = distributed.fit(
            small(early_stopping=False, max_iter=10**6, max_time=0.5, batch_size=5),
            *divided(),
            client=client,
            sync_every=2,
        )
    assert time.monotonic() < started + 20
    assert model.n_iter_ >= 1


def test_a_training_that_was_broken_off_continues_from_its_checkpoint(client, tmp_path):
    path = tmp_path / "model.pickle"
    options = {"early_stopping": False, "validation_fraction": 0.1}
    whole = distributed.fit(small(max_iter=4, **options), *divided(), client=client, sample_size=10**6)
    part = small(max_iter=2, **options).set_callbacks(callbacks.Checkpoint(path))
    distributed.fit(part, *divided(), client=client, sample_size=10**6)
    resumed = distributed.fit(
        small(max_iter=4, **options), *divided(), client=client, sample_size=10**6, resume_from=path
    )
    np.testing.assert_array_equal(resumed.weights_, whole.weights_)
    assert resumed.loss_curve_ == whole.loss_curve_


def kill_a_worker_after(seconds, client):
    pids = client.run(os.getpid)
    thread = threading.Timer(seconds, os.kill, (next(iter(pids.values())), signal.SIGKILL))
    thread.start()
    return thread


def equal_after_a_kill(client):
    """Compare a training with one in the middle of which a worker is killed: dask computes its partitions again."""
    model = small(early_stopping=False, max_iter=3, batch_size=10, learning_rate_init=0.01)
    data = divided(100, 2000)
    whole = distributed.fit(clone(model), *data, client=client, sync_every=10)
    started = time.monotonic()
    thread = kill_a_worker_after(0.3, client)
    distributed.fit(model, *data, client=client, sync_every=10)
    assert time.monotonic() > started + 0.3
    thread.join()
    np.testing.assert_allclose(model.weights_, whole.weights_, rtol=1e-6)


@pytest.mark.skipif(os.name == "nt", reason="kills by signals")
@pytest.mark.filterwarnings("ignore")
def test_a_killed_worker_does_not_change_the_model(processes):
    equal_after_a_kill(processes)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_one_of_four_workers_is_killed_and_none_leaves_a_file(tmp_path):
    with cluster(4, tmp_path, processes=True) as client:
        assert len(client.scheduler_info(n_workers=-1)["workers"]) == 4
        equal_after_a_kill(client)
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} <= {"purge.lock", "global.lock"}


def test_a_cluster_without_workers_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SECONDS_WITHOUT_WORKERS", 1.0)
    path = tmp_path / "model.pickle"
    model = small(early_stopping=False, max_iter=10**6).set_callbacks(callbacks.Checkpoint(path))
    with cluster(1, tmp_path / "workers", processes=False) as client:
        closing = threading.Timer(3.0, client.cluster.scale, (0,))
        closing.start()
        with pytest.raises(module.LostClusterError, match="no workers for 1 seconds"):
            distributed.fit(model, *divided(), client=client)
        closing.join()
    assert path.exists()
