"""Training in stages: from several random initializations, and on successively finer grids."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from joblib import Parallel, delayed, effective_n_jobs

from skneural.data import Samples
from skneural.estimators.kan.editing import KANModel
from skneural.estimators.kan.statistics import subset
from skneural.layers import Layer
from skneural.networks.kan import adapt_hidden_grids, edges_of, inputs_of_layers
from skneural.parameters import Tree, Weights
from skneural.readers import Reader
from skneural.tasks import Task
from skneural.template.problem import Network, Problem, first_weights
from skneural.template.settings import TrainingSettings
from skneural.template.training import Hooks, Trained, train_problem
from skneural.training.communicator import present_communicator
from skneural.training.consecutive import ConsecutiveMethods
from skneural.training.deadline import Deadline
from skneural.training.interrupts import Interrupts
from skneural.training.lbfgs import LBFGS
from skneural.training.seeds import Seeds
from skneural.training.train import Method, Observer, TrainingMonitor
from skneural.user_warnings import warn_user

# Epochs, or iterations of lbfgs, after which grids are adapted to the inputs of hidden layers, which change early.
ADAPT_AFTER = (5, 10, 20, 35, 50)

# Number of past steps from which lbfgs estimates the curvature. On exp(sin(pi x) + y^2), the median of six seeds
# reached an error of 3.7e-3 after 132 iterations, with 30 steps after 149, with SciPy's 10 after 197; 120 are too slow.
N_CORRECTIONS = 60


class Result(NamedTuple):
    """Problem of the last stage, and training history of all stages."""

    problem: Problem
    trained: Trained

    @property
    def score(self) -> float:
        """Score by which results are compared: greater is better."""
        history = self.trained.history
        best = history.best_score if self.trained.validation_decided else None
        return -min(history.losses) if best is None else best


@dataclass(frozen=True)
class Plan:
    """Settings of the training of a problem.

    Attributes
    ----------
    settings : TrainingSettings
    hooks : function
        From a problem to the hooks of its training.
    refinement : sequence of int
        Sizes of the finer grids on which training continues.
    initialize : function
        Sets initial parameters that depend on the data.
    """

    settings: TrainingSettings
    hooks: Callable[[Problem], Hooks]
    refinement: Sequence[int]
    initialize: Callable[[Network, Tree, Samples, Task, Reader], None]


def train_stages(problem: Problem, plan: Plan, interrupts: Interrupts | None = None, n_trainings: int = 1) -> Result:
    """Train, then continue on each finer grid from the same function.

    `n_trainings` is the number of trainings, with this one, that share the time until the deadline.
    """
    settings, interrupts = plan.settings, interrupts or Interrupts()
    hooks = replace(plan.hooks(problem), interrupts=interrupts)
    hooks = replace(hooks, deadline=hooks.deadline.of_next(n_trainings))
    plan = replace(plan, hooks=partial(_with_deadline, plan.hooks, hooks.deadline))
    if not problem.continues:
        grids = [] if settings.solver == "lbfgs" else [AdaptGrids(problem)]
        hooks = replace(
            hooks,
            observers=[*hooks.observers, *grids],
            adjust=lambda method, weights: _between_adaptations(method, problem, weights),
        )
    else:
        hooks = replace(hooks, adjust=lambda method, weights: _with_memory(method))
    result = Result(problem, train_problem(problem, settings, hooks))
    for grid_size in () if settings.one_pass or problem.continues else plan.refinement:
        if result.trained.stop_requested:
            break
        try:
            result = _refine(result, plan, grid_size, interrupts)
        except KeyboardInterrupt:  # before or after the training on this grid, which would handle it
            interrupts.end_training()
            n_epochs = result.trained.history.n_epochs
            warn_user(f"Training was interrupted after {n_epochs} epochs; the best weights so far are kept.")
            break
    return result


def _refine(result: Result, plan: Plan, grid_size: int, interrupts: Interrupts) -> Result:
    """Continue training on finer grids, from the function of a result."""
    problem, history = result.problem, result.trained.history
    model = KANModel(problem.network, result.trained.weights).refined(grid_size)
    finer = replace(
        problem,
        network=model.network,
        start=model.weights,
        optimizer_state={},
        n_epochs_before=problem.n_epochs_before + history.n_epochs,
        n_samples_before=problem.n_samples_before + history.n_epochs * len(problem.source),
    )
    hooks = replace(plan.hooks(finer), interrupts=interrupts, adjust=lambda method, weights: _with_memory(method))
    trained = train_problem(finer, plan.settings, hooks, n_epochs_before=history.n_epochs)
    return Result(finer, replace(trained, history=history.followed_by(trained.history)))


def train_from_starts(problem: Problem, plan: Plan, n_init: int) -> Result:
    """Train from several initializations, the first of which is that of the problem, and return the best result."""
    seeds = [int(Seeds(problem.seed).generator("start", k).integers(2**31)) for k in range(1, n_init)]
    problems = [problem, *(_with_seed(problem, plan, seed) for seed in seeds)]
    try:
        results = _in_processes(problems, plan)
    except (OSError, RuntimeError):  # neither processes nor threads can be started, or training raises it here again
        results = list(_one_after_another(problems, plan))
    best = max(results, key=lambda result: result.score)  # the first, if equal
    # Continued training must hold out the same samples, which depend on the first seed.
    return Result(replace(best.problem, seed=problem.seed), best.trained)


def _in_processes(problems: list[Problem], plan: Plan) -> list[Result]:
    """Train the problems in `n_jobs` processes, or one after another if that is one."""
    n_jobs = plan.settings.n_jobs
    if effective_n_jobs(n_jobs) == 1 or present_communicator().size > 1:
        return list(_one_after_another(problems, plan))
    # Parallel trainings with several threads each would be too many threads.
    single = replace(plan, settings=replace(plan.settings, n_jobs=1))
    n, at_once = len(problems), effective_n_jobs(n_jobs)
    results: list[Result] = Parallel(n_jobs)(
        delayed(train_stages)(start, single, n_trainings=-(-(n - k) // at_once)) for k, start in enumerate(problems)
    )
    return results


def _with_deadline(hooks: Callable[[Problem], Hooks], deadline: Deadline, problem: Problem) -> Hooks:
    return replace(hooks(problem), deadline=deadline)


def _with_seed(problem: Problem, plan: Plan, seed: int) -> Problem:
    start = first_weights(problem.network, problem.samples, problem.task, problem.reader, seed, plan.initialize)
    return replace(problem, seed=seed, start=start, optimizer_state={})


def _one_after_another(problems: list[Problem], plan: Plan) -> Iterator[Result]:
    """Train each problem, until an interrupt; then those that were begun count."""
    interrupts = Interrupts()
    for k, problem in enumerate(problems):
        try:
            yield train_stages(problem, plan, interrupts, len(problems) - k)
        except KeyboardInterrupt:
            if not k:
                raise
            interrupts.end_training()
            warn_user(f"Training was interrupted in start {k + 1}; the best before is kept.")
            return
        if interrupts.ended_training:
            return


class AdaptGrids(Observer):
    """Adapts the grids of hidden layers to their inputs, after the epochs `ADAPT_AFTER`."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem

    def epoch_starts(self, monitor: TrainingMonitor) -> None:
        if monitor.history.n_epochs in ADAPT_AFTER:
            adapt(self._problem.network.layer, monitor.weights.tree, self._problem.samples)


def adapt_last(network: Layer, tree: Tree, samples: Samples) -> None:
    """Adapt the grids of the last layer to its inputs."""
    samples = subset(samples)
    (layer, p), x = edges_of(network, tree)[-1], inputs_of_layers(network, tree, samples.x.as_batch()[0])[-2]
    layer.adapt_grids(p, x, samples.sample_weight)


def adapt(network: Layer, tree: Tree, samples: Samples) -> None:
    """Adapt the grids of hidden layers to the inputs of these layers."""
    samples = subset(samples)
    adapt_hidden_grids(network, tree, samples.x.as_batch()[0], samples.sample_weight)


def _with_memory(method: Method) -> Method:
    return replace(method, n_corrections=N_CORRECTIONS, relative_tol=0.0) if isinstance(method, LBFGS) else method


def _between_adaptations(method: Method, problem: Problem, weights: Weights) -> Method:
    """Split lbfgs into consecutive runs: adapting the grids between them changes the objective."""
    method = _with_memory(method)
    if not isinstance(method, LBFGS):
        return method
    n_epochs = method.max_epochs
    ends = [epoch for epoch in ADAPT_AFTER if epoch < n_epochs] + [n_epochs]
    methods = [replace(method, max_epochs=end - start) for start, end in itertools.pairwise([0, *ends])]
    return ConsecutiveMethods(methods, lambda samples: adapt(problem.network.layer, weights.tree, samples))
