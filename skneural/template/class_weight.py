"""The hyper-parameter `class_weight`."""

from __future__ import annotations

from typing import Any

from skneural.hyperparameters import MAPPING, NONE, SEQUENCE, Choice, hyperparameter


def class_weight_hyperparameter() -> Any:
    """The hyper-parameter `class_weight`, which `skneural.tasks.Classes` turns into weights of the targets."""
    return hyperparameter(
        default=None,
        constraint=Choice("balanced") | MAPPING | SEQUENCE | NONE,
        doc="""Weight of each class in the training loss: a dictionary from class to weight, or "balanced" for weights
        inversely proportional to the class frequencies, weighted by `sample_weight`. For multilabel y, a list with one
        dictionary per label. Scores of held-out data, and statistics of X such as those of `standardize`, are weighted
        by sample weights alone.""",
    )


def ensure_weights_for_passes(class_weight: object) -> None:
    """Raise if the weights depend on all of y, which `partial_fit` never has."""
    if isinstance(class_weight, str):
        raise ValueError(
            'class_weight="balanced" needs all of y at once, which partial_fit never sees. Give a dictionary of '
            "weights, such as from sklearn.utils.class_weight.compute_class_weight."
        )
