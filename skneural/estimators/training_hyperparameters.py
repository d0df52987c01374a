"""The hyper-parameters of training, which all estimators share, and what they stand for."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from joblib import cpu_count
from sklearn.metrics import get_scorer_names

from skneural.hyperparameters import (
    BOOLEAN,
    MINUS_ONE,
    NONE,
    RANDOM_STATE,
    Choice,
    Constraint,
    Integer,
    Number,
    declare,
    hyperparameter,
)
from skneural.optimizers import SCHEDULES, SOLVERS, Optimizer, Schedule, make_optimizer
from skneural.training.threads import blas_threads


def _is_scoring(value: object) -> bool:
    return callable(value) or (isinstance(value, str) and value in ("loss", *get_scorer_names()))


@declare
class TrainingHyperparameters:
    """How an estimator is trained, whatever its network."""

    solver: str = hyperparameter(
        "adam",
        Choice(*SOLVERS, "lbfgs"),
        """Optimizer. "lbfgs" uses all samples at each step and suits small data; "adamw" takes `alpha` as
        decoupled weight decay.""",
    )
    learning_rate_init: float = hyperparameter(1e-3, Number(0, above=True), "Step size; lbfgs finds its own.")
    learning_rate: str = hyperparameter(
        "constant",
        Choice(*SCHEDULES),
        """How the step size changes: "invscaling" with the samples seen, "adaptive" to a fifth whenever the score
        stops improving, "cosine" down to zero at `max_iter`, "one_cycle" up and down again by `max_iter`.""",
    )
    warmup: float = hyperparameter(
        0.0, Number(0, 1, below=True), "Share of `max_iter` during which the step size rises from zero."
    )
    batch_size: int | str = hyperparameter(
        "auto", Choice("auto") | Integer(1), 'Samples per step; "auto" is min(200, n_samples). lbfgs takes all.'
    )
    max_iter: int = hyperparameter(200, Integer(1), "Most epochs (passes over the data), or iterations of lbfgs.")
    max_fun: int = hyperparameter(15000, Integer(1), "Most evaluations of the loss by lbfgs.")
    tol: float = hyperparameter(
        1e-4,
        Number(0),
        """An epoch improves if its score exceeds the best by more than this. lbfgs stops when no element of the
        gradient exceeds it.""",
    )
    n_iter_no_change: int = hyperparameter(
        10, Integer(1), "Training stops after more epochs in a row than this without improvement."
    )
    early_stopping: bool | str = hyperparameter(
        "auto",
        Choice("auto") | BOOLEAN,
        """Whether training stops when the score of held-out data stops improving, instead of the training loss.
        "auto": if `X_val` is given, or from 1000 samples on unless the solver is lbfgs.""",
    )
    validation_fraction: float = hyperparameter(
        0.1,
        Number(0, 1, above=True, below=True),
        "Share of the training data held out for early stopping unless `X_val` is given; stratified by class.",
    )
    scoring: str | Callable[..., float] = hyperparameter(
        "loss",
        Constraint('"loss", name of a scorer or callable', _is_scoring, ("loss", *get_scorer_names())),
        """Score of held-out data: "loss" for the negative loss, or what scikit-learn takes as `scoring`, a name of
        `sklearn.metrics.get_scorer_names` or a callable ``(estimator, X, y) -> float``. Sample weights count if the
        scorer takes `sample_weight`.""",
    )
    alpha: float = hyperparameter(
        1e-4,
        Number(0),
        "Strength of the L2 penalty on the weights (not the biases), divided by the number of samples in a batch.",
    )
    momentum: float = hyperparameter(0.9, Number(0, 1), "Share of the last step that sgd keeps.")
    nesterovs_momentum: bool = hyperparameter(True, BOOLEAN, "Whether sgd uses Nesterov's momentum.")
    beta_1: float = hyperparameter(
        0.9, Number(0, 1, below=True), "Decay of the running mean of gradients in adam and adamw."
    )
    beta_2: float = hyperparameter(
        0.999, Number(0, 1, below=True), "Decay of the running mean of squared gradients in adam, adamw and rmsprop."
    )
    epsilon: float = hyperparameter(1e-8, Number(0, above=True), "Keeps adam, adamw and rmsprop from dividing by zero.")
    power_t: float = hyperparameter(0.5, Number(0), 'Exponent of the "invscaling" schedule.')
    max_grad_norm: float | None = hyperparameter(
        None, Number(0, above=True) | NONE, "Longer gradients are cut to this Euclidean norm. Not used by lbfgs."
    )
    shuffle: bool = hyperparameter(True, BOOLEAN, "Whether each epoch visits the samples in a new order.")
    warm_start: bool = hyperparameter(
        False, BOOLEAN, "Whether `fit` goes on from the present weights and optimizer state instead of starting anew."
    )
    random_state: int | np.random.RandomState | None = hyperparameter(
        None,
        RANDOM_STATE,
        "Seed of everything random: first weights, held-out samples, order of samples, dropout.",
    )
    verbose: bool = hyperparameter(False, BOOLEAN | Integer(0), "Whether to print a line after every epoch.")
    n_jobs: int | None = hyperparameter(
        None,
        NONE | Integer(1) | MINUS_ONE,
        """Threads. None: as many as BLAS may use at that moment, which joblib, threadpoolctl and OPENBLAS_NUM_THREADS
        govern; -1: all processors. Results agree up to rounding for any number.""",
    )

    # --- what they stand for ------------------------------------------------------------------------

    def _solver(self, one_pass: bool) -> str:
        """The solver of `fit`, or of a single pass by `partial_fit`."""
        return self.solver

    def _optimizer(self, solver: str, n_penalized: int) -> Optimizer:
        return make_optimizer(
            solver,
            momentum=self.momentum,
            nesterov=self.nesterovs_momentum,
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
            decay=self.alpha,
            n_decayed=n_penalized,
        )

    def _schedule(self) -> Schedule:
        return Schedule(self.learning_rate, self.learning_rate_init, self.power_t, self.warmup)

    def _penalty(self, weight_of_batch: float) -> float:
        """Strength of the L2 penalty beside the mean loss; `weight_of_batch` is the sum of its sample weights."""
        return 0.0 if self.solver == "adamw" else self.alpha / weight_of_batch

    def _batch_size(self, n_samples: int, one_pass: bool) -> int:
        if self._solver(one_pass) == "lbfgs":
            return n_samples
        if self.batch_size == "auto":
            return min(200, n_samples)
        if self.batch_size > n_samples:
            warnings.warn(
                f"batch_size={self.batch_size} is more than the {n_samples} training samples; they make one batch.",
                stacklevel=2,
            )
        return min(self.batch_size, n_samples)

    def _n_threads(self) -> int:
        if self.n_jobs is None:
            return blas_threads()
        return cpu_count() if self.n_jobs == -1 else self.n_jobs
