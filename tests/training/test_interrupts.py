"""Ctrl-C while a model trains; benchmarks/interrupts.py sends many signals at random times."""

import os
import signal
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skneural import KANRegressor, MLPRegressor
from skneural.estimators.kan.editing import KANModel
from skneural.template import epoch_callbacks
from skneural.training import predict
from skneural.training.history import History
from skneural.training.interrupts import Interrupts, deferred_interrupts, deliver_interrupt, undeferred_interrupts
from skneural.training.objective import Objective

ROOT = Path(__file__).parents[2]
REPORTS = epoch_callbacks._EpochReports
ENDLESS = {"max_iter": 50, "tol": 0, "n_iter_no_change": 1000, "early_stopping": False, "random_state": 0}


@pytest.fixture(autouse=True)
def as_python_starts(monkeypatch):
    monkeypatch.setattr(Interrupts, "_latest", -np.inf)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def interrupt():
    signal.raise_signal(signal.SIGINT)


def data():
    X = np.random.default_rng(0).uniform(-1, 1, (40, 2))
    return X, X[:, 0] ** 2


def at_epochs(monkeypatch, actions):
    """Call a function at the end of each given epoch, counted over all fits and stages."""
    n_epochs = 0

    def epoch_ends(self, monitor, original=REPORTS.epoch_ends):
        nonlocal n_epochs
        n_epochs += 1
        actions.get(n_epochs, lambda: None)()
        return original(self, monitor)

    monkeypatch.setattr(REPORTS, "epoch_ends", epoch_ends)


MODELS = {
    "adam": MLPRegressor(4, **ENDLESS),
    "lbfgs": MLPRegressor(4, solver="lbfgs", **ENDLESS),
    "refined": KANRegressor(
        hidden_layer_sizes=(), grid_refinement=(10, 20), solver="lbfgs", **(ENDLESS | {"max_iter": 3})
    ),
    "refined adam": KANRegressor(hidden_layer_sizes=(), grid_refinement=(10, 20), **(ENDLESS | {"max_iter": 3})),
}


@pytest.mark.parametrize("epoch", [1, 2, 3])
@pytest.mark.parametrize("name", MODELS)
def test_the_first_ends_all_stages_and_keeps_the_model(name, epoch, monkeypatch):
    X, y = data()
    model = MODELS[name]
    at_epochs(monkeypatch, {epoch: interrupt})
    with pytest.warns(UserWarning, match=f"interrupted after {epoch} epochs; the best weights so far are kept"):
        model.fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == epoch
    assert np.isfinite(model.predict(X)).all()


def test_what_was_recorded_of_an_unfinished_epoch_is_discarded():
    history = History()
    history.record(1.0, 0.5, {"seconds": 3.0})
    history.losses.append(0.9)
    history.scores.append(0.6)
    history.curves["seconds"].append(4.0)
    history.discard_unfinished()
    assert (history.all_curves(), history.scores, history.n_epochs) == ({"loss": [1.0], "seconds": [3.0]}, [0.5], 1)


def test_an_interrupt_between_two_grids_leaves_the_model_of_the_first(monkeypatch):
    X, y = data()
    model = MODELS["refined"]
    refined = KANModel.refined
    monkeypatch.setattr(KANModel, "refined", lambda self, size: (refined(self, size), interrupt())[0])
    with pytest.warns(UserWarning, match="interrupted after 3 epochs"):
        model.fit(X, y)
    assert (model.n_iter_, model.network_arguments_["grid_size"]) == (3, 5)
    monkeypatch.undo()
    first_grid = KANRegressor(**(model.get_params() | {"grid_refinement": ()})).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), first_grid.predict(X))


@pytest.mark.parametrize("name", MODELS)
def test_before_the_first_epoch_it_is_raised(name, monkeypatch):
    model = MODELS[name]
    epoch_starts = REPORTS.epoch_starts
    monkeypatch.setattr(REPORTS, "epoch_starts", lambda *args: (interrupt(), epoch_starts(*args)))
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data())


@pytest.mark.filterwarnings("ignore:Training was interrupted")
def test_a_second_one_in_the_next_fit_ends_the_search(monkeypatch):
    at_epochs(monkeypatch, {2: interrupt, 4: interrupt})
    with pytest.raises(KeyboardInterrupt):
        GridSearchCV(MLPRegressor(4, **ENDLESS), {"alpha": [0, 1]}, cv=2).fit(*data())


@pytest.mark.filterwarnings("ignore:Training was interrupted")
def test_a_second_one_in_the_same_fit_is_raised(monkeypatch):
    statistics = KANRegressor._statistics
    monkeypatch.setattr(KANRegressor, "_statistics", lambda *arguments: (interrupt(), statistics(*arguments))[1])
    at_epochs(monkeypatch, {2: interrupt})
    with pytest.raises(KeyboardInterrupt):
        MODELS["refined"].fit(*data())


def test_long_after_an_interrupted_fit_the_first_is_the_first_again(monkeypatch):
    at_epochs(monkeypatch, {2: interrupt, 4: interrupt})
    for _ in range(2):
        with pytest.warns(UserWarning, match="interrupted after 2 epochs"):
            MODELS["adam"].fit(*data())
        monkeypatch.setattr(Interrupts, "_latest", -np.inf)


def test_a_handler_of_ones_own_that_raises_ends_all_stages(monkeypatch):
    def raises(number, frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, raises)
    at_epochs(monkeypatch, {2: interrupt})
    with pytest.warns(UserWarning, match="interrupted after 2 epochs"):
        model = MODELS["refined"].fit(*data())
    assert model.network_arguments_["grid_size"] == 5
    signal.signal(signal.SIGINT, signal.default_int_handler)


def interrupted_fit():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.MonkeyPatch.context() as monkeypatch:
        at_epochs(monkeypatch, {2: interrupt})
        try:
            MODELS["adam"].fit(*data())
        except KeyboardInterrupt:
            return "raised"
    return "ended"


def test_worker_processes_end_their_search():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert Parallel(n_jobs=2)(delayed(interrupted_fit)() for _ in range(2)) == ["raised", "raised"]


@pytest.mark.slow
def test_no_signal_is_lost():
    """The exit status counts those that were. The session is made here: the script would start itself once more."""
    script = [sys.executable, str(ROOT / "benchmarks" / "interrupts.py"), "--here", "--share", "0.05"]
    options = {"cwd": ROOT, "env": os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}}
    result = subprocess.run(script, capture_output=True, text=True, timeout=300, start_new_session=True, **options)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "14 sent, 0 lost" in result.stdout
    assert "Exception ignored" not in result.stderr


class OwnError(Exception):
    """An exception that a handler of the user's raises."""


@contextmanager
def own_handler():
    def raise_own(number, frame):
        raise OwnError

    signal.signal(signal.SIGINT, raise_own)
    yield
    signal.signal(signal.SIGINT, signal.default_int_handler)


class InterruptsWhenFreed:
    """What a handler raises during the call of a destructor is printed and lost."""

    def __del__(self):
        interrupt()


def interrupting(function, calls):
    def interrupted(*arguments):
        calls.append(InterruptsWhenFreed())
        calls[-1] = None
        return function(*arguments)

    return interrupted


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_none_is_lost_in_a_destructor_while_a_model_trains(model, monkeypatch):
    calls = []
    monkeypatch.setattr(Objective, "__call__", interrupting(Objective.__call__, calls))
    with own_handler(), pytest.raises(OwnError):
        model.fit(*data())
    assert len(calls) == 1


def test_none_is_lost_in_a_destructor_while_a_model_predicts(monkeypatch):
    X, y = data()
    model, calls = clone(MODELS["adam"]).set_params(max_iter=1, n_jobs=1).fit(X, y), []
    monkeypatch.setattr(predict, "_one_block", interrupting(predict._one_block, calls))
    with own_handler(), pytest.raises(OwnError):
        model.predict(np.ones((5000, 2)))  # three blocks
    assert len(calls) == 1


def test_a_deferred_one_is_delivered_on_request_and_at_the_end():
    def interrupted_twice():
        with deferred_interrupts():
            interrupt()
            with pytest.raises(KeyboardInterrupt):
                deliver_interrupt()
            deliver_interrupt()
            interrupt()

    with pytest.raises(KeyboardInterrupt):
        interrupted_twice()


def test_a_deferred_one_is_not_lost_where_an_error_is_raised():
    def interrupted_before_an_error():
        with deferred_interrupts():
            interrupt()
            raise OwnError

    with pytest.raises(KeyboardInterrupt):
        interrupted_before_an_error()


def test_a_second_one_is_not_deferred():
    with deferred_interrupts():
        interrupt()
        with pytest.raises(KeyboardInterrupt):
            interrupt()


def test_functions_of_the_user_are_interrupted_at_once():
    with deferred_interrupts():
        with undeferred_interrupts(), pytest.raises(KeyboardInterrupt):
            interrupt()
        interrupt()
        with pytest.raises(KeyboardInterrupt), undeferred_interrupts():
            pytest.fail("the deferred one is delivered before")


def test_a_handler_that_a_callback_sets_stays():
    with own_handler():
        mine = signal.getsignal(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with deferred_interrupts(), undeferred_interrupts():
            signal.signal(signal.SIGINT, mine)
        assert signal.getsignal(signal.SIGINT) is mine


def test_other_threads_defer_nothing():
    with ThreadPoolExecutor(1) as pool:
        pool.submit(deferred_interrupts().__enter__).result()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
