"""Computations of the workers of a cluster: they encode partitions, train on them, and average the results.

All are functions of their arguments alone, which they do not change, so that dask computes them again to the same
result if a worker is lost.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from skneural.data import Samples
from skneural.distributed.heap import freed_memory_kept
from skneural.layers import Layer
from skneural.losses import Loss
from skneural.losses.loss import Value
from skneural.ops.memory import recycling
from skneural.optimizers import Optimizer, Schedule
from skneural.optimizers.optimizer import State
from skneural.parameters import Layout, Snapshot, Weights
from skneural.readers import Reader
from skneural.streaming.chunks import Chunk
from skneural.streaming.first_pass import FirstPass, HeldOutChunks, sample_generator
from skneural.tasks import FitArguments, Task
from skneural.template.problem import DataSpecification, further_samples
from skneural.template.training import threads_for
from skneural.template.validation import messages_prefixed
from skneural.training.objective import Objective
from skneural.training.seeds import Seeds
from skneural.training.train import Descent, DivergenceError, PartOfEpoch, ensure_finite
from skneural.training.updates import updates_of
from skneural.training.weighted_mean import mean_snapshot, mean_state


class SampleShares(NamedTuple):
    """Numbers of rows, of those in a partition, that enter a sample of all rows."""

    training: int
    held_out: int


@dataclass(frozen=True)
class Encoding:
    """The way in which all partitions are read and encoded, as learned from a sample of their rows."""

    specification: DataSpecification
    reader: Reader
    task: Task
    dtype: np.dtype[Any]
    mean_weight: float


@dataclass(frozen=True)
class EpochPlan:
    """Everything about training that is the same for all workers during an epoch.

    Attributes
    ----------
    network : Layer
    layout : Layout
    loss : Loss
    penalty : float
    n_jobs : int or None
    optimizer : Optimizer
    schedule : Schedule
    seeds : Seeds
    batch_size, max_epochs : int
    shuffle : bool
    max_grad_norm : float or None
    epochs_before, rows_before : int
        As in `Descent`.
    """

    network: Layer
    layout: Layout
    loss: Loss
    penalty: float
    n_jobs: int | None
    optimizer: Optimizer
    schedule: Schedule
    seeds: Seeds
    batch_size: int
    max_epochs: int
    shuffle: bool
    max_grad_norm: float | None
    epochs_before: int
    rows_before: int

    def descent(self, objective: Objective, state: State, seeds: Seeds) -> Descent:
        """Descent of one worker."""
        return Descent(
            objective,
            self.optimizer,
            state,
            self.schedule,
            seeds,
            self.batch_size,
            self.max_epochs,
            self.shuffle,
            self.max_grad_norm,
            self.epochs_before,
            self.rows_before,
        )


class RoundResult(NamedTuple):
    """State of a training on a cluster.

    Attributes
    ----------
    weights : Snapshot
    optimizer_state : dict
    n_samples : int
        Number of samples of the last round, by which results are weighed.
    n_seen, total : int, float or array
        Number of samples since the beginning of the epoch, and the sum of their losses.
    learning_rate : float or None
        Of the last step.
    """

    weights: Snapshot
    optimizer_state: State
    n_samples: int = 0
    n_seen: int = 0
    total: Value = 0.0
    learning_rate: float | None = None


class PartitionGroup(NamedTuple):
    """The partitions that are trained on together, by one worker at a time.

    Attributes
    ----------
    number : int
    partitions : tuple of int
        Their numbers.
    """

    number: int
    partitions: tuple[int, ...]

    def __str__(self) -> str:
        listed = ", ".join(map(str, self.partitions[:10])) + (", ..." if len(self.partitions) > 10 else "")
        return f"partition{'s' if len(self.partitions) > 1 else ''} {listed}"


class Round(NamedTuple):
    """Consecutive steps of an epoch that each worker takes by itself."""

    part: PartOfEpoch
    n_steps: int


def number_of_rows(chunk: Chunk) -> int:
    """Number of rows of a chunk."""
    return chunk.n_samples


def first_pass(
    chunk: Chunk, number: int, held_out: HeldOutChunks, shares: SampleShares, seed: int, classes: bool
) -> FirstPass:
    """Sample of the rows of one partition, for all that is learned before training."""
    first = FirstPass(held_out, sample_generator(seed, number), shares.training, shares.held_out, classes=classes)
    with messages_prefixed(f"In partition {number}: "):
        if chunk.n_samples:
            first.add(number, chunk)
    first.drop()
    return first


def encoded(chunk: Chunk, encoding: Encoding, number: int) -> Samples:
    """The samples of one partition, for training."""
    chunk = chunk._replace(X=_aligned(chunk.X))
    with messages_prefixed(f"In partition {number}: "):
        samples = further_samples(
            encoding.specification, FitArguments(*chunk), encoding.reader, encoding.task, encoding.dtype
        )
    samples.mean_weight = encoding.mean_weight
    return samples


def _aligned(X: Any) -> Any:
    """X at an address that is a multiple of its item size.

    Arrays that dask receives begin anywhere in its messages. `ndarray.take` copies the whole of such an array at each
    call: batches of 200 of 25 000 rows took 0.28 ms each instead of 0.01.
    """
    return np.require(X, requirements="A") if isinstance(X, np.ndarray) and X.dtype != object else X


def trained(
    plan: EpochPlan, start: RoundResult, turn: Round, group: PartitionGroup, *partitions: Samples
) -> RoundResult:
    """Train on some partitions, for the steps of one round that they have.

    Parameters
    ----------
    plan : EpochPlan
    start : RoundResult
        Of the round before.
    turn : Round
    group : PartitionGroup
    *partitions : Samples
        Of the group.

    Raises
    ------
    DivergenceError
        With the numbers of the partitions.
    """
    try:
        with freed_memory_kept():
            return _trained(plan, start, turn, group, partitions)
    except DivergenceError as error:
        raise DivergenceError(f"On {group}: {error}") from None


def _trained(
    plan: EpochPlan, start: RoundResult, turn: Round, group: PartitionGroup, partitions: Sequence[Samples]
) -> RoundResult:
    weights = Weights(plan.layout, Snapshot(start.weights.vector.copy(), start.weights.buffers.copy()))
    state = copy.deepcopy(start.optimizer_state)
    epoch = plan.epochs_before + turn.part.epoch
    seeds = Seeds(int(plan.seeds.generator(f"group {group.number}", turn.part.first_step).integers(2**31)))
    total, n_seen = (start.total, start.n_seen) if group.number == 0 else (0.0, 0)
    n_before, rate = n_seen, start.learning_rate
    quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")
    threads = threads_for(plan.network, weights.tree, partitions[0].x, plan.batch_size, plan.n_jobs)
    with threads as shards, quiet, recycling():
        objective = Objective(plan.network, plan.loss, weights, plan.penalty, shards)
        updates = updates_of(objective, plan.optimizer, state)
        batches = _batches(plan, turn, group, partitions)
        for step in plan.descent(objective, state, seeds).steps(batches, updates, turn.part):
            total, n_seen, rate = total + step.loss * step.n_samples, n_seen + step.n_samples, step.learning_rate
        updates.finish()
    ensure_finite(weights.vector, epoch + 1, rate, "weights were")
    return RoundResult(Snapshot(weights.vector, weights.buffers), state, n_seen - n_before, n_seen, total, rate)


def _batches(plan: EpochPlan, turn: Round, group: PartitionGroup, partitions: Sequence[Samples]) -> Iterator[Samples]:
    """The batches of one round; those of an epoch are the batches of one partition after another."""
    first, last = turn.part.first_step, turn.part.first_step + turn.n_steps
    rng = plan.seeds.generator(f"batches of group {group.number}", plan.epochs_before + turn.part.epoch)
    order = rng.permutation(len(partitions)) if plan.shuffle else range(len(partitions))
    seeds = rng.integers(2**31, size=len(partitions))
    for number in order:
        samples = partitions[number]
        n_batches = -(-len(samples) // plan.batch_size)
        if first < n_batches and last > 0:
            of_partition = np.random.default_rng(seeds[number]) if plan.shuffle else None
            yield from samples.batches(plan.batch_size, of_partition, slice(max(first, 0), max(last, 0)))
        first, last = first - n_batches, last - n_batches


def merged(plan: EpochPlan, *results: RoundResult) -> RoundResult:
    """Mean of results, weighed by the samples of their last round."""
    n_samples = sum(result.n_samples for result in results)
    shares = [result.n_samples / n_samples for result in results]
    return RoundResult(
        mean_snapshot(plan.network, plan.layout, [result.weights for result in results], shares),
        mean_state([result.optimizer_state for result in results], shares),
        n_samples,
        sum(result.n_seen for result in results),
        sum((result.total for result in results[1:]), results[0].total),
        next((result.learning_rate for result in results if result.learning_rate is not None), None),
    )
