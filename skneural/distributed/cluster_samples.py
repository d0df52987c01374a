"""Training samples in the memory of the workers of a cluster."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from skneural.distributed.cluster import Cluster
from skneural.distributed.worker import EpochPlan, PartitionGroup, Round, RoundResult, merged, trained
from skneural.losses.loss import Value
from skneural.template.settings import TrainingSettings
from skneural.training.train import Descent, PartOfEpoch, RemoteSamples, TrainingMonitor

# Rounds that are planned ahead of the one that is computed, so that workers need not wait for the client.
ROUNDS_AHEAD = 4


@dataclass(frozen=True)
class EncodedPartitions:
    """Encoded partitions of one group, and the worker that holds them.

    Attributes
    ----------
    group : PartitionGroup
    samples : list of futures of Samples
    sizes : list of int
        Numbers of samples.
    worker : str
        Address.
    """

    group: PartitionGroup
    samples: list[Any]
    sizes: list[int]
    worker: str

    def n_steps(self, batch_size: int) -> int:
        """Number of steps of an epoch: batches do not reach beyond a partition."""
        return sum(math.ceil(size / batch_size) for size in self.sizes)


class ClusterSamples(RemoteSamples):
    """Samples that workers hold and train on, each by itself for some steps; the mean of their weights is taken then.

    Parameters
    ----------
    cluster : Cluster
    groups : sequence of EncodedPartitions
    settings : TrainingSettings
    sync_every : int
        Steps between two means.
    """

    def __init__(
        self, cluster: Cluster, groups: Sequence[EncodedPartitions], settings: TrainingSettings, sync_every: int
    ) -> None:
        self._cluster, self._groups = cluster, groups
        self._settings, self._sync_every = settings, sync_every

    def __len__(self) -> int:
        return sum(sum(group.sizes) for group in self._groups)

    def n_steps(self, batch_size: int) -> int:
        """Number of steps of an epoch that a worker takes at most."""
        return max(group.n_steps(batch_size) for group in self._groups)

    def train_epoch(self, descent: Descent, epoch: int, monitor: TrainingMonitor) -> tuple[Value, bool]:
        """Train the weights of `descent` for an epoch."""
        plan = self._cluster.value(self._plan(descent))
        begin = self._cluster.value(RoundResult(descent.objective.weights.snapshot(), copy.deepcopy(descent.state)))
        result, is_whole = begin, True
        rounds: list[Any] = []
        for turn in self._rounds(descent, epoch, monitor.n_plateaus):
            result = self._round(plan, result, turn, descent.batch_size)
            rounds.append(result)
            if len(rounds) > ROUNDS_AHEAD:
                result_behind = rounds.pop(0)
                self._cluster.wait([result_behind])
                if monitor.deadline.reached:
                    result, is_whole = result_behind, False
                    break
        (last,) = self._cluster.results([result])
        _set_state(descent, last)
        monitor.learning_rate = last.learning_rate
        return last.total / last.n_seen, is_whole

    def _rounds(self, descent: Descent, epoch: int, n_plateaus: int) -> Iterator[Round]:
        n_steps = self.n_steps(descent.batch_size)
        n_before = descent.rows_before + epoch * len(self)
        for first in range(0, n_steps, self._sync_every):
            part = PartOfEpoch(epoch, n_steps, n_before, n_plateaus, first)
            yield Round(part, min(self._sync_every, n_steps - first))

    def _round(self, plan: Any, start: Any, turn: Round, batch_size: int) -> Any:
        """The mean of one round, from that of the round before; both are futures."""
        results = [
            self._cluster.submit(trained, plan, start, turn, each.group, *each.samples, worker=each.worker)
            for each in self._groups
            if each.n_steps(batch_size) > turn.part.first_step
        ]
        while len(results) > 1:  # a tree, so that no worker receives the weights of all others
            pairs = [results[k : k + 2] for k in range(0, len(results), 2)]
            results = [self._cluster.submit(merged, plan, *pair) if len(pair) > 1 else pair[0] for pair in pairs]
        return results[0]

    def _plan(self, descent: Descent) -> EpochPlan:
        objective, penalty = descent.objective, descent.objective.penalty
        if self._sync_every == 1 and self._settings.penalty_per_sample:
            penalty /= len(self._groups)  # the batches of all workers are one batch
        return EpochPlan(
            objective.network,
            objective.weights.layout,
            objective.loss,
            penalty,
            self._settings.n_jobs,
            descent.optimizer,
            descent.schedule,
            descent.seeds,
            descent.batch_size,
            descent.max_epochs,
            descent.shuffle,
            descent.max_grad_norm,
            descent.epochs_before,
            descent.rows_before,
        )


def _set_state(descent: Descent, result: RoundResult) -> None:
    """Set weights, buffers and the state of the optimizer to those of a result."""
    weights = descent.objective.weights
    weights.vector[...], weights.buffers[...] = result.weights
    descent.state.clear()
    descent.state.update(result.optimizer_state)
