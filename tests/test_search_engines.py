"""Searches for hyper-parameters have the same results on every engine of joblib."""

import os
import tempfile
from contextlib import ExitStack, contextmanager
from unittest import mock

import numpy as np
import optuna
import pytest
from joblib import Parallel, cpu_count, delayed, parallel_config
from optuna.distributions import CategoricalDistribution, FloatDistribution
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, RandomizedSearchCV, cross_val_score

from skneural import CNNClassifier, MLPClassifier, RNNSequenceRegressor, search_space
from skneural.template.training import thread_count

SHARED = {"cv": 2, "n_jobs": 2, "scoring": "neg_log_loss"}
MODEL = MLPClassifier((8,), max_iter=3, learning_rate_init=0.01, n_jobs=1, random_state=0)
IMAGES = CNNClassifier(channels=(4,), hidden_layer_sizes=(), max_iter=2, n_jobs=1, random_state=0)
SERIES = RNNSequenceRegressor(hidden_size=4, max_iter=2, n_jobs=1, random_state=0)


def digits(model):
    """Some of the digits as the model reads them: rows, images, or series of unequal lengths with a number each."""
    X, y = load_digits(n_class=3, return_X_y=True)
    images = (X[:120] / 16).astype("float32").reshape(-1, 8, 8)
    if model is SERIES:
        return [image[: 5 + number % 4] for number, image in enumerate(images)], images.sum((1, 2))
    return images if model is IMAGES else images.reshape(-1, 64), y[:120]


def grid(model=MODEL, **kwargs):
    search = GridSearchCV(model, {"alpha": [1e-4, 1.0], "batch_size": [20, 40]}, **SHARED | kwargs)
    return _results(search.fit(*digits(model)))


def randomized():
    search = RandomizedSearchCV(MODEL, search_space(MODEL), n_iter=3, random_state=0, **SHARED)
    return _results(search.fit(*digits(MODEL)))


def halving():
    model = clone(MODEL).set_params(max_iter=200)  # the default, which the search replaces
    epochs = {"resource": "max_iter", "n_candidates": 4, "min_resources": 1, "max_resources": 4, "factor": 2}
    search = HalvingRandomSearchCV(model, search_space(model), random_state=0, **epochs, **SHARED)
    return _results(search.fit(*digits(MODEL)))


def _results(search):
    return search.cv_results_["mean_test_score"], search.best_params_, search.best_estimator_.weights_


def of_optuna():
    """Batches of trials, each of which follows from the scores of the one before."""
    space = {"alpha": FloatDistribution(1e-6, 1.0, log=True), "activation": CategoricalDistribution(["relu", "mish"])}
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(n_startup_trials=2, seed=0))
    for _ in range(3):
        trials = [study.ask(space) for _ in range(2)]
        scores = Parallel(n_jobs=2)(delayed(mean_score)(trial.params) for trial in trials)
        for trial, score in zip(trials, scores, strict=True):
            study.tell(trial, score)
    return [trial.value for trial in study.trials], study.best_params, [trial.params for trial in study.trials]


def mean_score(parameters):
    candidate = clone(MODEL).set_params(**parameters)
    return cross_val_score(candidate, *digits(MODEL), cv=2, scoring="neg_log_loss").mean()


SEARCHES = {
    "grid": grid,
    "grid of images": lambda: grid(IMAGES),
    "grid of series of unequal lengths": lambda: grid(SERIES, scoring=None),
    "randomized": randomized,
    "halving": halving,
    "optuna": of_optuna,
}


@contextmanager
def dask_cluster(folder, processes):
    """A cluster of two workers; of threads, it starts in 0.1 s, of processes in 3 s."""
    dask, distributed = pytest.importorskip("dask"), pytest.importorskip("distributed")
    size = {"n_workers": 2, "threads_per_worker": 1, "processes": processes}
    with (
        dask.config.set(temporary_directory=str(folder)),
        distributed.LocalCluster(dashboard_address=":0", **size) as cluster,
        distributed.Client(cluster),
        parallel_config("dask"),
    ):
        yield


@contextmanager
def ray_cluster():
    ray = pytest.importorskip("ray")
    pytest.importorskip("ray.util.joblib").register_ray()
    # Sockets need a short path, and tokens would stay in the home folder.
    with tempfile.TemporaryDirectory() as short, mock.patch.dict(os.environ, RAY_AUTH_MODE="disabled"):
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, _temp_dir=short)
        try:
            with parallel_config("ray"):
                yield
        finally:
            ray.shutdown()


ENGINES = {
    "threads": lambda folder: parallel_config("threading"),
    # Arrays of more than a kilobyte become files that processes share and cannot write to, as large ones do by default.
    "processes": lambda folder: parallel_config("loky", max_nbytes="1K", temp_folder=folder),
    "threads of dask": lambda folder: dask_cluster(folder, processes=False),
    "processes of dask": lambda folder: dask_cluster(folder, processes=True),
    "ray": lambda folder: ray_cluster(),
}
SLOW = ("processes of dask", "ray")
every_engine = pytest.mark.parametrize(
    "engine", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in ENGINES]
)


@pytest.fixture(scope="module")
def of_one_process():
    with parallel_config("sequential"):
        return {name: search() for name, search in SEARCHES.items()}


@every_engine
@pytest.mark.slow
def test_results_are_those_of_one_process(engine, of_one_process, tmp_path):
    """Of all searches in one test, because the processes of an engine take seconds to start."""
    with ExitStack() as stack:
        stack.enter_context(ENGINES[engine](tmp_path))
        for name, search in SEARCHES.items():
            for value, expected in zip(search(), of_one_process[name], strict=True):
                np.testing.assert_equal(value, expected, err_msg=name)
        seen = Parallel(n_jobs=2)(delayed(threads_of_a_model)() for _ in range(4))
    in_this_process = "threads" in engine
    assert {process == os.getpid() for process, _ in seen} == {in_this_process}
    expected = thread_count(None) if in_this_process else 1 if engine in SLOW else max(1, cpu_count() // 2)
    assert {n for _, n in seen} == {expected}


def threads_of_a_model():
    return os.getpid(), thread_count(None)
