"""Training of several networks in parallel: the results, and the ways in which all of them end."""

import os
import signal
import threading
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest

from skneural import MLPClassifier
from skneural.networks.ensemble import ensemble_of
from skneural.tasks import FitArguments
from skneural.template.problem import Network, first_weights, pose
from skneural.template.side_by_side import ensemble_problem, mean_history, seed_of_network, train_side_by_side
from skneural.template.training import Hooks, train_problem
from skneural.training.history import History
from skneural.training.interrupts import Interrupts
from skneural.training.train import DivergenceError, Observer
from skneural.user_warnings import warn_user

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 4))
Y = X[:, 0] + 0.5 * RNG.standard_normal(60) > 0
MODEL = MLPClassifier(8, max_iter=6, tol=0, random_state=0, solver="adam", learning_rate="cosine")
N = 3


def posed(model=MODEL, n=N):
    problem = pose(model._specification(), model._settings(False), FitArguments(X, Y), FitArguments(None, None))
    return problem, [of_seed(problem, seed_of_network(problem, number)) for number in range(n)]


def of_seed(problem, seed):
    start = first_weights(problem.network, problem.samples, problem.task, problem.reader, seed, MODEL._initialize)
    return replace(problem, seed=seed, start=start, optimizer_state={})


def settings_of(model=MODEL, n_jobs=2):
    return replace(model._settings(False), n_jobs=n_jobs)


def no_hooks(problem):
    return Hooks()


class Acting(Observer):
    """Observer that calls a function with the number of the epoch."""

    def __init__(self, act):
        self.act = act

    def epoch_ends(self, monitor):
        return bool(self.act(monitor.history.n_epochs))


@pytest.mark.parametrize("n_jobs", [1, 2, 5])
def test_each_network_is_trained_as_by_itself(n_jobs):
    _, problems = posed()
    trained = train_side_by_side(problems, settings_of(n_jobs=n_jobs), no_hooks)
    for problem, result in zip(posed()[1], trained, strict=True):
        alone = train_problem(problem, settings_of(n_jobs=1), Hooks())
        np.testing.assert_array_equal(result.weights.vector, alone.weights.vector)
        assert result.history == alone.history
    assert len({result.weights.vector.tobytes() for result in trained}) == N


def test_networks_are_trained_at_the_same_time():
    """Both wait for each other at the end of the first epoch."""
    barrier = threading.Barrier(2, timeout=30)
    names = set()

    def meet(epoch):
        names.add(threading.current_thread().name)
        return False

    def hooks(problem):
        def scores(weights, data):
            def values():
                barrier.wait()
                return {"accuracy": 0.0}

            return values

        return Hooks([Acting(meet)], scores)

    _, problems = posed(n=2)
    problems = [replace(problem, held_out=problem.data) for problem in problems]
    train_side_by_side(problems, replace(settings_of(), scoring="accuracy"), hooks)
    assert len(names) == 2


def test_the_ensemble_predicts_the_mean_of_the_probabilities():
    problem, problems = posed()
    trained = train_side_by_side(problems, settings_of(), no_hooks)
    network = ensemble_of(problem.network.layer, N, "logistic")
    whole, course = ensemble_problem(problem, Network(network, *layout_and_arguments(network)), trained)
    x = problem.samples.x.as_batch()[0]
    raw = whole.network.layer.predict(whole.network.layout.views(*course.weights), x)
    each = [problem.network.layer.predict(problem.network.layout.views(*result.weights), x) for result in trained]
    mean = np.mean([1 / (1 + np.exp(-scores)) for scores in each], axis=0)
    np.testing.assert_allclose(1 / (1 + np.exp(-raw)), mean, rtol=1e-6)
    assert course.history.losses == pytest.approx(np.mean([result.history.losses for result in trained], axis=0))


def layout_and_arguments(network):
    built = Network.build(lambda: network, {})
    return built.layout, built.arguments


def test_a_history_continues_where_another_network_has_stopped():
    of_short = {"validation_r2": [0.5, 0.25], "training_r2": [0.0, 0.5], "seconds": [5.0, 6.0]}
    of_long = {"validation_r2": [0.5, 0.75, 0.5], "training_r2": [1.0, 1.0, 1.0], "seconds": [1.0, 2.0, 9.0]}
    short = History([3.0, 1.0], [-4.0, -5.0], 2, converged=True, curves=of_short)
    long = History([2.0, 2.0, 2.0], [-1.0, -1.0, -2.0], 3, converged=True, curves=of_long)
    mean = mean_history([short, long])
    assert mean == History([2.5, 1.5, 1.5], [-2.5, -3.0, -3.0], 3, converged=True)
    assert mean.curves == {
        "validation_r2": [0.5, 0.5, 0.5],  # the first network keeps its first epoch
        "training_r2": [0.5, 0.75, 0.75],
        "seconds": [5.0, 6.0, 9.0],
    }
    assert not mean_history([short, replace(long, converged=False)]).converged


def test_an_error_ends_the_other_trainings():
    epochs = []

    def hooks(problem):
        def act(epoch):
            epochs.append(epoch)
            if problem is problems[0]:
                raise DivergenceError("planted")
            time.sleep(0.005)

        return Hooks([Acting(act)])

    model = MLPClassifier(8, max_iter=2000, tol=0, random_state=0, learning_rate="cosine")
    _, problems = posed(model)
    with pytest.raises(DivergenceError, match="planted"):
        train_side_by_side(problems, settings_of(model), hooks)
    assert max(epochs) < 1000


def test_a_request_to_stop_ends_all_trainings():
    def hooks(problem):
        return Hooks([Acting(lambda epoch: problem is problems[0] and epoch == 2)])

    model = MLPClassifier(8, max_iter=100_000, tol=0, random_state=0, learning_rate="cosine")
    _, problems = posed(model)
    trained = train_side_by_side(problems, settings_of(model), hooks)
    assert trained[0].history.n_epochs == 2
    assert all(result is None or result.stop_requested for result in trained)


@pytest.mark.parametrize("main_thread_waits", [False, True])
def test_an_interrupt_ends_all_trainings_and_keeps_them(main_thread_waits, monkeypatch):
    monkeypatch.setattr(Interrupts, "_latest", -np.inf)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def hooks(problem):
        in_main_thread = threading.current_thread() is threading.main_thread()

        def act(epoch):
            if in_main_thread is not main_thread_waits and epoch == 2:
                os.kill(os.getpid(), signal.SIGINT)
            return in_main_thread and main_thread_waits  # this training is over

        return Hooks([] if in_main_thread and main_thread_waits else [Acting(act)])

    endless = MLPClassifier(8, max_iter=100_000, tol=0, random_state=0, learning_rate="cosine")
    _, problems = posed(endless, 2)
    try:
        with pytest.warns(UserWarning, match="interrupted"):
            trained = train_side_by_side(problems, settings_of(endless), hooks)
    finally:
        signal.signal(signal.SIGINT, before)
    begun = [result for result in trained if result is not None]
    assert begun
    assert all(result.stop_requested and 1 <= result.history.n_epochs < 100_000 for result in begun)


def test_warnings_are_issued_once_and_name_the_line_of_the_user():
    def hooks(problem):
        warn_user("planted")
        return Hooks()

    _, problems = posed()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        train_side_by_side(problems, settings_of(), hooks)
    assert [str(warning.message) for warning in caught] == ["planted"]
    assert caught[0].filename == __file__
