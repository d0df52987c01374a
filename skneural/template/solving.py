"""From hyper-parameters and a run to the way to train, and one stage of training."""

from __future__ import annotations

import warnings

import numpy as np
from joblib import cpu_count
from sklearn.base import BaseEstimator

from skneural.networks.shards import rows_per_shard
from skneural.optimizers import Optimizer, Schedule, make_optimizer
from skneural.template.run import Run
from skneural.template.validation import validation_score
from skneural.training.early_stopping import EarlyStopping
from skneural.training.lbfgs import LBFGS
from skneural.training.objective import Objective
from skneural.training.running_statistics import settle_statistics
from skneural.training.seeds import Seeds
from skneural.training.threads import Shards, blas_threads, limited_blas
from skneural.training.train import Descent, Method, Watch, train


def train_stage(estimator: BaseEstimator, run: Run) -> None:
    """Run the solver once; sets ``run.watch``, and the weights of the run are those to be kept."""
    network, samples = estimator._network.layer, run.samples
    size = run.batch_size = batch_size(estimator, run)
    threads = n_threads(estimator.n_jobs)
    n_shards = max(1, min(threads, int(size // rows_per_shard(network, run.weights.tree, samples.x))))
    blas_limit = 1 if n_shards > 1 else (None if estimator.n_jobs is None else threads)
    run.watch = watch(estimator, run)
    with limited_blas(blas_limit), Shards(n_shards) as shards:
        penalty = estimator._penalty(size * samples.mean_weight)
        objective = Objective(network, run.loss, run.weights, penalty, shards)
        train(estimator._method(run, objective), samples, run.watch)
        if not (run.mode.one_pass or run.watch.validation_decides):  # held-out data has chosen the statistics, too
            rng = Seeds(estimator._seed).generator("settle")
            settle_statistics(network, run.weights, samples, size, rng)


def watch(estimator: BaseEstimator, run: Run) -> Watch:
    """What happens between epochs."""
    decides = run.held_out is not None and estimator.early_stopping is not False
    one_pass = run.mode.one_pass
    endless = one_pass or (estimator._solver(one_pass) == "lbfgs" and not decides)
    # An interrupt before the first epoch of a later stage leaves what the stage before has found.
    kept = run.weights.snapshot() if run.epochs_before else None
    return Watch(
        run.weights,
        EarlyStopping(estimator.tol, np.inf if endless else estimator.n_iter_no_change, kept=kept),
        unit=estimator._targets.unit(estimator, run.loss),
        validate=None if run.held_out is None else validation_score(estimator, run, run.held_out),
        validation_decides=decides,
        training_score=estimator._training_score(run),
        observers=run.observers,
        interrupts=run.interrupts,
        epochs_before=run.epochs_before,
    )


def method(estimator: BaseEstimator, run: Run, objective: Objective) -> Method:
    """The solver, ready to run."""
    one_pass, seeds = run.mode.one_pass, Seeds(estimator._seed)
    solver = estimator._solver(one_pass)
    if solver == "lbfgs":
        return LBFGS(objective, seeds, estimator.max_iter, estimator.max_fun, estimator.tol)
    state, continuing = run.optimizer_state, run.mode.continuing
    optimizer = estimator._optimizer(solver, run.weights.layout.n_penalized)
    if state.get("solver") != solver:
        state.clear()
        state.update(optimizer.start(run.weights.vector), solver=solver)
    return Descent(
        objective,
        optimizer,
        state,
        Schedule(estimator.learning_rate, estimator.learning_rate_init, estimator.power_t, estimator.warmup),
        seeds,
        run.batch_size,
        max_epochs=1 if one_pass else estimator.max_iter,
        shuffle=estimator.shuffle,
        max_grad_norm=estimator.max_grad_norm,
        epochs_before=len(estimator.loss_curve_) if continuing else 0,
        rows_before=estimator.t_ if continuing else 0,
    )


def optimizer(estimator: BaseEstimator, solver: str, n_penalized: int) -> Optimizer:
    """The optimizer of that name with the hyper-parameters of the estimator."""
    return make_optimizer(
        solver,
        momentum=estimator.momentum,
        nesterov=estimator.nesterovs_momentum,
        beta_1=estimator.beta_1,
        beta_2=estimator.beta_2,
        epsilon=estimator.epsilon,
        decay=estimator.alpha,
        n_decayed=n_penalized,
    )


def batch_size(estimator: BaseEstimator, run: Run) -> int:
    """Samples of each step."""
    n_samples = len(run.samples)
    if estimator._solver(run.mode.one_pass) == "lbfgs":
        return n_samples
    if estimator.batch_size == "auto":
        return estimator._input_kind.rows_per_batch(n_samples)
    if estimator.batch_size > n_samples:
        warnings.warn(
            f"batch_size={estimator.batch_size} is more than the {n_samples} training samples; they make one batch.",
            stacklevel=2,
        )
    return min(estimator.batch_size, n_samples)


def n_threads(n_jobs: int | None) -> int:
    """Threads for ``n_jobs``; None: as many as BLAS may use at this moment."""
    if n_jobs is None:
        return blas_threads()
    return cpu_count() if n_jobs == -1 else n_jobs
