"""Settings of training, as immutable values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from skneural.optimizers import SOLVERS, Optimizer, ScheduleFunction


@dataclass(frozen=True)
class AutomaticBatchSize:
    """The rule behind ``batch_size="auto"``.

    Parameters
    ----------
    most : float, default=200
        Largest batch; infinity for all samples.
    least : int, default=1
        Smallest batch, unless there are fewer samples.
    batches_per_epoch : int, default=1
        Number of batches in an epoch, within these limits.
    """

    most: float = 200
    least: int = 1
    batches_per_epoch: int = 1

    def size(self, n_samples: int) -> int:
        return int(min(max(n_samples // self.batches_per_epoch, self.least), self.most, n_samples))

    def sentence(self, unit: str) -> str:
        """Documentation of the hyper-parameter `batch_size`."""
        if math.isinf(self.most):
            return f'{unit} per training step; "auto" and lbfgs use all of them.'
        if self.batches_per_epoch == 1:
            return f'{unit} per training step; "auto" is min({self.most}, n_{unit.lower()}). lbfgs uses all of them.'
        return (
            f'{unit} per training step; "auto" is n_{unit.lower()} / {self.batches_per_epoch}, but at least '
            f"{self.least} and at most {self.most}. lbfgs uses all of them."
        )


BROUGHT = "an optimizer that the user brings"

# Solvers that use a hyper-parameter, for those that not all of them use.
USED_BY = {
    **dict.fromkeys(("learning_rate_init", "learning_rate", "warmup"), (*SOLVERS, BROUGHT)),
    **dict.fromkeys(("batch_size", "shuffle", "max_grad_norm", "averaging"), (*SOLVERS, BROUGHT)),
    "max_fun": ("lbfgs",),
    **dict.fromkeys(("momentum", "nesterovs_momentum"), ("sgd",)),
    "beta_1": ("adam", "adamw"),
    **dict.fromkeys(("beta_2", "epsilon"), ("adam", "adamw", "rmsprop")),
}


@dataclass(frozen=True)
class TrainingSettings:
    """The hyper-parameters of training, as documented by the estimators, and further settings of families.

    Attributes
    ----------
    automatic_batch_size : AutomaticBatchSize
    early_stopping_from : float
        Number of training samples from which ``early_stopping="auto"`` means True.
    n_cv : int or "auto"
        Networks, each of which is trained without one of so many folds of the samples; 1 for one network.
    folds_below : float
        Number of training samples below which ``n_cv="auto"`` means several folds.
    one_pass : bool
        Whether training passes over the data exactly once, as `partial_fit` does.
    penalty_per_sample : bool
        Whether `alpha` is divided by the number of samples in a batch.
    averaging : float
        Decay of the running mean of the weights; 0 for none.
    body_learning_rate : float or None
        Initial step size of the layers before the output; None for `learning_rate_init`.
    """

    solver: str | Optimizer
    learning_rate_init: float
    learning_rate: str | ScheduleFunction
    warmup: float
    batch_size: int | str
    max_iter: int
    max_fun: int
    max_time: float | None
    tol: float
    n_iter_no_change: float
    early_stopping: bool | str
    validation_fraction: float
    validation_split: Any
    scoring: Any
    training_scores: bool
    alpha: float
    momentum: float
    nesterovs_momentum: bool
    beta_1: float
    beta_2: float
    epsilon: float
    power_t: float
    max_grad_norm: float | None
    shuffle: bool | str
    warm_start: bool
    random_state: Any
    n_jobs: int | None
    automatic_batch_size: AutomaticBatchSize
    early_stopping_from: float
    n_cv: int | str = 1
    folds_below: float = 0.0
    one_pass: bool = False
    penalty_per_sample: bool = True
    averaging: float = 0.0
    body_learning_rate: float | None = None

    def unused(self, hyperparameters: Mapping[str, Any]) -> list[str]:
        """Names of the hyper-parameters that are not used: by the solver, or because the family replaces them."""
        names = [field.name for field in fields(self) if field.name in hyperparameters]
        replaced = {name for name in names if getattr(self, name) != hyperparameters[name]}
        return [name for name in names if name in replaced or not self.uses(name)]

    def uses(self, name: str) -> bool:
        """Return True if the solver uses a hyper-parameter of training."""
        solver = self.solver if isinstance(self.solver, str) else BROUGHT
        return solver in USED_BY.get(name, (solver,))

    @classmethod
    def of(cls, hyperparameters: Mapping[str, Any], **others: Any) -> Self:
        """Settings from the hyper-parameters of an estimator; those that do not concern training are ignored."""
        names = {field.name for field in fields(cls)} & set(hyperparameters)
        return cls(**{name: hyperparameters[name] for name in names}, **others)
