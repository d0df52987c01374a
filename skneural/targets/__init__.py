"""Floor 7: kinds of y. How targets are learned, encoded and given back, and which loss compares them."""

from skneural.targets.classes import Classes
from skneural.targets.itself import Itself
from skneural.targets.node_classes import NodeClasses
from skneural.targets.numbers import Numbers
from skneural.targets.per_step import PerSampleOrStep, PerStep
from skneural.targets.target_kind import Given, TargetKind

__all__ = ["Classes", "Given", "Itself", "NodeClasses", "Numbers", "PerSampleOrStep", "PerStep", "TargetKind"]
