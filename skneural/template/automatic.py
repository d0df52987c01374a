"""Hyper-parameters whose default "auto" depends on the family: the rule is declared once, and documented from it."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from skneural.hyperparameters import BOOLEAN, Choice, Integer, hyperparameter
from skneural.template.settings import AutomaticBatchSize


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


def automatic(estimator_class: Any, name: str) -> Any:
    """The rule behind "auto" of a hyper-parameter."""
    return next(field for field in dataclasses.fields(estimator_class) if field.name == name).metadata["automatic"]
