"""The hyper-parameters of training, which all estimators share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from sklearn.metrics import get_scorer_names

from skneural.hyperparameters import (
    BOOLEAN,
    INFINITY,
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
from skneural.optimizers import SCHEDULES, SOLVERS


def _is_scoring(value: object) -> bool:
    return callable(value) or (isinstance(value, str) and value in ("loss", *get_scorer_names()))


@declare
class TrainingFields:
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
        replace(Choice(*SCHEDULES), number_is="learning_rate_init"),
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
    n_iter_no_change: float = hyperparameter(
        10,
        Integer(1) | INFINITY,
        "Training stops after more epochs in a row than this without improvement; inf: never for that reason.",
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
