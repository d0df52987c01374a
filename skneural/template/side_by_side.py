"""Training of several networks of one estimator in parallel, and their ensemble as one network.

Each network has a problem of its own: other samples, or only other random numbers. It is trained in one thread, so that
the result does not depend on the number of threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from skneural.data import Samples
from skneural.networks.ensemble import network_names
from skneural.parameters import Layout, Snapshot, Tree, leaves
from skneural.readers import Reader
from skneural.tasks import Task
from skneural.template.problem import Network, Problem, first_weights
from skneural.template.settings import TrainingSettings
from skneural.template.training import Hooks, Trained, thread_count, train_problem
from skneural.training.communicator import present_communicator
from skneural.training.history import History
from skneural.training.interrupts import Interrupts, deferred_interrupts, interrupt_waits
from skneural.training.seeds import Seeds
from skneural.training.threads import map_in_threads
from skneural.training.train import Observer, TrainingMonitor
from skneural.user_warnings import collected_warnings, warn_user


def seed_of_network(problem: Problem, number: int) -> int:
    """Seed of everything random in the training of one of several networks."""
    return int(Seeds(problem.seed).generator("network", number).integers(2**31))


def train_side_by_side(
    problems: Sequence[Problem], settings: TrainingSettings, hooks: Callable[[Problem], Hooks]
) -> list[Trained | None]:
    """Train the networks of several problems in threads, as many at a time as ``settings.n_jobs`` allows.

    An error in one training, a callback that requests the end, or an interrupt ends all of them after their epoch. The
    time until the deadline is shared by those that follow each other.

    Parameters
    ----------
    problems : sequence of Problem
    settings : TrainingSettings
    hooks : function
        From a problem to the hooks of its training. Observers are called by one training at a time.

    Returns
    -------
    trained : list of Trained or None
        None for problems whose training had not begun when all were ended.
    """
    trained: list[Trained | None] = [None] * len(problems)
    together, alone = _Together(), present_communicator().size == 1  # otherwise, all divide batches of one network
    n_threads = thread_count(settings.n_jobs) if alone else 1
    single = replace(settings, n_jobs=1) if alone else settings

    def train(number: int) -> None:
        if together.ended:
            return
        given = hooks(problems[number])
        deadline = given.deadline.of_next(-(-(len(problems) - number) // n_threads))
        observers = [_InTurn(given.observers, together)]
        try:
            trained[number] = train_problem(
                problems[number],
                single,
                replace(given, observers=observers, interrupts=together.interrupts, deadline=deadline),
            )
        except BaseException:
            together.requested.set()
            raise

    with collected_warnings() as messages:
        try:
            with deferred_interrupts():
                map_in_threads(train, range(len(problems)), n_threads)
        except KeyboardInterrupt:  # while the main thread waited for the others
            if not any(trained):
                raise
            together.interrupts.end_training()
            warn_user("Training was interrupted; the best weights so far of the networks that were trained are kept.")
    for message, category in dict.fromkeys(messages):
        warn_user(message, category)
    return trained


@dataclass
class _Together:
    """End of all trainings: by a request, or by an interrupt of one of them or of the thread that waits for them."""

    interrupts: Interrupts = field(default_factory=Interrupts)
    requested: threading.Event = field(default_factory=threading.Event)
    turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ended(self) -> bool:
        return self.requested.is_set() or self.interrupts.ended_training or interrupt_waits()


class _InTurn(Observer):
    """Observers of one of several trainings, which call them in turn."""

    def __init__(self, observers: Sequence[Observer], together: _Together) -> None:
        self._observers = observers
        self._together = together

    def epoch_starts(self, monitor: TrainingMonitor) -> None:
        with self._together.turn:
            for observer in self._observers:
                observer.epoch_starts(monitor)

    def epoch_ends(self, monitor: TrainingMonitor) -> bool:
        """Call the observers; True if one of them, or another training, requests the end."""
        with self._together.turn:
            requests = [observer.epoch_ends(monitor) for observer in self._observers]
        if any(requests):
            self._together.requested.set()
        return self._together.ended


def train_members(
    problem: Problem,
    settings: TrainingSettings,
    hooks: Callable[[Problem], Hooks],
    n_members: int,
    initialize: Callable[[Network, Tree, Samples, Task, Reader], None],
    ensemble: Callable[[int], Network],
) -> tuple[Problem, Trained]:
    """Train networks that differ in their random numbers only, and make one network of them.

    Parameters
    ----------
    problem : Problem
    settings : TrainingSettings
    hooks : function
        From a problem to the hooks of its training.
    n_members : int
    initialize : function
        As in `skneural.template.problem.Specification`.
    ensemble : function
        From a number of networks to the network whose predictions are the means of theirs.
    """
    problems = []
    for number in range(1, n_members + 1):
        seed = seed_of_network(problem, number)
        start = first_weights(problem.network, problem.samples, problem.task, problem.reader, seed, initialize)
        problems.append(replace(problem, seed=seed, start=start, optimizer_state={}, network_number=number))
    trained = [each for each in train_side_by_side(problems, settings, hooks) if each is not None]
    return ensemble_problem(problem, ensemble(len(trained)), trained)


def ensemble_problem(problem: Problem, network: Network, trained: Sequence[Trained]) -> tuple[Problem, Trained]:
    """The problem with an ensemble of trained networks as its network, and the course of their trainings together.

    Parameters
    ----------
    problem : Problem
        All samples.
    network : Network
        Made by `skneural.networks.ensemble.ensemble_of`, of as many networks as were trained.
    trained : sequence of Trained
        Their weights, in the layout of ``problem.network``.
    """
    snapshots = [each.weights for each in trained]
    weights = snapshots[0] if len(trained) == 1 else _joined(network.layout, problem.network.layout, snapshots)
    course = Trained(
        weights,
        mean_history([each.history for each in trained]),
        all(each.validation_decided for each in trained),
        any(each.stop_requested for each in trained),
        {},
    )
    return replace(problem, network=network, start=weights, optimizer_state={}), course


def _joined(layout: Layout, single: Layout, snapshots: Sequence[Snapshot]) -> Snapshot:
    """The weights of all networks in one vector."""
    dtype = snapshots[0].vector.dtype
    joined = Snapshot(np.zeros(layout.size, dtype), np.zeros(layout.buffer_size, dtype))
    trees = layout.views(*joined)["networks"]
    for name, snapshot in zip(network_names(len(snapshots)), snapshots, strict=True):
        views = dict(leaves(trees[name]))
        for path, array in leaves(single.views(*snapshot)):
            views[path][...] = array
    return joined


def mean_history(histories: Sequence[History]) -> History:
    """Means over the networks for each epoch; where training of one has ended, its last loss and best score count."""
    n_epochs = max(history.n_epochs for history in histories)
    losses = np.mean([_continued(history.losses, n_epochs, history.losses[-1]) for history in histories], axis=0)
    scored = [(history.scores, history.best_score) for history in histories if history.best_score is not None]
    scores = np.mean([_continued(each, n_epochs, best) for each, best in scored], axis=0) if scored else np.empty(0)
    converged = all(history.converged for history in histories)
    n_evaluations = sum(history.n_evaluations for history in histories)
    out_of_time = any(history.out_of_time for history in histories)
    curves = {
        name: _mean_curve(name, histories, n_epochs)
        for name in histories[0].curves
        if all(name in history.curves for history in histories)
    }
    starts = [history.start_scores for history in histories]
    start = np.mean(starts, axis=0).tolist() if all(starts) else []
    return History(losses.tolist(), scores.tolist(), n_epochs, converged, n_evaluations, out_of_time, curves, start)


def _mean_curve(name: str, histories: Sequence[History], n_epochs: int) -> list[float]:
    """Mean of a curve over the networks; of seconds, those after which the last network had ended the epoch."""
    each = []
    for history in histories:
        values = history.curves[name]
        chosen = name.startswith("validation_") and history.scores
        best = len(values) - 1 - int(np.argmax(history.scores[::-1])) if chosen else -1  # of equal ones the latest
        each.append(_continued(values, n_epochs, values[best]))
    together = np.max(each, axis=0) if name == "seconds" else np.mean(each, axis=0)
    means: list[float] = together.tolist()
    return means


def _continued(values: Sequence[float], length: int, value: float) -> list[float]:
    return [*values, *[value] * (length - len(values))]
