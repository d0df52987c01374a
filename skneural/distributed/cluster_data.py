"""Partitions of data on a cluster."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skneural.distributed.cluster import Cluster
from skneural.distributed.cluster_samples import ClusterSamples, EncodedPartitions
from skneural.distributed.worker import Encoding, PartitionGroup, SampleShares, encoded, first_pass, number_of_rows
from skneural.readers import precision
from skneural.streaming.first_pass import MOST_HELD_OUT, FirstPass, HeldOutChunks, sample_generator
from skneural.template.problem import DataSpecification, Problem, Specification
from skneural.template.settings import TrainingSettings
from skneural.user_warnings import warn_user

# A partition sends this many times its part of the sample of all rows, and a few rows more: parts that are larger by
# chance are then complete, too.
MARGIN, FEW_ROWS = 1.2, 100


@dataclass
class Partition:
    """A chunk in the memory of a worker.

    Attributes
    ----------
    number : int
    chunk : future of Chunk
    worker : str
        Address.
    n_rows : int
    """

    number: int
    chunk: Any
    worker: str
    n_rows: int = 0


class ClusterData:
    """Partitions that are to be encoded and trained on.

    Parameters
    ----------
    cluster : Cluster
    partitions : sequence of Partition
    held_out : HeldOutChunks
    """

    def __init__(self, cluster: Cluster, partitions: Sequence[Partition], held_out: HeldOutChunks) -> None:
        self._cluster, self._partitions, self._held_out = cluster, list(partitions), held_out

    @classmethod
    def placed(cls, cluster: Cluster, delayed: Sequence[Any], held_out: HeldOutChunks) -> ClusterData:
        """Compute chunks on the workers that will train on them, in turn, so that models do not depend on timing."""
        workers = cluster.workers()
        training = [number for number in range(len(delayed)) if number not in held_out]
        if len(training) < len(workers):
            warn_user(
                f"{len(training)} partitions for training are fewer than the {len(workers)} workers, some of which "
                "have nothing to do. Give more partitions."
            )
        numbers = [*training, *(number for number in range(len(delayed)) if number in held_out)]
        places = {number: workers[k % len(workers)] for k, number in enumerate(numbers)}
        partitions = [
            Partition(number, cluster.compute(chunk, places[number]), places[number])
            for number, chunk in enumerate(delayed)
        ]
        return cls(cluster, partitions, held_out)

    def first_pass(self, sample_size: int, seed: int, *, classes: bool) -> FirstPass:
        """Samples of the rows of all partitions."""
        counted = [self._cluster.submit(number_of_rows, each.chunk, worker=each.worker) for each in self._partitions]
        for each, n_rows in zip(self._partitions, self._cluster.results(counted), strict=True):
            each.n_rows = n_rows
        n_rows = sum(each.n_rows for each in self._partitions)
        futures = []
        for each in self._partitions:
            share = MARGIN * each.n_rows / max(n_rows, 1)
            shares = SampleShares(*(math.ceil(share * size) + FEW_ROWS for size in (sample_size, MOST_HELD_OUT)))
            arguments = (each.chunk, each.number, self._held_out, shares, seed, classes)
            futures.append(self._cluster.submit(first_pass, *arguments, worker=each.worker))
        whole = FirstPass(self._held_out, sample_generator(seed), sample_size, classes=classes)
        for each, part in zip(self._partitions, self._cluster.results(futures), strict=True):
            whole.merge(each.number, part)
        if not whole.holds_out:
            self._held_out = HeldOutChunks(0)
        return whole

    def open(
        self, specification: Specification, problem: Problem, settings: TrainingSettings, *, sync_every: int
    ) -> ClusterSamples:
        """Encode the partitions as the sample was that posed the problem; the chunks are not kept."""
        encoding = self._cluster.value(_encoding(specification, problem))
        by_worker: dict[str, list[Partition]] = {}
        for each in self._partitions:
            if each.n_rows and each.number not in self._held_out:
                by_worker.setdefault(each.worker, []).append(each)
        groups = []
        for number, (worker, partitions) in enumerate(by_worker.items()):
            submitted = [(encoded, each.chunk, encoding, each.number) for each in partitions]
            samples = [self._cluster.submit(*call, worker=worker) for call in submitted]
            group = PartitionGroup(number, tuple(each.number for each in partitions))
            groups.append(EncodedPartitions(group, samples, [], worker))
        for of_worker in groups:
            counted = [self._cluster.submit(len, future, worker=of_worker.worker) for future in of_worker.samples]
            of_worker.sizes.extend(self._cluster.results(counted))
        self._partitions.clear()
        return ClusterSamples(self._cluster, groups, settings, sync_every)


def _encoding(specification: Specification, problem: Problem) -> Encoding:
    reading = DataSpecification(
        specification.estimator_name,
        specification.reader,
        specification.reader_options,
        specification.task,
        specification.task_options,
    )
    samples = problem.samples
    return Encoding(reading, problem.reader, problem.task, precision(samples.x.dtype), samples.mean_weight)
