"""Training of a problem: from settings to a solver, threads and an early-stopping rule."""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from joblib import cpu_count

from skneural.data import Container, Samples, SampleSource, ShuffledBlocks
from skneural.layers import Layer
from skneural.layers.truncation import before_output
from skneural.losses.loss import Loss, Value
from skneural.networks.shards import has_large_products, rows_per_shard
from skneural.ops.blocks import slices
from skneural.ops.types import Array
from skneural.optimizers import Averaging, Optimizer, ScaledSteps, Schedule, make_optimizer
from skneural.parameters import Snapshot, Tree, Weights, leaves
from skneural.template.problem import Data, Network, Problem
from skneural.template.remedies import divergence_advice
from skneural.template.settings import TrainingSettings
from skneural.template.validation import named_metrics, scores_by_loss
from skneural.training.communicator import failing_together, from_first, present_communicator
from skneural.training.deadline import NO_DEADLINE, Deadline
from skneural.training.division import rows_of_process
from skneural.training.early_stopping import EarlyStopping
from skneural.training.history import HeldOutScores, History
from skneural.training.interrupts import Interrupts, deferred_interrupts
from skneural.training.lbfgs import LBFGS
from skneural.training.objective import Objective
from skneural.training.predict import predict_raw
from skneural.training.running_statistics import settle_statistics
from skneural.training.seeds import Seeds
from skneural.training.threads import Shards, blas_threads, limited_blas
from skneural.training.train import Descent, DivergenceError, Method, Observer, TrainingMonitor, train
from skneural.user_warnings import warn_user

# Numbers of a block from which its products may be large; the search for large ones takes as long as predicting a row.
LEAST_NUMBERS = 10_000

# Training rows whose predictions after the last step must be finite: they take a fraction of an epoch.
ROWS_LOOKED_AT = 256

# Blocks of predictions of held-out data that are scored at once: enough for all threads, and few enough that the raw
# scores fit into memory (16 MB a block for all words at all steps of a text).
BLOCKS_PER_PART = 16


@dataclass(frozen=True)
class Trained:
    """A trained network and the course of its training.

    Attributes
    ----------
    weights : Snapshot
        The weights that are kept.
    history : History
    validation_decided : bool
        Whether the weights were chosen by the score of held-out data instead of the training loss.
    stop_requested : bool
        Whether a callback, an interrupt or the deadline ended training.
    optimizer_state : dict
    """

    weights: Snapshot
    history: History
    validation_decided: bool
    stop_requested: bool
    optimizer_state: dict[str, Any]


@dataclass(frozen=True)
class Hooks:
    """Functions by which a family takes part in training.

    Attributes
    ----------
    observers : sequence of Observer
        Called before and after each epoch.
    scores : function, or None
        From the weights in training and data to a function that returns the scores of these data by those metrics of
        `scoring` that are not the loss. None: the loss is the only metric.
    training_score : function
        Maps the training loss and the tree of parameters to the score that is used without held-out data.
    adjust : function
        Maps the solver and the weights to the solver that is used.
    scores_start : bool
        Whether the initial weights are kept if no epoch has a better held-out score.
    interrupts : Interrupts or None
        Shared by several trainings of one `fit`.
    deadline : Deadline
        Of `fit`.
    started_at : float
        Moment of `time.monotonic` at which `fit` began.
    """

    observers: Sequence[Observer] = ()
    scores: Callable[[Weights, Data], Callable[[], dict[str, float]]] | None = None
    training_score: Callable[[float, Tree], float] = lambda loss, tree: operator.neg(loss)
    adjust: Callable[[Method, Weights], Method] = lambda method, weights: method
    scores_start: bool = False
    interrupts: Interrupts | None = None
    deadline: Deadline = NO_DEADLINE
    started_at: float = field(default_factory=time.monotonic)


def train_problem(problem: Problem, settings: TrainingSettings, hooks: Hooks, n_epochs_before: int = 0) -> Trained:
    """Run the solver once.

    Parameters
    ----------
    problem : Problem
    settings : TrainingSettings
    hooks : Hooks
    n_epochs_before : int, default=0
        Epochs of earlier stages of the same `fit`. If there are any, and this stage is interrupted before its first
        epoch, its initial weights are kept.
    """
    with deferred_interrupts():  # until the threads are gone, too
        return _trained(problem, settings, hooks, n_epochs_before)


def _trained(problem: Problem, settings: TrainingSettings, hooks: Hooks, n_epochs_before: int) -> Trained:
    network, samples = problem.network.layer, problem.samples
    local = ordered(samples, settings)
    source = local if problem.stream is None else problem.stream
    weights = Weights(problem.network.layout, Snapshot(problem.start.vector.copy(), problem.start.buffers.copy()))
    size = batch_size(settings, len(source))
    communicator = present_communicator()
    state = problem.optimizer_state
    monitor = _monitor(problem, settings, hooks, weights, n_epochs_before)
    # Warnings of overflow are redundant: weights with which the network overflows are not kept.
    quiet = np.errstate(over="ignore", invalid="ignore")
    n_rows = -(-size // communicator.size)
    with threads_for(network, weights.tree, samples.x, n_rows, settings.n_jobs) as shards, quiet:
        if hooks.scores_start and not n_epochs_before:
            monitor.score_start()
        penalty = l2_penalty(settings, size * samples.mean_weight)
        objective = Objective(network, problem.loss, weights, penalty, shards, communicator)
        train(hooks.adjust(_solver(problem, settings, objective, size, state), weights), source, monitor)
        if not (
            settings.one_pass or monitor.validation_decides
        ):  # otherwise held-out data has chosen the statistics, too
            settle_statistics(network, weights, local, size, Seeds(problem.seed).generator("settle"), communicator)
        _ensure_finite(problem, settings, weights, size)
    return Trained(
        Snapshot(weights.vector, weights.buffers),
        monitor.history,
        monitor.validation_decides,
        monitor.stop_requested,
        state,
    )


@contextmanager
def threads_for(network: Layer, tree: Tree, x: Container, size: int, n_jobs: int | None) -> Iterator[Shards]:
    """Threads for training on `size` samples of each batch: shards, or several threads of BLAS for large products."""
    threads = thread_count(n_jobs)
    n_shards = 1 if threads == 1 else max(1, min(threads, int(size // rows_per_shard(network, tree, x))))
    several = n_shards == 1 < threads and has_large_products(network, tree, x, size)
    with limited_blas(threads if several else 1), Shards(n_shards) as shards:
        yield shards


def ordered(samples: Samples, settings: TrainingSettings) -> SampleSource:
    """The samples as the settings ask for their order: shuffled as a whole, or in blocks; lbfgs has one batch."""
    return ShuffledBlocks.of(samples) if settings.shuffle == "blocks" and settings.solver != "lbfgs" else samples


def _ensure_finite(problem: Problem, settings: TrainingSettings, weights: Weights, size: int) -> None:
    """Raise a `DivergenceError` if statistics or predictions overflow: no loss has been computed after the last step.

    Blocks of predictions have at most `size` samples, those of a batch, so that they need no more memory than training.
    """
    n = len(problem.samples)
    rows = np.unique(np.linspace(0, n - 1, min(n, ROWS_LOOKED_AT)).astype(int))
    samples = problem.samples.take(rows).resample(Seeds(problem.seed).generator("finite predictions"))
    size = min(size, problem.reader.rows_per_block(samples.x))
    raw = network_output(problem.network.layer, weights.tree, samples.x, size, 1)
    statistics = weights.buffers[np.isfinite(problem.start.buffers)]  # others are infinite on purpose, such as scales
    if not (are_finite(problem, raw) and np.isfinite(statistics).all()):
        raise DivergenceError(
            "Training diverged: predictions or running statistics are not finite after the last step. "
            f"{divergence_advice(problem, settings)}"
        )


def are_finite(problem: Problem, raw: Array) -> bool:
    """Return True if raw scores, and the numbers that are predicted from them, are finite."""
    return bool(np.isfinite(problem.task.decode(raw) if problem.task.numeric else raw).all())


def _monitor(
    problem: Problem, settings: TrainingSettings, hooks: Hooks, weights: Weights, n_epochs_before: int
) -> TrainingMonitor:
    """The monitor that records, stops early and calls observers between epochs."""
    decides = problem.held_out is not None and bool(settings.early_stopping)
    endless = settings.one_pass or (settings.solver == "lbfgs" and not decides)
    kept = weights.snapshot() if n_epochs_before else None
    monitor = TrainingMonitor(
        weights,
        EarlyStopping(settings.tol, np.inf if endless else settings.n_iter_no_change, best_snapshot=kept),
        loss_scale=problem.task.loss_scale(problem.loss),
        validate=_validation(problem, settings, hooks, weights),
        validation_decides=decides,
        training_score=lambda loss: hooks.training_score(loss, weights.tree),
        rescore=_rescoring(problem, settings, hooks, weights),
        observers=hooks.observers,
        interrupts=hooks.interrupts or Interrupts(),
        deadline=hooks.deadline,
        started_at=hooks.started_at,
        epochs_before=n_epochs_before,
        divergence_advice=divergence_advice(problem, settings),
        communicator=present_communicator(),
    )
    if problem.progress is not None:
        problem.progress.resume(monitor)
    return monitor


def _solver(
    problem: Problem, settings: TrainingSettings, objective: Objective, size: int, state: dict[str, Any]
) -> Method:
    seeds = Seeds(problem.seed)
    if settings.solver == "lbfgs":
        if settings.body_learning_rate is not None:
            raise ValueError("lbfgs has no learning rate: set body_learning_rate=None, or another solver.")
        return LBFGS(objective, seeds, settings.max_iter, settings.max_fun, settings.tol)
    optimizer = optimizer_of(settings, problem.network)
    name = settings.solver if isinstance(settings.solver, str) else type(settings.solver).__qualname__
    if state.get("solver") != name:
        state.clear()
        state.update(optimizer.start(objective.weights.vector), solver=name)
    return Descent(
        objective,
        optimizer,
        state,
        Schedule(settings.learning_rate, settings.learning_rate_init, settings.power_t, settings.warmup),
        seeds,
        size,
        max_epochs=1 if settings.one_pass else settings.max_iter,
        shuffle=bool(settings.shuffle),
        max_grad_norm=settings.max_grad_norm,
        epochs_before=problem.n_epochs_before,
        rows_before=problem.n_samples_before,
    )


def optimizer_of(settings: TrainingSettings, network: Network) -> Optimizer:
    """The optimizer with its hyper-parameters."""
    n_penalized = network.layout.n_penalized
    optimizer = settings.solver if isinstance(settings.solver, Optimizer) else _of_name(settings, n_penalized)
    if settings.body_learning_rate is not None:
        body = {name for name, _ in leaves(before_output(network.layer).parameters())}
        parts = tuple(network.layout.places(body))
        optimizer = ScaledSteps(optimizer, settings.body_learning_rate / settings.learning_rate_init, parts)
    return Averaging(optimizer, settings.averaging) if settings.averaging else optimizer


def _of_name(settings: TrainingSettings, n_penalized: int) -> Optimizer:
    assert isinstance(settings.solver, str)
    return make_optimizer(
        settings.solver,
        momentum=settings.momentum,
        nesterov=settings.nesterovs_momentum,
        beta_1=settings.beta_1,
        beta_2=settings.beta_2,
        epsilon=settings.epsilon,
        decay=settings.alpha,
        n_decayed=n_penalized,
    )


def l2_penalty(settings: TrainingSettings, weight_of_batch: float) -> float:
    """Strength of the L2 penalty added to the mean loss; `weight_of_batch` is the sum of its sample weights."""
    if settings.solver == "adamw":
        return 0.0
    return settings.alpha / weight_of_batch if settings.penalty_per_sample else settings.alpha


def batch_size(settings: TrainingSettings, n_samples: int) -> int:
    """Number of samples per training step."""
    if settings.solver == "lbfgs":
        return n_samples
    if isinstance(settings.batch_size, str):
        return settings.automatic_batch_size.size(n_samples)
    if settings.batch_size > n_samples:
        warn_user(
            f"batch_size={settings.batch_size} is more than the {n_samples} training samples, which form one batch."
        )
    return min(settings.batch_size, n_samples)


def thread_count(n_jobs: int | None) -> int:
    """Number of threads for ``n_jobs``; for None, as many as BLAS may use, if there are so many processors."""
    if n_jobs is None:
        return min(blas_threads(), cpu_count())
    return cpu_count() if n_jobs == -1 else int(n_jobs)


def network_output(network: Layer, tree: Tree, x: Container, rows_per_block: int, n_jobs: int | None) -> Array:
    """Output of a network: several blocks in `n_jobs` threads, a single one in one unless its products are large."""
    if len(list(x.blocks(rows_per_block))) > 1:
        return predict_raw(network, tree, x, rows_per_block, thread_count(n_jobs))
    large = math.prod(x.shape) >= LEAST_NUMBERS and has_large_products(network, tree, x, len(x))
    with limited_blas(thread_count(n_jobs) if large else 1):
        return predict_raw(network, tree, x, rows_per_block)


def raw_scores(problem: Problem, tree: Tree, x: Container, n_jobs: int | None) -> Array:
    """Raw scores of a container."""
    return network_output(problem.network.layer, tree, x, problem.reader.rows_per_block(x), n_jobs)


class _Score(NamedTuple):
    """A score by one metric: for early stopping, in the units of y, and as it is shown in a curve.

    Greater is better, except for the last one of a loss, which compares with the training loss.
    """

    decisive: float
    recorded: float
    shown: float


def _validation(
    problem: Problem, settings: TrainingSettings, hooks: Hooks, weights: Weights
) -> Callable[[], HeldOutScores] | None:
    """A function that scores held-out data with the current weights."""
    if problem.held_out is None:
        return None
    score = _scoring(problem, problem.held_out, settings, hooks, weights)

    def validate() -> HeldOutScores:
        scores = score()
        first = next(iter(scores.values()))
        curves = {f"validation_{name}": each.shown for name, each in scores.items()}
        return HeldOutScores(first.decisive, first.recorded, curves)

    return validate


def _rescoring(
    problem: Problem, settings: TrainingSettings, hooks: Hooks, weights: Weights
) -> Callable[[], dict[str, float]] | None:
    """A function that scores the training data with the current weights, if that is asked for."""
    if not settings.training_scores:
        return None
    if problem.data is None:
        raise ValueError(
            "training_scores=True scores the training data as a whole, which chunks and the data of a cluster are not. "
            "Set it to False; X_val and y_val are scored by all metrics."
        )
    score = _scoring(problem, problem.data, settings, hooks, weights)
    return lambda: {f"training_{name}": each.shown for name, each in score().items()}


def _scoring(
    problem: Problem, data: Data, settings: TrainingSettings, hooks: Hooks, weights: Weights
) -> Callable[[], dict[str, _Score]]:
    """A function that returns the scores of data by all metrics, in their order."""
    metrics = {"loss": "loss"} if hooks.scores is None else named_metrics(settings.scoring)
    losses = [name for name, metric in metrics.items() if scores_by_loss(metric)]
    loss = _negative_loss(problem, data, settings, weights) if losses else None
    others = hooks.scores(weights, data) if hooks.scores is not None and len(losses) < len(metrics) else None
    n_threads, communicator = thread_count(settings.n_jobs), present_communicator()

    def by_scorers() -> dict[str, float]:
        # Scorers do not tell: of raw scores that are NaN, the first is taken for the greatest, and its class compared.
        if not are_finite(problem, raw_scores(problem, weights.tree, data.samples.x, n_threads)):
            words = "held-out" if data is problem.held_out else "training"
            raise DivergenceError(f"Training diverged: predictions for the {words} data are no longer finite.")
        return {} if others is None else others()

    def score() -> dict[str, _Score]:
        scores = {} if loss is None else dict.fromkeys(losses, loss())
        if others is not None:
            scores |= {name: _Score(*[value] * 3) for name, value in from_first(communicator, by_scorers).items()}
        return {name: scores[name] for name in metrics}

    return score


def _negative_loss(problem: Problem, data: Data, settings: TrainingSettings, weights: Weights) -> Callable[[], _Score]:
    # Resampled only once, so that the scores of different epochs can be compared.
    samples = data.samples.resample(Seeds(problem.seed).generator("held-out draws"))
    weight, loss = samples.target_weight, problem.loss
    scale = problem.task.loss_scale(loss)
    total = float(len(samples.y.values) if weight is None else weight.sum())
    rows = BLOCKS_PER_PART * problem.reader.rows_per_block(samples.x)
    n_threads, communicator = thread_count(settings.n_jobs), present_communicator()
    share = rows_of_process(samples.x, communicator)
    computed = samples if share is None else samples.part(share)
    parts = [computed.part(part) for part in slices(len(computed), rows)]

    def loss_of_parts() -> Value:
        value: Value = 0.0
        for number, part in enumerate(parts):
            raw = raw_scores(problem, weights.tree, part.x, n_threads)
            value = value + loss.value(part.y.values, raw, part.target_weight, total)
            if not np.isfinite(value).all():
                row = number * rows + _sample_without_loss(problem.network.layer, loss, part, raw)
                row += 0 if share is None else share.start
                raise DivergenceError(
                    f"Training diverged: the loss of the held-out sample {row} is no longer finite. Its values may be "
                    "far outside those of the training data."
                )
        return value

    def score() -> _Score:
        with failing_together(communicator):
            value = loss_of_parts()
        if communicator.size > 1:
            value = communicator.broadcast(value) if share is None else communicator.sum(np.asarray(value))
        shown = float(np.mean(value * scale))
        return _Score(-float(np.mean(value)), -shown, shown)

    return score


def _sample_without_loss(network: Layer, loss: Loss, samples: Samples, raw: Array) -> int:
    """Number of the first sample whose loss is not finite, or of the last one if only their sum is not."""
    lengths = samples.x.n_score_rows
    n_rows = np.full(len(samples), len(raw) // len(samples)) if lengths is None else network.output_lengths(lengths)
    for sample, (n, end) in enumerate(zip(n_rows, np.cumsum(n_rows), strict=True)):
        values = samples.part(slice(sample, sample + 1)).y.values
        if not np.isfinite(loss.value(values, raw[end - n : end])).all():
            break
    return sample
