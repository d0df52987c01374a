"""Fits of several processes that train one model together: they begin, fail, stop and end together."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from skneural.ops.types import Array
from skneural.template.problem import Problem
from skneural.template.training import network_output
from skneural.training.communicator import Communicator, failing_together, present_communicator
from skneural.training.interrupts import deferred_interrupts
from skneural.training.seeds import Seeds
from skneural.user_warnings import warn_user

# Samples that all processes compare, evenly spread over X: where each is given a part of its own, almost all differ.
SAMPLES_COMPARED = 16

# Differences that processors of different kinds may cause, in what is computed from X in float32.
TOLERANCE = 1e-3


def fitted_jointly(fit: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a method that trains, so that all processes of the present communicator begin and end it together.

    Callbacks are those of the first process. If the method fails in one of them only, all others fail, too.
    """

    @functools.wraps(fit)
    def joint(self: Any, *args: Any, **kwargs: Any) -> Any:
        communicator = present_communicator()
        if communicator.size == 1:
            return fit(self, *args, **kwargs)
        with deferred_interrupts(jointly=True), _callbacks_of_first(self, communicator):
            return _left_together(communicator, lambda: fit(self, *args, **kwargs))

    return joint


def _left_together(communicator: Communicator, function: Callable[[], Any]) -> Any:
    try:
        result = function()
    except BaseException as error:
        communicator.leave(error)
        raise
    communicator.leave()
    return result


@contextmanager
def _callbacks_of_first(estimator: Any, communicator: Communicator) -> Iterator[None]:
    callbacks = estimator.__dict__.get("_skl_callbacks")
    if communicator.rank == 0 or callbacks is None:
        yield
        return
    estimator.set_callbacks()
    try:
        yield
    finally:
        estimator.set_callbacks(*callbacks)


class _Compared(NamedTuple):
    """Properties of a problem that must be equal in all processes."""

    n_samples: int
    n_held_out: int
    n_weights: int
    seed: int
    x: Array
    loss: Array

    @classmethod
    def of(cls, problem: Problem) -> _Compared:
        n = len(problem.samples)
        rows = np.unique(np.linspace(0, n - 1, min(n, SAMPLES_COMPARED)).astype(int))
        samples = problem.samples.take(rows).resample(Seeds(problem.seed).generator("compared"))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            tree = problem.network.layout.views(*problem.start)
            raw = network_output(problem.network.layer, tree, samples.x, len(rows), 1)
            loss = problem.loss.value(samples.y.values, raw, samples.target_weight, samples.total)
        held_out = 0 if problem.held_out is None else len(problem.held_out.samples)
        numbers = np.concatenate([np.empty(0), *_numbers_in(samples.x.as_batch()[0])])
        return cls(n, held_out, len(problem.start.vector), problem.seed, numbers, np.asarray(loss))

    def difference_from(self, other: _Compared) -> str:
        """Words about the first property that differs; empty if none does."""
        words = ("{} training samples", "{} held-out samples", "{} weights", "the seed {}")
        for text, number, of_first in zip(words, self[:4], other[:4], strict=True):
            if number != of_first:
                return f"has {text.format(number)}, and process 0 has {text.format(of_first)}"
        for name, mine, first in (("X", self.x, other.x), ("y", self.loss, other.loss)):
            if mine.shape != first.shape or not np.allclose(
                mine, first, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True
            ):
                return f"has other values of {name} than process 0 in the samples that are compared"
        return ""


def _numbers_in(x: Any) -> Iterator[Array]:
    """All numbers in the input of a network, one array or several."""
    if isinstance(x, tuple | list):
        for part in x:
            yield from _numbers_in(part)
    elif isinstance(x, np.ndarray) or sparse.issparse(x):
        yield (x if isinstance(x, np.ndarray) else x.data).ravel()


def ensure_same_problem(problem: Problem, communicator: Communicator) -> None:
    """Raise a ValueError in all processes if they were given different data or hyper-parameters.

    Raises
    ------
    ValueError
        If numbers of samples or weights differ, or a few samples, or their loss by the initial network.
    """
    if communicator.size == 1:
        return
    with failing_together(communicator):
        compared = _Compared.of(problem)
    first = communicator.broadcast(compared)
    difference = compared.difference_from(first)
    with failing_together(communicator):
        if difference:
            raise ValueError(
                f"Process {communicator.rank} of {communicator.size} {difference}: all processes must be given the "
                "same X, y and hyper-parameters; each computes its part of every batch."
            )
    if not problem.samples.x.shardable:
        warn_user("Batches of nodes of a graph are not divided: each process computes all of them.")
