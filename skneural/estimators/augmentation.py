"""The hyper-parameter `augmentation` of families for images."""

from __future__ import annotations

from typing import Any

from skneural.hyperparameters import Constraint, hyperparameter

AUGMENTATIONS = ("flip", "rotate", "shift", "brightness")


def augmentation_hyperparameter(together: str = "") -> Any:
    """The hyper-parameter; `together` is a sentence about what changes with the images."""
    return hyperparameter(
        default=(),
        constraint=Constraint(f"sequence of {', '.join(map(repr, AUGMENTATIONS))}", _are_augmentations, AUGMENTATIONS),
        doc=f"""Random changes of the training images, drawn anew in each epoch: "flip" mirrors left and right; "rotate"
        turns by right angles, or by half turns if images are not square; "shift" translates by up to an eighth of the
        smaller side; "brightness" changes brightness by up to 0.2 standard deviations, and contrast by a factor of up
        to 1.2, of pixels that are standardized. {together}""".rstrip(),
    )


def _are_augmentations(value: object) -> bool:
    return isinstance(value, list | tuple) and all(name in AUGMENTATIONS for name in value)
