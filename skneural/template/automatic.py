"""Hyper-parameters whose default "auto" depends on the family: the rule is declared once, and documented from it."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from skneural.hyperparameters import BOOLEAN, Choice, Integer, hyperparameter
from skneural.template.settings import AutomaticBatchSize
from skneural.template.validation import FOLDS


def batch_size_hyperparameter(
    most: float = 200, *, unit: str = "Samples", least: int = 1, batches_per_epoch: int = 1
) -> Any:
    """The hyper-parameter `batch_size`; see `AutomaticBatchSize`."""
    rule = AutomaticBatchSize(most, least, batches_per_epoch)
    return hyperparameter(
        default="auto", constraint=Choice("auto") | Integer(1), doc=rule.sentence(unit), automatic=rule
    )


def early_stopping_hyperparameter(
    n_samples: float,
    doc: str = "Stop training when the score of held-out data stops improving, instead of the training loss.",
) -> Any:
    """The hyper-parameter `early_stopping`, whose "auto" means True from `n_samples` training samples on."""
    given = '"auto": if `X_val` is given'
    large = "" if math.isinf(n_samples) else f", or from {n_samples} samples on unless the solver is lbfgs"
    return hyperparameter(
        default="auto", constraint=Choice("auto") | BOOLEAN, doc=f"{doc} {given}{large}.", automatic=n_samples
    )


def folds_hyperparameter(n_samples: float) -> Any:
    """The hyper-parameter `n_cv`, whose "auto" means several folds below `n_samples` training samples."""
    return hyperparameter(
        default="auto",
        constraint=Choice("auto") | Integer(1),
        doc=f"""Number of networks whose predictions are averaged, as in the cross-validation ensembles of pytabkit. The
        samples are divided into so many folds at random, stratified by class. Each network is trained without one fold,
        and keeps the weights of the epoch with the best score of this fold. Equal samples, and those of a group, are in
        the same fold. The networks are trained in parallel, each in one thread; curves are means over them, and
        callbacks and `verbose` report the epochs of each. 1: one network, trained on all samples
        but those that `early_stopping` holds out. "auto": {FOLDS} below {n_samples} samples, unless `X_val`,
        `early_stopping` or `validation_split` say how one network is to be stopped, the solver is lbfgs, `shuffle` is
        False or `warm_start` True; otherwise 1. `partial_fit` begins with one network. Training that continues after
        several networks were fitted trains all of them on all samples.""",
        automatic=n_samples,
    )


def automatic(estimator_class: Any, name: str) -> Any:
    """The rule behind "auto" of a hyper-parameter."""
    return next(field for field in dataclasses.fields(estimator_class) if field.name == name).metadata["automatic"]
