"""Floor 7: kinds of y. How targets are learned, encoded and given back, and which loss compares them."""

from skneural.targets.classes import Classes
from skneural.targets.denoising import Denoising
from skneural.targets.itself import Itself
from skneural.targets.node_classes import NodeClasses
from skneural.targets.numbers import Numbers
from skneural.targets.per_step import PerSampleOrStep, PerStep
from skneural.targets.target_kind import Given, TargetKind
from skneural.targets.token_sequence import TokenSequence
from skneural.targets.tokens import MaskedToken, NextToken, TokensOfText

__all__ = [
    "Classes",
    "Denoising",
    "Given",
    "Itself",
    "MaskedToken",
    "NextToken",
    "NodeClasses",
    "Numbers",
    "PerSampleOrStep",
    "PerStep",
    "TargetKind",
    "TokenSequence",
    "TokensOfText",
]
