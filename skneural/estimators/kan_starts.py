"""Training a Kolmogorov-Arnold network from several starts, of which the best is kept."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from joblib import Parallel, delayed, effective_n_jobs
from sklearn.base import BaseEstimator

from skneural.parameters import Snapshot, Weights
from skneural.template.epoch_callbacks import EpochCallbacks
from skneural.template.run import Data, Mode, Run
from skneural.training.early_stopping import EarlyStopping
from skneural.training.history import History
from skneural.training.interrupts import Interrupts
from skneural.training.seeds import Seeds
from skneural.training.threads import limited_blas
from skneural.training.train import Watch


class Trained(NamedTuple):
    """A copy of the estimator after its training, and what happened in that."""

    model: BaseEstimator
    history: History
    told_to_stop: bool

    @property
    def score(self) -> float:
        """What decided: greater is better."""
        best = self.model.best_loss_
        return self.model.best_validation_score_ if best is None else -best


def train_from_starts(estimator: BaseEstimator, run: Run) -> Run:
    """Train copies of the estimator from all starts and take over the best; returns the run as it was from there."""
    seed, parameters = estimator._seed, estimator.get_params(deep=False)
    seeds = [seed, *(int(Seeds(seed).generator("start", k).integers(2**31)) for k in range(1, estimator.n_init))]
    if effective_n_jobs(estimator.n_jobs) == 1:
        found = list(_one_after_another(estimator, run, seeds))
    else:
        with limited_blas(1):  # where they are threads
            found = Parallel(estimator.n_jobs)(
                delayed(_trained)(estimator, run.data, run.held_out, _callbacks(run), own) for own in seeds
            )
    best = max(found, key=lambda trained: trained.score)  # the first of equals
    learned = {name: value for name, value in vars(best.model).items() if name not in parameters}
    # Training that goes on holds out the same samples as the first time: that followed from the first seed.
    estimator.__dict__.update(learned, _seed=seed)
    run.weights = Weights(estimator._network.layout, Snapshot(estimator.weights_, estimator.buffers_))
    stopping = EarlyStopping(estimator.tol, estimator.n_iter_no_change)
    run.watch = Watch(run.weights, stopping, history=best.history, told_to_stop=best.told_to_stop)
    return run


def _one_after_another(estimator: BaseEstimator, run: Run, seeds: list[int]) -> Iterator[Trained]:
    """Train from each start, until an interrupt; then those that were begun count."""
    with run.interrupts as interrupts:
        for k, seed in enumerate(seeds):
            try:
                yield _trained(estimator, run.data, run.held_out, _callbacks(run), seed, interrupts)
            except KeyboardInterrupt:
                if not k or interrupts.final:
                    raise
                warnings.warn(f"Training was interrupted in start {k + 1}; the best before is kept.", stacklevel=6)
                return
            if interrupts.ended_training or interrupts.waiting:
                return


def _callbacks(run: Run) -> EpochCallbacks:
    (callbacks,) = (observer for observer in run.observers if isinstance(observer, EpochCallbacks))
    return callbacks


def _trained(
    estimator: BaseEstimator,
    data: Data,
    held_out: Data | None,
    callbacks: EpochCallbacks,
    seed: int,
    interrupts: Interrupts | None = None,
) -> Trained:
    """A copy of the estimator, trained from the start that follows from a seed."""
    model = copy.copy(estimator).set_params(n_init=1)
    if interrupts is None:  # several at the same time: threads of theirs would be too many
        model.set_params(n_jobs=None)
    model._seed = seed
    run = model._build(data, Mode(continuing=False))
    run.held_out, run.observers = held_out, (callbacks.about(model), *model._observers(run))
    run.interrupts = interrupts or Interrupts()
    watch = model._train(run).watch
    return Trained(model, watch.history, watch.told_to_stop)
