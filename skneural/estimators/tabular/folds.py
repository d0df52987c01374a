"""Networks of folds: each is trained without one part of the rows, which decides when its training stops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from skneural.data import Rows, Samples
from skneural.networks.ensemble import network_names
from skneural.ops.types import Array
from skneural.parameters import Tree
from skneural.readers import Reader
from skneural.tasks import Task
from skneural.template.problem import Data, Network, Problem
from skneural.template.settings import TrainingSettings
from skneural.template.side_by_side import ensemble_problem, seed_of_network, train_side_by_side
from skneural.template.training import Hooks, Trained, raw_scores
from skneural.template.validation import folds_of, group_folds
from skneural.training.seeds import Seeds


@dataclass(frozen=True)
class TrainedFolds(Trained):
    """Networks of folds and the course of their trainings.

    Attributes
    ----------
    folds : sequence of arrays
        Rows that were held out from each network.
    """

    folds: Sequence[Array] = ()


def folds(problem: Problem, settings: TrainingSettings) -> list[Array]:
    """Rows of each fold, in ascending order; none for a single network."""
    if problem.continues or problem.held_out is not None or problem.data is None:
        return []
    n_folds = folds_of(settings, len(problem.samples))
    if n_folds < 2:
        return []
    data = problem.data
    seed = int(Seeds(problem.seed).generator("folds").integers(2**31))
    strata = None if data.targets is None else problem.task.strata(data.targets)
    if data.groups is not None:
        return group_folds(data.groups, strata, n_folds, seed)
    numbers = numbers_of_equal(_rows_and_targets(data))
    first = np.unique(numbers, return_index=True)[1]
    by_number = dealt(len(first), None if strata is None else strata[first], n_folds, seed)
    return [fold for k in range(n_folds) if len(fold := np.flatnonzero(by_number[numbers] == k))]


def _rows_and_targets(data: Data) -> Array:
    rows, y = cast(Rows, data.samples.x), data.samples.y.values
    return np.column_stack([rows.as_batch()[0], y.reshape(len(y), -1)])


def numbers_of_equal(table: Array) -> Array:
    """Numbers of the different rows of a table, in the order of their values, for each of its rows.

    Equal samples are in the same fold: a network that has seen one of them knows the others. A sample of weight two is
    then equivalent to a repetition, and the order of the samples makes no difference.
    """
    order = np.lexsort(table.T[::-1])
    before, after = table[order[:-1]], table[order[1:]]
    equal = ((before == after) | (np.isnan(before) & np.isnan(after))).all(axis=1)
    numbers = np.zeros(len(table), dtype=np.intp)
    numbers[order[1:]] = np.cumsum(~equal)
    return numbers


def dealt(n_samples: int, strata: Array | None, n_folds: int, seed: int) -> Array:
    """Number of the fold of each sample: samples are dealt out at random, those of one class after those of another.

    So the members of a class are spread over as many folds as possible, and folds have the same size up to one.
    """
    order = np.random.default_rng(seed).permutation(n_samples)
    if strata is not None:
        order = order[np.argsort(strata[order], kind="stable")]
    fold = np.empty(n_samples, dtype=np.intp)
    fold[order] = np.arange(n_samples) % n_folds
    return fold


def train_folds(
    problem: Problem,
    settings: TrainingSettings,
    hooks: Callable[[Problem], Hooks],
    held_out: Sequence[Array],
    initialize: Callable[[Network, Tree, Samples, Task, Reader], None],
    build: Callable[[int], Network],
) -> tuple[Problem, TrainedFolds]:
    """Train one network without each of the given parts of the samples; returns them as one network.

    Parameters
    ----------
    problem : Problem
        All samples, and a single network.
    settings : TrainingSettings
    hooks : function
        From a problem to the hooks of its training.
    held_out : sequence of arrays
        From `folds`.
    initialize : function
        As in `skneural.template.problem.Specification`.
    build : function
        From a number of networks to their ensemble.
    """
    every = np.arange(len(problem.samples))
    problems = [
        replace(
            problem.with_samples(np.setdiff1d(every, rows), rows, seed_of_network(problem, number), initialize),
            network_number=number,
        )
        for number, rows in enumerate(held_out, 1)
    ]
    results = train_side_by_side(problems, settings, hooks)
    trained = [result for result in results if result is not None]
    whole, course = ensemble_problem(problem, build(len(trained)), trained)
    rows = [rows for rows, result in zip(held_out, results, strict=True) if result is not None]
    return whole, TrainedFolds(**vars(course), folds=rows)


def out_of_fold_scores(problem: Problem, trained: TrainedFolds, n_jobs: int | None) -> Array:
    """Raw scores of each training sample by the network that was trained without it; NaN where there is none."""
    assert problem.data is not None
    x = problem.data.samples.x
    tree = problem.network.layout.views(*trained.weights)
    raw = np.full((len(x), problem.n_outputs), np.nan, trained.weights.vector.dtype)
    for rows, name in zip(trained.folds, network_names(len(trained.folds)), strict=True):
        single, p = problem.network.layer, tree
        if len(trained.folds) > 1:
            single, p = single["networks"][name], tree["networks"][name]
        part = replace(problem, network=problem.network._replace(layer=single))
        raw[rows] = raw_scores(part, p, x.subset(rows), n_jobs)
    return raw
