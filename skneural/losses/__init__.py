"""Loss functions. Each has a link, supports sample weights, and computes its optimal constant prediction."""

from skneural.losses.classification import (
    BinaryLogLoss,
    MulticlassPerceptronLoss,
    PerceptronLoss,
    SoftmaxLogLoss,
)
from skneural.losses.ctc import CTCLoss
from skneural.losses.links import LINKS
from skneural.losses.loss import Loss
from skneural.losses.members import MemberLoss
from skneural.losses.regression import (
    AbsoluteLoss,
    ElementwiseLoss,
    GaussianLoss,
    HuberLoss,
    LogisticLoss,
    PoissonLoss,
    PresentTargetsLoss,
    QuantileLoss,
    QuantilesLoss,
    SquaredLoss,
)

__all__ = [
    "LINKS",
    "AbsoluteLoss",
    "BinaryLogLoss",
    "CTCLoss",
    "ElementwiseLoss",
    "GaussianLoss",
    "HuberLoss",
    "LogisticLoss",
    "Loss",
    "MemberLoss",
    "MulticlassPerceptronLoss",
    "PerceptronLoss",
    "PoissonLoss",
    "PresentTargetsLoss",
    "QuantileLoss",
    "QuantilesLoss",
    "SoftmaxLogLoss",
    "SquaredLoss",
]
