"""What Ctrl-C does while a model trains; benchmarks/interrupts.py sends many signals at random times."""

import os
import signal
import subprocess
import sys
import threading
import warnings
import weakref
from pathlib import Path

import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.model_selection import GridSearchCV

from skneural import KANRegressor, MLPRegressor
from skneural.template.epoch_callbacks import EpochCallbacks
from skneural.training.interrupts import Interrupts

ROOT = Path(__file__).parents[2]
ENDLESS = {"max_iter": 50, "tol": 0, "n_iter_no_change": 1000, "early_stopping": False, "random_state": 0}


@pytest.fixture(autouse=True)
def as_python_starts(monkeypatch):
    monkeypatch.setattr(Interrupts, "_recent_until", -np.inf)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def interrupt():
    signal.raise_signal(signal.SIGINT)


class Thing:
    pass


def interrupt_where_errors_are_lost():
    """Inside a callback that the interpreter calls by itself."""
    thing = Thing()
    reference = weakref.ref(thing, lambda _: interrupt())
    del thing
    assert reference() is None


def data():
    X = np.random.default_rng(0).uniform(-1, 1, (40, 2))
    return X, X[:, 0] ** 2


def at_epochs(monkeypatch, actions):
    """What happens at the end of those epochs, counted over all fits and stages."""
    n_epochs = 0

    def epoch_ends(self, watch, original=EpochCallbacks.epoch_ends):
        nonlocal n_epochs
        n_epochs += 1
        actions.get(n_epochs, lambda: None)()
        return original(self, watch)

    monkeypatch.setattr(EpochCallbacks, "epoch_ends", epoch_ends)


MODELS = {
    "adam": MLPRegressor(4, **ENDLESS),
    "lbfgs": MLPRegressor(4, solver="lbfgs", **ENDLESS),
    "refined": KANRegressor(
        hidden_layer_sizes=(), grid_refinement=(10, 20), solver="lbfgs", **(ENDLESS | {"max_iter": 3})
    ),
    "refined adam": KANRegressor(hidden_layer_sizes=(), grid_refinement=(10, 20), **(ENDLESS | {"max_iter": 3})),
}


@pytest.mark.parametrize("action", [interrupt, interrupt_where_errors_are_lost])
@pytest.mark.parametrize("epoch", [1, 2, 3])
@pytest.mark.parametrize("name", MODELS)
def test_the_first_ends_all_stages_and_keeps_the_model(name, epoch, action, monkeypatch):
    X, y = data()
    model = MODELS[name]
    at_epochs(monkeypatch, {epoch: action})
    with pytest.warns(UserWarning, match=f"interrupted after {epoch} epochs; the best weights so far are kept"):
        model.fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == epoch
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("action", [interrupt, interrupt_where_errors_are_lost])
def test_a_later_stage_without_an_epoch_leaves_the_model_of_the_one_before(action, monkeypatch):
    """The interrupt comes between two grids."""
    X, y = data()
    model = MODELS["refined"]
    refine = KANRegressor._refine
    monkeypatch.setattr(KANRegressor, "_refine", lambda self, size: (refine(self, size), action()))
    with pytest.warns(UserWarning, match="interrupted after 3 epochs"):
        model.fit(X, y)
    assert (model.n_iter_, model.network_arguments_["grid_size"]) == (3, 10)
    monkeypatch.undo()
    first_grid = KANRegressor(**(model.get_params() | {"grid_refinement": ()})).fit(X, y)
    np.testing.assert_allclose(model.predict(X), first_grid.predict(X), rtol=1e-9)


@pytest.mark.parametrize("name", MODELS)
def test_before_the_first_epoch_it_is_raised(name, monkeypatch):
    model = MODELS[name]
    epoch_starts = EpochCallbacks.epoch_starts
    monkeypatch.setattr(EpochCallbacks, "epoch_starts", lambda *args: (interrupt(), epoch_starts(*args)))
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data())


@pytest.mark.filterwarnings("ignore:Training was interrupted")
@pytest.mark.parametrize("first", [interrupt, interrupt_where_errors_are_lost])
@pytest.mark.parametrize("second", [interrupt, interrupt_where_errors_are_lost])
@pytest.mark.parametrize("epochs", [(2, 2), (2, 4)], ids=["in the same fit", "in the next fit"])
def test_a_second_one_ends_the_search(first, second, epochs, monkeypatch):
    monkeypatch.setattr(sys, "unraisablehook", lambda error: None)
    both = lambda: (first(), second())  # noqa: E731
    at_epochs(monkeypatch, {2: both} if epochs == (2, 2) else dict(zip(epochs, (first, second), strict=True)))
    with pytest.raises(KeyboardInterrupt):
        GridSearchCV(MLPRegressor(4, **ENDLESS), {"alpha": [0, 1]}, cv=2).fit(*data())


def test_long_after_an_interrupted_fit_the_first_is_the_first_again(monkeypatch):
    at_epochs(monkeypatch, {2: interrupt, 4: interrupt})
    for _ in range(2):
        with pytest.warns(UserWarning, match="interrupted after 2 epochs"):
            MODELS["adam"].fit(*data())
        monkeypatch.setattr(Interrupts, "_recent_until", 0.0)


def test_one_that_comes_when_training_is_over_is_told_of(monkeypatch):
    summarize = KANRegressor._summarize
    monkeypatch.setattr(KANRegressor, "_summarize", lambda self, run: (summarize(self, run), interrupt()))
    with pytest.warns(UserWarning, match="when training was over; the model is complete"):
        KANRegressor(max_iter=2, random_state=0).fit(*data())


def test_errors_put_the_handler_back(monkeypatch):
    def fail():
        raise OSError("the disk is full")

    at_epochs(monkeypatch, {2: fail})
    with pytest.raises(OSError, match="the disk is full"):
        MODELS["adam"].fit(*data())
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_and_other_handlers_are_left_alone():
    seen = []

    def look():
        with Interrupts() as interrupts:
            seen.append((signal.getsignal(signal.SIGINT), interrupts.final))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    own = lambda number, frame: None  # noqa: E731
    signal.signal(signal.SIGINT, own)
    look()
    assert signal.getsignal(signal.SIGINT) is own
    signal.signal(signal.SIGINT, signal.default_int_handler)
    assert seen == [(signal.default_int_handler, False), (own, False)]


def test_a_handler_of_ones_own_that_raises_ends_all_stages(monkeypatch):
    def raises(number, frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, raises)
    at_epochs(monkeypatch, {2: interrupt})
    with pytest.warns(UserWarning, match="interrupted after 2 epochs"):
        model = MODELS["refined"].fit(*data())
    assert model.network_arguments_["grid_size"] == 5
    signal.signal(signal.SIGINT, signal.default_int_handler)


def ends_its_search():
    with Interrupts() as interrupts:
        return signal.getsignal(signal.SIGINT) is signal.default_int_handler and interrupts.final


def test_worker_processes_are_left_alone_and_end_their_search():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert Parallel(n_jobs=2)(delayed(ends_its_search)() for _ in range(2)) == [True, True]


def test_no_signal_is_lost():
    """The exit status counts those that were. The session is made here: the script would start itself once more."""
    script = [sys.executable, str(ROOT / "benchmarks" / "interrupts.py"), "--here", "--share", "0.1"]
    options = {"cwd": ROOT, "env": os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}}
    result = subprocess.run(script, capture_output=True, text=True, timeout=300, start_new_session=True, **options)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "20 sent, 0 lost" in result.stdout
