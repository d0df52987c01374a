"""A training that is broken off and resumed from its checkpoint ends as if it had not been."""

import os
import pickle
import subprocess
import sys
import textwrap
import time
import warnings

import numpy as np
import pytest
import skops.io
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold

from skneural import GNNLinkPredictor, KANRegressor, MLPClassifier, MLPRegressor, TabularMLPClassifier
from skneural.callbacks import Checkpoint
from tests.estimators.cases import (
    ESTIMATORS,
    OF_LONG_SERIES,
    OF_PAIRS,
    OF_TEXTS,
    every,
    flowers,
    in_minibatches,
    of_each_class,
    patients,
    relatives,
)

BROKEN_OFF = 2
PATIENCE = 300  # seconds until the first epoch of a process; it takes a few, on a machine that is busy many more
CASES = of_each_class(in_minibatches(ESTIMATORS | OF_TEXTS | OF_PAIRS | OF_LONG_SERIES))


class BrokenOffError(Exception):
    """Raised by `Stop`."""


class Stop:
    """Callback that breaks training off with an error after some epochs, as a machine that is switched off."""

    def __init__(self, after):
        self.after = after

    def setup(self, estimator, context):
        pass

    teardown = setup
    on_fit_task_begin = setup

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "epoch" and context.task_id + 1 == self.after:
            raise BrokenOffError


def broken_off(estimator, X, y, path, after=BROKEN_OFF):
    with pytest.raises(BrokenOffError):
        estimator.set_callbacks(Checkpoint(path), Stop(after)).fit(X, y)
    return estimator.set_callbacks()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.pickle"


@every(CASES)
def test_resumed_training_ends_with_the_same_bits(case, path):
    X, y = case.data()
    whole = case.new().fit(X, y)
    broken_off(case.new(), X, y, path)
    resumed = case.new().fit(X, y, resume_from=path)
    np.testing.assert_array_equal(resumed.weights_, whole.weights_)
    np.testing.assert_array_equal(resumed.buffers_, whole.buffers_)
    assert resumed.loss_curve_ == whole.loss_curve_
    assert resumed.validation_scores_ == whole.validation_scores_
    assert (resumed.n_iter_, resumed.t_) == (whole.n_iter_, whole.t_)


@pytest.mark.parametrize("suffix", [".pickle", ".skops"])
@pytest.mark.parametrize(
    "options",
    [
        {"learning_rate": "adaptive", "solver": "sgd", "learning_rate_init": 0.5, "n_iter_no_change": 1, "tol": 0.05},
        {"learning_rate": "one_cycle", "dropout": 0.3},
        {"early_stopping": True, "n_iter_no_change": 2, "learning_rate_init": 0.05},
        {"batch_norm": True, "solver": "rmsprop"},
    ],
    ids=["adaptive", "one cycle", "early stopping", "batch norm"],
)
def test_schedules_and_early_stopping_are_resumed(options, suffix, tmp_path):
    X, y = flowers(np.float32)
    path = tmp_path / f"model{suffix}"
    model = MLPClassifier(8, max_iter=30, batch_size=16, random_state=0).set_params(**options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        whole = pickle.loads(pickle.dumps(model)).fit(X, y)
        assert len(whole.loss_curve_) > 4
        broken_off(model, X, y, path, after=len(whole.loss_curve_) // 2)
        model.fit(X, y, resume_from=path)
    np.testing.assert_array_equal(model.weights_, whole.weights_)
    assert model.loss_curve_ == whole.loss_curve_


class TestFiles:
    def test_the_file_of_a_broken_training_predicts_with_its_best_epoch(self, path):
        X, y = patients(np.float32)
        model = MLPRegressor(64, max_iter=50, learning_rate_init=0.1, early_stopping=True, random_state=0)
        broken_off(model, X, y, path, after=15)
        saved = pickle.loads(path.read_bytes())
        best = int(np.argmax(saved.validation_scores_)) + 1
        assert best < 15
        broken_off(model, X, y, path, after=best)
        np.testing.assert_array_equal(pickle.loads(path.read_bytes()).weights_, saved.weights_)

    def test_the_last_file_is_the_final_model(self, path):
        X, y = flowers(np.float32)
        model = MLPClassifier(8, max_iter=4, random_state=0).set_callbacks(Checkpoint(path, every=3)).fit(X, y)
        saved = pickle.loads(path.read_bytes())
        np.testing.assert_array_equal(saved.predict_proba(X), model.predict_proba(X))
        assert len(saved.loss_curve_) == 4
        assert "_progress" not in vars(model)

    def test_a_finished_training_can_be_made_longer(self, path):
        X, y = flowers(np.float32)
        short = MLPClassifier(8, max_iter=3, random_state=0).set_callbacks(Checkpoint(path)).fit(X, y)
        long = MLPClassifier(8, max_iter=6, random_state=0).fit(X, y)
        np.testing.assert_array_equal(
            MLPClassifier(8, max_iter=3, random_state=0).fit(X, y, resume_from=path).weights_, short.weights_
        )
        np.testing.assert_array_equal(MLPClassifier(8, max_iter=6).fit(X, y, resume_from=path).weights_, long.weights_)

    def test_a_failed_fit_leaves_the_file(self, path):
        X, y = flowers(np.float32)
        model = MLPClassifier(8, max_iter=3, random_state=0).set_callbacks(Checkpoint(path)).fit(X, y)
        before = path.read_bytes()
        with pytest.raises(ValueError, match="NaN"):
            model.fit(np.full_like(X, np.nan), y)
        assert path.read_bytes() == before

    def test_what_a_killed_process_left_is_removed(self, path):
        X, y = flowers(np.float32)
        left, other = path.parent / f".{path.name}.abc.tmp", path.parent / ".another.tmp"
        left.touch(), other.touch()
        MLPClassifier(8, max_iter=1, random_state=0).set_callbacks(Checkpoint(path)).fit(X, y)
        assert sorted(path.parent.iterdir()) == sorted([path, other])

    def test_skops_asks_for_one_type(self, tmp_path):
        X, y = flowers(np.float32)
        path = tmp_path / "model.skops"
        MLPClassifier(8, max_iter=3, random_state=0).set_callbacks(Checkpoint(path)).fit(X, y)
        assert skops.io.get_untrusted_types(file=path) == ["skneural.estimators.mlp.MLPClassifier"]

    def test_a_full_disk_leaves_the_last_file_and_goes_on(self, path, monkeypatch):
        X, y = flowers(np.float32)
        model = MLPClassifier(8, max_iter=3, random_state=0).set_callbacks(Checkpoint(path)).fit(X, y)
        before = path.read_bytes()
        monkeypatch.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.warns(UserWarning, match="could not be written, and training goes on"):
            model.set_params(max_iter=5).fit(X, y)
        assert len(model.loss_curve_) == 5
        assert path.read_bytes() == before
        assert list(path.parent.iterdir()) == [path]


class TestMistakes:
    def test_other_hyperparameters_are_named(self, path):
        X, y = flowers(np.float32)
        broken_off(MLPClassifier(8, max_iter=5, random_state=0), X, y, path)
        with pytest.raises(ValueError, match=r"alpha=0\.0001 \(now 0\.1\)"):
            MLPClassifier(8, max_iter=5, alpha=0.1, random_state=0).fit(X, y, resume_from=path)

    def test_other_data_are_noticed(self, path):
        X, y = flowers(np.float32)
        broken_off(MLPClassifier(8, max_iter=5, random_state=0), X, y, path)
        with pytest.raises(ValueError, match="75 training samples"):
            MLPClassifier(8, max_iter=5, random_state=0).fit(X[1:], y[1:], resume_from=path)

    def test_other_estimators_are_refused(self, path):
        X, y = flowers(np.float32)
        broken_off(MLPClassifier(8, max_iter=5, random_state=0), X, y, path)
        with pytest.raises(TypeError, match="holds a MLPClassifier, not a MLPRegressor"):
            MLPRegressor(8).fit(X, np.arange(len(X)), resume_from=path)

    def test_models_without_a_training_are_refused(self, path):
        X, y = flowers(np.float32)
        path.write_bytes(pickle.dumps(MLPClassifier(8, max_iter=3, random_state=0).fit(X, y)))
        with pytest.raises(ValueError, match="without the state of its training"):
            MLPClassifier(8).fit(X, y, resume_from=path)

    def test_continued_trainings_and_other_solvers_are_refused(self, path):
        X, y = flowers(np.float32)
        model = MLPClassifier(8, max_iter=3, warm_start=True, random_state=0).fit(X, y)
        model.set_callbacks(Checkpoint(path)).fit(X, y)
        with pytest.raises(ValueError, match="warm_start=True"):
            model.fit(X, y, resume_from=path)
        lbfgs = MLPClassifier(8, solver="lbfgs", max_iter=5, random_state=0).set_callbacks(Checkpoint(path)).fit(X, y)
        with pytest.raises(ValueError, match="lbfgs"):
            lbfgs.fit(X, y, resume_from=path)

    def test_several_stages_are_refused(self, path):
        X, y = patients(np.float32)
        model = KANRegressor(
            hidden_layer_sizes=2, solver="adam", max_iter=2, n_init=2, n_jobs=1, batch_size=16, random_state=0
        )
        model.set_callbacks(Checkpoint(path)).fit(X, y)
        with pytest.raises(ValueError, match=r"several stages|one stage"):
            model.fit(X, y, resume_from=path)

    @pytest.mark.parametrize("random_state", [None, np.random.RandomState(0)], ids=["none", "generator"])
    def test_pairs_that_cannot_be_drawn_again_are_refused(self, random_state, path):
        X, _ = relatives(np.float32)
        model = GNNLinkPredictor(hidden_layer_sizes=4, max_iter=3, batch_size=32, random_state=random_state)
        broken_off(model, X.graph, None, path)
        with pytest.raises(ValueError, match="set random_state to an integer"):
            model.fit(X.graph, resume_from=path)

    def test_drawn_pairs_are_drawn_again(self, path):
        X, _ = relatives(np.float32)
        model = GNNLinkPredictor(hidden_layer_sizes=4, max_iter=4, batch_size=32, random_state=0)
        whole = model.fit(X.graph).weights_.copy()
        broken_off(model, X.graph, None, path)
        np.testing.assert_array_equal(model.fit(X.graph, resume_from=path).weights_, whole)

    def test_hyperparameters_are_compared_by_content(self, path):
        X, y = flowers(np.float32)
        weights = {"".join(["set", "osa"]): 2.0, "virginica": 1.0, "versicolor": 1.0}
        split = KFold(4)
        model = MLPClassifier(8, max_iter=5, class_weight=weights, validation_split=split, early_stopping=True)
        broken_off(model.set_params(random_state=0), X, y, path)
        again = MLPClassifier(8, max_iter=5, class_weight=dict(reversed(weights.items())), validation_split=KFold(4))
        assert len(again.set_params(early_stopping=True).fit(X, y, resume_from=path).loss_curve_) == 5

    def test_networks_of_folds_are_written_but_not_resumed(self, path):
        X, y = flowers(np.float32)
        model = TabularMLPClassifier(hidden_layer_sizes=8, n_cv=2, max_iter=2, batch_size=16, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.set_callbacks(Checkpoint(path)).fit(X, y)
        np.testing.assert_array_equal(pickle.loads(path.read_bytes()).predict_proba(X), model.predict_proba(X))
        with pytest.raises(ValueError, match="several networks"):
            model.fit(X, y, resume_from=path)

    @pytest.mark.parametrize("every_epochs", [0, -1, 1.5, "1"])
    def test_every_is_checked(self, every_epochs, path):
        with pytest.raises(ValueError, match="every must be a positive integer"):
            Checkpoint(path, every=every_epochs)

    def test_a_missing_folder_is_named(self, path):
        with pytest.raises(ValueError, match="missing of the checkpoint does not exist"):
            Checkpoint(path.parent / "missing" / "model.pickle")


def test_a_killed_process_leaves_a_file_that_loads(path):
    """Once here, at a random moment; benchmarks/kills.py does it many times."""
    pytest.importorskip("sklearn.callback")
    program = f"""
        from tests.estimators.cases import flowers
        from skneural import MLPClassifier
        from skneural.callbacks import Checkpoint
        X, y = flowers()
        model = MLPClassifier(64, max_iter=100_000, n_iter_no_change=float('inf'), random_state=0)
        model.set_callbacks(Checkpoint({str(path)!r})).fit(X, y)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)])
    try:
        started = time.monotonic()
        while not path.exists():
            assert process.poll() is None
            assert time.monotonic() - started < PATIENCE
            time.sleep(0.01)
        time.sleep(np.random.default_rng().uniform(0, 0.2))
    finally:
        process.kill()
        process.wait()
    X, y = flowers()
    n = len(pickle.loads(path.read_bytes()).loss_curve_)
    model = MLPClassifier(64, max_iter=n + 2, n_iter_no_change=np.inf, random_state=0)
    assert len(model.fit(X, y, resume_from=path).loss_curve_) == n + 2
