"""Weights of classes, for what predicts them."""

from __future__ import annotations

from typing import Any

from skneural.hyperparameters import MAPPING, NONE, SEQUENCE, Choice, declare, hyperparameter
from skneural.template.estimator import Mixin


@declare
class ClassWeighted(Mixin):
    """The hyper-parameter; `skneural.targets.Classes` makes weights of it."""

    class_weight: Any = hyperparameter(
        None,
        Choice("balanced") | MAPPING | SEQUENCE | NONE,
        """Weight of each class: a dictionary from class to weight, or "balanced" for weights inversely proportional
        to the class frequencies; a list with a dictionary for each label of a multilabel y.""",
    )

    def _ensure_weights_for_passes(self) -> None:
        if isinstance(self.class_weight, str):
            raise ValueError(
                'class_weight="balanced" needs all of y at once, which partial_fit never sees. Give a dictionary of '
                "weights, such as from sklearn.utils.class_weight.compute_class_weight."
            )
